"""What all tests share: the corpus of the runner is data here, never scenarios of this session, and
an adapter is never a subject of a test that did not ask for it.

``CONFORMANCE_CACHE`` decides which adapters are installed. In a session it names an empty folder,
for tests, scenario items and every process they start. The tests of ``tests/adapters`` alone see
another one, where they build what they need: the cache the caller chose (names hold digests of the
sources: what is there already is what would be built), or one that is removed in the end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.service.peer import PeerServer

pytest_plugins = ["pytester"]

collect_ignore_glob = ["corpus/suite/*", "corpus/must-*"]

CACHE = "CONFORMANCE_CACHE"
BUILT = "CONFORMANCE_TESTS_CACHE"
"""How pytest-xdist's workers are told where the controller's session builds."""

BUILDERS = Path(__file__).parent / "adapters"
LOOPBACK = ["127\\.0\\.0\\.1", "localhost", "::1"]
ON_LOOPBACK = tuple(Path(__file__).parent / name for name in ("record", "service"))
"""Folders whose tests may open sockets, to this machine alone: peers, recorders and services under
test."""

_MADE: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Hide installed adapters from the session; in the controller only, before it starts
    workers."""
    config.stash[_MADE] = []
    if BUILT in os.environ:
        return
    chosen = os.environ.get(CACHE) or tempfile.mkdtemp(prefix="conformance-built-")
    nothing = tempfile.mkdtemp(prefix="conformance-nothing-installed-")
    config.stash[_MADE] = [nothing] if os.environ.get(CACHE) else [nothing, chosen]
    os.environ.update({BUILT: chosen, CACHE: nothing})


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what this process made, and give back what the caller had set."""
    made = config.stash.get(_MADE, [])
    if not made:
        return
    chosen = os.environ.pop(BUILT)
    os.environ[CACHE] = chosen
    if chosen in made:
        del os.environ[CACHE]
    for folder in made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", autouse=True)
def _adapters_installed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Where modules build adapters and find them again; everywhere else there are none."""
    with pytest.MonkeyPatch.context() as patch:
        if BUILDERS in request.path.parents:
            patch.setenv(CACHE, os.environ[BUILT])
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the tests that need it through the network block, to loopback."""
    for item in items:
        if any(folder in item.path.parents for folder in ON_LOOPBACK):
            item.add_marker(pytest.mark.block_network(allowed_hosts=LOOPBACK))


@pytest.fixture
def server() -> Iterator[PeerServer]:
    """A running peer; none of its connections may have failed in a way that is the peer's own
    fault."""
    from conformance.service.peer import PeerServer  # here, so that other tests start without it

    with PeerServer() as running:
        yield running
        assert running.faults == []
