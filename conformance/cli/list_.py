"""``conformance list``: what a run would consist of, with the same filters as ``run``."""

from __future__ import annotations

import json
from collections import Counter
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from conformance.cli import options
from conformance.errors import ExitCode
from conformance.plan.case import Case
from conformance.run.engine import Engine

AsCases = Annotated[
    bool, typer.Option("--cases", help="One line a case instead of one a scenario.")
]
AsJson = Annotated[bool, typer.Option("--json", help="JSON, one object a line.")]


def command(
    patterns: options.Patterns = None,
    sdk: options.SdkNames = None,
    capability: options.Capabilities = None,
    tag: options.Tags = None,
    level: options.Levels = None,
    api_version: options.ApiVersions = "",
    surface: options.Surfaces = None,
    case: options.Cases = None,
    root: options.Root = None,
    cases: AsCases = False,
    as_json: AsJson = False,
) -> int:
    """List scenarios or cases. Exit code 2 when nothing is selected."""
    suite = options.open_suite(root)
    chosen = options.selection(
        patterns=patterns,
        capabilities=capability,
        tags=tag,
        levels=level,
        api_versions=api_version,
        surfaces=surface,
        cases=case,
    )
    planned = Engine(suite).plan(chosen, tuple(sdk or ())).require_cases().cases
    if as_json:
        for item in planned:
            typer.echo(
                json.dumps(
                    {
                        "id": item.id,
                        "scenario": item.loaded.id,
                        "status": item.status,
                        "reason": item.reason,
                        "level": item.spec.level,
                    }
                )
            )
    elif cases:
        for item in planned:
            typer.echo(item.id if item.runs else f"{item.id}  ({item.status}: {item.reason})")
    else:
        _table(planned)
    return int(ExitCode.CONFORMANT)


def _table(planned: tuple[Case, ...]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("scenario", "level", "cases", "title"):
        table.add_column(column, overflow="fold")
    runnable = Counter(case.loaded.id for case in planned if case.runs)
    scenarios = {case.loaded.id: case.loaded for case in planned}
    for name, loaded in scenarios.items():
        table.add_row(name, loaded.scenario.level, str(runnable[name]), loaded.scenario.title)
    console = Console(highlight=False)
    console.print(table)
    status = Counter(case.status for case in planned)
    console.print(
        f"{len(scenarios)} scenarios, {len(planned)} cases: "
        + ", ".join(f"{count} {name}" for name, count in sorted(status.items()))
    )
