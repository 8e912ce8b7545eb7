"""``conformance compare``: where SDKs part ways, from results that are there already."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.errors import UsageError, did_you_mean
from conformance.judge.results import Run
from conformance.plan.selection import matches
from conformance.report.axis import end_of, rows_of, words_of
from conformance.report.comparison import Participant
from conformance.report.divergence import (
    ComparedCall,
    Divergences,
    Habit,
    ScenarioDivergence,
    SeenDifference,
    divergences,
)
from conformance.report.divergence_text import (
    FACET_TITLES,
    drawn,
    names,
    sentence,
    short,
    step_title,
    texts,
    where_of,
)
from conformance.report.text import count, visible
from conformance.report.timeline import finite
from conformance.report.write import RESULTS_NAME, load_run

DEFAULT = Path("reports") / RESULTS_NAME
SHOWN = 20
_AXIS_WIDTH = 32
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STYLES = ("dim", "yellow", "cyan", "magenta", "green")

Arguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RESULTS_JSON] [PATTERNS]...",
        help=f"A results file or the folder of one (default: {DEFAULT}), "
        "then scenario ids or globs: chat, 'retries/*'.",
    ),
]
Everything = Annotated[
    bool, typer.Option("--all", help=f"Show every scenario that differs, not the first {SHOWN}.")
]


def command(arguments: Arguments = None, everything: Everything = False) -> int:
    """Show where SDKs, versions and surfaces differ: what they sent, got and waited. Exit code 0
    when it could."""
    file, patterns = _read(arguments or [])
    run = load_run(file)
    _require_matches(run, patterns)
    selected = divergences(
        run, lambda name: not patterns or any(matches(name, pattern) for pattern in patterns)
    )
    limit = SHOWN
    if everything or patterns:
        limit = len(selected.scenarios)
    print_divergences(selected, Console(highlight=False), limit)
    return 0


def _read(arguments: list[str]) -> tuple[Path, tuple[str, ...]]:
    """The results file and the patterns. The first argument is taken for a file when there is one
    of that name, or when it is named like one."""
    if arguments and (
        arguments[0].endswith(".json")
        or Path(arguments[0]).is_file()
        or (Path(arguments[0]) / RESULTS_NAME).is_file()
    ):
        return Path(arguments[0]), tuple(arguments[1:])
    return DEFAULT, tuple(arguments)


def _require_matches(run: Run, patterns: Iterable[str]) -> None:
    """Raises UsageError (``nothing-selected``) for a pattern that matches no scenario of ``run``:
    it is a typing error."""
    known = {case.scenario for case in run.cases}
    for pattern in patterns:
        if not any(matches(name, pattern) for name in known):
            raise UsageError(
                "nothing-selected",
                f"the results have no scenario {pattern!r}",
                did_you_mean(pattern, known, "`conformance list` names all scenarios"),
            )


def print_divergences(run: Divergences, console: Console, limit: int) -> None:
    """Print habits, then at most ``limit`` scenarios, those with most dissenters first, then how
    many scenarios do not differ."""
    _print(console, sentence(run), style="bold")
    for habit in run.habits:
        _print_habit(habit, console)
    for item in run.scenarios[:limit]:
        _print_scenario(item, console)
    if len(run.scenarios) > limit:
        more = count(len(run.scenarios) - limit, "more scenario")
        _print(console, f"\n... and {more}: name them, or ask for --all")
    others = [(run.usual, "only by what differs nearly everywhere"), (run.equal, "not at all")]
    parts = [f"{count(len(items), 'scenario')} {words}" for items, words in others if items]
    if parts:
        _print(console, f"\nDiffer {'; '.join(parts)}", style="dim")


def _print(console: Console, text: str, style: str = "") -> None:
    # The text is an SDK's or a service's: it may neither style nor drive the reader's terminal.
    console.print(visible(text), style=style, markup=False, soft_wrap=True)


def _print_habit(habit: Habit, console: Console) -> None:
    usual = _value(habit.usual, varies=habit.varies)
    scenarios = count(habit.scenarios, "scenario")
    _print(console, f"\nnearly everywhere: {habit.pointer} ({scenarios}), most have {usual}")
    for entry in habit.entries:
        value = _value(entry.value, varies=entry.varies)
        scenarios = count(entry.scenarios, "scenario")
        _print(console, f"    {names(entry.columns)}: {value} in {scenarios}")


def _value(value: str | None, *, varies: bool) -> str:
    """The value of a habit in words; it is empty when no value is common."""
    if value == "":
        return "various"
    return f"{short(value)} (most often)" if varies else short(value)


def _print_scenario(item: ScenarioDivergence, console: Console) -> None:
    console.print()
    _print(console, item.scenario.id, style="bold")
    _print(console, f"  {item.scenario.title}")
    apart = f"{len(item.dissenters)} of {len(item.columns)} apart: {names(item.dissenters)}"
    _print(console, f"  {apart}", style="dim")
    # Of several comparisons the first one names a step.
    steps = {call.step: call for call in reversed(item.calls)}
    for number in sorted(steps):
        differences = [seen for seen in item.differences if seen.step == number]
        if differences and len(steps) > 1:
            _print(console, f"  {step_title(steps[number], len(steps))}")
        for seen in differences:
            _print_difference(seen, item.comparisons, console)
    for call in drawn(item)[:1]:
        _print_axis(call, console)


def _print_difference(seen: SeenDifference, comparisons: int, console: Console) -> None:
    difference = seen.difference
    heading = f"  {FACET_TITLES[difference.facet].lower()} {difference.pointer}"
    if difference.members > 1:
        heading += f" ({difference.members} members)"
    _print(console, f"{heading} {where_of(seen, comparisons)}".rstrip(" "))
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=3, overflow="fold")
    table.add_column(ratio=2, overflow="fold")
    for number, (group, text) in enumerate(zip(difference.groups, texts(difference), strict=True)):
        style = _STYLES[min(number, len(_STYLES) - 1)]
        table.add_row(
            Text(f"    {_LETTERS[number % len(_LETTERS)]}", style),
            Text(visible(short(text)), style),
            Text(visible(_members(seen, number)) + f" ({len(group.columns)})"),
        )
    console.print(table)


def _members(seen: SeenDifference, number: int) -> str:
    """The SDK versions of a group. One of which another surface is in another group is named with
    its surface."""
    groups = seen.difference.groups
    elsewhere = {
        column for place, group in enumerate(groups) if place != number for column in group.columns
    }
    whole = [column for column in groups[number].columns if column not in elsewhere]
    parts = [
        f"{item.column} {item.surface}"
        for item in groups[number].subjects
        if item.column in elsewhere
    ]
    return "; ".join(part for part in (names(whole), *parts) if part)


def _print_axis(call: ComparedCall, console: Console) -> None:
    """Print the attempts (``|``) and waits (``-`` real, ``.`` virtual) of each SDK on one axis."""
    rows = rows_of(call.participants)
    end = end_of(rows)
    _print(console, f"  attempts and waits, {call.where}")
    width = max(len(name) for name, _ in rows)
    for name, item in rows:
        line = f"    {name:<{width}}  {_line(item, end)}  {words_of(item)}"
        if item.virtual:
            line += " (virtual clock)"
        _print(console, line, style="dim")


def _line(item: Participant, end: float) -> str:
    """The axis of one row, from 0 to ``end`` seconds."""
    places = [0] * len(item.at)
    if end > 0:
        places = [round(finite(at) / end * (_AXIS_WIDTH - 1)) for at in item.at]
    wait = "." if item.virtual else "-"
    line = [" "] * _AXIS_WIDTH
    for start, stop in pairwise(places):
        line[start:stop] = wait * (stop - start)
    for place in places:
        line[place] = "|"
    return "".join(line)
