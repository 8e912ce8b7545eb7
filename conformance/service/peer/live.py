"""Answers that are not known beforehand: a live player (one that forwards, to record) speaks piece
by piece.

What it said is kept as a Response whose ``chunks`` and ``pauses`` are the pieces and their times,
so that a recording replays as it came.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from conformance.service.peer.parsing import Head
from conformance.service.peer.record import Record
from conformance.service.peer.writing import LAST_CHUNK, Ending, ending_of, start_of
from conformance.wire.exchange import Fault, Headers, Provenance, Reply, Request, Response


class LivePlayer(Protocol):
    """Answers by itself, on the peer's event loop. It must not block it; it is cancelled when its
    client leaves.

    ``serve`` speaks into the answer, or returns a Reply before it has said anything, which is then
    played as any other, faults included. Raising before ``begin`` makes a 404-class answer and a
    recorded failure, raising later a recorded failure and a reset of the connection.
    """

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None: ...


Serve = Callable[[Request, "LiveAnswer"], Awaitable[Reply | None]]


def serve_of(player: object) -> Serve | None:
    """The ``serve`` method of ``player`` if it is a live one: then ``answer`` is not asked."""
    return cast("Serve | None", cast(Any, getattr(player, "serve", None)))


class LiveAnswer:
    """What a live player speaks into: ``begin`` once, ``send`` for each piece. Its end is the end
    of ``serve``."""

    def __init__(self, transport: asyncio.Transport, record: Record, head: Head) -> None:
        self._transport = transport
        self._record = record
        self._head = head
        self._chunked = self._silent = self._broken = False
        self._room = asyncio.Event()
        self._room.set()
        self._pieces: list[bytes] = []
        self._times: list[float] = []
        self._begun_at = 0.0
        self._spoken: tuple[int, Headers, Provenance] | None = None
        self.ending = Ending.KEEP

    @property
    def begun(self) -> bool:
        """Whether the head is out."""
        return self._spoken is not None

    def begin(self, status: int, headers: Headers, provenance: Provenance) -> None:
        """Send the head. Framing follows the headers; without a length the body is chunk-coded.
        Raises ValueError for a second head, or one that cannot be sent."""
        if self._spoken is not None:
            raise ValueError("the answer has already begun")
        start, self._chunked, ends_itself = start_of(status, headers, self._head)
        self._silent = self._head.method == "HEAD" or status in (204, 304)
        self.ending = ending_of(headers, self._head, ends_itself or self._silent)
        self._spoken = (status, headers, provenance)
        self._begun_at = self._put(start)

    async def send(self, piece: bytes) -> None:
        """Send ``piece`` as a chunk of its own, and wait while the client is slow to read. Raises
        ValueError before ``begin``."""
        if self._spoken is None:
            raise ValueError("the answer has not begun")
        if not piece or self._silent:
            return
        self._pieces.append(piece)
        self._times.append(
            self._put(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)
        )
        await self._room.wait()

    def break_off(self) -> None:
        """What was said is all that comes, although the head promises more: the connection ends
        under the body."""
        self._broken, self.ending = True, Ending.CUT

    def finish(self) -> None:
        """The end of the answer, as far as it is written here. Raises ValueError when nothing was
        said, or less than the head promised without being broken off."""
        if self._spoken is None:
            raise ValueError("the live player said nothing")
        if self._broken:
            return
        if self._chunked and not self._silent:
            self._put(LAST_CHUNK)
        said = sum(map(len, self._pieces))
        promised = next(
            (value for name, value in self._spoken[1] if name.lower() == "content-length"), None
        )
        if not (self._chunked or self._silent or promised is None) and promised.strip() != str(
            said
        ):
            raise ValueError(f"the live player promised {promised} bytes and sent {said}")

    def reply(self) -> Reply:
        """What was said so far."""
        if self._spoken is None:
            return Reply()
        status, headers, provenance = self._spoken
        ends, pauses = [], []
        total, before = 0, self._begun_at
        for piece, at in zip(self._pieces, self._times, strict=True):
            total += len(piece)
            ends.append(total)
            pauses.append(round(at - before, 6))
            before = at
        return Reply(
            Response(
                status, headers, b"".join(self._pieces), provenance, tuple(ends), tuple(pauses)
            ),
            Fault.CUT_BODY if self._broken else None,
        )

    def hold(self) -> None:
        """The client does not read: ``send`` will wait."""
        self._room.clear()

    def go_on(self) -> None:
        """It does again, or there is none any more."""
        self._room.set()

    def _put(self, data: bytes) -> float:
        now = time.monotonic()
        if not self._transport.is_closing():
            self._transport.write(data)
            self._record.deliver(now, len(data))
        return now
