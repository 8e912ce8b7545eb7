"""``divergence.html``: where SDKs part ways, side by side. No network, no scripts.

The page has a budget. Scenarios come in the order of how many SDK versions disagree; those for
which the budget is spent have a headline only, and ``conformance compare`` shows them whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from conformance.judge.results import Run
from conformance.report import axis as geometry
from conformance.report.axis import Axis, axis
from conformance.report.cases import scenarios_of
from conformance.report.comparison import ALIKE_FACTOR, ALIKE_SECONDS, Facet
from conformance.report.divergence import (
    ComparedCall,
    Divergences,
    ScenarioDivergence,
    SeenDifference,
    divergences,
)
from conformance.report.divergence_text import (
    FACET_TITLES,
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
"""Characters of tables and drawings that a page shows."""

_DRAWINGS_SHOWN = 3
_SHARED_SHOWN = 40
_SCENARIOS_OPEN = 3

# Characters of markup, roughly: of a scenario, a cell, and one SDK's row in a drawing.
_SCENARIO_MARKUP = 1_400
_CELL_MARKUP = 60
_ROW_MARKUP = 400


@dataclass(frozen=True, slots=True)
class CellValue:
    """What an SDK version has in one member. ``group`` 0 is the largest group; ``text`` is None
    when it lacks the member; ``surface`` is empty unless its surfaces differ."""

    group: int
    text: str | None
    surface: str = ""


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member across all columns; the cell of a column that took no part is empty."""

    facet: Facet
    pointer: str
    members: int
    where: str
    varies: bool
    cells: tuple[tuple[CellValue, ...], ...]


@dataclass(frozen=True, slots=True)
class StepTable:
    """The members in which one step differs, by facet; and those of its request that everybody sent
    alike in the first comparison."""

    title: str
    facets: tuple[tuple[str, tuple[MemberRow, ...]], ...]
    shared: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class AxisDrawing:
    """The attempts and waits of one call, under a title."""

    title: str
    axis: Axis


@dataclass(frozen=True, slots=True)
class DivergenceCard:
    """A scenario on the page. ``link`` is its anchor in the report; ``drawings_left`` counts the
    drawings that are not shown. Without tables and drawings when it was ``left_out`` to keep the
    page small."""

    divergence: ScenarioDivergence
    anchor: str
    link: str
    dissenters: str
    open: bool
    tables: tuple[StepTable, ...] = ()
    drawings: tuple[AxisDrawing, ...] = ()
    drawings_left: int = 0
    left_out: bool = False


def render_divergence(run: Run, budget: int = BUDGET) -> str:
    """The divergence page of ``run``. The same run gives the same page, and no text of the run
    becomes markup."""
    all_divergences = divergences(run)
    links = Anchors("scenario", (item.id for item in scenarios_of(run)))
    page = environment().get_template("divergence.html.j2")
    return (
        page.render(
            run=run,
            found=all_divergences,
            sentence=sentence(all_divergences),
            views=_cards(all_divergences, links, budget),
            index=INDEX_NAME,
            links=links,
            axes=geometry,
            names=names,
            facets=FACET_TITLES,
            value=short,
            alike_seconds=ALIKE_SECONDS,
            alike_factor=ALIKE_FACTOR,
            **assets(("report.css", "divergence.css")),
        )
        + "\n"
    )


def _cards(run: Divergences, links: Anchors, budget: int) -> list[DivergenceCard]:
    anchors = Anchors("d", (item.scenario.id for item in run.scenarios))
    cards = []
    for place, item in enumerate(run.scenarios):
        card = DivergenceCard(
            divergence=item,
            anchor=anchors.in_order[place],
            link=links.get(item.scenario.id),
            dissenters=names(item.dissenters),
            open=place < _SCENARIOS_OPEN,
        )
        budget -= _weight(item)
        if budget < 0:
            cards.append(replace(card, open=False, left_out=True))
        else:
            cards.append(_filled(card))
    return cards


def _weight(item: ScenarioDivergence) -> int:
    """Roughly how many characters the tables and drawings of a scenario take."""
    values = sum(
        min(len(text or ""), LENGTH) for seen in item.differences for text in texts(seen.difference)
    )
    cells = len(item.differences) * len(item.columns)
    rows = min(len(drawn(item)), _DRAWINGS_SHOWN) * len(item.columns)
    return _SCENARIO_MARKUP + 2 * values + _CELL_MARKUP * cells + _ROW_MARKUP * rows


def _filled(card: DivergenceCard) -> DivergenceCard:
    """``card`` with its tables and drawings."""
    item = card.divergence
    # Of several comparisons the first one names a step.
    steps = {call.step: call for call in reversed(item.calls)}
    tables = [_table(item, steps[number], len(steps)) for number in sorted(steps)]
    calls = drawn(item)
    drawings = [_drawing(item, call, len(steps)) for call in calls[:_DRAWINGS_SHOWN]]
    return replace(
        card,
        tables=tuple(table for table in tables if table.facets),
        drawings=tuple(drawing for drawing in drawings if drawing is not None),
        drawings_left=max(len(calls) - _DRAWINGS_SHOWN, 0),
    )


def _drawing(item: ScenarioDivergence, call: ComparedCall, steps: int) -> AxisDrawing | None:
    picture = axis(call.participants)
    if picture is None:
        return None
    parts = []
    if steps > 1:
        parts.append(step_title(call, steps))
    if item.comparisons > 1:
        parts.append(call.where)
    return AxisDrawing(", ".join(part for part in parts if part), picture)


def _table(item: ScenarioDivergence, first: ComparedCall, steps: int) -> StepTable:
    rows = [
        _row(seen, item.columns, item.comparisons)
        for seen in item.differences
        if seen.step == first.step
    ]
    by_facet = [
        (title, tuple(row for row in rows if row.facet == facet))
        for facet, title in FACET_TITLES.items()
    ]
    return StepTable(
        title=step_title(first, steps),
        facets=tuple((title, of_facet) for title, of_facet in by_facet if of_facet),
        shared=tuple((name, short(value)) for name, value in first.shared[:_SHARED_SHOWN]),
    )


def _row(seen: SeenDifference, columns: Sequence[str], comparisons: int) -> MemberRow:
    difference = seen.difference
    shown = texts(difference)
    groups_by_column: dict[str, list[tuple[int, str]]] = {}
    for number, group in enumerate(difference.groups):
        for subject in group.subjects:
            groups_by_column.setdefault(subject.column, []).append((number, subject.surface))
    return MemberRow(
        facet=difference.facet,
        pointer=difference.pointer,
        members=difference.members,
        where=where_of(seen, comparisons),
        varies=seen.varies,
        cells=tuple(_cell(groups_by_column.get(column, []), shown) for column in columns),
    )


def _cell(groups: list[tuple[int, str]], shown: Sequence[str | None]) -> tuple[CellValue, ...]:
    """The cell of an SDK version whose surfaces are in ``groups`` (number and surface)."""
    numbers = {number for number, _ in groups}
    if len(numbers) == 1:
        number = numbers.pop()
        return (CellValue(number, shown[number]),)
    return tuple(CellValue(number, shown[number], surface) for number, surface in groups)
