"""The service's side of a case that is recorded.

What the scenario writes itself is played, what is recorded already is replayed where the mode says
so, and the rest goes to the service.
"""

from __future__ import annotations

from collections.abc import Callable

from conformance.record.forwarder import Forwarder
from conformance.service.peer.live import LiveAnswer
from conformance.service.player import CASSETTE, CasePlayer
from conformance.suite.cassette import CassettePlayback
from conformance.wire.clock import Clock
from conformance.wire.exchange import Reply, Request


class RecordingPlayer(CasePlayer):
    """A player for one case. ``recorded`` answers first when it is given; ``replayed`` counts its
    answers."""

    def __init__(
        self,
        clock: Clock,
        service_host: str,
        forwarder: Forwarder,
        recorded: CassettePlayback | None = None,
        side: Callable[[Request], Reply | None] | None = None,
    ) -> None:
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
