"""``conformance sdk``: what SDKs there are, whether an adapter obeys the protocol, and building
one."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import typer

from conformance.cli import options
from conformance.errors import EnvironmentFault, ExitCode, UsageError
from conformance.plan.subjects import subjects_of
from conformance.report.text import visible
from conformance.sdk.environments import Adapter, cached_versions, install, missing_tools
from conformance.sdk.lanes import adapter_of, plain_http
from conformance.sdk.probe import Probe
from conformance.sdk.subject import SubjectUnderTest
from conformance.service.peer.tls import authority
from conformance.suite.load import Sdk, Suite
from conformance.suite.manifest import Manifest, ToolNeeded, load_manifest, tool_version
from conformance.suite.sources import lay_out
from conformance.wire.vocabulary import LaneKind

Names = Annotated[
    list[str], typer.Argument(metavar="NAME[@VERSION]...", help="SDKs, perhaps with a version.")
]

Name = Annotated[
    str, typer.Argument(metavar="NAME[@VERSION]", help="An SDK, perhaps with a version.")
]
Into = Annotated[Path, typer.Option("--into", help="A folder that is empty or is not there yet.")]


def list_command(root: options.Root = None) -> int:
    """List the SDKs there are: what is installed, which versions, and what is missing to build the
    rest."""
    suite = options.open_suite(root)
    here = {subject.sdk.name: subject for subject in subjects_of(suite, ())}
    width = max((len(sdk.name) for sdk in suite.sdks), default=0) + 2
    tools = Tools()
    tools.ask(
        manifest
        for sdk in suite.sdks
        if (manifest := load_manifest(sdk.contract.folder)) is not None
    )
    for sdk in suite.sdks:
        first, *rest = _lines(sdk, here[sdk.name], tools)
        typer.echo(f"{sdk.name:{width}}{first}")
        for line in rest:
            typer.echo(f"{'':{width}}{line}")
    return int(ExitCode.CONFORMANT)


def probe_command(names: Names, root: options.Root = None) -> int:
    """Prove that adapters obey the protocol. Exit code 1 when one does not."""
    suite = options.open_suite(root)
    held = True
    for subject in _subjects(suite, names):
        _require_adapter(subject)
        adapter = adapter_of(subject)
        typer.echo(f"{subject.sdk.name} {subject.version}")
        install(adapter, lambda step: typer.echo(f"  {step}", err=True))
        probe = Probe(
            adapter.launch(authority().ca_file), subject.sdk.contract, plain_http(subject)
        )
        for proof in probe.run():
            mark = {True: "ok  ", False: "FAIL", None: "-   "}[proof.held]
            line = f"  {mark} {proof.title}"
            if proof.detail:
                line += f": {proof.detail}"
            typer.echo(visible(line))
            held = held and proof.held is not False
    return int(ExitCode.CONFORMANT if held else ExitCode.NOT_CONFORMANT)


def install_command(names: Names, root: options.Root = None) -> int:
    """Build adapters into the cache, outside the source tree. What is built already is left as it
    is."""
    suite = options.open_suite(root)
    for subject in _subjects(suite, names):
        _require_adapter(subject)
        adapter = adapter_of(subject)
        typer.echo(
            f"building {subject.sdk.name} {subject.version}"
            if not adapter.ready
            else f"{subject.sdk.name} {subject.version} is installed"
        )
        folder = install(adapter, lambda step: typer.echo(f"  {step}", err=True))
        if not adapter.is_installed_here:
            typer.echo(f"  in {folder}")
    return int(ExitCode.CONFORMANT)


def sources_command(name: Name, into: Into, root: options.Root = None) -> int:
    """Lay an adapter's sources out in a folder, as a build does, to lint and test them there."""
    suite = options.open_suite(root)
    [subject] = _subjects(suite, [name])
    _require_adapter(subject)
    files = adapter_of(subject).sources()
    if not files:
        raise UsageError(
            "sdk-no-sources",
            f"the adapter of {subject.sdk.name} lists no sources",
            "it is used as it stands in its folder",
        )
    try:
        if into.is_dir() and any(into.iterdir()):
            raise UsageError(
                "folder-not-empty",
                f"{into} is not empty",
                "name a new folder: a file left over would be tested too",
            )
        lay_out(files, into)
    except OSError as error:
        raise EnvironmentFault(
            "sources-not-written",
            f"cannot write to {into}: {error.strerror}",
            "choose a folder you may write to",
        ) from None
    typer.echo(f"{subject.sdk.name} {subject.version}: {len(files)} files in {into}")
    return int(ExitCode.CONFORMANT)


def _subjects(suite: Suite, names: list[str]) -> tuple[SubjectUnderTest, ...]:
    return subjects_of(suite, tuple(names), LaneKind.LOOPBACK)


def _require_adapter(subject: SubjectUnderTest) -> None:
    if load_manifest(subject.sdk.contract.folder) is None:
        raise UsageError("sdk-absent", f"{subject.sdk.name} has no adapter", "see docs/adapters.md")


class Tools:
    """The versions of tools, each asked for once: a compiler takes its time to say who it is."""

    def __init__(self) -> None:
        self._versions: dict[tuple[str, ...], str | None] = {}

    def ask(self, manifests: Iterable[Manifest]) -> None:
        """Ask all tools of ``manifests`` side by side."""
        tools = {tuple(tool.command): tool for manifest in manifests for tool in manifest.toolchain}
        with ThreadPoolExecutor() as pool:
            self._versions |= zip(tools, pool.map(tool_version, tools.values()), strict=True)

    def version(self, tool: ToolNeeded) -> str | None:
        return self._versions[tuple(tool.command)]


def _lines(sdk: Sdk, here: SubjectUnderTest, tools: Tools) -> list[str]:
    """What there is to say of one SDK: what runs here, which versions there are, and what building
    them takes."""
    contract = sdk.contract.contract
    manifest = load_manifest(sdk.contract.folder)
    state = here.absent if here.absent else f"{here.version}, {here.lane}"
    if manifest is None:
        return [f"{contract.package}: {state}"]
    return [
        f"{contract.package}: {state}",
        f"versions: {_versions(sdk, manifest)}",
        f"toolchain: {_toolchain(manifest, tools)}",
    ]


def _versions(sdk: Sdk, manifest: Manifest) -> str:
    """The versions built so far, and those that could be."""
    ready = cached_versions(sdk.contract.folder, manifest)
    known = dict.fromkeys([*manifest.versions.tested, manifest.versions.default, *ready])
    return ", ".join(
        f"{version}{' (built)' if Adapter(sdk.contract.folder, manifest, version).ready else ''}"
        for version in known
    )


def _toolchain(manifest: Manifest, tools: Tools) -> str:
    missing = list(missing_tools(manifest, tools.version))
    if missing:
        return "; ".join(missing)
    return ", ".join(str(tools.version(tool)) for tool in manifest.toolchain) or "nothing needed"
