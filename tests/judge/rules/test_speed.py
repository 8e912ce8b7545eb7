"""Checking must stay small beside the call that is checked (0.9 ms bare)."""

from __future__ import annotations

import time

from conformance.judge.rules import apply_checks
from tests.judge.rules.builders import chat, fresh

LIMIT = 250e-6
"""Seconds for a plain chat step on an idle core."""


def test_a_plain_chat_step_is_checked_in_a_quarter_of_a_millisecond() -> None:
    context = chat()
    apply_checks(fresh(context))
    best = 1.0
    for _ in range(60):
        steps = [fresh(context) for _ in range(5)]
        start = time.perf_counter()
        for step in steps:
            apply_checks(step)
        best = min(best, (time.perf_counter() - start) / len(steps))
    assert best < LIMIT, f"{best * 1e6:.0f} us"
