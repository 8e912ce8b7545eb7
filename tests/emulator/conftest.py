"""Fixtures of the emulator's tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from emulating import Caller

from conformance.service.emulator import Emulator
from conformance.suite.schema import SchemaRegistry


@pytest.fixture
def caller() -> Caller:
    return Caller(Emulator())


@pytest.fixture(scope="session")
def registry() -> SchemaRegistry:
    return SchemaRegistry.load(Path(__file__).parents[2] / "schemas")
