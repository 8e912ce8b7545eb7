"""``conformance lint``: every file of the suite, checked without running anything."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.cli import options
from conformance.errors import EnvironmentFault, ExitCode, InputErrors
from conformance.lint.suite import lint
from conformance.suite.scenario.editor import editor_schema_text


def _write(path: Path) -> None:
    try:
        path.write_text(editor_schema_text(), encoding="utf-8")
    except OSError as error:
        raise EnvironmentFault(
            "schema-not-written",
            f"cannot write {path}: {error.strerror}",
            "choose a folder you may write to",
        ) from None


WriteSchema = Annotated[
    Path | None, typer.Option("--write-editor-schema", help="Write the scenario JSON Schema here.")
]


def command(root: options.Root = None, write_editor_schema: WriteSchema = None) -> int:
    """Check scenarios, fixtures, contracts, waivers, schemas and cassettes. Exit code 2 when
    something is wrong."""
    if write_editor_schema is not None:
        _write(write_editor_schema)
    suite = options.open_suite(root)
    problems = lint(suite)
    if problems:
        raise InputErrors(problems)
    Console(highlight=False).print(
        f"{len(suite.scenarios)} scenarios, {len(suite.sdks)} SDK contracts, "
        f"{len(suite.fixtures.names)} fixtures: nothing to complain about"
    )
    return int(ExitCode.CONFORMANT)
