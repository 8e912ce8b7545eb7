"""Durations, variables and api-versions as scenarios write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.suite.scenario.durations import parse_duration, seconds
from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.scenario.variables import UnknownVariable, lookup, substitute, variables_in
from conformance.suite.scenario.versions import at_least, select_versions


@pytest.mark.parametrize(
    ("text", "value"), [("40ms", 0.04), ("1.5s", 1.5), ("2m", 120.0), ("0s", 0.0)]
)
def test_a_duration_is_a_number_with_its_unit(text: str, value: float) -> None:
    assert parse_duration(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text", ["", "40", "40 ms", "-1s", "1h", "ms", "1.s", "1e3s", "40ms\n", "٤s"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    assert parse_duration(text) is None


@given(st.floats(0, 1e6).map(lambda x: round(x, 3)))
def test_units_agree_with_each_other(value: float) -> None:
    assert parse_duration(f"{value:.3f}s") == pytest.approx(
        parse_duration(f"{value * 1000:.3f}ms"), abs=1e-5
    )


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (1, 1.0),
        (0.5, 0.5),
        ("1s", 1.0),
        (True, None),
        (None, None),
        ([], None),
    ],
)
def test_seconds_are_numbers_or_durations(value: Any, wanted: float | None) -> None:
    assert seconds(value) == wanted


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


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("all", API_VERSIONS),
        ("v1", ("v1",)),
        ("2024-10-21", ("2024-10-21",)),
        ("==2024-10-21", ("2024-10-21",)),
        ("2024-10-21,v1", ("2024-10-21", "v1")),
        (">=2025-03-01", ("2025-04-01-preview",)),
        (">=2025-03-01-preview", ("2025-03-01-preview", "2025-04-01-preview")),
        (">=2024-10-21,<2025-04-01-preview", ("2024-10-21", "2025-03-01-preview")),
        ("<2024-10-21,v1", ("2024-06-01", "v1")),
        (">2030-01-01", ()),
        (["2024-06-01", "v1"], ("2024-06-01", "v1")),
        ([], ()),
        ("> 2024-10-21", API_VERSIONS[2:4]),
    ],
)
def test_ranges_name_versions_in_their_order(
    text: str | list[str], wanted: tuple[str, ...]
) -> None:
    assert select_versions(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "latest", "2024", ">=v1x", "2019-01-01", "2024-10-21,", "~=2024-10-21", ["all"]]
)
def test_what_names_no_version_is_told_so(text: str | list[str]) -> None:
    with pytest.raises(ValueError, match="api-version"):
        select_versions(text)


def test_v1_runs_only_when_it_is_named() -> None:
    assert "v1" not in select_versions(">=2024-06-01")
    assert "v1" not in select_versions("<2099-01-01")


@pytest.mark.parametrize(
    ("version", "since", "holds"),
    [
        ("2024-10-21", "2024-10-21", True),
        ("2024-06-01", "2024-10-21", False),
        ("v1", "2099-01-01", True),
        ("2025-03-01-preview", "2025-03-01", False),
        ("2025-03-01", "2025-03-01-preview", True),
    ],
)
def test_a_preview_stands_before_its_release_and_v1_after_everything(
    version: str, since: str, holds: bool
) -> None:
    assert at_least(version, since) is holds


@given(st.sampled_from(API_VERSIONS[:-1]), st.sampled_from(API_VERSIONS[:-1]))
def test_a_range_and_its_opposite_share_nothing_and_leave_nothing_out(low: str, other: str) -> None:
    above, below = set(select_versions(f">={low}")), set(select_versions(f"<{low}"))
    assert not above & below
    assert above | below == set(API_VERSIONS) - {"v1"}
    assert (other in above) == at_least(other, low)
