"""The attempts and waits of several SDKs in one call, on one time axis.

This module computes positions and words; a template draws them. In the loopback lane an SDK really
waits; in the in-process lane a virtual clock moves instead, which is exact. Each row says which it
is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.report.canonical import CanonicalCall
from conformance.report.comparison import Participant, alike, too_early
from conformance.report.text import seconds
from conformance.report.timeline import LABELS, Tick, finite, scale_of, ticks

# All lengths are in SVG user units, all times in seconds.
WIDTH = 1_060
WORDS = 300
ROW = 24
TOP = 24
MARK = 9.0
_ROOM = WIDTH - LABELS - WORDS - 2 * MARK


@dataclass(frozen=True, slots=True)
class Mark:
    """An attempt that began at ``x``; ``last`` when no other followed it."""

    x: float
    last: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A wait that is drawn from ``x`` on, ``width`` wide."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One SDK version, or one of its surfaces where they differ. ``words`` say what is drawn;
    ``virtual`` when the waits passed on a virtual clock."""

    label: str
    y: int
    marks: tuple[Mark, ...]
    gaps: tuple[Gap, ...]
    words: str
    virtual: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """A drawing ``WIDTH`` wide and ``height`` high. ``description`` says everything it shows in
    words, for those who cannot see it."""

    rows: tuple[AxisRow, ...]
    ticks: tuple[Tick, ...]
    height: int
    description: str


def rows_of(participants: Sequence[Participant]) -> tuple[tuple[str, Participant], ...]:
    """A name and a participant for each row, of those participants that sent anything. An SDK
    version has one row, named after it, when its surfaces behaved alike; else one for each surface,
    named after both."""
    columns: dict[str, list[Participant]] = {}
    for item in participants:
        if item.call.attempts:
            columns.setdefault(item.subject.column, []).append(item)
    return tuple(row for column, surfaces in columns.items() for row in _rows(column, surfaces))


def _rows(column: str, surfaces: list[Participant]) -> Iterable[tuple[str, Participant]]:
    first, *others = surfaces
    if all(_behaves_like(first, other) for other in others):
        return ((column, first),)
    return ((f"{column} {item.subject.surface}", item) for item in surfaces)


def _behaves_like(left: Participant, right: Participant) -> bool:
    if left.virtual != right.virtual or left.call.attempts != right.call.attempts:
        return False
    return all(_waits_like(left.call, right.call, place) for place in range(len(left.call.waits)))


def _waits_like(left: CanonicalCall, right: CanonicalCall, place: int) -> bool:
    left_wait, right_wait = left.waits[place], right.waits[place]
    if left_wait is None or right_wait is None:
        return left_wait is right_wait
    return alike(left_wait, right_wait) and too_early(left, place) == too_early(right, place)


def words_of(item: Participant) -> str:
    """Attempts and waits in words: ``429, waited 40 ms, 200``."""
    words = []
    # No wait comes before the first attempt.
    for wait, attempt in zip((None, *item.call.waits), item.call.attempts, strict=False):
        if wait is not None:
            words.append(f"waited {seconds(wait)}")
        words.append(attempt)
    return ", ".join(words)


def axis(participants: Sequence[Participant]) -> Axis | None:
    """The drawing of one call, or None when none of ``participants`` sent anything."""
    named = rows_of(participants)
    if not named:
        return None
    end = end_of(named)
    scale = scale_of(end, _ROOM)
    rows = tuple(
        _row(name, item, TOP + place * ROW, scale) for place, (name, item) in enumerate(named)
    )
    return Axis(
        rows=rows,
        ticks=ticks(end, scale),
        height=TOP + len(rows) * ROW + 4,
        description=f"{'; '.join(map(_description, rows))}.",
    )


def end_of(rows: Iterable[tuple[str, Participant]]) -> float:
    """When the last attempt of all ``rows`` began, in seconds from the first of each."""
    return max((finite(at) for _, item in rows for at in item.at), default=0.0)


def _description(row: AxisRow) -> str:
    clock = " (virtual clock)" if row.virtual else ""
    return f"{row.label}{clock}: {row.words}"


def _row(name: str, item: Participant, y: int, scale: float) -> AxisRow:
    places = [LABELS + finite(at) * scale for at in item.at]
    marks = tuple(Mark(round(x, 1), place == len(places) - 1) for place, x in enumerate(places))
    gaps = []
    for x, wait in zip(places[1:], item.call.waits, strict=False):
        # A wait ends where the next attempt begins, and none begins before the axis does.
        width = min(finite(wait or 0.0) * scale, x - LABELS)
        gaps.append(Gap(round(x - width, 1), round(max(width, 0.0), 1)))
    return AxisRow(
        label=name,
        y=y,
        marks=marks,
        gaps=tuple(gaps),
        words=words_of(item),
        virtual=item.virtual,
    )
