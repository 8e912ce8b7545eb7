"""``divergence.html``: where SDKs part ways, side by side. No network, no scripts.

The page has a budget: scenarios come in the order of how many disagree, and once the budget is
spent the rest are told by their headlines alone; ``conformance compare`` shows any of them whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from conformance.judge.results import Run
from conformance.report import axis as geometry
from conformance.report.axis import Axis, axis
from conformance.report.cases import scenarios_of
from conformance.report.comparison import ALIKE_FACTOR, ALIKE_SECONDS, Facet
from conformance.report.divergence import (
    Comparison,
    Divergences,
    ScenarioDivergence,
    Seen,
    divergences,
)
from conformance.report.divergence_text import (
    FACETS,
    LENGTH,
    drawn,
    names,
    sentence,
    short,
    step_title,
    texts,
    where_of,
)
from conformance.report.html import assets, environment
from conformance.report.text import Anchors

INDEX_NAME = "index.html"
BUDGET = 2_400_000
"""Characters of side by side a page shows."""

_DRAWINGS, _SHARED = 3, 40
_OPEN = 3
_CELL, _MARKUP = 60, 1_400


@dataclass(frozen=True, slots=True)
class Entry:
    """A value in a cell. ``group`` 0 is the largest group; ``text`` None when the member is absent;
    ``surface`` only when the surfaces of the SDK differ."""

    group: int
    text: str | None
    surface: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One member across all columns; a column that took no part has no entries."""

    facet: Facet
    pointer: str
    members: int
    where: str
    varies: bool
    cells: tuple[tuple[Entry, ...], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The differing members of one step by facet, and those of the request that all share (of the
    first comparison)."""

    title: str
    facets: tuple[tuple[str, tuple[Line, ...]], ...]
    shared: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    title: str
    axis: Axis


@dataclass(frozen=True, slots=True)
class View:
    """A scenario on the page; without tables and drawings when it was ``left_out`` to keep the page
    small."""

    divergence: ScenarioDivergence
    anchor: str
    link: str
    dissenters: str
    open: bool
    tables: tuple[Table, ...] = ()
    drawings: tuple[Drawing, ...] = ()
    drawings_left: int = 0
    left_out: bool = False


def render_divergence(run: Run, budget: int = BUDGET) -> str:
    """The divergence page of ``run``. The same run gives the same text; any text in it stays
    text."""
    found = divergences(run)
    links = Anchors("scenario", (item.id for item in scenarios_of(run)))
    page = environment().get_template("divergence.html.j2")
    return (
        page.render(
            run=run,
            found=found,
            sentence=sentence(found),
            views=_views(found, links, budget),
            index=INDEX_NAME,
            links=links,
            axes=geometry,
            names=names,
            facets=FACETS,
            value=short,
            alike_seconds=ALIKE_SECONDS,
            alike_factor=ALIKE_FACTOR,
            **assets(("report.css", "divergence.css")),
        )
        + "\n"
    )


def _views(found: Divergences, links: Anchors, budget: int) -> list[View]:
    anchors = Anchors("d", (item.scenario.id for item in found.scenarios))
    views = []
    for place, item in enumerate(found.scenarios):
        budget -= _weight(item)
        views.append(
            _view(
                item,
                anchors.in_order[place],
                links.get(item.scenario.id),
                is_open=place < _OPEN,
                left_out=budget < 0,
            )
        )
    return views


def _weight(item: ScenarioDivergence) -> int:
    values = sum(
        sum(min(len(text or ""), LENGTH) for text in texts(seen.difference)) for seen in item.seen
    )
    cells = len(item.seen) * len(item.columns) * _CELL
    return _MARKUP + values * 2 + cells + min(len(drawn(item)), _DRAWINGS) * len(item.columns) * 400


def _view(
    item: ScenarioDivergence, anchor: str, link: str, *, is_open: bool, left_out: bool
) -> View:
    steps = {call.step: call for call in reversed(item.calls)}
    tables = (
        ()
        if left_out
        else tuple(_table(item, steps[number], len(steps)) for number in sorted(steps))
    )
    calls = [] if left_out else drawn(item)
    drawings = tuple(
        Drawing(_drawing_title(item, call, len(steps)), picture)
        for call in calls[:_DRAWINGS]
        if (picture := axis(call.participants)) is not None
    )
    return View(
        item,
        anchor,
        link,
        names(item.dissenters),
        is_open and not left_out,
        tuple(table for table in tables if table.facets),
        drawings,
        max(len(calls) - _DRAWINGS, 0),
        left_out,
    )


def _drawing_title(item: ScenarioDivergence, call: Comparison, steps: int) -> str:
    return ", ".join(
        part
        for part in (
            step_title(call, steps) if steps > 1 else "",
            call.where if item.comparisons > 1 else "",
        )
        if part
    )


def _table(item: ScenarioDivergence, first: Comparison, steps: int) -> Table:
    lines = tuple(
        _line(seen, item.columns, item.comparisons) for seen in item.seen if seen.step == first.step
    )
    by_facet = tuple(
        (title, found)
        for facet, title in FACETS.items()
        if (found := tuple(line for line in lines if line.facet == facet))
    )
    return Table(
        step_title(first, steps),
        by_facet,
        tuple((name, short(value)) for name, value in first.shared[:_SHARED]) if lines else (),
    )


def _line(seen: Seen, columns: Sequence[str], comparisons: int) -> Line:
    difference = seen.difference
    shown = texts(difference)
    held: dict[str, list[tuple[int, str]]] = {}
    for number, group in enumerate(difference.groups):
        for subject in group.subjects:
            held.setdefault(subject.column, []).append((number, subject.surface))
    cells = tuple(_cell(held.get(column, []), shown) for column in columns)
    return Line(
        difference.facet,
        difference.pointer,
        difference.members,
        where_of(seen, comparisons),
        seen.varies,
        cells,
    )


def _cell(held: list[tuple[int, str]], shown: Sequence[str | None]) -> tuple[Entry, ...]:
    if len({number for number, _ in held}) == 1:
        return (Entry(held[0][0], shown[held[0][0]]),)
    return tuple(Entry(number, shown[number], surface) for number, surface in held)
