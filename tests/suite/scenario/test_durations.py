"""Durations as scenarios write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.suite.scenario.durations import parse_duration, seconds


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
