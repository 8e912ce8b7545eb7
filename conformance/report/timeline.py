"""The retry timeline: attempts on a time axis, the wait that passed and the wait each header asked
for.

Only geometry and words are made here; the template draws them, so that escaping stays in one place.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from conformance.judge.results import ExchangeTrace
from conformance.report.text import count, seconds

WIDTH = 760
LABELS = 250
ROW = 24
TOP = 26
_SMALLEST_BAR = 4.0
_SHORTEST, _LONGEST = 1e-7, 1e9
_ROOM = WIDTH - LABELS - 24

Kind = Literal["attempt", "waited", "asked"]


@dataclass(frozen=True, slots=True)
class Bar:
    """A labelled bar; lengths are in SVG user units. ``value`` is its time in words."""

    kind: Kind
    label: str
    value: str
    x: float
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    label: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A drawing ``height`` high and ``WIDTH`` wide. ``description`` says all of it in words."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    height: int
    description: str


@dataclass(frozen=True, slots=True)
class _Span:
    kind: Kind
    label: str
    start: float
    length: float
    measured: bool = True


def timeline(exchanges: tuple[ExchangeTrace, ...]) -> Timeline | None:
    """The timeline of one step, or None when it made fewer than two attempts: then there is nothing
    to compare."""
    if len(exchanges) < 2:
        return None
    spans = _spans(exchanges)
    end = max((span.start + span.length for span in spans), default=0.0)
    scale = _ROOM / end if end > 0 else 0.0
    bars = tuple(
        Bar(
            span.kind,
            span.label,
            seconds(span.length) if span.measured else "",
            round(LABELS + span.start * scale, 1),
            TOP + row * ROW,
            round(max(span.length * scale, _SMALLEST_BAR), 1),
        )
        for row, span in enumerate(spans)
    )
    return Timeline(
        bars, ticks(end, scale), TOP + len(spans) * ROW + 6, _describe(spans, len(exchanges))
    )


def _spans(exchanges: tuple[ExchangeTrace, ...]) -> list[_Span]:
    origin = finite(exchanges[0].at)
    spans: list[_Span] = []
    for number, item in enumerate(exchanges, 1):
        start = max(finite(item.at) - origin, 0.0)
        following = exchanges[number] if number < len(exchanges) else None
        after = max(finite(following.at) - origin, start) if following else start
        waited = min(finite(following.waited), after - start) if following else 0.0
        spans.append(
            _Span(
                "attempt",
                f"attempt {number}: {_outcome(item)}",
                start,
                after - start - waited,
                following is not None,
            )
        )
        if following is not None:
            spans.append(_Span("waited", "waited", after - waited, waited))
        if item.asked_wait is not None:
            by = f" ({item.asked_by})" if item.asked_by else ""
            spans.append(_Span("asked", f"asked{by}", after - waited, finite(item.asked_wait)))
    return spans


def finite(value: float | None) -> float:
    """``value`` as a time that can be drawn: a broken clock must not break a report."""
    return (
        min(value, _LONGEST)
        if value is not None and math.isfinite(value) and value > _SHORTEST
        else 0.0
    )


def _outcome(item: ExchangeTrace) -> str:
    if item.response is not None:
        return f"{item.response.status}{f' {item.fault}' if item.fault else ''}"
    return item.fault or ("no recording" if item.miss else "no response")


def ticks(end: float, scale: float) -> tuple[Tick, ...]:
    """About four round times up to ``end`` seconds, right of the labels; none when there is no
    ``scale``."""
    if not scale:
        return ()
    rough = end / 4
    base = 10.0 ** math.floor(math.log10(rough))
    step = next(base * factor for factor in (1, 2, 5, 10) if base * factor >= rough)
    return tuple(
        Tick(round(LABELS + number * step * scale, 1), seconds(number * step))
        for number in range(int(end / step + 1e-9) + 1)
    )


def _describe(spans: list[_Span], attempts: int) -> str:
    said = (
        f"{span.label} {seconds(span.length)}" if span.kind != "attempt" else span.label
        for span in spans
    )
    return f"{count(attempts, 'attempt')}. {'; '.join(said)}."
