"""Asking a service that is not ours, in the place of a client: the far side of a run against a
resource or a gateway.

The client is given stand-ins for the credentials and never sees the real ones. They are put in on
the way out, where a stand-in stands, and taken out of whatever the service echoes, so that neither
an SDK's log nor a report can hold them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from conformance.errors import EnvironmentFault
from conformance.service.peer.live import LiveAnswer
from conformance.service.remote.passing import Exchanged, Outlet, carry
from conformance.service.remote.upstream import Remote, Timeouts
from conformance.wire.exchange import Fault, Headers, Provenance, Reply, Request

_FAR = Timeouts(idle=300.0)
"""A reasoning model thinks for minutes before its first byte; the SDK's own time-out is to end a
call, not ours."""
_BROKEN = frozenset({"upstream-broken", "upstream-timeout"})


@dataclass(frozen=True, slots=True)
class Exchanger:
    """``outward`` gives a header its real value, and may take time. ``inward``: what is replaced in
    everything the service answers."""

    outward: Callable[[str, str], str]
    inward: Callable[[], Mapping[str, str]] = field(default=dict)


class Relay:
    """A live player: every request goes to ``remote``, and what comes back is the answer, with
    ``provenance``. Nothing is kept, waited for or tried again: that is the SDK's part.

    Redirects are not followed, nor shown where they lead: a client that followed would leave the
    observation. The service is asked for unencoded bodies, so that what they hold can be looked at.
    Raises EnvironmentFault when the service cannot be reached; a connection that breaks later is an
    answer like any other.
    """

    def __init__(self, remote: Remote, provenance: Provenance, exchanger: Exchanger) -> None:
        self._upstream = remote.upstream(timeouts=_FAR)
        self._provenance = provenance
        self._exchanger = exchanger

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None:
        """Ask the service, and speak its answer as it comes."""
        headers = await asyncio.to_thread(
            self._outward, request.headers
        )  # a token may have to be asked for
        outlet = Outlet(answer)
        try:
            async with self._upstream.sent(replace(request, headers=headers)) as answering:
                await carry(
                    answering,
                    request.method,
                    outlet,
                    self._provenance,
                    self._upstream.timeouts.idle,
                    Exchanged(self._exchanger.inward()),
                    hide_goal=True,
                )
        except EnvironmentFault as fault:
            if fault.code not in _BROKEN:
                raise
            if not outlet.begun:
                return Reply(None, Fault.CONNECTION_RESET)
            outlet.break_off()
        return None

    def _outward(self, headers: Headers) -> Headers:
        exchanged = tuple(
            (name, self._exchanger.outward(name, value))
            for name, value in headers
            if name.lower() != "accept-encoding"
        )
        return (*exchanged, ("Accept-Encoding", "identity"))
