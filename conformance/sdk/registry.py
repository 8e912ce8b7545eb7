"""Which SDKs can run here: what is asked for on the command line against what is installed."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib import metadata

NOT_BUILT = "its adapter is not installed"
IN_PROCESS = {"python": "openai"}
"""SDKs that run inside this process, and the distribution that is the subject."""


@dataclass(frozen=True, slots=True)
class Installed:
    """A subject as found: ``version`` is ``-`` and ``absent`` says why when it cannot run."""

    version: str
    runtime: str = ""
    absent: str = ""


def find_installed(sdk: str, lanes: list[str], not_run: str = "") -> Installed:
    """What of ``sdk`` is installed for the in-process lane. Does not import the SDK."""
    distribution = IN_PROCESS.get(sdk)
    if distribution is None or "inprocess" not in lanes:
        return Installed("-", absent=not_run or NOT_BUILT)
    try:
        version = metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return Installed("-", absent=f"the package {distribution} is not installed here")
    implementation = platform.python_implementation()
    return Installed(version, f"{implementation} {sys.version_info.major}.{sys.version_info.minor}")
