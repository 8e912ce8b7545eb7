"""One client connection: it reads requests, hands them to the player, and writes the answers byte
for byte.

No task is made for a request. A reply that needs no waiting is written from within the call that
brought the request's last byte. A reply with pauses is continued by timers, and by the transport
when the client is slow to read. Only a live player gets a task, as it waits for somebody else.
"""

from __future__ import annotations

import asyncio
import math
import time
from enum import StrEnum
from typing import Protocol, cast

from conformance.service.peer import ending
from conformance.service.peer.capture import CapturedConnection, ProblemCode, seconds_after
from conformance.service.peer.limits import PeerLimits
from conformance.service.peer.live import LiveAnswer, Serve
from conformance.service.peer.parsing import (
    HEAD_END,
    Body,
    Head,
    RequestRefused,
    bad_request,
    body_reader,
    check_start,
    parse_head,
    too_large,
)
from conformance.service.peer.record import Record
from conformance.service.peer.writing import (
    CONTINUE,
    Ending,
    WritePlan,
    failure_response,
    harness_reply,
    plan_reply,
)
from conformance.wire.exchange import Reply, Request
from conformance.wire.player import Player

_BURST = 64
"""Pieces written in one go before other connections get their turn."""

_TLS_BURST = 4
"""Pieces written in one go over TLS. Its transport does not tell before the loop's next turn that
the connection below it is gone, and asyncio logs a warning at the fifth write to such a one."""

_NOTHING = b""
_FAREWELL = WritePlan((), Ending.CLOSE)


class Phase(StrEnum):
    """What a connection is doing.

    ``read``: it waits for a request, or is in the middle of one. ``answer``: a request is being
    answered. ``hang``: a fault keeps the connection silent. ``drain``: the request was refused, and
    what still arrives is thrown away. ``gone``: the connection is closed.
    """

    READ = "read"
    ANSWER = "answer"
    HANG = "hang"
    DRAIN = "drain"
    GONE = "gone"


class Owner(Protocol):
    """What a connection needs of the execution it belongs to."""

    limits: PeerLimits
    player: Player
    serve: Serve | None
    opened: float
    records: list[Record]
    loop: asyncio.AbstractEventLoop

    def admit(self, head: Head) -> str:
        """The absolute URL ``head`` asks for. Raises RequestRefused when the request is not meant
        for this execution."""
        ...

    def spend(self, size: int) -> None:
        """Count a request and ``size`` bytes of body. Raises RequestRefused beyond the limits."""
        ...

    def report(self, connection: int, code: ProblemCode, cause: str, start: bytes = b"") -> None:
        """Keep a problem of ``connection``; ``start`` is the first bytes of what was sent."""
        ...

    def closed(self, number: int) -> None:
        """Take note that connection ``number`` is closed."""
        ...


