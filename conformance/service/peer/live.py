"""Answers that are not known beforehand: a live player forwards a request and writes its answer
piece by piece, as the pieces come.

What it wrote is kept as a Response whose ``chunks`` and ``pauses`` are the pieces and their times,
so that a recording replays in the rhythm in which it came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from conformance.service.peer.parsing import Head
from conformance.service.peer.record import Record
from conformance.service.peer.writing import LAST_CHUNK, Ending, ending_of, start_of
from conformance.wire.exchange import (
    Fault,
    Headers,
    Provenance,
    Reply,
    Request,
    Response,
    header,
)


class LivePlayer(Protocol):
    """A player that answers on the peer's event loop, which it must not block."""

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None:
        """Write the answer to ``request`` into ``answer`` and return None; or write nothing and
        return a Reply, which is then played as any other, faults included.

        It is cancelled when the client leaves. What it raises is kept as the exchange's failure:
        before ``answer.begin`` the client gets a 404-class answer, later its connection is reset.
        """
        ...


Serve = Callable[[Request, "LiveAnswer"], Awaitable[Reply | None]]


def serve_of(player: object) -> Serve | None:
    """The ``serve`` method of ``player`` if it is a live one, whose ``answer`` is never asked; None
    for every other player."""
    return cast("Serve | None", cast(Any, getattr(player, "serve", None)))


class LiveAnswer:
    """What a live player writes its answer into: ``begin`` once, then ``send`` for each piece. The
    answer ends when ``serve`` returns."""

    def __init__(self, transport: asyncio.Transport, record: Record, head: Head) -> None:
        self._transport = transport
        self._record = record
        self._head = head
        self._chunked = self._bodiless = self._broken = False
        self._client_reads = asyncio.Event()
        self._client_reads.set()
        self._pieces: list[bytes] = []
        self._times: list[float] = []
        self._begun_at = 0.0
        self._sent_head: tuple[int, Headers, Provenance] | None = None
        self.ending = Ending.KEEP

    @property
    def begun(self) -> bool:
        """Whether the head is out."""
        return self._sent_head is not None

    def begin(self, status: int, headers: Headers, provenance: Provenance) -> None:
        """Send the head. The body is framed as the headers say; without a length it is chunk-coded.
        Raises ValueError for a second head, or one that cannot be sent."""
        if self._sent_head is not None:
            raise ValueError("the answer has already begun")
        start, self._chunked, ends_itself = start_of(status, headers, self._head)
        self._bodiless = self._head.method == "HEAD" or status in (204, 304)
        self.ending = ending_of(headers, self._head, ends_itself or self._bodiless)
        self._sent_head = (status, headers, provenance)
        self._begun_at = self._put(start)

    async def send(self, piece: bytes) -> None:
        """Send ``piece`` as a chunk of its own, and wait while the client is slow to read. Raises
        ValueError before ``begin``."""
        if self._sent_head is None:
            raise ValueError("the answer has not begun")
        if not piece or self._bodiless:
            return
        self._pieces.append(piece)
        data = piece
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(piece), piece)
        self._times.append(self._put(data))
        await self._client_reads.wait()

    def break_off(self) -> None:
        """Let the connection end (FIN) after what was sent, although the head promises more."""
        self._broken, self.ending = True, Ending.CUT

    def finish(self) -> None:
        """Write what ends the body. Raises ValueError when nothing was sent, or when the head
        promised another number of bytes and the answer was not broken off."""
        if self._sent_head is None:
            raise ValueError("the live player sent nothing")
        if self._broken or self._bodiless:
            return
        if self._chunked:
            self._put(LAST_CHUNK)
            return
        _, headers, _ = self._sent_head
        sent = sum(map(len, self._pieces))
        promised = header(headers, "content-length")
        if promised is not None and promised.strip() != str(sent):
            raise ValueError(f"the live player promised {promised} bytes and sent {sent}")

    def reply(self) -> Reply:
        """What was sent so far."""
        if self._sent_head is None:
            return Reply()
        status, headers, provenance = self._sent_head
        ends, pauses = [], []
        total, before = 0, self._begun_at
        for piece, at in zip(self._pieces, self._times, strict=True):
            total += len(piece)
            ends.append(total)
            pauses.append(round(at - before, 6))
            before = at
        response = Response(
            status=status,
            headers=headers,
            body=b"".join(self._pieces),
            provenance=provenance,
            chunks=tuple(ends),
            pauses=tuple(pauses),
        )
        if self._broken:
            return Reply(response, Fault.CUT_BODY)
        return Reply(response)

    def pause(self) -> None:
        """Make ``send`` wait, because the client does not read."""
        self._client_reads.clear()

    def resume(self) -> None:
        """Let ``send`` go on: the client reads again, or it has left and nobody has to wait for
        it."""
        self._client_reads.set()

    def _put(self, data: bytes) -> float:
        """Write ``data`` to the client, unless its connection is closing. Returns when that was."""
        now = time.monotonic()
        if not self._transport.is_closing():
            self._transport.write(data)
            self._record.deliver(now, len(data))
        return now
