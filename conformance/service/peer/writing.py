"""The plan of an answer: the bytes, pauses and ending that play a Reply. Pure; the connection
carries the plan out."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from itertools import pairwise, zip_longest
from typing import NamedTuple

from conformance.service.peer.parsing import Head
from conformance.wire.exchange import PLAINLY, Fault, Headers, Provenance, Reply, Response, Source

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_UNSAFE = re.compile(r"[\r\n\0]")
LAST_CHUNK = b"0\r\n\r\n"


class Ending(StrEnum):
    """What becomes of the connection after the last byte of a plan.

    ``keep``: it waits for the next request. ``close``: FIN, over TLS after its closing alert.
    ``cut``: FIN without the alert. ``reset``: RST. ``hang``: nothing more is sent until the client
    or the execution ends the connection.
    """

    KEEP = "keep"
    CLOSE = "close"
    CUT = "cut"
    RESET = "reset"
    HANG = "hang"


_ENDINGS = {
    Fault.CONNECT_REFUSED: Ending.RESET,
    Fault.CONNECTION_RESET: Ending.RESET,
    Fault.CUT_BODY: Ending.CUT,
    Fault.CONNECT_TIMEOUT: Ending.HANG,
    Fault.READ_TIMEOUT: Ending.HANG,
    Fault.STALL_BODY: Ending.HANG,
    Fault.BAD_CHUNK: Ending.CLOSE,
    Fault.SHORT_CHUNK: Ending.CUT,
}
_BROKEN_CHUNKS = {Fault.BAD_CHUNK: b"XYZ not a size\r\n", Fault.SHORT_CHUNK: b"10\r\n"}
_TOO_LATE = {
    Fault.CONNECT_REFUSED: "a request that has arrived cannot be refused a connection: it was "
    "reset instead (close the execution's door to refuse)",
    Fault.CONNECT_TIMEOUT: "a request that has arrived was connected: it was left without an "
    "answer instead (silence the execution's door to time connections out)",
}
"""Faults of connecting: when there is a request to answer, it is too late to play them."""


class Segment(NamedTuple):
    """``data``, written ``pause`` seconds after the segment before was due."""

    pause: float
    data: bytes


class WritePlan(NamedTuple):
    """A reply as it will go over the wire. ``approximated``: why a fault cannot be played as
    written, or None."""

    segments: tuple[Segment, ...]
    ending: Ending
    approximated: str | None = None


def plan_reply(reply: Reply, head: Head) -> WritePlan:
    """How ``reply`` answers the request ``head``. Raises ValueError for a reply that cannot be put
    on the wire."""
    # Most replies go out in one write and without a fault. They take a way of their own, which is
    # three times as fast.
    return _plain_plan(reply, head) or _full_plan(reply, head)


def _plain_plan(reply: Reply, head: Head) -> WritePlan | None:
    """The plan of a reply that is one write without a fault; None for every other reply."""
    response = reply.response
    if (
        reply.delivery is not PLAINLY
        or reply.fault is not None
        or response is None
        or response.chunks
        or not head.keeps_alive
        or head.http10
        or head.method == "HEAD"
    ):
        return None
    frame = _frame(response.status, response.headers)
    if frame.length == len(response.body):
        return WritePlan((Segment(0.0, frame.head + response.body),), frame.ending)
    if not frame.chunked or response.pauses:
        return None
    coded = LAST_CHUNK
    if response.body:
        coded = _coded(response.body) + LAST_CHUNK
    return WritePlan((Segment(0.0, frame.head + coded),), frame.ending)


def _full_plan(reply: Reply, head: Head) -> WritePlan:
    """The plan of any reply. Raises ValueError."""
    fault, response, delivery = reply.fault, reply.response, reply.delivery
    if response is None:
        if fault is None:
            raise ValueError("a reply needs a response or a fault")
        segments = [Segment(delivery.delay, delivery.head or b"")]
        if segments == [Segment(0.0, b"")]:
            segments = []
        return WritePlan(tuple(segments), _ENDINGS[fault], _TOO_LATE.get(fault))
    start, chunked, ends_itself = _start(reply, response, head)
    bodiless = head.method == "HEAD" or response.status in (204, 304) or response.status < 200
    tail = b""
    if chunked:
        tail = LAST_CHUNK
        if fault is not None:
            tail = _BROKEN_CHUNKS.get(fault, b"")
    segments = [Segment(delivery.delay, start)]
    if not bodiless:
        segments += _body_segments(response, chunked)
        if tail or delivery.linger:
            segments.append(Segment(delivery.linger, tail))
    joined = _joined(segments, apart=bool(response.chunks))
    if fault is not None:
        return WritePlan(joined, _ENDINGS[fault], _TOO_LATE.get(fault))
    if delivery.close:
        return WritePlan(joined, Ending.CLOSE)
    return WritePlan(joined, ending_of(response.headers, head, ends_itself or bodiless))


def _start(reply: Reply, response: Response, head: Head) -> tuple[bytes, bool, bool]:
    """(the bytes of the head, whether the body has to be chunk-coded, whether a client can tell
    where the body ends)."""
    if reply.delivery.head is not None:
        return reply.delivery.head, False, False
    if not reply.delivery.framed:
        return render_head(response.status, response.headers), False, False
    start, chunked, ends_itself = start_of(response.status, response.headers, head)
    length = response.header("content-length")
    if ends_itself and not chunked and length is not None:
        ends_itself = length.strip() == str(len(response.body))
    return start, chunked, ends_itself


def start_of(status: int, headers: Headers, head: Head) -> tuple[bytes, bool, bool]:
    """The same as ``_start``, for a response of which only status and headers are known. Raises
    ValueError."""
    names = {name.lower(): value for name, value in headers}
    if "transfer-encoding" in names:
        # A recording may hold transfer-encoding and content-length; a server must not send both
        # (RFC 9112 section 6.1).
        single = tuple(pair for pair in headers if pair[0].lower() != "content-length")
        chunked = names["transfer-encoding"].strip().lower() == "chunked"
        return render_head(status, single), chunked, chunked
    if "content-length" in names or status in (204, 304) or status < 200:
        return render_head(status, headers), False, True
    if head.http10:
        return render_head(status, headers), False, False
    return render_head(status, (*headers, ("transfer-encoding", "chunked"))), True, True


def ending_of(headers: Headers, head: Head, ends_itself: bool) -> Ending:
    """What becomes of the connection after a response without a fault. ``ends_itself``: the client
    can tell where the body ends."""
    if ends_itself and head.keeps_alive and not _says_close(headers):
        return Ending.KEEP
    return Ending.CLOSE


_ANY_HEAD = Head(b"")


class _Frame(NamedTuple):
    """What follows from status and headers alone, for a response to HTTP/1.1: its ``head``, the
    content-length (``length``; -1: the fast way does not apply), what becomes of the connection
    (``ending``), and whether the body is ``chunked``."""

    head: bytes
    length: int
    ending: Ending
    chunked: bool


@lru_cache(maxsize=512)
def _frame(status: int, headers: Headers) -> _Frame:
    names = {name.lower(): value.strip() for name, value in headers}
    content_length = names.get("content-length", "")
    has_body = 200 <= status < 600 and status not in (204, 304)
    start, chunked, _ = start_of(status, headers, _ANY_HEAD)
    length, ending = -1, Ending.KEEP
    if has_body and "transfer-encoding" not in names:
        if content_length.isascii() and content_length.isdigit():
            length = int(content_length)
    if _says_close(headers):
        ending = Ending.CLOSE
    return _Frame(start, length, ending, has_body and chunked)


@lru_cache(maxsize=512)
def render_head(status: int, headers: Headers) -> bytes:
    """Status line and headers, spelt as they are in ``headers``, with the blank line. Raises
    ValueError for a header that contains a line break or a NUL, or has no name."""
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}"]
    for name, value in headers:
        if _UNSAFE.search(name) or _UNSAFE.search(value) or not name:
            raise ValueError(f"header {name!r} would break out of its line")
        lines.append(f"{name}: {value}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _says_close(headers: Headers) -> bool:
    return any(name.lower() == "connection" and "close" in value.lower() for name, value in headers)


def _body_segments(response: Response, chunked: bool) -> list[Segment]:
    body = response.body
    cuts = sorted({0, *(end for end in response.chunks if 0 < end < len(body)), len(body)})
    pieces = [body[start:stop] for start, stop in pairwise(cuts)]
    paired = zip_longest(pieces, response.pauses[: len(pieces)], fillvalue=0.0)
    segments = [Segment(float(pause), piece) for piece, pause in paired if isinstance(piece, bytes)]
    if not chunked:
        return segments
    return [Segment(segment.pause, _coded(segment.data)) for segment in segments]


def _coded(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _joined(segments: list[Segment], *, apart: bool) -> tuple[Segment, ...]:
    """``segments`` in as few writes as the pauses between them allow.

    With ``apart`` the pieces of the body stay writes of their own. Then only the head joins the
    first piece, and the end of the chunked coding joins the last.
    """
    merged: list[Segment] = []
    for index, segment in enumerate(segments):
        joinable = not apart or index == 1 or segment.data in (LAST_CHUNK, b"")
        if merged and not segment.pause and joinable:
            merged[-1] = Segment(merged[-1].pause, merged[-1].data + segment.data)
        else:
            merged.append(segment)
    return tuple(merged)


def harness_reply(status: int, code: str, message: str, *, close: bool) -> bytes:
    """An answer of the harness itself, in the shape of the service's errors."""
    headers, body = _harness_error(f"conformance-{code}", f"The harness refused: {message}")
    if close:
        headers = (*headers, ("connection", "close"))
    return render_head(status, headers) + body


def failure_response(failure: str) -> Response:
    """What is served when the player itself failed."""
    headers, body = _harness_error(
        "conformance-player-failed", f"The harness failed to answer: {failure}"
    )
    # A 404, because SDKs take a 5xx for something that passes, and try again.
    return Response(404, headers, body, Provenance(Source.HARNESS, "the player failed"))


def _harness_error(code: str, message: str) -> tuple[Headers, bytes]:
    """Headers and body of an error of the harness."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    headers = (
        ("content-type", "application/json"),
        # SDKs that know this header do not try again, whatever the status.
        ("x-should-retry", "false"),
        ("content-length", str(len(body))),
    )
    return headers, body
