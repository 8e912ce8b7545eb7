"""How an SDK is reached: what every lane offers, and the client of one case that it opens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from conformance.service.player import CasePlayer
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Exchange
from conformance.wire.protocol import Call, ClientConfig, Outcome


@dataclass(frozen=True, slots=True)
class Traffic:
    """What passed while one call ran. ``exchanges``: the attempts in order. ``waits``: seconds
    between them, one less than there are attempts. ``side_exchanges``: requests to other services
    (a token endpoint)."""

    exchanges: tuple[Exchange, ...]
    waits: tuple[float, ...] = ()
    side_exchanges: tuple[Exchange, ...] = ()


class Session(Protocol):
    """One client of one case."""

    def call(self, call: Call) -> Outcome:
        """Perform ``call``. Whatever the SDK does is an Outcome. Raises Disturbed when the case has
        to be run again, alone."""
        ...

    def observed(self, player: CasePlayer) -> Traffic:
        """What passed while the last call ran, where ``player`` answered."""
        ...

    def close(self) -> str:
        """Close the client. Returns what the adapter did wrong after its last answer; empty when
        nothing."""
        ...


class Lane(Protocol):
    """How an SDK reaches its service. ``wait_slack``: seconds by which a wait may be seen longer
    than it was slept."""

    wait_slack: float

    def open(
        self,
        config: ClientConfig,
        player: CasePlayer,
        clock: VirtualClock,
        seed: str,
        waits: float = 0.0,
    ) -> Session:
        """One client for one case, whose requests ``player`` answers. ``seed`` makes the SDK's
        jitter reproducible where time is virtual. ``waits``: seconds the case may spend waiting
        where time is real."""
        ...

    def close(self) -> None:
        """End what the lane has started, and undo what it has changed."""
        ...
