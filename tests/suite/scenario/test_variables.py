"""Variables as scenarios write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.suite.scenario.variables import UnknownVariable, lookup, substitute, variables_in

SCOPE = {
    "deployment": {"chat": "conf"},
    "n": 3,
    "contract": {"retries.max": 2, "retries": {"other": 1}},
    "steps": {"a": {"result": {"ids": ["x", "y"], "deep": {"": "empty"}}}},
    "list": [1, [2]],
    "nothing": None,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${n}", 3),
        ("${deployment.chat}", "conf"),
        ("a-${n}-b", "a-3-b"),
        ("${n}${n}", "33"),
        ("${contract.retries.max}", 2),
        ("${contract.retries.other}", 1),
        ("${steps.a.result.ids.1}", "y"),
        ("${steps.a.result.ids}", ["x", "y"]),
        ("${list.1.0}", 2),
        ("${nothing}", None),
        ("$n", "$n"),
        ("${", "${"),
        ("plain", "plain"),
        ("${${n}}", "${3}"),
    ],
)
def test_a_text_that_is_one_variable_keeps_its_type(text: str, value: Any) -> None:
    assert substitute(text, SCOPE) == value


@pytest.mark.parametrize(
    "text", ["${nope}", "${deployment.nope}", "${n.x}", "${list.9}", "${list.x}", "x${nope}"]
)
def test_a_variable_without_a_value_is_named(text: str) -> None:
    with pytest.raises(UnknownVariable) as caught:
        substitute(text, SCOPE)
    assert caught.value.name in text


def test_the_names_there_are_come_with_the_name_that_is_not() -> None:
    with pytest.raises(UnknownVariable) as caught:
        lookup("deployment.chta", SCOPE)
    assert caught.value.known == ("chat",)


def test_variables_of_later_steps_are_kept_until_then() -> None:
    given_value = {"a": ["${steps.x.result.id}", "${n}", "see ${steps.x.view} and ${n}"]}
    assert substitute(given_value, SCOPE, keep="steps.") == {
        "a": ["${steps.x.result.id}", 3, "see ${steps.x.view} and 3"]
    }


def test_every_variable_inside_a_value_is_listed() -> None:
    assert variables_in({"${k}": [{"a": "${x.y} ${z}"}, 3, None], "b": "none"}) == {"k", "x.y", "z"}
    assert variables_in({}) == set()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_a_value_without_variables_stays_as_it_is(value: Any) -> None:
    if not variables_in(value):
        assert substitute(value, {}) == value
