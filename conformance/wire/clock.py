"""Clocks. A case reads time from its own clock, so that waits can be observed without being waited
out."""

from __future__ import annotations

from typing import Protocol

WALL_EPOCH = 1_767_225_600.0
"""The wall clock of a case, in Unix seconds, when its virtual clock shows 0: 2026-01-01T00:00:00Z.

An SDK that is told to retry at a date (``retry-after`` as HTTP-date, facts/sdks#retry-headers)
measures it from here.
"""


class Clock(Protocol):
    """Seconds since some start; ``sleep`` moves it forward; ``slept`` is the sum of all sleeps."""

    def now(self) -> float: ...

    def slept(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class VirtualClock:
    """A clock that stands still unless somebody sleeps on it. ``waits`` lists each sleep as (began
    at, seconds)."""

    def __init__(self) -> None:
        self._now = 0.0
        self._slept = 0.0
        self.waits: list[tuple[float, float]] = []

    def now(self) -> float:
        return self._now

    def slept(self) -> float:
        return self._slept

    def advance(self, seconds: float) -> None:
        """Move forward for a reason other than sleeping: a time-out that fired, a slow answer."""
        self._now += max(0.0, seconds)

    def sleep(self, seconds: float) -> None:
        """Advance by ``seconds``. Negative values are recorded as they are but do not move time
        backwards."""
        self.waits.append((self._now, seconds))
        self._now += max(0.0, seconds)
        self._slept += max(0.0, seconds)
