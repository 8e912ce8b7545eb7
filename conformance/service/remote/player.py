"""The player of a case whose service is elsewhere."""

from __future__ import annotations

from collections.abc import Callable

from conformance.service.peer.live import LiveAnswer
from conformance.service.player import CasePlayer
from conformance.service.remote.relay import Relay
from conformance.wire.clock import Clock
from conformance.wire.exchange import Exchange, Reply, Request


class TargetPlayer(CasePlayer):
    """Answers the requests of one case by asking the service through ``relay``. Requests to other
    hosts are answered as in a replay."""

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
        """Answer ``request`` from the service, or as a replay does when it is for another host."""
        if request.host != self._host:
            return self.answer(request)
        # The response is left out here: the peer keeps what it has seen of it.
        self.exchanges.append(Exchange(request, None, self._clock.now()))
        return await self._relay.serve(request, answer)
