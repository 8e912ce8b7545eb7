"""Expected against observed: what is marked, what is aligned, what is folded away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.report.side_by_side import SideLine, side_by_side
from conformance.report.text import pretty
from tests.report.builders import UNTIMED

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
)


def text(lines: tuple[SideLine, ...]) -> str:
    return "\n".join(
        line.before + line.marked + line.after for line in lines if line.state != "absent"
    )


def test_only_what_differs_within_a_line_is_marked() -> None:
    both = side_by_side("40ms", "45ms")
    assert both.expected == (SideLine("changed", '"4', "0", 'ms"'),)
    assert both.observed == (SideLine("changed", '"4', "5", 'ms"'),)


def test_small_values_stay_on_one_line() -> None:
    assert len(side_by_side({"$gte": "40ms"}, "10ms").expected) == 1


def test_the_order_of_keys_is_no_difference() -> None:
    both = side_by_side({"a": 1, "b": 2}, {"b": 2, "a": 1})
    assert {line.state for line in both.expected} == {"same"}


def test_a_line_only_one_side_has_faces_an_absent_one() -> None:
    both = side_by_side({"a": "x" * 60, "b": 2}, {"a": "x" * 60})
    assert "absent" in {line.state for line in both.observed}
    assert len(both.expected) == len(both.observed)


def test_a_long_equal_stretch_is_folded_and_says_how_long_it_is() -> None:
    both = side_by_side([*range(40), "a"], [*range(40), "b"])
    assert [line.before for line in both.expected if line.state == "fold"] == ["35 equal lines"]
    assert len(both.expected) < 12


def test_a_side_that_is_too_long_says_how_much_is_missing() -> None:
    assert side_by_side("x" * 100, "y", limit=50).dropped == (52, 0)


def test_values_too_long_to_align_are_compared_line_by_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Aligning these two takes seconds (benchmarks/pages.py measures it), so nothing may try.
    def aligned(*_: Any, **__: Any) -> Any:
        raise AssertionError("the lines were aligned")

    monkeypatch.setattr("conformance.report.side_by_side.SequenceMatcher", aligned)
    both = side_by_side([0, 1] * 700, [1, 0, 0] * 500)
    assert len(both.expected) == len(both.observed)
    with pytest.raises(AssertionError, match="aligned"):
        side_by_side([0, 1] * 70, [1, 0, 0] * 50)


@UNTIMED
@given(one=JSON, other=JSON)
def test_both_sides_have_equally_many_lines_and_lose_nothing(one: Any, other: Any) -> None:
    both = side_by_side(one, other)
    assert len(both.expected) == len(both.observed)
    folded = any(line.state == "fold" for line in both.expected)
    # Compared with the whole values: the sides of side_by_side(one, one) may themselves be folded.
    assert folded or (text(both.expected) == text(both.observed)) == (pretty(one) == pretty(other))
