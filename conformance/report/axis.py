"""Attempts and waits of several SDKs on one time axis. Geometry and words only; a template draws
them.

The loopback lane really waits; the in-process lane moves a virtual clock, which is exact. A row
says which it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from conformance.report.canonical import CanonicalCall
from conformance.report.comparison import Participant, alike, too_early
from conformance.report.text import seconds
from conformance.report.timeline import LABELS, Tick, finite, ticks

WIDTH = 1_060
WORDS = 300
ROW = 24
TOP = 24
MARK = 9.0
_ROOM = WIDTH - LABELS - WORDS - 2 * MARK


@dataclass(frozen=True, slots=True)
class Mark:
    """An attempt at ``x`` in SVG user units. ``last`` when nothing follows it."""

    x: float
    last: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """A wait from ``x`` on, ``width`` wide."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class AxisRow:
    """One SDK (surfaces that behave alike in one row): its marks, its waits, and all of it in
    words."""

    label: str
    y: int
    marks: tuple[Mark, ...]
    gaps: tuple[Gap, ...]
    words: str
    virtual: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """A drawing ``WIDTH`` wide and ``height`` high. ``description`` says all of it in words."""

    rows: tuple[AxisRow, ...]
    ticks: tuple[Tick, ...]
    height: int
    description: str


def rows_of(participants: Sequence[Participant]) -> tuple[tuple[str, Participant], ...]:
    """Those that sent anything, each under its name: an SDK version, with its surface when the
    surfaces differ."""
    columns: dict[str, list[Participant]] = {}
    for item in participants:
        if item.call.attempts:
            columns.setdefault(item.subject.column, []).append(item)
    return tuple(row for column, own in columns.items() for row in _folded(column, own))


def _folded(column: str, own: list[Participant]) -> Iterable[tuple[str, Participant]]:
    if all(_same(own[0], other) for other in own[1:]):
        return ((column, own[0]),)
    return ((f"{column} {item.subject.surface}", item) for item in own)


def _same(one: Participant, other: Participant) -> bool:
    if one.virtual != other.virtual or one.call.attempts != other.call.attempts:
        return False
    return all(_same_wait(one.call, other.call, place) for place in range(len(one.call.waits)))


def _same_wait(one: CanonicalCall, other: CanonicalCall, place: int) -> bool:
    first, second = one.waits[place], other.waits[place]
    if first is None or second is None:
        return first is second
    return alike(first, second) and too_early(one, place) == too_early(other, place)


def words_of(item: Participant) -> str:
    """Attempts and waits in words: ``429, waited 40 ms, 200``."""
    said = []
    for place, attempt in enumerate(item.call.attempts):
        wait = item.call.waits[place - 1] if 0 < place <= len(item.call.waits) else None
        said += [f"waited {seconds(wait)}"] if wait is not None else []
        said.append(attempt)
    return ", ".join(said)


def axis(participants: Sequence[Participant]) -> Axis | None:
    """The drawing of one call, or None when nobody sent anything."""
    rows = rows_of(participants)
    if not rows:
        return None
    end = max((finite(at) for _, item in rows for at in item.at), default=0.0)
    scale = _ROOM / end if end > 0 else 0.0
    drawn = tuple(
        _row(name, item, TOP + place * ROW, scale) for place, (name, item) in enumerate(rows)
    )
    said = "; ".join(
        f"{row.label}{' (virtual clock)' if row.virtual else ''}: {row.words}" for row in drawn
    )
    return Axis(drawn, ticks(end, scale), TOP + len(drawn) * ROW + 4, f"{said}.")


def _row(name: str, item: Participant, y: int, scale: float) -> AxisRow:
    places = [LABELS + finite(at) * scale for at in item.at]
    marks = tuple(Mark(round(x, 1), place == len(places) - 1) for place, x in enumerate(places))
    gaps = []
    for x, wait in zip(places[1:], item.call.waits, strict=False):
        width = min(finite(wait or 0.0) * scale, x - LABELS)
        gaps.append(Gap(round(x - width, 1), round(max(width, 0.0), 1)))
    return AxisRow(name, y, marks, tuple(gaps), words_of(item), item.virtual)
