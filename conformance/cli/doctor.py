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
class Diagnosis:
    """What was seen of one ``subject``. ``wrong``: it is there and does not work. ``missing``: it
    is not there, and offline runs do not need it. ``note``: worth knowing, no more."""

    state: State
    subject: str
    text: str
    advice: str = ""


def command(
    target: TargetName = "", reports: Reports = Path("reports"), root: options.Root = None
) -> int:
    """Say what is configured, reachable and missing.

    Exit code 0: everything that is configured works. 1: something does not. 2: the configuration
    cannot be used.
    """
    settings = load_settings(Path.cwd(), os.environ)
    diagnoses = [
        *_packages(),
        *_untested(lock_file()),
        *_suite(root),
        *_reports(reports),
        *_configuration(settings),
    ]
    service = _target(settings, target)
    if service is not None:
        diagnoses += _reachable(service)
    _print(diagnoses, Redactor(settings.secrets))
    if any(diagnosis.state == "wrong" for diagnosis in diagnoses):
        return int(ExitCode.NOT_CONFORMANT)
    return int(ExitCode.CONFORMANT)


def _packages() -> Iterator[Diagnosis]:
    yield Diagnosis("ok", "conformance", __version__)
    try:
        requirements = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        yield Diagnosis(
            "note", "packages", "not installed as a package, so its requirements are not known"
        )
        return
    for requirement in requirements:
        # Those of extras are not needed.
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield _package(requirement)


def _package(requirement: Requirement) -> Diagnosis:
    """Whether a version of the package is installed that ``requirement`` allows."""
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Diagnosis("wrong", requirement.name, "not installed", f"install {requirement}")
    if requirement.specifier.contains(version, prereleases=True):
        return Diagnosis("ok", requirement.name, version)
    return Diagnosis(
        "wrong",
        requirement.name,
        f"{version} is installed, {requirement.specifier} is needed",
        f"install '{requirement}'",
    )


def _untested(lock: Path | None) -> Iterator[Diagnosis]:
    """Which installed versions differ from ``lock``: information, pyproject.toml allows them."""
    if lock is None:
        yield Diagnosis(
            "note",
            "tested",
            f"this installation carries no {LOCK}: which versions were tested is not known",
        )
        return
    untested = list(differences(lock.read_text(encoding="utf-8")))
    for other in untested:
        text = f"{other.package} {other.installed} is installed, {other.tested} was tested"
        yield Diagnosis("note", "tested", text)
    if not untested:
        yield Diagnosis("ok", "tested", "every installed version is the one that was tested")


def _suite(root: Path | None) -> Iterator[Diagnosis]:
    try:
        suite = options.open_suite(root)
        problems: tuple[HarnessError, ...] = lint(suite)
    except InputErrors as errors:
        problems = errors.errors
    except HarnessError as error:
        problems = (error,)
    if problems:
        yield Diagnosis(
            "wrong",
            "suite",
            f"{len(problems)} problem(s), the first: {problems[0]}",
            "conformance lint",
        )
    else:
        yield Diagnosis(
            "ok",
            "suite",
            f"{len(suite.scenarios)} scenarios, {len(suite.sdks)} SDK contracts: lint is content",
        )


def _reports(folder: Path) -> Iterator[Diagnosis]:
    try:
        if folder.exists():
            require_writable(folder)
            yield Diagnosis("ok", "reports", f"{folder} can be written to")
        else:
            yield _new_folder(folder)
    except EnvironmentFault as fault:
        yield Diagnosis("wrong", "reports", fault.cause, fault.hint)


def _new_folder(folder: Path) -> Diagnosis:
    """Whether a folder that does not exist can be made: it is not, because looking changes
    nothing."""
    above = next(parent for parent in folder.absolute().parents if parent.exists())
    if os.access(above, os.W_OK):
        return Diagnosis("ok", "reports", f"{folder} will be made")
    return Diagnosis(
        "wrong", "reports", f"{folder} cannot be made", "choose another folder with --reports"
    )


def _configuration(settings: Settings) -> Iterator[Diagnosis]:
    if settings.file:
        yield Diagnosis("ok", "file", settings.file)
    else:
        yield Diagnosis(
            "missing",
            "file",
            f"neither {OWN_FILE} nor [tool.conformance] in {PROJECT_FILE}",
            "needed for deployments only; docs/live.md shows one",
        )
    if not settings.endpoint:
        yield Diagnosis(
            "missing",
            "endpoint",
            "no live resource is configured",
            f"offline runs need none; set {ENDPOINT} for --target live",
        )
        return
    yield Diagnosis("ok", "endpoint", f"from {settings.endpoint_from}")
    if settings.api_key:
        yield Diagnosis("ok", "credential", f"the key in {KEY}")
    else:
        yield Diagnosis("note", "credential", f"{KEY} is not set: DefaultAzureCredential is asked")
    for name in Deployments.model_fields:
        if name in settings.deployments:
            yield Diagnosis("ok", f"deployments.{name}", settings.deployments[name])
    lacking = [name for name in Deployments.model_fields if name not in settings.deployments]
    if lacking:
        yield Diagnosis(
            "missing",
            "deployments",
            f"none for {', '.join(lacking)}",
            "their scenarios are not run; name them in [tool.conformance.deployments]",
        )


def _target(settings: Settings, name: str) -> RemoteService | None:
    """The service to reach: the one ``name`` says, else the configured resource, None when there is
    neither. Raises UsageError for a name or a configuration that cannot be used."""
    if name:
        return remote_of_target(name, settings)
    if not settings.endpoint:
        return None
    # Reaching a resource needs no deployments, and a missing one has a line of its own.
    known = settings.deployments or {"chat": "unnamed"}
    return remote_of_target("live", replace(settings, target_key="", deployments=known))


def _reachable(service: RemoteService) -> Iterator[Diagnosis]:
    for step in service.reach():
        state = _STATES[step.ok, step.decides]
        yield Diagnosis(state, step.name, step.told, step.advice)


_STATES: dict[tuple[bool, bool], State] = {
    (True, True): "ok",
    (True, False): "ok",
    (False, True): "wrong",
    (False, False): "note",
}
"""The state of a step of reaching a service, by whether it succeeded and whether it decides."""


def _print(diagnoses: list[Diagnosis], redactor: Redactor) -> None:
    console = Console(highlight=False, soft_wrap=True)
    width = max(len(item.subject) for item in diagnoses)
    for item in diagnoses:
        console.print(f"{item.state:<8}", style=_STYLES[item.state], end="")
        console.print(f"{item.subject:<{width}}  {redactor.text(item.text)}", markup=False)
        if item.advice and item.state != "ok":
            console.print(f"{'':<8}{'':<{width}}  -> {redactor.text(item.advice)}", markup=False)
