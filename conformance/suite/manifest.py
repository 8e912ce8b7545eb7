"""How an adapter is built and started (``adapters/<sdk>/adapter.yaml``): all the harness knows
about a language.

Placeholders in ``build``, ``command``, ``python.requirements`` and ``environment``: ``{version}``
of the SDK, ``{source}`` the adapter's folder, ``{build}`` the folder it is built in, ``{package}``
the folder of this package, ``{interpreter}`` the Python of the environment built, ``{ca}`` the PEM
file of the test CA.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from conformance.suite.contract import check_versions, in_range
from conformance.suite.scenario.model import Part
from conformance.suite.sources import Source, check_sources
from conformance.suite.validation import validate
from conformance.suite.yaml import load_file

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
PACKAGE = Path(__file__).resolve().parent.parent
Command = Annotated[list[str], Field(min_length=1)]


class ToolNeeded(Part):
    """A program the adapter needs. ``command`` prints its version; ``install`` says what to
    install."""

    name: str
    command: Command
    install: str


class Versions(Part):
    """``default`` is used when none is asked for, ``drives`` is what the adapter can drive,
    ``tested`` what its own tests run."""

    default: str
    drives: str = ""
    tested: list[str] = Field(default_factory=list)

    _check = field_validator("drives")(check_versions)


class Extra(Part):
    """Requirements that some versions need beside the others."""

    versions: str
    requirements: list[str]

    _check = field_validator("versions")(check_versions)


class PythonEnvironment(Part):
    """An isolated Python environment with ``requirements``. ``distribution`` is the SDK itself:
    where the harness's own Python has the wanted version of it, that Python is used and nothing is
    built."""

    distribution: str
    requirements: Command
    extra: list[Extra] = Field(default_factory=list)

    def for_version(self, version: str) -> list[str]:
        """Every requirement of ``version``."""
        more = [
            text
            for extra in self.extra
            if in_range(version, extra.versions)
            for text in extra.requirements
        ]
        return [text.replace("{version}", version) for text in (*self.requirements, *more)]


class Manifest(Part):
    """One adapter. ``sources`` are copied to the folder it is built in, where the ``build``
    commands then run."""

    protocol: Literal[1]
    versions: Versions
    toolchain: list[ToolNeeded] = Field(default_factory=list)
    python: PythonEnvironment | None = None
    sources: list[Source] = Field(default_factory=list)
    build: list[Command] = Field(default_factory=list)
    command: Command
    environment: dict[str, str] = Field(default_factory=dict)
    hello_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0


def load_manifest(folder: Path) -> Manifest | None:
    """The manifest of the adapter in ``folder``; None when it has none. Raises InputError(s) with
    positions."""
    path = folder / "adapter.yaml"
    if not path.is_file():
        return None
    document = load_file(path, name=f"{folder.parent.name}/{folder.name}/adapter.yaml")
    manifest = validate(document, Manifest, "adapter manifest")
    check_sources(folder, manifest.sources, document)
    return manifest


def filled(text: str, values: Mapping[str, str]) -> str:
    """``text`` with the placeholders of ``values`` filled in; other braces stay."""
    for name, value in values.items():
        text = text.replace("{" + name + "}", value)
    return text


def tool_version(tool: ToolNeeded) -> str | None:
    """The first line ``tool`` prints about itself; None when it is not there or does not work."""
    command = [filled(part, {"interpreter": sys.executable}) for part in tool.command]
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - a manifest's own command, no shell
            command,
            capture_output=True,
            timeout=30,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = _COLOURS.sub("", done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[0].strip() if done.returncode == 0 and lines else None
