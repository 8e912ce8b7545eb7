"""Fixtures of the emulator's tests."""

from __future__ import annotations

import pytest

from conformance.service.emulator import Emulator
from conformance.suite.schema import SchemaRegistry
from tests.places import PROJECT
from tests.service.emulator.emulating import Caller


@pytest.fixture
def caller() -> Caller:
    return Caller(Emulator())


@pytest.fixture(scope="session")
def registry() -> SchemaRegistry:
    return SchemaRegistry.load(PROJECT / "schemas")
