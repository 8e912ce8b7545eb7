"""What a check is given: one step of a case as planned, and as observed. Values only; no sockets, no files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.checks.finding import Level
from conformance.scenario.model import Expect
from conformance.schema import SchemaRegistry
from conformance.sdk.protocol import Call, ClientConfig, Outcome
from conformance.wire.exchange import Exchange, Response
from conformance.wire.operations import Operation


@dataclass(frozen=True, slots=True)
class StepObservation:
    """Everything seen while one call ran.

    ``exchanges`` are the attempts in order, without those to other hosts (token endpoints), which are in
    ``side_exchanges``. ``waits`` are the pauses between attempts in seconds: one less than there are attempts.
    """

    exchanges: tuple[Exchange, ...]
    outcome: Outcome
    waits: tuple[float, ...] = ()
    side_exchanges: tuple[Exchange, ...] = ()

    @property
    def last_response(self) -> Response | None:
        """The response of the last attempt; None when there was no attempt or it got none."""
        return self.exchanges[-1].response if self.exchanges else None


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step, planned and observed. ``expect`` and ``call`` have their variables resolved.

    ``traits`` are the contract's for the version under test. ``level`` is the scenario's: findings of written
    expectations carry it. ``strict`` makes members unknown to the specification findings instead of notes.
    """

    index: int
    level: Level
    api_version: str
    operation: Operation
    client: ClientConfig
    call: Call
    expect: Expect
    observation: StepObservation
    traits: Mapping[str, Any]
    schemas: SchemaRegistry
    strict: bool = False

    @property
    def expects_error(self) -> bool:
        return self.expect.error is not None
