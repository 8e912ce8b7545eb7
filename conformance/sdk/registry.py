"""Which SDKs can run here, and in which version: what is installed, and what was asked for."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from conformance.errors import UsageError
from conformance.sdk.environments import Adapter
from conformance.suite.contract import in_range, same_version
from conformance.suite.manifest import load_manifest
from conformance.wire.vocabulary import LaneKind

NOT_BUILT = "its adapter is not installed"
IN_PROCESS = {"python": "openai"}
"""SDKs that can run inside this process, with the distribution that is then tested."""
_VERSION = re.compile(r"[0-9][0-9A-Za-z]*(?:[.+-][0-9A-Za-z]+)*")


@dataclass(frozen=True, slots=True)
class Installed:
    """An SDK as it is installed here. When it cannot run, ``version`` is ``-`` and ``absent`` says
    why."""

    version: str
    runtime: str = ""
    absent: str = ""


def find_installed(sdk: str, lanes: list[LaneKind], not_run: str = "") -> Installed:
    """The version of ``sdk`` that is installed for the in-process lane. Does not import the SDK.

    ``not_run`` is the contract's reason why it is not run, where there is one.
    """
    distribution = IN_PROCESS.get(sdk)
    if distribution is None or LaneKind.INPROCESS not in lanes:
        return Installed("-", absent=not_run or NOT_BUILT)
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return Installed("-", absent=f"the package {distribution} is not installed here")
    return Installed(version, _python())


def find_adapter(folder: Path, not_run: str, version: str, *, named: bool) -> Installed:
    """The version of the adapter in ``folder`` for the loopback lane.

    ``version`` is what was asked for; empty for the one that is installed here, else the manifest's
    default. An adapter that was ``named`` need not be built yet. ``not_run`` is the contract's
    reason why it is not run, where there is one. Raises UsageError for a version that the adapter
    cannot drive.
    """
    manifest = load_manifest(folder)
    if manifest is None:
        return Installed("-", absent=not_run or NOT_BUILT)
    known = (_installed_version(folder.name), manifest.versions.default, *manifest.versions.tested)
    if version:
        version = _as_known(folder.name, version, known)
    version = version or known[0] or known[1]
    if not in_range(version, manifest.versions.drives):
        raise UsageError(
            "sdk-version",
            f"{folder.name}@{version} was asked for but its adapter drives "
            f"{manifest.versions.drives}",
            "ask for a version in that range",
        )
    adapter = Adapter(folder, manifest, version)
    if not (named or adapter.ready):
        return Installed(
            "-", absent=not_run or f"{NOT_BUILT}; run: conformance sdk install {folder.name}"
        )
    if manifest.python is None:
        return Installed(version)
    return Installed(version, _python())


def _as_known(sdk: str, version: str, known: Iterable[str]) -> str:
    """``version`` as its maker spells it, where that spelling is among ``known``.

    Raises UsageError for a text that is no version, because a version becomes part of a path and of
    a package's name.
    """
    plain = version.strip().removeprefix("v")
    if not _VERSION.fullmatch(plain):
        raise UsageError(
            "sdk-version", f"{version!r} is no version of {sdk}", "write it as in: python@3.54.0"
        )
    return next((text for text in known if same_version(plain, text)), plain)


def _installed_version(sdk: str) -> str:
    """The version of ``sdk`` in this Python; empty when it is not installed, or not in Python."""
    try:
        return metadata.version(IN_PROCESS[sdk])
    except (KeyError, metadata.PackageNotFoundError):
        return ""


def _python() -> str:
    """This Python, as in ``CPython 3.13``."""
    return f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}"
