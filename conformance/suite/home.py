"""Where the suite's data is: scenarios, schemas, cassettes and SDK adapters.

A project folder that has its own ``scenarios/`` uses it; every part it lacks comes from the
installed package (the wheel carries them under ``_data``) or, in a source checkout, from the
repository around the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from conformance.errors import EnvironmentFault, UsageError

_PACKAGE = Path(__file__).resolve().parent.parent
LOCK = "constraints.txt"
PARTS = ("scenarios", "schemas", "cassettes", "adapters")


@dataclass(frozen=True, slots=True)
class Home:
    """The four folders of a suite."""

    scenarios: Path
    schemas: Path
    cassettes: Path
    adapters: Path

    def digest(self, part: str) -> str:
        """SHA-256 over the names and contents of every file of ``part``, in name order."""
        root: Path = getattr(self, part)
        total = sha256()
        for path in sorted(
            p for p in root.rglob("*") if p.is_file() and "__pycache__" not in p.parts
        ):
            total.update(path.relative_to(root).as_posix().encode() + b"\0")
            total.update(sha256(path.read_bytes()).digest())
        return total.hexdigest()


def find_home(start: Path, explicit: Path | None = None) -> Home:
    """The home seen from ``start`` (searched upwards), or rooted at ``explicit``.

    Raises UsageError when ``explicit`` has no scenarios, EnvironmentFault when the installation
    carries no data.
    """
    if explicit is not None and not (explicit / "scenarios").is_dir():
        raise UsageError(
            "no-scenarios", f"{explicit} has no folder scenarios/", "give the root of a suite"
        )
    project = explicit or next((p for p in (start, *start.parents) if _is_suite(p)), None)
    folders = {part: _part(part, project) for part in PARTS}
    return Home(**folders)


def shipped(part: str) -> Path:
    """The folder of ``part`` that belongs to the harness itself, whatever a project has.

    Raises EnvironmentFault when the installation does not carry it.
    """
    return _part(part, None)


def lock_file() -> Path | None:
    """The constraints file with the tested versions; None where the installation has none.

    It belongs to the package, not to the suite of a project folder, so no home decides about it.
    """
    places = (_PACKAGE / "_data" / LOCK, _PACKAGE.parent / LOCK)
    return next((path for path in places if path.is_file()), None)


def facts_folder() -> Path:
    """The published facts: those of the installation, which every suite cites.

    Raises EnvironmentFault when the installation carries none.
    """
    for folder in (_PACKAGE / "_data" / "facts", _PACKAGE.parent / "docs" / "facts"):
        if folder.is_dir():
            return folder
    raise EnvironmentFault(
        "no-data", "this installation carries no facts/", "install the package again"
    )


def _is_suite(folder: Path) -> bool:
    return (folder / "scenarios").is_dir() and (
        (folder / "cassettes").is_dir() or (folder / "adapters").is_dir()
    )


def _part(part: str, project: Path | None) -> Path:
    for base in (project, _PACKAGE / "_data", _PACKAGE.parent):
        if base is not None and (base / part).is_dir():
            return base / part
    raise EnvironmentFault(
        "no-data", f"this installation carries no {part}/", "install the package again"
    )
