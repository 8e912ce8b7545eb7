"""Tests that stand where the code stands."""

from __future__ import annotations

import pytest
from figures.mirror import astray, unmirrored

MODULES = [
    "conformance/plugin.py",
    "conformance/wire/peer/__init__.py",
    "conformance/wire/clock.py",
    ".ci/house.py",
]


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_plugin.py",
        "tests/wire/test_clock.py",
        "tests/wire/test_peer.py",
        "tests/ci/test_house.py",
        "tests/corpus/test_corpus.py",
        "tests/wire/builders.py",
    ],
)
def test_a_test_of_a_module_a_package_or_a_declared_folder_is_in_its_place(path: str) -> None:
    assert astray([path], MODULES) == []


@pytest.mark.parametrize(
    "path", ["tests/run/test_clock.py", "tests/test_clock.py", "tests/wire/test_clocks.py"]
)
def test_any_other_test_is_astray(path: str) -> None:
    assert astray([path], MODULES) == [path]


def test_a_module_without_a_test_of_its_name_is_told() -> None:
    tests = ["tests/test_plugin.py", "tests/ci/test_house.py"]
    assert unmirrored(tests, MODULES) == ["conformance/wire/clock.py"]
