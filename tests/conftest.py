"""What all tests share: the corpus of the runner is data here, never scenarios of this session, and an adapter is never
a subject of a test that did not ask for it.

``CONFORMANCE_CACHE`` decides which adapters are installed. In a session it names an empty folder, for tests, scenario
items and every process they start. The tests of ``tests/adapters`` alone see another one, where they build what they
need: the cache the caller chose (names hold digests of the sources: what is there already is what would be built), or
one that is removed in the end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

collect_ignore_glob = ["corpus/suite/*", "corpus/must-*"]

CACHE = "CONFORMANCE_CACHE"
BUILT = "CONFORMANCE_TESTS_CACHE"
"""How pytest-xdist's workers are told where the controller's session builds."""

BUILDERS = Path(__file__).parent / "adapters"
_MADE: pytest.StashKey[list[str]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Hide installed adapters from the session; in the controller only, before it starts workers."""
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