class Connection(asyncio.Protocol):
    """One client connection, as asyncio's protocol. Everything runs on the loop's thread.

    ``number`` counts the connections of an execution from 1; ``accepted`` is when it was accepted.
    ``deadline`` is when ``expire`` has to be called. Both are readings of ``time.monotonic()``.
    """

    __slots__ = (
        "_begun",
        "_blocked",
        "_body",
        "_client_left",
        "_closed",
        "_drained",
        "_due",
        "_head",
        "_index",
        "_input",
        "_last",
        "_live",
        "_owner",
        "_phase",
        "_plan",
        "_raw",
        "_reading",
        "_ready",
        "_record",
        "_searched",
        "_sequence",
        "_task",
        "_timer",
        "_tls",
        "_transport",
        "_url",
        "_waited",
        "accepted",
        "deadline",
        "number",
    )

    def __init__(self, owner: Owner, number: int, accepted: float) -> None:
        self._owner = owner
        self.number = number
        self.accepted = accepted
        self.deadline = math.inf
        self._phase = Phase.READ
        self._transport: asyncio.Transport = cast(asyncio.Transport, None)
        self._tls: str | None = None
        self._input: bytes | bytearray = _NOTHING
        self._searched = 0
        self._begun = 0.0
        self._head: Head | None = None
        self._raw = _NOTHING
        self._url = ""
        self._body: Body | None = None
        self._record: Record | None = None
        self._sequence = 0
        self._plan = _FAREWELL
        self._index = 0
        self._due = 0.0
        self._waited = False
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._live: LiveAnswer | None = None
        self._task: asyncio.Task[None] | None = None
        self._blocked = self._reading = False
        self._drained = 0
        self._ready = self._last = False
        self._closed: float | None = None
        self._client_left: float | None = None

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for a request. Over TLS the handshake is done by now."""
        self._transport = cast(asyncio.Transport, transport)
        self._ready = True
        # The lowest mark makes the transport tell whenever the socket did not take everything.
        # Otherwise nobody would know when the socket has taken the last byte.
        high = 0
        session = transport.get_extra_info("ssl_object")
        if session is not None:
            self._tls = session.version()
            # Below TLS a buffer that is as full as the mark counts as too full, also at 0.
            high = 1
        self._transport.set_write_buffer_limits(high=high, low=0)
        self.deadline = time.monotonic() + self._owner.limits.idle_seconds

    def data_received(self, data: bytes) -> None:
        """Read what the client sent; while an answer is under way, keep it for later."""
        if self._phase is Phase.DRAIN or self._phase is Phase.GONE:
            self._drain(len(data))
            return
        if not self._input:
            self._input = data
        else:
            if isinstance(self._input, bytes):
                self._input = bytearray(self._input)
            self._input += data
        if self._phase is Phase.READ:
            self._read(time.monotonic())
        elif len(self._input) > self._owner.limits.pipelined_bytes:
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """Whether to keep the connection. Over plain TCP a client may end its side and still wait
        for its answer; a live player is told at once that the client has left."""
        if self._client_left is None:
            self._client_left = time.monotonic()
            if self._record is not None:
                self._record.client_left = self._client_left
        return self._phase is Phase.ANSWER and self._tls is None and self._live is None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop everything that is under way; keep a problem if a request was incomplete."""
        now = self._closed = time.monotonic()
        if exc is not None and self._client_left is None:
            self._client_left = now
        for pending in (self._timer, self._task):
            if pending is not None:
                pending.cancel()
        self._timer = self._task = None
        if self._record is not None:
            self._record.client_left = self._client_left
        if self._phase is Phase.READ and (self._input or self._body is not None):
            self._owner.report(
                self.number,
                ProblemCode.INCOMPLETE,
                "the connection ended in the middle of a request",
                self._start(),
            )
        self._phase = Phase.GONE
        self._owner.closed(self.number)

    def pause_writing(self) -> None:
        """Write no more for now: the client reads too slowly."""
        self._blocked = True
        if self._live is not None:
            self._live.pause()

    def resume_writing(self) -> None:
        """Go on writing: the socket has taken everything."""
        self._blocked = False
        if self._live is not None:
            self._live.resume()
        elif self._phase is Phase.ANSWER and self._timer is None:
            self._pump()

    # What the execution calls

    def expire(self) -> None:
        """End the connection, as its deadline has passed: with a 408 where a request is only
        partly here, quietly where none has begun."""
        self.deadline = math.inf
        if self._phase is not Phase.READ:
            self._transport.abort()
        elif self._body is None and not self._input:
            self._say_goodbye()
        else:
            cause = "the request's head took too long to arrive"
            if self._body is not None:
                cause = "the request's body took too long to arrive"
            self._refuse(RequestRefused(408, ProblemCode.TOO_SLOW, cause))

    def dismiss(self) -> None:
        """Close now if the connection is idle, otherwise after the answer that is under way."""
        self._last = True
        if self._ready and self._phase is Phase.READ and self._body is None and not self._input:
            self._say_goodbye()

    def abort(self) -> None:
        """End at once."""
        # Before connection_made there is no transport: the listener ends a handshake under way.
        if self._ready:
            self._transport.abort()

    def describe(self) -> CapturedConnection:
        """The connection as a value, its times counted from the opening of the execution."""
        opened = self._owner.opened
        return CapturedConnection(
            number=self.number,
            accepted=seconds_after(opened, self.accepted),
            tls=self._tls,
            requests=self._sequence,
            closed=seconds_after(opened, self._closed),
            client_left=seconds_after(opened, self._client_left),
        )

    # Reading

    def _read(self, now: float) -> None:
        """Take requests from the input until it is empty, a request is incomplete, or an answer has
        to wait."""
        self._reading = True
        try:
            while self._phase is Phase.READ and (self._input or self._body is not None):
                if not (self._body is not None or self._read_head(now)) or not self._read_body(now):
                    break
        except RequestRefused as refusal:
            self._refuse(refusal)
        finally:
            self._reading = False

    def _read_head(self, now: float) -> bool:
        """Take the head of a request from the input. False while it is incomplete. Raises
        RequestRefused."""
        data, limits = self._input, self._owner.limits
        if not self._begun:
            # RFC 9112 section 2.2: empty lines before a request are to be ignored.
            while data[:2] == b"\r\n":
                data = data[2:]
            self._input = data
            if not data:
                return False
            check_start(data)
            self._begun = now
            self.deadline = now + limits.head_seconds
        # What was searched before is not searched again, but for three bytes: the blank line may
        # have come in two pieces.
        end = data.find(HEAD_END, max(0, self._searched - 3))
        if end < 0 or end > limits.head_bytes:
            if len(data) > limits.head_bytes:
                raise RequestRefused(
                    431,
                    ProblemCode.HEAD_TOO_LARGE,
                    f"the head is longer than {limits.head_bytes} bytes",
                )
            if b"\n\n" in data[max(0, self._searched - 1) :]:
                raise bad_request("the head ends its lines with LF alone")
            self._searched = len(data)
            return False
        end += len(HEAD_END)
        self._raw, self._input, self._searched = bytes(data[:end]), data[end:], 0
        head = parse_head(self._raw, limits)
        self._url = self._owner.admit(head)
        self._head, self._body = head, body_reader(head, limits)
        self._record = Record(self._raw, self.number, self._sequence + 1, self._begun)
        self.deadline = now + limits.body_seconds
        if head.expects_continue and not self._body.complete and not self._input:
            self._transport.write(CONTINUE)
        return True

    def _read_body(self, now: float) -> bool:
        """Take the body of the request from the input, and answer the request once it is complete.
        False while it is not. Raises RequestRefused."""
        body, record, head = self._body, self._record, self._head
        assert body is not None and record is not None and head is not None
        if self._input:
            before = body.size
            self._input = body.feed(self._input)
            if body.size > self._owner.limits.body_bytes:
                raise too_large(self._owner.limits)
            # A body that came in one piece with its head needs no list of arrivals.
            came_with_head = body.complete and record.arrivals is None and now == record.arrived
            if body.size > before and not came_with_head:
                record.arrive(now, body.size)
        if not body.complete:
            return False
        record.complete = now
        record.sent_chunks, record.trailers = body.ends, body.trailers
        self._owner.spend(body.size)
        self._begun, self._body, self._raw = 0.0, None, _NOTHING
        self._sequence += 1
        self._answer(record, Request(head.method, self._url, head.headers, body.content()), head)
        return True

    # Answering

    def _answer(self, record: Record, request: Request, head: Head) -> None:
        record.request = request
        self._owner.records.append(record)
        self.deadline = math.inf
        self._phase = Phase.ANSWER
        if self._owner.serve is not None:
            self._live = LiveAnswer(self._transport, record, head)
            self._task = self._owner.loop.create_task(
                self._listen(self._owner.serve, self._live, record, head)
            )
            return
        try:
            record.reply = self._owner.player.answer(request)
            plan = plan_reply(record.reply, head)
        except Exception as error:
            plan = self._failed(error, record, head)
        record.approximated = plan.approximated
        self._play(plan, record)

    async def _listen(self, serve: Serve, answer: LiveAnswer, record: Record, head: Head) -> None:
        """Let a live player answer. This task is cancelled when the client leaves."""
        try:
            reply = await serve(record.request, answer)
            if reply is None or answer.begun:
                answer.finish()
                plan = WritePlan((), answer.ending)
            else:
                record.reply, plan = reply, plan_reply(reply, head)
        except Exception as error:
            plan = self._failed(error, record, head)
            if answer.begun:
                # The head is out, so the client cannot be sent the failure any more.
                plan = WritePlan((), Ending.RESET)
        finally:
            if answer.begun:
                record.reply = answer.reply()
            self._live = self._task = None
        self._play(plan, record)

    def _failed(self, error: Exception, record: Record, head: Head) -> WritePlan:
        """The plan of the answer that says that the player failed."""
        record.failure = f"{type(error).__name__}: {error}"
        record.reply = Reply(failure_response(record.failure))
        return plan_reply(record.reply, head)

    def _play(self, plan: WritePlan, record: Record) -> None:
        """Carry ``plan`` out, or begin to."""
        self._plan, self._index, self._waited, self._due = plan, 0, False, record.complete
        if self._blocked:
            return
        if len(plan.segments) != 1 or plan.segments[0].pause or not plan.segments[0].data:
            self._pump()
            return
        # The usual case is one write without a wait. It goes without _pump, which costs more.
        data = plan.segments[0].data
        self._index = 1
        if self._transport.is_closing():
            return
        self._transport.write(data)
        record.deliver(time.monotonic(), len(data))
        if not self._blocked:
            self._end(record)

    def _pump(self) -> None:
        """Write what may be written now, and arrange for the rest to follow."""
        self._timer = None
        record, segments, transport = self._record, self._plan.segments, self._transport
        assert record is not None
        burst = self._index + _BURST
        if self._tls is not None:
            burst = self._index + _TLS_BURST
        while self._index < len(segments):
            segment = segments[self._index]
            if segment.pause and not self._waited:
                # Pauses count from when the piece before was due, not from when it went out, so
                # that lateness does not add up.
                self._due += segment.pause
                self._waited = True
                self._timer = self._owner.loop.call_at(self._due, self._pump)
                return
            self._waited = False
            self._index += 1
            if segment.data:
                if transport.is_closing():
                    return
                transport.write(segment.data)
                record.deliver(time.monotonic(), len(segment.data))
            if self._blocked:
                return
            if self._index >= burst:
                self._timer = self._owner.loop.call_soon(self._pump)
                return
        self._end(record)

    def _end(self, record: Record) -> None:
        """End the answer, whose last byte is with the socket, in the way the plan says."""
        how = self._plan.ending
        if how is Ending.HANG:
            self._phase = Phase.HANG
            if self._client_left is not None:
                self._transport.abort()
            return
        now = time.monotonic()
        record.finished = now
        self._record = None
        if how is Ending.KEEP and not self._last and self._client_left is None:
            self._phase = Phase.READ
            self.deadline = now + self._owner.limits.idle_seconds
            if not self._reading and (self._input or not self._transport.is_reading()):
                self._transport.resume_reading()
                self._read(now)
        elif how is Ending.CUT:
            self._phase = Phase.GONE
            ending.cut(self._transport, self._owner.loop)
        elif how is Ending.RESET:
            self._phase = Phase.GONE
            ending.reset(self._transport, self._owner.loop)
        else:
            self._say_goodbye()

    def _say_goodbye(self) -> None:
        self._phase = Phase.GONE
        self._transport.close()

    # Refusing

    def _refuse(self, refusal: RequestRefused) -> None:
        """Answer with the reason, and keep the problem."""
        self._owner.report(self.number, refusal.code, refusal.cause, self._start())
        self._record, self._body, self._input = None, None, _NOTHING
        if not refusal.status:
            self._say_goodbye()
            return
        # What the client still sends is read for a while and thrown away. Closing at once would
        # reset the client's connection before it has read the answer.
        self._phase = Phase.DRAIN
        self._transport.write(
            harness_reply(refusal.status, refusal.code, refusal.cause, close=True)
        )
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self.deadline = time.monotonic() + self._owner.limits.drain_seconds

    def _drain(self, size: int) -> None:
        self._drained += size
        if self._drained > self._owner.limits.drain_bytes:
            self._transport.abort()

    def _start(self) -> bytes:
        """The first bytes of what the client sent, for a problem's report."""
        return (self._raw or bytes(self._input[:512]))[:512]
