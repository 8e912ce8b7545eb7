"""``conformance explain SCENARIO``: the merged case after expansion, who runs it, and why the
others do not."""

from __future__ import annotations

import difflib
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.syntax import Syntax

from conformance.cli import options
from conformance.errors import ExitCode, UsageError
from conformance.plan.case import Case
from conformance.plan.selection import Selection
from conformance.run.engine import Engine
from conformance.suite.case_id import is_case_id, scenario_named
from conformance.suite.load import Suite

Name = Annotated[str, typer.Argument(help="A scenario id, or a case id for one case of it.")]


def command(
    scenario: Name,
    root: options.Root = None,
    sdk: options.SdkNames = None,
    api_version: options.ApiVersions = "",
) -> int:
    """Show a scenario as it will run: variables and matrix filled in, cassettes, SDKs, reasons."""
    suite = options.open_suite(root)
    identity = scenario_named(scenario)
    if identity not in suite.by_id:
        near = difflib.get_close_matches(identity, suite.by_id, n=3)
        raise UsageError(
            "scenario-unknown",
            f"there is no scenario {identity!r}",
            f"did you mean {' or '.join(near)}?" if near else "see `conformance list`",
        )
    versions = options.selection(api_versions=api_version).api_versions
    chosen = Selection(
        patterns=(identity,),
        api_versions=versions,
        case_ids=(scenario,) if is_case_id(scenario) else (),
    )
    cases = Engine(suite).plan(chosen, tuple(sdk or ())).cases
    _print(cases, suite, Console(highlight=False))
    return int(ExitCode.CONFORMANT)


def _print(cases: tuple[Case, ...], suite: Suite, console: Console) -> None:
    shown = next((case for case in cases if case.runs), cases[0] if cases else None)
    if shown is None:
        raise UsageError(
            "nothing-selected",
            "no case of this scenario is selected",
            "widen --sdk or --api-version",
        )
    console.print(f"[bold]{shown.loaded.id}[/bold]  {shown.loaded.scenario.title}")
    console.print(f"{shown.loaded.file}\n\nas case {shown.id}:", markup=False)
    console.print(Syntax(_merged(shown), "yaml", background_color="default", word_wrap=True))
    if suite.cassettes.get(shown.cassette) is not None:
        console.print(f"cassette: cassettes/{shown.cassette}.yaml", markup=False)
    console.print("\ncases:")
    for case in cases:
        status = "runs" if case.runs else f"{case.status}: {case.reason}"
        console.print(f"  {case.id}  {status}", markup=False, soft_wrap=True)


def _merged(case: Case) -> str:
    value: dict[str, Any] = case.spec.model_dump(by_alias=True, exclude_unset=True, mode="json")
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=110)
