"""Callers whose emulator has a clock that tests move."""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.suite.schema import SchemaRegistry
from conformance.wire.clock import VirtualClock
from tests.service.emulator.emulating import Caller
from tests.service.emulator.walking import Store


def timed(
    version: str = "2025-04-01-preview", **members: Any
) -> tuple[Caller, Store, VirtualClock]:
    clock = VirtualClock()
    caller = Caller(Emulator(EmulatorConfig(clock=clock, **members)), version)
    return caller, Store(caller), clock


def watch(
    caller: Caller,
    clock: VirtualClock,
    path: str,
    looks: int,
    registry: SchemaRegistry,
    schema: str,
) -> list[dict[str, Any]]:
    seen = []
    for _ in range(looks):
        body = caller.get(path).json()
        assert registry.validate(schema, caller.version, body) == ()
        seen.append(body)
        clock.advance(10)
    return seen
