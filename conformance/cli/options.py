"""Options that several commands share, and what they mean."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from conformance.errors import UsageError
from conformance.plan.selection import Selection
from conformance.service.service import Service
from conformance.service.targets import configured_service
from conformance.suite.home import find_home
from conformance.suite.load import Suite, load_suite
from conformance.suite.scenario.versions import select_versions
from conformance.wire.vocabulary import LaneKind, Level, Surface

Patterns = Annotated[
    list[str] | None, typer.Argument(help="Scenario ids or globs: chat, chat/basic, 'retries/*'.")
]
Root = Annotated[
    Path | None, typer.Option("--root", help="Root of another suite (a folder with scenarios/).")
]
SdkNames = Annotated[
    list[str] | None, typer.Option("--sdk", help="SDK to run, as name or name@version. Repeatable.")
]
Capabilities = Annotated[
    list[str] | None, typer.Option("--capability", help="Only this capability. Repeatable.")
]
Tags = Annotated[
    list[str] | None, typer.Option("--tag", help="Only scenarios with this tag. Repeatable.")
]
Levels = Annotated[
    list[str] | None,
    typer.Option("--level", help="Only this level: must, should or may. Repeatable."),
]
ApiVersions = Annotated[
    str, typer.Option("--api-version", help="Range or list: '>=2024-10-21', '2024-10-21,v1'.")
]
Surfaces = Annotated[
    list[str] | None, typer.Option("--surface", help="Only this surface: sync or async.")
]
Cases = Annotated[list[str] | None, typer.Option("--case", help="One case by its id. Repeatable.")]

LaneName = Annotated[
    str,
    typer.Option(
        "--lane",
        help="inprocess or loopback; default: inprocess for the installed Python library, "
        "loopback for others.",
    ),
]


TargetName = Annotated[
    str,
    typer.Option(
        "--target",
        help="Who answers: replay (default), emulator, live, or the URL of a gateway. "
        "See docs/live.md.",
    ),
]


def service(target: str, lane: LaneKind | None) -> Service:
    """The service called ``target``. Raises UsageError when there is none, or when the lane cannot
    reach it."""
    return configured_service(target, lane, Path.cwd(), os.environ)


def lane(name: str) -> LaneKind | None:
    """The lane called ``name``; None for an empty name. Raises UsageError for any other."""
    one_of("--lane", [name], ("", *LaneKind))
    return LaneKind(name) if name else None


def level(option: str, name: str) -> Level:
    """The level that makes a run fail, from ``option``. Raises UsageError for any other word."""
    one_of(option, [name], (Level.MUST, Level.SHOULD))
    return Level(name)


def open_suite(root: Path | None) -> Suite:
    """The suite seen from here, or at ``--root``."""
    return load_suite(find_home(Path.cwd(), root))


def selection(
    *,
    patterns: list[str] | None = None,
    capabilities: list[str] | None = None,
    tags: list[str] | None = None,
    levels: list[str] | None = None,
    api_versions: str = "",
    surfaces: list[str] | None = None,
    cases: list[str] | None = None,
) -> Selection:
    """The selection the options describe. Raises UsageError for values outside their sets."""
    one_of("--level", levels, tuple(Level))
    one_of("--surface", surfaces, tuple(Surface))
    try:
        versions = select_versions(api_versions) if api_versions else ()
    except ValueError as error:
        raise UsageError("api-version", str(error), "") from None
    return Selection(
        patterns=tuple(patterns or ()),
        capabilities=tuple(capabilities or ()),
        tags=tuple(tags or ()),
        levels=tuple(levels or ()),
        api_versions=versions,
        surfaces=tuple(surfaces or ()),
        case_ids=tuple(cases or ()),
    )


def one_of(option: str, values: list[str] | None, allowed: tuple[str, ...]) -> None:
    """Raises UsageError for a value of ``option`` that is not ``allowed``."""
    for value in values or ():
        if value not in allowed:
            raise UsageError(
                "option", f"{option} {value!r} is not known", f"one of {', '.join(allowed)}"
            )
