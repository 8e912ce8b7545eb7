"""``match``: what holds, what does not, and where it says so."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.suite.scenario.match import ABSENT, OPERATORS, match, operator_problems, show

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
)
names = st.text(max_size=6).filter(lambda key: not key.startswith("$"))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


def holds(expected: Any, actual: Any, wire: Any = ABSENT) -> bool:
    return not list(match(expected, actual, lambda origin, pointer: wire))


@given(values)
@settings(deadline=None)
def test_every_value_matches_itself(value: Any) -> None:
    assert holds(value, value)


@given(values, values)
@settings(deadline=None)
def test_no_pair_of_values_makes_it_raise_and_messages_are_sentences(
    expected: Any, actual: Any
) -> None:
    for mismatch in match(expected, actual):
        assert mismatch.message


def resolve(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        value = value[int(part)] if isinstance(value, list) else value.get(part, ABSENT)
    return value


@given(st.dictionaries(names, values, max_size=4), st.dictionaries(names, values, max_size=4))
@settings(deadline=None)
def test_the_pointer_of_a_mismatch_leads_to_what_was_found(expected: Any, actual: Any) -> None:
    for mismatch in match(expected, actual):
        found = resolve(actual, mismatch.pointer)
        assert (None if found is ABSENT else found) == mismatch.actual


def test_pointers_escape_what_json_pointers_escape() -> None:
    (mismatch,) = match({"a/b": {"~c": 1}}, {"a/b": {"~c": 2}})
    assert mismatch.pointer == "/a~1b/~0c"


def test_a_key_left_out_is_unchecked_and_a_key_written_is_not() -> None:
    assert holds({}, {"a": 1})
    assert holds({"a": 1}, {"a": 1, "b": 2})
    assert not holds({"a": 1, "b": 2}, {"a": 1})
    assert not holds({"a": None}, {})


def test_lists_match_item_by_item_and_in_length() -> None:
    assert holds([1, {}], [1, {"a": 2}])
    assert not holds([1], [1, 2])
    assert not holds([1, 2], [2, 1])
    assert not holds([], "")


@pytest.mark.parametrize(
    ("expected", "actual", "same"),
    [
        (1, 1.0, True),
        (1.0, 1, True),
        (True, 1, False),
        (1, True, False),
        (0, False, False),
        ("1", 1, False),
        (None, ABSENT, False),
        (None, None, True),
        ("", None, False),
    ],
)
def test_scalars_match_by_value_and_type(expected: Any, actual: Any, same: bool) -> None:
    assert holds(expected, actual) is same


TABLE = [
    ({"$present": True}, 1, ABSENT),
    ({"$present": False}, ABSENT, 1),
    ({"$absent": True}, ABSENT, None),
    ({"$absent": False}, None, ABSENT),
    ({"$null": True}, None, ABSENT),
    ({"$null": False}, 0, None),
    ({"$type": "string"}, "a", 1),
    ({"$type": "integer"}, 1, True),
    ({"$type": "number"}, 1.5, "1.5"),
    ({"$type": "boolean"}, False, 0),
    ({"$type": "object"}, {}, []),
    ({"$type": "array"}, [], {}),
    ({"$type": "null"}, None, ABSENT),
    ({"$type": ["string", "null"]}, None, 1),
    ({"$regex": "^a+$"}, "aa", "ab"),
    ({"$regex": "a"}, "xay", 5),
    ({"$contains": "b"}, "abc", "acc"),
    ({"$contains": "b"}, "b", ["b"]),
    ({"$gte": 2}, 2, 1.9),
    ({"$gte": "40ms"}, 0.04, 0.0399),
    ({"$lte": 2}, 2, 2.1),
    ({"$gt": 2}, 2.1, 2),
    ({"$lt": "1s"}, 0.9, 1),
    ({"$gte": 0}, 1, True),
    ({"$approx": 1.0}, 1.0000001, 1.1),
    ({"$approx": 1, "$within": "100ms"}, 1.09, 1.2),
    ({"$approx": 1}, 1, "one"),
    ({"$one_of": [1, {"a": 1}]}, {"a": 1, "b": 2}, 2),
    ({"$one_of": []}, None, None),
    ({"$not": {"a": 1}}, {"a": 2}, {"a": 1, "b": 1}),
    ({"$length": 2}, "ab", "abc"),
    ({"$length": {"$gte": 1}}, [1], []),
    ({"$length": 0}, {}, None),
    ({"$all": {"$gt": 0}}, [1, 2], [1, 0]),
    ({"$all": 1}, [], {}),
    ({"$contains_item": {"a": 1}}, [2, {"a": 1}], [{"a": 2}]),
    ({"$contains_item": 1}, [1], 1),
    ({"$unordered": [1, 2]}, [2, 1], [1, 1]),
    ({"$unordered": [1]}, [1], [1, 2]),
    ({"$unordered": []}, [], None),
    ({"$from": "wire"}, {"a": [1]}, {"a": [True]}),
    ({"$gte": 1, "$lt": 2}, 1.5, 2),
]


@pytest.mark.parametrize(("expected", "good", "bad"), TABLE, ids=lambda value: show(value, 30))
def test_an_operator_holds_where_it_should_and_fails_where_it_should(
    expected: Any, good: Any, bad: Any
) -> None:
    if expected != {"$one_of": []}:
        assert holds(expected, good, wire={"a": [1]})
    mismatches = list(match(expected, bad, lambda origin, pointer: {"a": [1]}))
    assert mismatches
    assert all(mismatch.message for mismatch in mismatches)


def test_the_table_covers_every_operator() -> None:
    assert {name for expected, _, _ in TABLE for name in expected} == OPERATORS


def test_unordered_finds_an_order_even_where_a_greedy_choice_would_block_it() -> None:
    assert holds({"$unordered": [{"$type": "string"}, "a"]}, ["a", "b"])
    assert holds({"$unordered": [{"$gte": 1}, {"$gte": 2}, {"$gte": 3}]}, [3, 2, 1])
    assert not holds({"$unordered": ["a", "a"]}, ["a", "b"])


def test_from_the_wire_compares_exactly_and_says_when_there_is_nothing() -> None:
    assert holds({"$from": "wire"}, [1, {"a": None}], wire=[1.0, {"a": None}])
    assert not holds({"$from": "wire"}, {"a": 1, "b": 2}, wire={"a": 1})
    assert not holds({"$from": "wire"}, [True], wire=[1])
    (mismatch,) = match({"$from": "wire"}, 1)
    assert "no value" in mismatch.message


def test_an_operator_that_does_not_exist_is_an_error_and_never_holds() -> None:
    with pytest.raises(ValueError, match="presnt"):
        list(match({"$presnt": True}, 1))


@pytest.mark.parametrize(
    "expected",
    [
        {"$regx": "a"},
        {"$regex": "("},
        {"$regex": 5},
        {"$regex": "a{99999999999}"},
        {"$type": "word"},
        {"$type": 5},
        {"$type": [["string"]]},
        {"$type": []},
        {"$present": "yes"},
        {"$contains": 5},
        {"$gte": "soon"},
        {"$approx": None},
        {"$approx": 1, "$within": "near"},
        {"$within": 1},
        {"$one_of": 1},
        {"$unordered": {"a": 1}},
        {"$from": "memory"},
        {"$present": True, "a": 1},
        {"a": [{"$nope": 1}]},
        {"$not": {"$nope": 1}},
    ],
    ids=str,
)
def test_lint_says_what_is_wrong_with_an_operator(expected: Any) -> None:
    problems = list(operator_problems(expected))
    assert problems
    assert all(sentence for _, sentence in problems)


@pytest.mark.parametrize("expected", [expected for expected, _, _ in TABLE], ids=str)
def test_lint_has_nothing_against_an_operator_that_is_right(expected: Any) -> None:
    assert not list(operator_problems(expected))


@given(
    st.recursive(
        scalars,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(sorted(OPERATORS)) | names, inner, max_size=3)
        ),
        max_leaves=8,
    ),
    values,
)
@settings(deadline=None)
def test_what_lint_accepts_never_raises_when_matched(expected: Any, actual: Any) -> None:
    if not list(operator_problems(expected)):
        list(match(expected, actual, lambda origin, pointer: actual))


def test_values_that_are_no_json_are_shown_all_the_same() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert show(b"x")
    assert show({(1, 2): 3})
    assert show(loop)
    assert show("a" * 500).endswith("...")
    assert show(ABSENT) == "nothing"
