"""``conformance compare``: where SDKs part ways, from results that are there already."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.errors import UsageError
from conformance.judge.results import Run
from conformance.plan.selection import matches
from conformance.report.axis import rows_of, words_of
from conformance.report.comparison import Participant
from conformance.report.divergence import (
    Comparison,
    Divergences,
    Habit,
    ScenarioDivergence,
    Seen,
    divergences,
)
from conformance.report.divergence_text import (
    FACETS,
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
_AXIS = 32
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_STYLES = ("dim", "yellow", "cyan", "magenta", "green")

Arguments = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RESULTS_JSON] [PATTERNS]...",
        help=f"A results file or the folder of one (default: {DEFAULT}), then scenario ids or globs: chat, 'retries/*'.",
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
    _check(run, patterns)
    found = divergences(
        run, lambda name: not patterns or any(matches(name, pattern) for pattern in patterns)
    )
    print_divergences(
        found, Console(highlight=False), len(found.scenarios) if everything or patterns else SHOWN
    )
    return 0


def _read(arguments: list[str]) -> tuple[Path, tuple[str, ...]]:
    """The results and the patterns: the first argument is a file when it is there, or is called
    like one."""
    if arguments and (
        arguments[0].endswith(".json")
        or Path(arguments[0]).is_file()
        or (Path(arguments[0]) / RESULTS_NAME).is_file()
    ):
        return Path(arguments[0]), tuple(arguments[1:])
    return DEFAULT, tuple(arguments)


def _check(run: Run, patterns: Iterable[str]) -> None:
    known = sorted({case.scenario for case in run.cases})
    for pattern in patterns:
        if not any(matches(name, pattern) for name in known):
            near = difflib.get_close_matches(pattern, known, 3, 0.5)
            raise UsageError(
                "nothing-selected",
                f"the results have no scenario {pattern!r}",
                f"did you mean {' or '.join(near)}?"
                if near
                else "`conformance list` names all scenarios",
            )


def print_divergences(found: Divergences, console: Console, limit: int) -> None:
    """Habits first, then at most ``limit`` scenarios, most dissenters first, then what does not
    differ, as counts."""
    _say(console, sentence(found), style="bold")
    for habit in found.habits:
        _print_habit(habit, console)
    for item in found.scenarios[:limit]:
        _print_scenario(item, console)
    if len(found.scenarios) > limit:
        _say(
            console,
            f"\n... and {count(len(found.scenarios) - limit, 'more scenario')}: name them, or ask for --all",
        )
    parts = [(found.usual, "only by what differs nearly everywhere"), (found.equal, "not at all")]
    told = [f"{count(len(items), 'scenario')} {words}" for items, words in parts if items]
    if told:
        _say(console, f"\nDiffer {'; '.join(told)}", style="dim")


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(visible(text), style=style, markup=False, soft_wrap=True)


def _print_habit(habit: Habit, console: Console) -> None:
    _say(
        console,
        f"\nnearly everywhere: {habit.pointer} ({count(habit.scenarios, 'scenario')}), "
        f"most have {_usual(habit.usual, varies=habit.varies)}",
    )
    for entry in habit.entries:
        _say(
            console,
            f"    {names(entry.columns)}: {_usual(entry.value, varies=entry.varies)} "
            f"in {count(entry.scenarios, 'scenario')}",
        )


def _usual(value: str | None, *, varies: bool) -> str:
    if value == "":
        return "various"
    return short(value) + (" (most often)" if varies else "")


def _print_scenario(item: ScenarioDivergence, console: Console) -> None:
    console.print()
    _say(console, item.scenario.id, style="bold")
    _say(console, f"  {item.scenario.title}")
    _say(
        console,
        f"  {len(item.dissenters)} of {len(item.columns)} apart: {names(item.dissenters)}",
        style="dim",
    )
    steps = {call.step: call for call in reversed(item.calls)}
    for number in sorted(steps):
        own = [seen for seen in item.seen if seen.step == number]
        if own and len(steps) > 1:
            _say(console, f"  {step_title(steps[number], len(steps))}")
        for seen in own:
            _print_difference(seen, item.comparisons, console)
    for call in drawn(item)[:1]:
        _print_axis(call, console)


def _print_difference(seen: Seen, comparisons: int, console: Console) -> None:
    difference = seen.difference
    where = where_of(seen, comparisons)
    members = f" ({difference.members} members)" if difference.members > 1 else ""
    _say(
        console,
        f"  {FACETS[difference.facet].lower()} {difference.pointer}{members}{f' {where}' if where else ''}",
    )
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(ratio=3, overflow="fold")
    table.add_column(ratio=2, overflow="fold")
    for number, (group, text) in enumerate(zip(difference.groups, texts(difference), strict=True)):
        style = _STYLES[min(number, len(_STYLES) - 1)]
        table.add_row(
            Text(f"    {_LETTERS[number % len(_LETTERS)]}", style),
            Text(visible(short(text)), style),
            Text(visible(_who(seen, number)) + f" ({len(group.columns)})"),
        )
    console.print(table)


def _who(seen: Seen, number: int) -> str:
    """The SDK versions of a group; with the surface where another surface of the same version is
    elsewhere."""
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


def _print_axis(call: Comparison, console: Console) -> None:
    """Attempts (``|``) and waits (``-`` real, ``.`` virtual) of each SDK on one axis."""
    rows = rows_of(call.participants)
    end = max((finite(at) for _, item in rows for at in item.at), default=0.0)
    _say(console, f"  attempts and waits, {call.where}")
    width = max(len(name) for name, _ in rows)
    for name, item in rows:
        _say(
            console,
            f"    {name:<{width}}  {_line(item, end)}  {words_of(item)}"
            f"{' (virtual clock)' if item.virtual else ''}",
            style="dim",
        )


def _line(item: Participant, end: float) -> str:
    places = [round(finite(at) / end * (_AXIS - 1)) if end > 0 else 0 for at in item.at]
    line = [" "] * _AXIS
    for start, stop in pairwise(places):
        line[start:stop] = ("." if item.virtual else "-") * (stop - start)
    for place in places:
        line[place] = "|"
    return "".join(line)
