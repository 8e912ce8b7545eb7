"""The service's side of a case whose service is elsewhere: everything goes there."""

from __future__ import annotations

from collections.abc import Callable

from conformance.service.peer.live import LiveAnswer
from conformance.service.player import CasePlayer
from conformance.service.remote.relay import Relay
from conformance.wire.clock import Clock
from conformance.wire.exchange import Exchange, Reply, Request


class TargetPlayer(CasePlayer):
    """A player for one case of a run against a service elsewhere."""

    def __init__(
        self,
        clock: Clock,
        service_host: str,
        relay: Relay,
        side: Callable[[Request], Reply | None] | None = None,
    ) -> None:
        super().__init__(clock, service_host, None, side)
        self._relay = relay

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None:
        """Answer ``request`` from the service; another host's is refused as in a replay."""
        if request.host != self._host:
            return self.answer(request)
        self.exchanges.append(
            Exchange(request, None, self._clock.now())
        )  # what the peer has seen of it is the record
        return await self._relay.serve(request, answer)
