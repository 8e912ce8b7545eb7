"""Dates of the virtual clock, moved to where time is real."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.calendar import moved, seconds_until
from conformance.wire.clock import WALL_EPOCH

FIXDATE = "Thu, 01 Jan 2026 00:00:07 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (FIXDATE, 7),
        ("01 Jan 2026 00:00:07 GMT", 7),
        ("Wed, 31 Dec 2025 23:59:59 GMT", -1),
        ("7", None),
        ("", None),
        ("soon: now", None),
        ("Thu, 99 Jan 2026 00:00:07 GMT", None),
    ],
)
def test_a_date_is_so_many_seconds_away_or_is_none(text: str, seconds: float | None) -> None:
    assert seconds_until(text, WALL_EPOCH) == seconds


@given(st.floats(0, 4e9))
def test_a_moved_date_is_as_far_from_now_as_it_was_and_a_date_of_the_standard(now: float) -> None:
    written = (("Retry-After", FIXDATE), ("date", FIXDATE), ("x-date", FIXDATE))
    ((_, told), _, other) = moved(written, WALL_EPOCH, now)
    away = seconds_until(told, now)
    assert away is not None
    assert -1e-6 <= away - 7 < 1 + 1e-6
    assert len(told) == len(FIXDATE)
    assert other == ("x-date", FIXDATE)


@given(
    st.lists(
        st.tuples(st.sampled_from(["retry-after", "date", "age"]), st.text(max_size=12)), max_size=4
    )
)
def test_headers_without_a_date_to_wait_for_stay_as_they_are(pairs: list[tuple[str, str]]) -> None:
    headers = tuple(pairs)
    assert moved(headers, WALL_EPOCH, 1e9) == headers
    seconds = (("retry-after", "7"), ("date", FIXDATE))
    assert moved(seconds, WALL_EPOCH, 1e9) == seconds
