"""Clocks. A case reads time from its own clock, so that waits can be observed without being waited out."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Seconds since some start; ``sleep`` moves it forward."""

    def now(self) -> float: ...

    def sleep(self, seconds: float) -> None: ...


class VirtualClock:
    """A clock that stands still unless somebody sleeps on it. ``waits`` lists each sleep as (began at, seconds)."""

    def __init__(self) -> None:
        self._now = 0.0
        self.waits: list[tuple[float, float]] = []

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        """Advance by ``seconds``. Negative values are recorded as they are but do not move time backwards."""
        self.waits.append((self._now, seconds))
        self._now += max(0.0, seconds)
