"""The pytest plugin: every scenario file below ``scenarios/`` is collected, every case is an item.

It is loaded by each pytest run of an environment that has this package, so it imports nothing heavy
until a scenario file is met. pytest-recording's ``--record-mode`` keeps its meaning; the default is
``none`` and the network is blocked.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conformance.pytest_plugin.key import STATE

if TYPE_CHECKING:
    from conformance.pytest_plugin.collection import ScenarioFile


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of scenario runs; all start with ``--conformance``."""
    group = parser.getgroup("conformance", "Azure OpenAI SDK conformance")
    group.addoption(
        "--conformance-report",
        metavar="DIR",
        default=None,
        help="write index.html, divergence.html, results.json and junit.xml here after the run",
    )
    group.addoption(
        "--conformance-sdk",
        action="append",
        default=[],
        metavar="NAME",
        help="only this SDK (name or name@version); repeatable",
    )
    group.addoption(
        "--conformance-lane",
        default="",
        choices=("", "inprocess", "loopback"),
        help="how SDKs are reached; default: in-process for the installed Python library, "
        "else loopback",
    )
    group.addoption(
        "--conformance-api-version",
        default="",
        metavar="RANGE",
        help="only these api-versions, for example '>=2024-10-21' or v1",
    )
    group.addoption(
        "--conformance-strict",
        action="store_true",
        help="members unknown to the specification are findings, not notes",
    )
    group.addoption(
        "--conformance-target",
        default="replay",
        metavar="TARGET",
        help="who answers: replay (default), emulator, live, or the URL of a gateway",
    )
    group.addoption(
        "--conformance-record-target",
        default="emulator",
        metavar="TARGET",
        help="whom --record-mode records from: emulator (default), live, or a URL",
    )
    group.addoption(
        "--conformance-max-requests",
        type=int,
        default=None,
        metavar="N",
        help="the most requests that --record-mode may send",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """A collector for scenario files: ``*.yaml`` below a folder ``scenarios``, fixtures left
    out."""
    if file_path.suffix != ".yaml" or "scenarios" not in file_path.parts:
        return None
    below = file_path.parts[len(file_path.parts) - file_path.parts[::-1].index("scenarios") :]
    if len(below) < 2 or below[0] == "fixtures" or not _is_suite(file_path, len(below)):
        return None
    from conformance.pytest_plugin.collection import ScenarioFile

    collector: ScenarioFile = ScenarioFile.from_parent(parent, path=file_path)
    return collector


def _is_suite(file_path: Path, depth: int) -> bool:
    root = file_path.parents[depth]
    return (root / "cassettes").is_dir() or (root / "adapters").is_dir()


def pytest_collection_finish(session: pytest.Session) -> None:
    """With ``--record-mode``: get ready to record what the selected cases lack, and say how many
    requests that takes."""
    state = session.config.stash.get(STATE, None)
    if state is None or session.config.option.collectonly:
        return
    from conformance.errors import HarnessError

    cases = [
        case
        for item in session.items
        if (case := getattr(item, "conformance_case", None)) is not None
    ]
    try:
        line = state.prepare(cases)
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if line and reporter is not None:
        reporter.write_line(line)


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Leave the replay lane when the next item is no scenario, so that other tests run in an
    untouched process."""
    state = item.config.stash.get(STATE, None)
    if state is not None and (
        nextitem is None or getattr(nextitem, "conformance_case", None) is None
    ):
        state.engine.restore_process()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Settle the waivers, write the reports where asked, and turn the session red for a waiver that
    is."""
    state = session.config.stash.get(STATE, None)
    if state is not None:
        from conformance.pytest_plugin.finish import finish

        finish(session, state)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """Take over the results of a pytest-xdist worker."""
    output = getattr(node, "workeroutput", {}).get("conformance")
    if output:
        from conformance.pytest_plugin.workers import take_over

        take_over(node.config, output)  # type: ignore[attr-defined]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """What the run says beyond single items: red waivers, and where the reports are."""
    state = config.stash.get(STATE, None)
    for line in state.closing_lines if state is not None else ():
        terminalreporter.write_line(line)
