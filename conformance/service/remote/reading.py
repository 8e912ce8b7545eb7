"""Reading HTTP/1.1 responses (RFC 9112): heads, and bodies with the ends of their chunks."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from conformance.service.peer.limits import PeerLimits
from conformance.service.peer.parsing import HEAD_END, ChunkedBody, LengthBody, RequestRefused
from conformance.wire.exchange import Headers, header

MAX_BODY = 100 * 1024 * 1024
"""Bytes of a body; a longer one is not read."""
_READ = 65_536
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?")
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")


class Broken(Exception):
    """What came is no HTTP/1.1 response, or it ended before it was whole; the text says which."""


@dataclass(slots=True)
class ResponseHead:
    """Status and headers as sent: order, case and repetition kept."""

    status: int
    headers: Headers


@dataclass(slots=True)
class BodyState:
    """How a body is framed: ``chunked``, with an announced ``length``, or, with neither, by the end
    of the connection. ``ends`` and ``times`` are the end offsets of the chunks read so far, and
    when each was read, in seconds on the event loop's clock."""

    chunked: bool
    length: int | None
    ends: list[int] = field(default_factory=list)
    times: list[float] = field(default_factory=list)


async def read_head(reader: asyncio.StreamReader) -> ResponseHead:
    """The head of the next final response; interim ones (1xx) are passed over. Raises Broken."""
    while True:
        try:
            raw = await reader.readuntil(HEAD_END)
        except asyncio.IncompleteReadError as error:
            size = "without a byte"
            if error.partial:
                size = f"after {len(error.partial)} bytes"
            raise Broken(f"the connection ended {size}, before the head of a response") from None
        except asyncio.LimitOverrunError:
            raise Broken("the head of the response is too long") from None
        head = parse_head(raw)
        if head.status >= 200:
            return head


def parse_head(raw: bytes) -> ResponseHead:
    """The head ``raw``, which ends in a blank line. Raises Broken."""
    first, *lines = raw[: -len(HEAD_END)].split(b"\r\n")
    status_line = _STATUS.fullmatch(first)
    if status_line is None:
        raise Broken("what answers does not speak HTTP/1.1")
    headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise Broken("a header of the response is none")
        headers.append((name.decode("latin-1"), value.strip(b" \t").decode("latin-1")))
    return ResponseHead(int(status_line[1]), tuple(headers))


def framing(head: ResponseHead, method: str) -> BodyState:
    """How the body after ``head`` is framed. Raises Broken where the length can be read in two ways
    (RFC 9112 section 6.3)."""
    coding = header(head.headers, "transfer-encoding")
    length = header(head.headers, "content-length")
    if method == "HEAD" or head.status in (204, 304):
        return BodyState(chunked=False, length=0)
    if coding is not None:
        if coding.strip().lower() != "chunked" or length is not None:
            raise Broken("the length of the response can be read in two ways")
        return BodyState(chunked=True, length=None)
    if length is None:
        return BodyState(chunked=False, length=None)
    if not (length.isascii() and length.isdigit()):
        raise Broken("the content-length of the response is no number")
    return BodyState(chunked=False, length=int(length))


async def read_body(
    reader: asyncio.StreamReader, state: BodyState, clock: asyncio.AbstractEventLoop, idle: float
) -> AsyncIterator[bytes]:
    """The body in the pieces it came in; no piece goes beyond the end of a chunk. The ends and
    times of chunks are added to ``state``, by ``clock``. Raises Broken for a body that is not whole
    or larger than MAX_BODY, TimeoutError after ``idle`` seconds without a byte."""
    body = _body_reader(state)
    size = 0
    while body is None or not body.complete:
        async with asyncio.timeout(idle):
            data = await reader.read(_READ)
        if not data:
            if body is None:
                return
            raise Broken(f"the body of the response broke off after {size} bytes")
        pieces = [data]
        if body is not None:
            pieces = _fed(body, data, state, clock.time())
        for piece in pieces:
            size += len(piece)
            if size > MAX_BODY:
                raise Broken(f"the body of the response has more than {MAX_BODY} bytes")
            yield piece


def _body_reader(state: BodyState) -> ChunkedBody | LengthBody | None:
    """The reader of a body that is framed as ``state`` says; None when the connection's end is the
    body's."""
    if state.chunked:
        return ChunkedBody(PeerLimits())
    if state.length is not None:
        return LengthBody(state.length)
    return None


def _fed(body: ChunkedBody | LengthBody, data: bytes, state: BodyState, now: float) -> list[bytes]:
    """The pieces of the body that ``data`` brings. Raises Broken."""
    before = len(body.pieces)
    try:
        rest = body.feed(data)
    except RequestRefused as refusal:
        raise Broken(f"the chunked coding of the response is broken: {refusal.cause}") from None
    if rest:
        raise Broken("the response is longer than it announced")
    new = body.ends[len(state.ends) :]
    state.ends += new
    state.times += [now] * len(new)
    return [bytes(piece) for piece in body.pieces[before:]]
