"""Adapters, built and kept in a cache outside the source tree: a folder for each version of each
SDK.

A folder is built under another name and renamed when it is whole. So a folder under its final name
is always usable, also when two runs build it at once or one is killed. Its name holds a digest of
everything it was built from.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from conformance.errors import EnvironmentFault
from conformance.sanitize.redactor import Redactor
from conformance.sdk.pipes import ending
from conformance.sdk.process import Launch
from conformance.suite.manifest import PACKAGE, Manifest, ToolNeeded, filled, tool_version
from conformance.suite.sources import SourceFiles, lay_out, source_files

Report = Callable[[str], None]
"""Called with each step of a build, in a few words."""

READY = "ready.json"
_BUILDING = ".building-"
_ABANDONED_SECONDS = 86_400
_STEP_SECONDS = 1_800
_HIDDEN_PREFIXES = (
    "AZURE_",
    "OPENAI_",
    "ANTHROPIC_",
    "IDENTITY_",
    "MSI_",
    "PYTHON",
    "VIRTUAL_ENV",
    "CONFORMANCE_",
    "PYTEST_",
    "COV_",
)
_HIDDEN_ENDINGS = ("_PROXY",)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter's folder with its manifest, in one version of its SDK."""

    folder: Path
    manifest: Manifest
    version: str

    @property
    def sdk(self) -> str:
        """The name of the SDK."""
        return self.folder.name

    @property
    def is_installed_here(self) -> bool:
        """Whether the harness's own Python is the environment of this version, so that nothing is
        built."""
        python = self.manifest.python
        if python is None:
            return False
        try:
            return metadata.version(python.distribution) == self.version
        except metadata.PackageNotFoundError:
            return False

    @property
    def home(self) -> Path:
        """The folder where it is built, or is to be."""
        return cache_folder() / "adapters" / self.sdk / f"{self.version}-{self._digest()}"

    @property
    def ready(self) -> bool:
        """Whether it can be started without being built first."""
        manifest = self.manifest
        nothing_to_build = manifest.python is None and not manifest.sources and not manifest.build
        return nothing_to_build or self.is_installed_here or (self.home / READY).is_file()

    def _digest(self) -> str:
        """12 hexadecimal digits that change with everything the adapter is built from."""
        total = hashlib.sha256()
        manifest = self.manifest
        recipe = manifest.model_dump(mode="json", include={"protocol", "sources", "build"})
        if manifest.python is not None:
            recipe["requirements"] = manifest.python.for_version(self.version)
            recipe["python"] = (
                f"{platform.python_implementation()} {platform.python_version()} {sys.base_prefix}"
            )
        total.update(json.dumps(recipe, sort_keys=True).encode())
        for path, origin in self.sources().items():
            total.update(path.as_posix().encode() + b"\0" + origin.read_bytes())
        return total.hexdigest()[:12]

    def sources(self) -> SourceFiles:
        """The files it is built from: its own, and those it shares with other adapters."""
        return source_files(self.folder, self.manifest.sources)

    def values(self, build: Path, ca_file: Path | None = None) -> dict[str, str]:
        """What the placeholders of the manifest stand for."""
        interpreter = sys.executable
        if self.manifest.python is not None and not self.is_installed_here:
            interpreter = str(build / "venv" / "bin" / "python")
        return {
            "version": self.version,
            "source": str(self.folder.resolve()),
            "build": str(build),
            "package": str(PACKAGE),
            "interpreter": interpreter,
            "ca": str(ca_file or ""),
        }

    def launch(self, ca_file: Path) -> Launch:
        """How it is started. Raises EnvironmentFault when it is not built."""
        if not self.ready:
            raise EnvironmentFault(
                "adapter-not-built",
                f"{self.sdk} {self.version} is not installed",
                f"run: conformance sdk install {self.sdk}@{self.version}",
            )
        values = self.values(self.home, ca_file)
        environment = clean_environment() | {"CONFORMANCE_CA_FILE": str(ca_file)}
        environment |= {
            name: filled(text, values) for name, text in self.manifest.environment.items()
        }
        folder = self.folder
        if self.home.is_dir():
            folder = self.home
        return Launch(
            sdk=self.sdk,
            version=self.version,
            command=tuple(filled(part, values) for part in self.manifest.command),
            environment=environment,
            folder=folder,
        )


def cache_folder() -> Path:
    """The folder where built adapters are kept: ``CONFORMANCE_CACHE``, else one below
    ``XDG_CACHE_HOME`` or ``~/.cache``."""
    cache = os.environ.get("CONFORMANCE_CACHE")
    if cache:
        return Path(cache)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "azure-openai-conformance"


def cached_versions(folder: Path, manifest: Manifest) -> list[str]:
    """The versions of the adapter in ``folder`` that are built from what it and its ``manifest``
    hold now."""
    kept = cache_folder() / "adapters" / folder.name
    versions = sorted({path.parent.name.rpartition("-")[0] for path in kept.glob(f"*/{READY}")})
    return [version for version in versions if Adapter(folder, manifest, version).ready]


