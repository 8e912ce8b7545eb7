"""Adapters built and kept: a cache outside the source tree, one folder for each version of each
SDK.

A folder is built under another name and renamed when it is whole, so that what is found under its
own name is usable, also when two runs build it at once or one is killed. Its name holds a digest of
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
from conformance.suite.manifest import PACKAGE, Manifest, Tool, filled, tool_version
from conformance.suite.sources import SourceFiles, lay_out, source_files

Report = Callable[[str], None]
"""Is told each step of a build, in a few words."""

READY = "ready.json"
_BUILDING = ".building-"
_ABANDONED_SECONDS = 86_400
_STEP_SECONDS = 1_800
_OWN_VARIABLES = (
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
_OWN_ENDINGS = ("_PROXY",)


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter's folder with its manifest, in one version of its SDK."""

    folder: Path
    manifest: Manifest
    version: str

    @property
    def sdk(self) -> str:
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
        """Where it is built, whether it is yet or not."""
        return cache_folder() / "adapters" / self.sdk / f"{self.version}-{self._digest()}"

    @property
    def ready(self) -> bool:
        """Whether it can be started as it is."""
        manifest = self.manifest
        nothing_to_build = manifest.python is None and not manifest.sources and not manifest.build
        return nothing_to_build or self.is_installed_here or (self.home / READY).is_file()

    def _digest(self) -> str:
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
        own = self.manifest.python is None or self.is_installed_here
        interpreter = sys.executable if own else str(build / "venv" / "bin" / "python")
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
        return Launch(
            self.sdk,
            self.version,
            tuple(filled(part, values) for part in self.manifest.command),
            environment,
            self.home if self.home.is_dir() else self.folder,
        )


def cache_folder() -> Path:
    """Where built adapters are kept: ``CONFORMANCE_CACHE``, else below ``XDG_CACHE_HOME`` or
    ``~/.cache``."""
    own = os.environ.get("CONFORMANCE_CACHE")
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "azure-openai-conformance"


def cached_versions(folder: Path, manifest: Manifest) -> list[str]:
    """The versions of the adapter in ``folder`` that are built and of use as ``manifest`` stands
    now."""
    kept = cache_folder() / "adapters" / folder.name
    found = sorted({path.parent.name.rpartition("-")[0] for path in kept.glob(f"*/{READY}")})
    return [version for version in found if Adapter(folder, manifest, version).ready]


def clean_environment() -> dict[str, str]:
    """This process's environment without what SDKs, identity libraries and Python read by
    themselves (sdk-behaviour section 2), and without proxies: an adapter talks to this machine
    only."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(_OWN_VARIABLES) and not name.upper().endswith(_OWN_ENDINGS)
    }


def missing_tools(
    manifest: Manifest, version: Callable[[Tool], str | None] = tool_version
) -> Iterable[str]:
    """What the adapter needs and this machine lacks, each in one line. ``version`` tells the
    version of a tool."""
    return [
        f"{tool.name} was not found; install {tool.install}"
        for tool in manifest.toolchain
        if version(tool) is None
    ]


def install(adapter: Adapter, report: Report = lambda _: None) -> Path:
    """Build ``adapter`` unless it is built already; its folder. Raises EnvironmentFault naming the
    step that failed."""
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
        with contextlib.suppress(OSError):  # somebody else was faster, with the same
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
        _step(
            adapter,
            [*uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(venv)],
            building,
            report,
        )
        _step(
            adapter,
            [*uv, "pip", "install", "--quiet", "--python", python, *requirements],
            building,
            report,
        )
    else:
        _step(adapter, [sys.executable, "-m", "venv", str(venv)], building, report)
        _step(
            adapter,
            [
                python,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                *requirements,
            ],
            building,
            report,
        )


def find_uv() -> list[str]:
    """How uv is called here; empty when it is not there."""
    if shutil.which("uv"):
        return ["uv"]
    return [sys.executable, "-m", "uv"] if importlib.util.find_spec("uv") else []


def _step(adapter: Adapter, command: list[str], folder: Path, report: Report) -> None:
    """Run ``command`` to its end; whatever ends this process first ends all that the command
    started."""
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
        said = Redactor().text(err.strip() or out.strip())[
            -1500:
        ]  # a package index may have credentials in its URL
        raise EnvironmentFault(
            "adapter-build",
            f"{about} {_ended(running.returncode)}: {said}",
            "mend what it says and run the command again",
        )


def _called(command: list[str]) -> str:
    """``command`` as a person would name it: ``npm ci``, ``uv venv``."""
    head, *rest = command
    if rest[:1] == ["-m"] and rest[1:]:
        _, head, *rest = rest
    return Redactor().text(" ".join([Path(head).name, *(part[:60] for part in rest[:2])]))


def _ended(code: int) -> str:
    return f"ended with {code}" if code >= 0 else ending(code).removeprefix("the process ")
