"""What rules are given: one step of a case as planned, and as observed. Values only; no sockets, no
files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.judge.rules.finding import Level
from conformance.suite.scenario.model import Expect
from conformance.wire.exchange import Exchange, Response
from conformance.wire.operations import Operation
from conformance.wire.protocol import Call, ClientConfig, Outcome

if TYPE_CHECKING:
    from conformance.suite.schema import SchemaRegistry


@dataclass(frozen=True, slots=True)
class StepObservation:
    """Everything seen while one call ran.

    ``exchanges`` are the attempts in order, without those to other hosts (token endpoints), which
    are in ``side_exchanges``. ``waits`` are the pauses between attempts in seconds: one less than
    there are attempts.
    """

    exchanges: tuple[Exchange, ...]
    outcome: Outcome
    waits: tuple[float, ...] = ()
    side_exchanges: tuple[Exchange, ...] = ()

    @property
    def last_response(self) -> Response | None:
        """The response of the last attempt; None when there was no attempt or it got none."""
        if not self.exchanges:
            return None
        return self.exchanges[-1].response


@dataclass(frozen=True, slots=True)
class StepContext:
    """One step, planned and observed. ``expect`` and ``call`` have their variables resolved.

    ``traits`` are the contract's for the version under test (``docs/rules.md`` lists the ones rules
    read). ``level`` is the scenario's: findings of written expectations carry it. ``strict`` makes
    members unknown to the specification findings instead of notes. ``wait_slack`` (seconds) is how
    much later than the SDK slept a request may have been seen: 0 on a virtual clock.
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
    wait_slack: float = 0.0

    @property
    def expects_error(self) -> bool:
        """Whether the scenario wants the call to fail."""
        return self.expect.error is not None
