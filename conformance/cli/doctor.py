"""``conformance doctor``: what is configured, what can be reached, what is missing, and what to do
about each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Annotated, Literal

import typer
from packaging.requirements import Requirement
from rich.console import Console

from conformance import __version__
from conformance.cli import options
from conformance.cli.lock import differences
from conformance.errors import EnvironmentFault, ExitCode, HarnessError, InputErrors
from conformance.lint.suite import lint
from conformance.report.write import require_writable
from conformance.sanitize.redactor import Redactor
from conformance.service.remote_service import RemoteService
from conformance.service.targets import remote_of_target
from conformance.suite.home import LOCK, lock_file
from conformance.suite.settings import (
    ENDPOINT,
    KEY,
    OWN_FILE,
    PROJECT_FILE,
    Deployments,
    Settings,
    load_settings,
)

DISTRIBUTION = "azure-openai-conformance"
Reports = Annotated[Path, typer.Option("--reports", help="The folder a run would write to.")]
TargetName = Annotated[
    str, typer.Option("--target", help="Look at this URL instead of the configured resource.")
]
State = Literal["ok", "wrong", "missing", "note"]
_STYLES = {"ok": "green", "wrong": "red", "missing": "yellow", "note": "dim"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing looked at. ``wrong``: what is there does not work. ``missing``: it is not there,
    and not needed for offline runs."""

    state: State
    what: str
    told: str
    advice: str = ""


def command(
    target: TargetName = "", reports: Reports = Path("reports"), root: options.Root = None
) -> int:
    """Say what is configured, reachable and missing.

    Exit code 0: everything that is configured works. 1: something does not. 2: the configuration
    cannot be used.
    """
    settings = load_settings(Path.cwd(), os.environ)
    lines = [
        *_packages(),
        *_untested(lock_file()),
        *_suite(root),
        *_reports(reports),
        *_configuration(settings),
    ]
    chosen = _target(settings, target)
    if chosen is not None:
        lines += _reachable(chosen)
    _print(lines, Redactor(settings.secrets))
    return int(
        ExitCode.NOT_CONFORMANT
        if any(line.state == "wrong" for line in lines)
        else ExitCode.CONFORMANT
    )


def _packages() -> Iterator[Line]:
    yield Line("ok", "conformance", __version__)
    try:
        wanted = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        yield Line(
            "note", "packages", "not installed as a package, so its requirements are not known"
        )
        return
    for need in wanted:
        if need.marker is not None and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            yield Line("wrong", need.name, "not installed", f"install {need}")
            continue
        if need.specifier.contains(version, prereleases=True):
            yield Line("ok", need.name, version)
        else:
            yield Line(
                "wrong",
                need.name,
                f"{version} is installed, {need.specifier} is needed",
                f"install '{need}'",
            )


def _untested(lock: Path | None) -> Iterator[Line]:
    """Which installed versions differ from ``lock``: information, pyproject.toml allows them."""
    if lock is None:
        yield Line(
            "note",
            "tested",
            f"this installation carries no {LOCK}: which versions were tested is not known",
        )
        return
    untested = list(differences(lock.read_text(encoding="utf-8")))
    for other in untested:
        told = f"{other.package} {other.installed} is installed, {other.tested} was tested"
        yield Line("note", "tested", told)
    if not untested:
        yield Line("ok", "tested", "every installed version is the one that was tested")


def _suite(root: Path | None) -> Iterator[Line]:
    try:
        suite = options.open_suite(root)
        problems: tuple[HarnessError, ...] = lint(suite)
    except InputErrors as errors:
        problems = errors.errors
    except HarnessError as error:
        problems = (error,)
    if problems:
        yield Line(
            "wrong",
            "suite",
            f"{len(problems)} problem(s), the first: {problems[0]}",
            "conformance lint",
        )
    else:
        yield Line(
            "ok",
            "suite",
            f"{len(suite.scenarios)} scenarios, {len(suite.sdks)} SDK contracts: lint is content",
        )


def _reports(folder: Path) -> Iterator[Line]:
    try:
        if folder.exists():
            require_writable(folder)
            yield Line("ok", "reports", f"{folder} can be written to")
        else:
            above = next(parent for parent in folder.absolute().parents if parent.exists())
            yield (
                Line("ok", "reports", f"{folder} will be made")
                if os.access(above, os.W_OK)
                else Line(
                    "wrong",
                    "reports",
                    f"{folder} cannot be made",
                    "choose another folder with --reports",
                )
            )
    except EnvironmentFault as fault:
        yield Line("wrong", "reports", fault.cause, fault.hint)


def _configuration(settings: Settings) -> Iterator[Line]:
    yield (
        Line("ok", "file", settings.file)
        if settings.file
        else Line(
            "missing",
            "file",
            f"neither {OWN_FILE} nor [tool.conformance] in {PROJECT_FILE}",
            "needed for deployments only; docs/live.md shows one",
        )
    )
    if not settings.endpoint:
        yield Line(
            "missing",
            "endpoint",
            "no live resource is configured",
            f"offline runs need none; set {ENDPOINT} for --target live",
        )
        return
    yield Line("ok", "endpoint", f"from {settings.endpoint_from}")
    yield (
        Line("ok", "credential", f"the key in {KEY}")
        if settings.api_key
        else Line("note", "credential", f"{KEY} is not set: DefaultAzureCredential is asked")
    )
    for name in Deployments.model_fields:
        if name in settings.deployments:
            yield Line("ok", f"deployments.{name}", settings.deployments[name])
    lacking = [name for name in Deployments.model_fields if name not in settings.deployments]
    if lacking:
        yield Line(
            "missing",
            "deployments",
            f"none for {', '.join(lacking)}",
            "their scenarios are not run; name them in [tool.conformance.deployments]",
        )


def _target(settings: Settings, name: str) -> RemoteService | None:
    """What to reach: the target asked for, or the configured resource. Raises UsageError for one
    that is no good."""
    if name:
        return remote_of_target(name, settings)
    if not settings.endpoint:
        return None
    # Reaching a resource needs no deployments, and a missing one has a line of its own.
    known = settings.deployments or {"chat": "unnamed"}
    return remote_of_target("live", replace(settings, target_key="", deployments=known))


def _reachable(service: RemoteService) -> Iterator[Line]:
    for step in service.reach():
        state = _STATES[step.ok, step.decides]
        yield Line(state, step.name, step.told, step.advice)


_STATES: dict[tuple[bool, bool], State] = {
    (True, True): "ok",
    (True, False): "ok",
    (False, True): "wrong",
    (False, False): "note",
}
"""What a step is to the command, by whether it succeeded and whether it decides."""


def _print(lines: list[Line], redactor: Redactor) -> None:
    console = Console(highlight=False, soft_wrap=True)
    width = max(len(line.what) for line in lines)
    for line in lines:
        console.print(f"{line.state:<8}", style=_STYLES[line.state], end="")
        console.print(f"{line.what:<{width}}  {redactor.text(line.told)}", markup=False)
        if line.advice and line.state != "ok":
            console.print(f"{'':<8}{'':<{width}}  -> {redactor.text(line.advice)}", markup=False)
