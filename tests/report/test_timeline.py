"""The retry timeline: what it draws, and that no clock can break it."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from conformance.report.timeline import LABELS, WIDTH, timeline
from tests.report.builders import UNTIMED, exchange

TIMES = st.floats() | st.sampled_from([0.0, 1e-9, 1e9, -1.0])


def test_one_attempt_needs_no_timeline() -> None:
    assert timeline((exchange(),)) is None


def test_bars_are_to_scale() -> None:
    drawn = timeline((exchange(status=429, asked=0.04), exchange(at=0.06, waited=0.05)))
    assert drawn is not None
    attempt, waited, asked, _ = drawn.bars
    assert [bar.kind for bar in drawn.bars] == ["attempt", "waited", "asked", "attempt"]
    assert [bar.value for bar in drawn.bars] == ["10 ms", "50 ms", "40 ms", ""]
    assert math.isclose(waited.width / attempt.width, 5, rel_tol=0.01)
    assert math.isclose(asked.width / waited.width, 0.8, rel_tol=0.01)
    assert asked.x == waited.x


def test_the_waits_are_told_apart_in_words() -> None:
    drawn = timeline((exchange(status=429, asked=2.0), exchange(at=1.0, waited=1.0)))
    assert drawn is not None
    assert (
        drawn.description
        == "2 attempts. attempt 1: 429; waited 1 s; asked (retry-after-ms) 2 s; attempt 2: 200."
    )


@UNTIMED
@given(ats=st.lists(TIMES, min_size=2, max_size=6), waited=TIMES, asked=TIMES)
def test_no_clock_draws_outside_the_picture(ats: list[float], waited: float, asked: float) -> None:
    items = tuple(
        exchange().model_copy(update={"at": at, "waited": waited, "asked_wait": asked})
        for at in ats
    )
    drawn = timeline(items)
    assert drawn is not None
    assert all(bar.x >= LABELS and bar.x + bar.width <= WIDTH for bar in drawn.bars)
    assert len(drawn.ticks) < 12
