"""``conformance run``: the offline suite against what is installed, with progress and reports."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.cli import options
from conformance.cli.progress import progress
from conformance.cli.summary import print_summary
from conformance.judge.settle import exit_code
from conformance.plan.realtime import LIMIT
from conformance.report.write import require_writable, write_reports
from conformance.run.engine import Engine, follow

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
    lowest = options.level("--fail-on", fail_on)
    chosen = options.selection(
        patterns=patterns,
        capabilities=capability,
        tags=tag,
        levels=level,
        api_versions=api_version,
        surfaces=surface,
        cases=case,
    )
    through = options.lane(lane)
    engine = Engine(
        options.open_suite(root),
        options.service(target, through),
        strict=strict,
        tell=lambda step: typer.echo(step, err=True),
    )
    plan = engine.plan(chosen, tuple(sdk or ()), lane=through, longest_wait=longest_wait)
    plan.require_cases()
    require_writable(reports)
    with engine, progress() as hear:
        run = follow(engine.events(plan, command=_command_line()), hear)
    written: tuple[Path, ...] = ()
    try:
        written = write_reports(run, reports)
    finally:  # what was found is told even where it cannot be kept
        print_summary(run, Console(highlight=False), written)
    return int(exit_code(run, fail_on=lowest))


def _command_line() -> str:
    return shlex.join(["conformance", *sys.argv[1:]])
