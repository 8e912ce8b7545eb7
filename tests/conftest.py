"""What all tests share: the corpus of the runner is data here, never scenarios of this session, and adapters that are
installed on this machine stay out of it: a test that needs one builds it in the session's own cache."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

collect_ignore_glob = ["corpus/suite/*", "corpus/must-*"]

_OWN_CACHE: pytest.StashKey[str] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """A cache of the session's own, shared with its pytest-xdist workers, unless the caller chose one."""
    if "CONFORMANCE_CACHE" not in os.environ:
        os.environ["CONFORMANCE_CACHE"] = config.stash[_OWN_CACHE] = tempfile.mkdtemp(prefix="conformance-cache-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the cache this process made."""
    own = config.stash.get(_OWN_CACHE, None)
    if own is not None:
        for cache in (own, f"{own}-adapters"):
            shutil.rmtree(cache, ignore_errors=True)
        os.environ.pop("CONFORMANCE_CACHE", None)


@pytest.fixture(autouse=True)
def _without_installed_adapters(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside ``tests/adapters`` no adapter is installed, whatever the tests of adapters have built by then."""
    if "adapters" not in request.path.parts:
        monkeypatch.setenv("CONFORMANCE_CACHE", str(Path(os.environ["CONFORMANCE_CACHE"]) / "nothing-installed"))
