"""The virtual clock stands still unless somebody sleeps on it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.clock import VirtualClock


def test_it_begins_at_zero_and_stands_still() -> None:
    clock = VirtualClock()
    assert (clock.now(), clock.slept(), clock.waits) == (0.0, 0.0, [])


def test_sleeping_moves_it_without_waiting() -> None:
    clock, began = VirtualClock(), time.perf_counter()
    clock.sleep(3600)
    assert clock.now() == clock.slept() == 3600
    assert clock.waits == [(0.0, 3600)]
    assert time.perf_counter() - began < 1


def test_advancing_is_no_sleep() -> None:
    clock = VirtualClock()
    clock.advance(10)
    assert (clock.now(), clock.slept(), clock.waits) == (10.0, 0.0, [])


@given(st.lists(st.tuples(st.booleans(), st.floats(-100, 100))))
def test_time_never_runs_backwards_and_every_sleep_is_kept(moves: list[tuple[bool, float]]) -> None:
    clock, before = VirtualClock(), 0.0
    for sleeps, amount in moves:
        (clock.sleep if sleeps else clock.advance)(amount)
        assert clock.now() >= before
        before = clock.now()
    assert [amount for _, amount in clock.waits] == [amount for sleeps, amount in moves if sleeps]
    assert clock.slept() == pytest.approx(
        sum(max(0.0, amount) for sleeps, amount in moves if sleeps)
    )
