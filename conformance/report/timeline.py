"""The retry timeline of one call: its attempts on a time axis, the waits that passed, and the waits
that the service asked for.

This module computes positions and words; a template draws them, so that escaping stays in one
place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from conformance.judge.results import ExchangeTrace
from conformance.report.text import count, seconds

# All lengths are in SVG user units, all times in seconds.
WIDTH = 760
LABELS = 250
ROW = 24
TOP = 26
_SMALLEST_BAR = 4.0  # what is shorter could not be seen
_ROOM = WIDTH - LABELS - 24
_SHORTEST, _LONGEST = 1e-7, 1e9

Kind = Literal["attempt", "waited", "asked"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled bar. ``value`` is its time in words; empty for the last attempt, whose length was
    not measured."""

    kind: Kind
    label: str
    value: str
    x: float
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of the time axis at ``x``; ``label`` is its time in words."""

    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawing ``WIDTH`` wide and ``height`` high. ``description`` says everything it shows in
    words, for those who cannot see it."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    height: int
    description: str


@dataclass(frozen=True, slots=True)
class _Span:
    """A stretch of time, in seconds from the first attempt. ``measured`` is false where no end was
    seen."""

    kind: Kind
    label: str
    start: float
    length: float
    measured: bool = True


def timeline(exchanges: tuple[ExchangeTrace, ...]) -> Timeline | None:
    """The timeline of one call with these attempts; None when there are fewer than two, because a
    single attempt waited for nothing."""
    if len(exchanges) < 2:
        return None
    spans = _spans(exchanges)
    end = max((span.start + span.length for span in spans), default=0.0)
    scale = scale_of(end, _ROOM)
    return Timeline(
        bars=tuple(_bar(span, TOP + row * ROW, scale) for row, span in enumerate(spans)),
        ticks=ticks(end, scale),
        height=TOP + len(spans) * ROW + 6,
        description=_describe(spans, len(exchanges)),
    )


def scale_of(end: float, room: float) -> float:
    """Units for a second, when ``end`` seconds take up ``room`` units; 0 when no time passed."""
    return room / end if end > 0 else 0.0


def _bar(span: _Span, y: int, scale: float) -> Bar:
    return Bar(
        kind=span.kind,
        label=span.label,
        value=seconds(span.length) if span.measured else "",
        x=round(LABELS + span.start * scale, 1),
        y=y,
        width=round(max(span.length * scale, _SMALLEST_BAR), 1),
    )


def _spans(exchanges: tuple[ExchangeTrace, ...]) -> list[_Span]:
    origin = finite(exchanges[0].at)
    spans: list[_Span] = []
    for number, item in enumerate(exchanges, 1):
        start = max(finite(item.at) - origin, 0.0)
        title = f"attempt {number}: {_outcome(item)}"
        following = exchanges[number : number + 1]
        if following:
            next_start = max(finite(following[0].at) - origin, start)
            waited = min(finite(following[0].waited), next_start - start)
            ended = next_start - waited
            spans.append(_Span("attempt", title, start, next_start - start - waited))
            spans.append(_Span("waited", "waited", ended, waited))
        else:
            # Nothing follows the last attempt that would tell when it ended.
            ended = start
            spans.append(_Span("attempt", title, start, 0.0, measured=False))
        if item.asked_wait is not None:
            label = f"asked ({item.asked_by})" if item.asked_by else "asked"
            spans.append(_Span("asked", label, ended, finite(item.asked_wait)))
    return spans


def finite(value: float | None) -> float:
    """``value`` as a time that can be drawn, from 0 to a thousand million seconds: a broken clock
    must not break a report."""
    if value is None or not math.isfinite(value) or value <= _SHORTEST:
        return 0.0
    return min(value, _LONGEST)


def _outcome(item: ExchangeTrace) -> str:
    if item.response is not None:
        return f"{item.response.status} {item.fault or ''}".strip()
    if item.fault:
        return item.fault
    return "no recording" if item.miss else "no response"


def ticks(end: float, scale: float) -> tuple[Tick, ...]:
    """Marks at two to five round times from 0 to ``end`` seconds, right of the labels; none when
    ``scale`` (units for a second) is 0."""
    if not scale:
        return ()
    quarter = end / 4
    base = 10.0 ** math.floor(math.log10(quarter))
    step = next(base * factor for factor in (1, 2, 5, 10) if base * factor >= quarter)
    return tuple(
        Tick(round(LABELS + number * step * scale, 1), seconds(number * step))
        # The small term lets an `end` that is a whole number of steps keep its last mark.
        for number in range(int(end / step + 1e-9) + 1)
    )


def _describe(spans: list[_Span], attempts: int) -> str:
    return f"{count(attempts, 'attempt')}. {'; '.join(map(_words, spans))}."


def _words(span: _Span) -> str:
    if span.kind == "attempt":
        return span.label
    return f"{span.label} {seconds(span.length)}"
