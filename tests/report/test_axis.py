"""Attempts and waits of several SDKs on one axis."""

from __future__ import annotations

import pytest

from conformance.report.axis import axis, rows_of
from conformance.report.canonical import canonical_call
from conformance.report.comparison import ComparedSubject, Participant
from tests.report.calls import ONE, TWO, attempts


def test_an_axis_shows_every_attempt_to_scale_and_says_which_clock_is_virtual() -> None:
    real = Participant(ONE, canonical_call(attempts(429, 200, waits=(1.0,))), (0.0, 1.0))
    virtual = Participant(
        TWO, canonical_call(attempts(429, 200, waits=(0.5,))), (0.0, 0.5), virtual=True
    )
    picture = axis([real, virtual])
    assert picture is not None
    slow, fast = picture.rows
    assert [row.words for row in picture.rows] == [
        "429, waited 1 s, 200",
        "429, waited 500 ms, 200",
    ]
    assert slow.gaps[0].width == pytest.approx(2 * fast.gaps[0].width, abs=0.2)
    assert (slow.virtual, fast.virtual) == (False, True)
    assert "beta 1.0.0 (virtual clock)" in picture.description


def test_surfaces_share_a_row_when_they_behave_alike() -> None:
    both = tuple(ComparedSubject("alpha", "1.0.0", surface) for surface in ("async", "sync"))
    alike = [
        Participant(item, canonical_call(attempts(429, 200, waits=(0.4,))), (0.0, 0.4))
        for item in both
    ]
    apart = [alike[0], Participant(both[1], canonical_call(attempts(429)), (0.0,))]
    assert [name for name, _ in rows_of(alike)] == ["alpha 1.0.0"]
    assert [name for name, _ in rows_of(apart)] == ["alpha 1.0.0 async", "alpha 1.0.0 sync"]
