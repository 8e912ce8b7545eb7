"""What a run reads before it starts, and cassettes when they are asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance.suite import load
from conformance.suite.cassette import Cassette
from conformance.suite.load import Cassettes
from tests.places import PROJECT

NAME = "2024-10-21/chat/founded"


def test_a_cassette_that_is_not_there_is_none() -> None:
    assert Cassettes(PROJECT / "cassettes").get("2024-10-21/chat/never-recorded") is None


def test_a_cassette_is_read_once_and_again_when_it_was_recorded_anew() -> None:
    cassettes = Cassettes(PROJECT / "cassettes")
    first = cassettes.get(NAME)
    assert first is not None
    assert cassettes.get(NAME) is first
    cassettes.forget(NAME)
    assert cassettes.get(NAME) is not first


def test_a_thread_that_asks_while_another_reads_gets_the_cassette(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cassettes = Cassettes(PROJECT / "cassettes")
    read = load.load_cassette
    meanwhile: list[Cassette | None] = []

    def slowly(path: Path, root: Path) -> Cassette:
        monkeypatch.setattr(load, "load_cassette", read)
        with ThreadPoolExecutor(1) as other:
            meanwhile.append(other.submit(cassettes.get, NAME).result())
        return read(path, root)

    monkeypatch.setattr(load, "load_cassette", slowly)
    assert cassettes.get(NAME) is not None
    assert meanwhile[0] is not None
