"""Suites for tests of the runner: the small suite of the corpus with some files laid over it."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from conformance.judge.results import Run
from conformance.plan.selection import EVERYTHING, Selection
from conformance.run.clock import RunClock
from conformance.run.engine import Engine, follow
from conformance.service.replay import REPLAY
from conformance.service.service import Service
from conformance.suite.home import find_home
from conformance.suite.load import Suite, load_suite
from conformance.suite.schema import SchemaRegistry
from conformance.wire.vocabulary import LaneKind

CORPUS = Path(__file__).parent
PROJECT = CORPUS.parents[1]
BASE = CORPUS / "suite"
CLOCK = RunClock(datetime(2026, 3, 2, tzinfo=UTC), fixed=True)


def make_root(folder: Path, files: Mapping[str, str | bytes] | None = None) -> Path:
    """A copy of the corpus's suite in ``folder``, with ``files`` (path below the root to content)
    laid over it."""
    shutil.copytree(BASE, folder, dirs_exist_ok=True)
    for name, content in (files or {}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = content.encode()
        path.write_bytes(content)
    return folder


@functools.cache
def project_schemas() -> SchemaRegistry:
    """The project's schemas, read once for all tests."""
    return SchemaRegistry.load(PROJECT / "schemas")


def load(root: Path) -> Suite:
    """The suite at ``root``, as commands load it."""
    suite = load_suite(find_home(root, root))
    return (
        replace(suite, schemas=project_schemas())
        if suite.home.schemas == PROJECT / "schemas"
        else suite
    )


def run(
    suite: Suite,
    selection: Selection = EVERYTHING,
    clock: RunClock = CLOCK,
    service: Service = REPLAY,
) -> Run:
    """Run ``suite`` with the Python SDK that is installed, as ``conformance run`` does."""
    with Engine(suite, service, clock=clock) as engine:
        plan = engine.plan(selection, ("python",), lane=LaneKind.INPROCESS)
        return follow(engine.events(plan), lambda _event: None)


def scenario(steps: str = "", *, head: str = "", api_versions: str = '"2024-10-21"') -> str:
    """The text of a scenario that asks one question and is answered by the corpus's fixture, unless
    told otherwise."""
    return (
        "title: A scenario of a test\nwhy: The test says what must come of it.\n"
        "sources: [{fact: test}]\n"
        f"api_versions: {api_versions}\n{head}steps:\n{steps or step()}"
    )


def step(
    *,
    service: str = "[{status: 200, body: {$fixture: chat/founded}}]",
    expect: str = "{}",
    more: str = "",
    content: str = "When?",
) -> str:
    """One step: a chat call. ``service`` empty leaves it to the cassette."""
    lines = [
        "- call: chat.completions.create",
        (
            '  with: {model: "${deployment.chat}", '
            f'messages: [{{role: user, content: "{content}"}}]}}'
        ),
        *([f"  service: {service}"] if service else []),
        f"  expect: {expect}",
        *([f"  {more}"] if more else []),
    ]
    return "".join(f"  {line}\n" for line in lines)


def waiver(**changes: str) -> str:
    """The text of a waivers file with one waiver; a change to "" drops the key."""
    given = {
        "id": "test-waiver",
        "rule": "expect.result",
        "scenarios": '["chat/*"]',
        "fingerprint": '"1976"',
        "reason": "A deviation this test knows of.",
        "link": "https://example.com/issue",
        "expires": "2099-12-31",
    }
    lines = [f"{key}: {value}" for key, value in (given | changes).items() if value]
    return "waivers:\n  - " + "\n    ".join(lines) + "\n"


def contract() -> str:
    """The project's contract of the Python SDK."""
    return (PROJECT / "adapters" / "python" / "contract.yaml").read_text(encoding="utf-8")
