"""Dates that scenarios write against the virtual clock, read and moved to where time is real. Pure.

A scenario's clock starts at 2026-01-01T00:00:00Z; a ``retry-after`` that names a date names one
shortly after that. Over real sockets the same answer is given with the same distance from now.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from conformance.wire.exchange import Headers, header


def seconds_until(text: str, start: float) -> float | None:
    """Seconds from ``start`` (Unix time) to the HTTP date ``text`` (RFC 9110 section 5.6.7); None
    when it is none."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a year or a zone of 30 digits overflows
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - start


def moved(headers: Headers, start: float, now: float) -> Headers:
    """``headers`` with the date of their ``retry-after`` as far from ``now`` as it was from
    ``start`` (both Unix time), at most a second more since dates have whole seconds, and with their
    ``date`` moved along. Without such a date: ``headers``."""
    if seconds_until(header(headers, "retry-after") or "", start) is None:
        return headers
    return tuple(
        (name, _at(value, start, now) if name.lower() in ("retry-after", "date") else value)
        for name, value in headers
    )


def _at(text: str, start: float, now: float) -> str:
    distance = seconds_until(text, start)
    if distance is None:
        return text
    return format_datetime(datetime.fromtimestamp(math.ceil(now + distance), UTC), usegmt=True)
