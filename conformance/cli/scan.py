"""``conformance scan``: searches cassettes, fixtures, reports and other texts for what must not be
published."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.errors import ExitCode, UsageError
from conformance.sanitize.files import scan_paths
from conformance.sanitize.known import SHORTEST
from conformance.sanitize.scan import Scanner

Paths = Annotated[
    list[Path], typer.Argument(help="Cassettes, texts or folders, of this or any other recorder.")
]
Secrets = Annotated[
    list[str] | None,
    typer.Option(
        "--secret-env",
        help="Name of an environment variable whose value must not occur, in any encoding. "
        "Repeatable.",
    ),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--allow", help="A name that is nobody's: a test resource, an authored address. Repeatable."
    ),
]
ALWAYS = ("AZURE_OPENAI_API_KEY", "AZURE_CLIENT_SECRET", "OPENAI_API_KEY")
"""Environment variables whose values are always looked for when they are set."""


def command(paths: Paths, secret_env: Secrets = None, allow: Names = None) -> int:
    """Search for leaks. Exit code 0: none; 1: some, each as file:line, rule and what to do; 2:
    nothing to scan."""
    count, findings = scan_paths(paths, Scanner(_secrets(secret_env or []), allow or ()))
    console = Console(highlight=False, soft_wrap=True)
    for finding in findings:
        console.print(str(finding), markup=False)
    if findings:
        console.print(f"{len(findings)} leaks in {count} files", style="red")
        return int(ExitCode.NOT_CONFORMANT)
    console.print(f"{count} files: no leak found")
    return int(ExitCode.CONFORMANT)


def _secrets(names: list[str]) -> list[str]:
    """The values of the variables ``names`` and of those in ``ALWAYS``. Raises UsageError
    (``secret-env``) for one of ``names`` that is not set or too short to be told from chance."""
    values = []
    for name in names:
        value = os.environ.get(name, "")
        if len(value) < SHORTEST:
            raise UsageError(
                "secret-env",
                f"the variable {name} is not set, or shorter than {SHORTEST} characters",
                "a scan for a secret that is not there would prove nothing",
            )
        values.append(value)
    return values + [
        os.environ[name] for name in ALWAYS if len(os.environ.get(name, "")) >= SHORTEST
    ]
