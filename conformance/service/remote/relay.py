"""The relay between an SDK and a service that is not ours: a resource, or somebody's gateway.

The SDK is given stand-ins for the credentials and never sees the real ones. On the way out the
relay puts the real ones where the stand-ins are; on the way back it takes them out of whatever the
service echoes. So neither an SDK's log nor a report can hold them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from conformance.errors import EnvironmentFault
from conformance.service.peer.live import LiveAnswer
from conformance.service.remote.passing import Outlet, Substitution, carry
from conformance.service.remote.upstream import Remote, Timeouts
from conformance.wire.exchange import Fault, Headers, Provenance, Reply, Request

# A reasoning model thinks for minutes before its first byte, and it is the SDK's own time-out that
# should end a call, not this one.
_TIMEOUTS = Timeouts(idle=300.0)
_BROKEN_LATER = frozenset({"upstream-broken", "upstream-timeout"})
"""Codes of faults that occur after the service was reached."""


@dataclass(frozen=True, slots=True)
class Exchanger:
    """Exchanges stand-ins for what is real. ``outward`` gives the real value of a header (name,
    value) and may block for a while; ``inward`` gives the texts that are replaced in everything the
    service answers, and what by."""

    outward: Callable[[str, str], str]
    inward: Callable[[], Mapping[str, str]] = field(default=dict)


class Relay:
    """A live player that asks ``remote`` and passes on what it answers, with ``provenance``. It
    keeps nothing and tries nothing again: retries are the SDK's part.

    Raises EnvironmentFault when the service cannot be reached. A connection that breaks later is
    passed on to the SDK as a broken connection.
    """

    def __init__(self, remote: Remote, provenance: Provenance, exchanger: Exchanger) -> None:
        self._upstream = remote.upstream(timeouts=_TIMEOUTS)
        self._provenance = provenance
        self._exchanger = exchanger

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None:
        """Ask the service, and pass its answer on to ``answer`` as it comes."""
        # In a thread, because a token may have to be asked for, and the peer's loop must not block.
        headers = await asyncio.to_thread(self._outward, request.headers)
        outlet = Outlet(answer)
        try:
            async with self._upstream.sent(replace(request, headers=headers)) as answering:
                await carry(
                    answering,
                    request.method,
                    outlet,
                    self._provenance,
                    idle=self._upstream.timeouts.idle,
                    exchanged=Substitution(self._exchanger.inward()),
                    # An SDK that followed a redirect would leave the relay, and nobody would see
                    # what it does there.
                    hide_goal=True,
                )
        except EnvironmentFault as fault:
            if fault.code not in _BROKEN_LATER:
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
        # Bodies have to come unencoded, so that texts can be replaced in them and rules can read
        # them.
        return (*exchanged, ("Accept-Encoding", "identity"))
