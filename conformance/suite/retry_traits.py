"""What the retry traits of a contract say: which statuses are retried, and how long a client
waits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Bounds:
    """The documented wait before a retry, seconds."""

    least: float
    most: float


def covers(pattern: Any, status: int) -> bool:
    """Whether a contract's status pattern (429, "429", "5xx", ">=500", "500-504") holds for
    ``status``."""
    text = str(pattern).strip().lower()
    if text.endswith("xx"):
        return text[:-2] == str(status // 100)
    if text.startswith(">="):
        return text[2:].strip().isdigit() and status >= int(text[2:])
    low, dash, high = text.partition("-")
    if dash and low.isdigit() and high.isdigit():
        return int(low) <= status <= int(high)
    return text == str(status)


def backoff_bounds(trait: Mapping[str, Any], number: int) -> Bounds | None:
    """The bounds of retry ``number`` (from 0): ``initial * factor ** number`` capped at ``max``, or
    the explicit list ``delays``, times ``jitter_min`` to ``jitter_max`` (both 1 when not given).
    None: the trait has another shape.
    """
    try:
        delays = trait.get("delays")
        if delays:
            base = float(delays[min(number, len(delays) - 1)])
        else:
            base = min(
                float(trait["initial"]) * float(trait.get("factor", 2)) ** number,
                float(trait.get("max", math.inf)),
            )
        return Bounds(
            base * float(trait.get("jitter_min", 1)), base * float(trait.get("jitter_max", 1))
        )
    except (KeyError, TypeError, ValueError, OverflowError, IndexError):
        return None
