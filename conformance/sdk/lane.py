"""How an SDK is reached: what every lane offers, and the client of one case that it opens."""

from __future__ import annotations

from typing import Protocol

from conformance.service.player import CasePlayer
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Exchange
from conformance.wire.protocol import Call, ClientConfig, Outcome


class Session(Protocol):
    """One client of one case."""

    def call(self, call: Call) -> Outcome: ...

    def observed(
        self, player: CasePlayer
    ) -> tuple[tuple[Exchange, ...], tuple[float, ...], tuple[Exchange, ...]]:
        """What passed while the last call ran: attempts, the waits between them, requests to other
        services."""
        ...

    def close(self) -> str | None:
        """Close the client. Returns what the adapter did wrong after its last answer, if it did."""
        ...


class Lane(Protocol):
    """How an SDK reaches its target. ``wait_slack``: seconds by which a wait may be seen longer
    than it was slept."""

    wait_slack: float

    def open(
        self,
        config: ClientConfig,
        player: CasePlayer,
        clock: VirtualClock,
        seed: str,
        waits: float = 0.0,
    ) -> Session: ...
