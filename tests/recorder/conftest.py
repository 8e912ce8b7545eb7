"""Sockets to loopback alone are let through the network block: recorders under test forward to peers under test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from conformance.service.peer import PeerServer

LOOPBACK = ["127\\.0\\.0\\.1", "localhost", "::1"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/recorder/" in item.path.as_posix():
            item.add_marker(pytest.mark.block_network(allowed_hosts=LOOPBACK))


@pytest.fixture
def server() -> Iterator[PeerServer]:
    with PeerServer() as running:
        yield running
        assert running.faults == []
