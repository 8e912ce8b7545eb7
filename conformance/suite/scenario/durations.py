"""Durations as scenarios write them: ``40ms``, ``1.5s``, ``2m``."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)(?P<unit>ms|s|m)\Z")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0}


def parse_duration(text: str) -> float | None:
    """Seconds, or None when ``text`` is not a duration."""
    match = _DURATION.match(text)
    if match is None:
        return None
    return float(match["number"]) * _SECONDS[match["unit"]]


def seconds(value: object) -> float | None:
    """A number as it is, a duration text as seconds, anything else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value)
    return parse_duration(value) if isinstance(value, str) else None
