"""The service's side of a case whose service is elsewhere.

While it is recorded, what the scenario writes itself is played, what is recorded already is replayed where the mode
says so, and the rest goes to the service. In a run against a target everything goes there.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.record.forwarder import Forwarder
from conformance.service.peer.live import LiveAnswer
from conformance.service.player import CASSETTE, CasePlayer
from conformance.service.remote.relay import Relay
from conformance.suite.cassette import CassettePlayback
from conformance.wire.clock import Clock
from conformance.wire.exchange import Exchange, Reply, Request


class RecordingPlayer(CasePlayer):
    """A player for one case. ``recorded`` answers first when it is given; ``replayed`` counts its answers."""

    def __init__(self, clock: Clock, service_host: str, forwarder: Forwarder,
                 recorded: CassettePlayback | None = None,
                 side: Callable[[Request], Reply | None] | None = None) -> None:
        super().__init__(clock, service_host, None, side)
        self._forwarder = forwarder
        self._recorded = recorded
        self.replayed = 0

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None:
        """Answer ``request`` from the script, the cassette or the service."""
        script, at = self._script, self._cursor
        if request.host != self._host or at >= len(script) or script[at] != CASSETTE:
            return self.answer(request)
        self._cursor += 1
        response = self._recorded.take(request) if self._recorded is not None else None
        if response is not None:
            self.replayed += 1
            return Reply(response)
        return await self._forwarder.serve(request, answer)


class TargetPlayer(CasePlayer):
    """A player for one case of a run against a service elsewhere."""

    def __init__(self, clock: Clock, service_host: str, relay: Relay,
                 side: Callable[[Request], Reply | None] | None = None) -> None:
        super().__init__(clock, service_host, None, side)
        self._relay = relay

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None:
        """Answer ``request`` from the service; another host's is refused as in a replay."""
        if request.host != self._host:
            return self.answer(request)
        self.exchanges.append(Exchange(request, None, self._clock.now()))  # what the peer has seen of it is the record
        return await self._relay.serve(request, answer)