def clean_environment() -> dict[str, str]:
    """The variables of this process, without those that SDKs, identity libraries and Python read by
    themselves (docs/facts/sdks.md#environment), and without proxies: an adapter talks to this
    machine only."""
    return {name: value for name, value in os.environ.items() if not _is_hidden(name.upper())}


def _is_hidden(name: str) -> bool:
    return name.startswith(_HIDDEN_PREFIXES) or name.endswith(_HIDDEN_ENDINGS)


def missing_tools(
    manifest: Manifest, version: Callable[[ToolNeeded], str | None] = tool_version
) -> Iterable[str]:
    """The tools that the adapter needs and this machine lacks, a line for each. ``version`` returns
    the version of a tool, None for one that is missing."""
    return [
        f"{tool.name} was not found; install {tool.install}"
        for tool in manifest.toolchain
        if version(tool) is None
    ]


def install(adapter: Adapter, report: Report = lambda _: None) -> Path:
    """Build ``adapter`` unless it is built already. Returns its folder.

    Raises EnvironmentFault, which names the step that failed.
    """
    missing = list(missing_tools(adapter.manifest))
    if missing:
        raise EnvironmentFault(
            "toolchain-missing",
            f"{adapter.sdk} cannot be built: {'; '.join(missing)}",
            "install what is missing; conformance sdk list shows what is there",
        )
    if adapter.ready:
        return adapter.home
    home = adapter.home
    building: Path | None = None
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        _sweep(home.parent)
        building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=home.parent))
        _build(adapter, building, report)
        about = {"sdk": adapter.sdk, "version": adapter.version, "built": int(time.time())}
        (building / READY).write_text(json.dumps(about) + "\n", encoding="utf-8")
        with contextlib.suppress(OSError):  # another run was faster, and built the same
            building.rename(home)
    except OSError as error:
        raise EnvironmentFault(
            "cache",
            f"{home.parent} cannot be written: {error}",
            "set CONFORMANCE_CACHE to a folder that can, and has room",
        ) from error
    finally:
        if building is not None:
            shutil.rmtree(building, ignore_errors=True)
    if not (home / READY).is_file():
        raise EnvironmentFault(
            "cache", f"{home} could not be put in place", "remove it and try again"
        )
    return home


def _sweep(folder: Path) -> None:
    """Remove what killed builds left behind, once it is a day old."""
    for path in folder.glob(f"{_BUILDING}*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)


def _build(adapter: Adapter, building: Path, report: Report) -> None:
    lay_out(adapter.sources(), building)
    if adapter.manifest.python is not None:
        _build_python(adapter, building, report)
    values = adapter.values(building)
    for command in adapter.manifest.build:
        _step(adapter, [filled(part, values) for part in command], building, report)


def _build_python(adapter: Adapter, building: Path, report: Report) -> None:
    assert adapter.manifest.python is not None
    requirements = adapter.manifest.python.for_version(adapter.version)
    venv = building / "venv"
    python = str(venv / "bin" / "python")
    uv = find_uv()
    if uv:
        commands = [
            [*uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(venv)],
            [*uv, "pip", "install", "--quiet", "--python", python, *requirements],
        ]
    else:
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        commands = [[sys.executable, "-m", "venv", str(venv)], [*install, *requirements]]
    for command in commands:
        _step(adapter, command, building, report)


def find_uv() -> list[str]:
    """The beginning of a command of uv; empty when uv is not installed."""
    if shutil.which("uv"):
        return ["uv"]
    if importlib.util.find_spec("uv"):
        return [sys.executable, "-m", "uv"]
    return []


def _step(adapter: Adapter, command: list[str], folder: Path, report: Report) -> None:
    """Run ``command`` to its end. When this process is interrupted, everything that the command
    has started is ended too."""
    name = _called(command)
    about = f"{adapter.sdk} {adapter.version}: {name}"
    report(name)
    try:
        with subprocess.Popen(  # noqa: S603 - a manifest's own command, no shell
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as running:
            try:
                out, err = running.communicate(timeout=_STEP_SECONDS)
            except BaseException:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(running.pid, signal.SIGKILL)
                raise
    except subprocess.TimeoutExpired:
        raise EnvironmentFault(
            "adapter-build", f"{about} did not end within {_STEP_SECONDS} s", ""
        ) from None
    except OSError as error:
        raise EnvironmentFault("adapter-build", f"{about} failed: {error}", "") from None
    if running.returncode != 0:
        # Redacted, because a package index may have credentials in its URL.
        output = Redactor().text(err.strip() or out.strip())
        raise EnvironmentFault(
            "adapter-build",
            f"{about} {_ended(running.returncode)}: {output[-1500:]}",
            "mend what it says and run the command again",
        )


def _called(command: list[str]) -> str:
    """``command`` as a person would name it: ``npm ci``, ``uv venv``."""
    head, *rest = command
    if rest[:1] == ["-m"] and rest[1:]:
        _, head, *rest = rest
    return Redactor().text(" ".join([Path(head).name, *(part[:60] for part in rest[:2])]))


def _ended(code: int) -> str:
    if code >= 0:
        return f"ended with {code}"
    return ending(code).removeprefix("the process ")
