"""A figure against its bar."""

from __future__ import annotations

import pytest
from figures.figure import Bar, Figure, counted, per_thousand, percent


@pytest.mark.parametrize(
    ("bar", "value", "holds"),
    [
        (Bar(15, below=True), 14.9, True),
        (Bar(15, below=True), 15.0, False),
        (Bar(30), 30, True),
        (Bar(30), 31, False),
        (None, 1000, True),
        (Bar(30), None, False),
    ],
)
def test_a_bar_is_cleared_or_missed(bar: Bar | None, value: float | None, holds: bool) -> None:
    assert Figure("name", "title", value, bar=bar).holds is holds


def test_there_must_be_none_of_what_is_counted_unless_another_bar_is_set() -> None:
    assert counted("name", "title", []).holds
    assert not counted("name", "title", ["a.py:1: x"]).holds
    assert counted("name", "title", ["a.py:1: x"], None).holds


def test_densities_of_nothing_are_nothing() -> None:
    assert (per_thousand(3, 2000), per_thousand(3, 0)) == (1.5, 0.0)
    assert (percent(1, 8), percent(1, 0)) == (12.5, 0.0)
