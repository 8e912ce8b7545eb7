"""``conformance record``: make cassettes by asking a service, through the peer, over real HTTP."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.cli import options
from conformance.errors import ExitCode, UsageError
from conformance.record.forwarder import Budget, Patience
from conformance.record.recorder import (
    Recorder,
    Recording,
    RecordingOptions,
    TaskResult,
    record_all,
)
from conformance.record.task import Task, askable, check_budget, mode_of, tasks_of
from conformance.run.clock import run_clock
from conformance.run.engine import Engine
from conformance.service.service import RecordableService
from conformance.service.targets import recordable_of_target
from conformance.suite.settings import load_settings

TargetName = Annotated[
    str, typer.Option("--target", help="Who is asked: emulator, live, or a URL.")
]
ModeName = Annotated[str, typer.Option("--mode", help="none, once, new_episodes, all or rewrite.")]
Most = Annotated[
    int | None, typer.Option("--max-requests", min=0, help="Never send more requests than this.")
]
Yes = Annotated[
    bool, typer.Option("--yes", help="Do not ask before sending requests or replacing cassettes.")
]
Folder = Annotated[
    Path | None,
    typer.Option("--cassettes", help="Where cassettes are written; default: the suite's."),
]
Times = Annotated[
    bool,
    typer.Option("--times", help="Keep the times of stream chunks; each recording then differs."),
]
MaxWait = Annotated[
    float, typer.Option("--max-wait", min=0, help="Longest wait a service may ask for, in seconds.")
]


def command(
    patterns: options.Patterns = None,
    target: TargetName = "emulator",
    mode: ModeName = "once",
    max_requests: Most = None,
    yes: Yes = False,
    cassettes: Folder = None,
    sdk: options.SdkNames = None,
    capability: options.Capabilities = None,
    tag: options.Tags = None,
    api_version: options.ApiVersions = "",
    times: Times = False,
    max_wait: MaxWait = 60.0,
    root: options.Root = None,
) -> int:
    """Record the cassettes that scenarios need.

    Exit code 0: all are recorded that the service can give, or there was nothing to do. 1: some are
    not, each with its reason. 2: wrong use. 3: the service, the disk or the harness did not let it
    go on; what was finished is kept.
    """
    how = mode_of(mode)
    suite = options.open_suite(root)
    chosen = options.selection(
        patterns=patterns, capabilities=capability, tags=tag, api_versions=api_version
    )
    service = recordable_of_target(target, load_settings(Path.cwd(), os.environ))
    # A cassette serves every service, so the cases are those of a replay.
    plan = Engine(suite).plan(chosen, tuple(sdk or ("python",))).require_cases()
    cases, missing = askable(plan, service)
    tasks = tasks_of(cases, how, cassettes or suite.home.cassettes)
    planned = check_budget(tasks, max_requests)
    console = Console(highlight=False, soft_wrap=True)
    for name in missing:
        console.print(f"left out: scenarios that need a deployment for {name}", markup=False)
    if not tasks:
        console.print(f"nothing to record with --mode {how}", markup=False)
        return int(ExitCode.CONFORMANT)
    _confirm(tasks, planned, service, yes=yes, console=console)
    budget = Budget(max_requests)
    recording = RecordingOptions(run_clock().started.date().isoformat(), times, Patience(max_wait))

    def waiting(seconds: float) -> None:
        console.print(f"  the service asks to wait {seconds:g} s", markup=False)

    recorder = Recorder(
        suite,
        service,
        recording,
        budget,
        waiting=waiting,
        tell=lambda step: typer.echo(step, err=True),
    )
    with recorder:
        done = record_all(tasks, recorder.record, lambda result: _tell(result, console))
    return _conclude(done, len(tasks), budget, service=service, console=console)


def _confirm(
    tasks: tuple[Task, ...],
    planned: int,
    service: RecordableService,
    *,
    yes: bool,
    console: Console,
) -> None:
    """Say what will be done; ask where it costs money or recorded answers. Raises UsageError when
    nobody agrees."""
    replaced = sum(task.replaces for task in tasks)
    tried = sum(not task.obstacle for task in tasks)
    line = f"{tried} cassettes from {service.name}: up to {planned} requests"
    if replaced:
        line += f"; {replaced} cassettes are replaced"
    console.print(line, markup=False)
    if yes or not (service.is_far or replaced):
        return
    if not sys.stdin.isatty():
        raise UsageError("not-confirmed", "nobody is here to agree to that", "give --yes")
    if not typer.confirm("Go on?"):
        raise UsageError("not-confirmed", "nothing was recorded", "")


def _tell(result: TaskResult, console: Console) -> None:
    line = f"{result.status:9} {result.name}"
    if result.status != "left-out":
        line += f" ({result.requests} requests)"
    if result.reason:
        line += f"\n  {result.reason}"
    style = "red" if result.status == "failed" else ""
    console.print(line, markup=False, style=style)


def _conclude(
    done: Recording, tasks: int, budget: Budget, *, service: RecordableService, console: Console
) -> int:
    """The last lines, and the exit code."""
    written = sum(result.status == "recorded" for result in done.results)
    same = sum(result.status == "unchanged" for result in done.results)
    out = sum(result.status == "left-out" for result in done.results)
    console.print(
        f"{written} recorded, {same} unchanged, {out} left out, {len(done.failed)} failed, "
        f"{tasks - len(done.results)} not tried; {budget.spent} requests sent",
        markup=False,
    )
    if done.stopped is not None:
        console.print(f"error: {service.showing(str(done.stopped))}", markup=False, style="red")
        return int(done.stopped.exit_code)
    if done.interrupted:
        console.print("interrupted; what was finished is kept", style="yellow")
        return int(ExitCode.NOT_CONFORMANT if done.results else ExitCode.HARNESS)
    return int(ExitCode.NOT_CONFORMANT if done.failed else ExitCode.CONFORMANT)
