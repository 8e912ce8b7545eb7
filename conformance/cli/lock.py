"""The lock: the versions that were tested, and how what is installed differs from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement


@dataclass(frozen=True, slots=True)
class UntestedVersion:
    """A package that is installed in another version than the tested one."""

    package: str
    installed: str
    tested: str


def installed_version(package: str) -> str | None:
    """The version of ``package`` in this environment; None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def differences(
    lock: str, version: Callable[[str], str | None] = installed_version
) -> Iterator[UntestedVersion]:
    """What is installed in another version than ``lock`` has for this Python and system.

    In the lock's order. ``lock`` is the text of a constraints file, each line ``name==version`` and
    perhaps a marker. A package that is not installed is no difference: those who need an extra ask
    for it.
    """
    for line in lock.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        pin = Requirement(line)
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        installed = version(pin.name)
        if installed is not None and not pin.specifier.contains(installed, prereleases=True):
            yield UntestedVersion(pin.name, installed, str(pin.specifier).removeprefix("=="))
