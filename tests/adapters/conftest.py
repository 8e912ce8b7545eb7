"""Adapters that these tests build go into one cache of their own: what is installed in the session's cache would be a
subject of every other test."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _own_cache() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CONFORMANCE_CACHE", os.environ["CONFORMANCE_CACHE"] + "-adapters")
        yield
