"""When a run began, and how long what it does takes."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime


@dataclass(frozen=True, slots=True)
class RunClock:
    """When a run began and how its durations are told. ``fixed``: every duration is 0; equal runs
    are equal bytes."""

    started: datetime
    fixed: bool

    def measure(self, began: float) -> float:
        """Seconds since ``began`` (``time.perf_counter``), rounded to microseconds; 0 on a fixed
        clock."""
        return 0.0 if self.fixed else round(time.perf_counter() - began, 6)


def run_clock() -> RunClock:
    """The clock of this process; ``SOURCE_DATE_EPOCH`` (reproducible-builds.org) fixes it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return RunClock(datetime.fromtimestamp(int(epoch), UTC), fixed=True)
    return RunClock(datetime.now(UTC), fixed=False)
