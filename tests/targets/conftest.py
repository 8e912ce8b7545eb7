"""Loopback is the whole network of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.service.peer import PeerServer


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/targets" in item.path.as_posix():
            item.add_marker(pytest.mark.block_network(allowed_hosts=["127.0.0.1"]))


@pytest.fixture
def server() -> Iterator[PeerServer]:
    with PeerServer() as running:
        yield running
