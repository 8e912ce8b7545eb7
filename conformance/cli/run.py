"""``conformance run``: the offline suite against what is installed, with progress and reports."""

from __future__ import annotations

import functools
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.cli import options
from conformance.cli.summary import print_summary
from conformance.judge.judge import Judged
from conformance.judge.rules.finding import Level
from conformance.judge.settle import exit_code
from conformance.plan.plan import Case, check_selection, plan, require_cases
from conformance.plan.realtime import LIMIT
from conformance.plan.subjects import subjects_of
from conformance.report.write import require_writable, write_reports
from conformance.run.ahead import PARALLEL, RunAhead
from conformance.run.lanes import FAR, Lanes, prepare
from conformance.run.runner import RunClock, assemble, run_case, run_clock
from conformance.service.reach import require_reachable
from conformance.suite.load import Suite

Reports = Annotated[
    Path,
    typer.Option("--reports", help="Folder for index.html, divergence.html, results.json, ..."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Members unknown to the specification are findings.")
]
FailOn = Annotated[
    str, typer.Option("--fail-on", help="Lowest level that makes the run fail: must or should.")
]

LongestWait = Annotated[
    float,
    typer.Option(
        "--longest-wait",
        min=0.0,
        max=600.0,
        help="Seconds of real time a case of "
        "the loopback lane may spend waiting; one with longer waits is not run.",
    ),
]


def command(
    patterns: options.Patterns = None,
    sdk: options.SdkNames = None,
    capability: options.Capabilities = None,
    tag: options.Tags = None,
    level: options.Levels = None,
    api_version: options.ApiVersions = "",
    surface: options.Surfaces = None,
    case: options.Cases = None,
    reports: Reports = Path("reports"),
    root: options.Root = None,
    strict: Strict = False,
    fail_on: FailOn = "must",
    lane: options.LaneName = "",
    target: options.TargetName = "replay",
    longest_wait: LongestWait = LIMIT,
) -> int:
    """Run scenarios offline and write the reports.

    Exit code 0: conformant, or waived with reasons. 1: not. 2: wrong use, or nothing selected. 3:
    harness fault.
    """
    options._one_of("--fail-on", [fail_on], ("must", "should"))
    chosen = options.selection(patterns, capability, tag, level, api_version, surface, case)
    suite = options.open_suite(root)
    check_selection(suite, chosen)
    asked = options.target(target, options.lane(lane))
    subjects = subjects_of(suite, tuple(sdk or ()), "loopback" if asked.remote else lane)
    cases = require_cases(
        plan(suite, subjects, chosen, target=asked, longest_wait=longest_wait), subjects
    )
    require_writable(reports)
    if asked.remote is not None:
        require_reachable(asked)
    prepare(subjects, lambda step: typer.echo(step, err=True))
    clock, began = run_clock(), time.perf_counter()
    judged, interrupted = _run_all(cases, suite, clock, strict)
    run = assemble(
        suite,
        subjects,
        judged,
        clock,
        command=_command_line(),
        interrupted=interrupted,
        target=asked,
        duration=time.perf_counter() - began,
    )
    written: tuple[Path, ...] = ()
    try:
        written = write_reports(run, reports)
    finally:  # what was found is told even where it cannot be kept
        print_summary(run, Console(highlight=False), written)
    return int(exit_code(run, fail_on=Level(fail_on)))


def _command_line() -> str:
    return shlex.join(["conformance", *sys.argv[1:]])


def _run_all(
    cases: tuple[Case, ...], suite: Suite, clock: RunClock, strict: bool
) -> tuple[list[Judged], bool]:
    """Every case; Ctrl-C ends the running ones and keeps what is finished.

    In-process cases come first, one by one: nothing of them may disturb the waits of the others,
    which are real.
    """
    judged: list[Judged] = []
    aside = [case for case in cases if case.status == "run" and case.lane == "loopback"]
    others = set(map(id, aside))
    far = any(case.target.remote for case in aside)  # one by one: its quota is not ours to burst
    try:
        with Lanes(FAR if far else None) as lanes, _progress(len(cases)) as advance:
            for case in cases:
                if id(case) not in others:
                    advance(case.id)
                    lane = lanes.of(case) if case.status == "run" else None
                    judged.append(run_case(case, suite, lane, clock, strict=strict))
            run = functools.partial(run_case, suite=suite, clock=clock, strict=strict)
            with RunAhead(
                aside, lanes.of, lambda case, lane: run(case, lane=lane), 1 if far else PARALLEL
            ) as ahead:
                try:
                    for case in aside:
                        advance(case.id)
                        judged.append(ahead.result(case))
                except KeyboardInterrupt:
                    typer.echo("interrupted: ending the adapters", err=True)
                    known = {item.result.id for item in judged}
                    judged += [item for item in ahead.finished() if item.result.id not in known]
                    ahead.abandon(lanes.close)
                    raise
    except KeyboardInterrupt:
        return judged, True
    return judged, False


class _Advance:
    """Moves the bar; silent when there is none."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total) if progress else None

    def __call__(self, name: str) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, advance=1, description=name[:60])


@contextmanager
def _progress(total: int) -> Iterator[_Advance]:
    """A bar on stderr while cases run; nothing when stderr is not a terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Advance(None, total)
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Advance(progress, total)
