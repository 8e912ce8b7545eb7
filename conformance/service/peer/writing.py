"""From a Reply to the bytes, pauses and ending that play it. Pure; the connection carries the plan
out."""

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

    ``keep``: it waits for the next request. ``close``: FIN, after TLS's own farewell. ``cut``: FIN
    without one. ``reset``: RST. ``hang``: nothing more is said until the client or the execution
    ends it.
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
    Fault.CONNECT_REFUSED: "a request that has arrived cannot be refused a connection: it was reset instead "
    "(close the execution's door to refuse)",
    Fault.CONNECT_TIMEOUT: "a request that has arrived was connected: it was left without an answer instead "
    "(silence the execution's door to time connections out)",
}


class Segment(NamedTuple):
    """``data``, written ``pause`` seconds after the segment before was due."""

    pause: float
    data: bytes


class Plan(NamedTuple):
    """A reply as it will go over the wire. ``approximated``: why a fault cannot be played as
    written, or None."""

    segments: tuple[Segment, ...]
    ending: Ending
    approximated: str | None = None


def plan_reply(reply: Reply, head: Head) -> Plan:
    """How ``reply`` answers the request ``head``. Raises ValueError for one that cannot be put on
    the wire."""
    fault, response, delivery = reply.fault, reply.response, reply.delivery
    if (
        delivery is PLAINLY
        and fault is None
        and response is not None
        and not response.chunks
        and head.keeps_alive
    ):
        frame = _frame(response.status, response.headers)
        if head.method != "HEAD" and not head.http10:  # the usual case, three times as fast
            if frame.length == len(response.body):
                return Plan((Segment(0.0, frame.head + response.body),), frame.ending)
            if frame.chunked and not response.pauses:
                coded = _coded(response.body) if response.body else b""
                return Plan((Segment(0.0, frame.head + coded + LAST_CHUNK),), frame.ending)
    ending = Ending.KEEP if fault is None else _ENDINGS[fault]
    late = _TOO_LATE.get(fault) if fault is not None else None
    if response is None:
        if fault is None:
            raise ValueError("a reply needs a response or a fault")
        before = delivery.head or b""
        return Plan(
            (Segment(delivery.delay, before),) if delivery.delay or before else (), ending, late
        )
    start, chunked, ends_itself = _start(reply, response, head)
    bodiless = head.method == "HEAD" or response.status in (204, 304) or response.status < 200
    tail = b""
    if chunked:
        tail = LAST_CHUNK if fault is None else _BROKEN_CHUNKS.get(fault, b"")
    segments = [Segment(delivery.delay, start)]
    if not bodiless:
        segments += _body_segments(response, chunked)
        if tail or delivery.linger:
            segments.append(Segment(delivery.linger, tail))
    if fault is None:
        ending = (
            Ending.CLOSE
            if delivery.close
            else ending_of(response.headers, head, ends_itself or bodiless)
        )
    return Plan(_joined(segments, bool(response.chunks)), ending, late)


def _start(reply: Reply, response: Response, head: Head) -> tuple[bytes, bool, bool]:
    """(the bytes of the head, whether the body is chunk-coded here, whether its end can be told
    from the wire)."""
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
    """The same for a response of which only status and headers are known. Raises ValueError."""
    names = {name.lower(): value for name, value in headers}
    if "transfer-encoding" in names:
        # A recording may hold both; a server must not send both (RFC 9112 section 6.1).
        single = tuple(pair for pair in headers if pair[0].lower() != "content-length")
        chunked = names["transfer-encoding"].strip().lower() == "chunked"
        return render_head(status, single), chunked, chunked
    if "content-length" in names or status in (204, 304) or status < 200:
        return render_head(status, headers), False, True
    if head.http10:
        return render_head(status, headers), False, False
    return render_head(status, (*headers, ("transfer-encoding", "chunked"))), True, True


def ending_of(headers: Headers, head: Head, ends_itself: bool) -> Ending:
    """What becomes of the connection after a response that went well."""
    return (
        Ending.KEEP
        if ends_itself and head.keeps_alive and not _says_close(headers)
        else Ending.CLOSE
    )


_ANY_HEAD = Head(b"")


class _Frame(NamedTuple):
    """What status and headers alone tell of a response to HTTP/1.1: its head, the content-length
    (-1: none that is to be relied on), what becomes of the connection, and whether the body is
    chunk-coded."""

    head: bytes
    length: int
    ending: Ending
    chunked: bool


@lru_cache(maxsize=512)
def _frame(status: int, headers: Headers) -> _Frame:
    names = {name.lower(): value.strip() for name, value in headers}
    length = names.get("content-length", "")
    usual = 200 <= status < 600 and status not in (204, 304)
    known = usual and length.isascii() and length.isdigit() and "transfer-encoding" not in names
    start, chunked, _ = start_of(status, headers, _ANY_HEAD)
    return _Frame(
        start,
        int(length) if known else -1,
        Ending.CLOSE if _says_close(headers) else Ending.KEEP,
        usual and chunked,
    )


@lru_cache(maxsize=512)
def render_head(status: int, headers: Headers) -> bytes:
    """Status line and headers, spelt as given, with the blank line. Raises ValueError for a header
    that is none."""
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
    return [
        Segment(float(pause), _coded(piece) if chunked else piece)
        for piece, pause in paired
        if isinstance(piece, bytes)
    ]


def _coded(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _joined(segments: list[Segment], apart: bool) -> tuple[Segment, ...]:
    """Segments that need not be told apart as one write: all without a pause between them, or with
    ``apart`` only the head with the first piece, and the end of the coding with the last."""
    merged: list[Segment] = []
    for index, segment in enumerate(segments):
        glued = not apart or index == 1 or segment.data in (LAST_CHUNK, b"")
        if merged and not segment.pause and glued:
            merged[-1] = Segment(merged[-1].pause, merged[-1].data + segment.data)
        else:
            merged.append(segment)
    return tuple(merged)


def harness_reply(status: int, code: str, message: str, *, close: bool) -> bytes:
    """An answer of the harness itself, in the service's error shape, which no SDK retries where it
    can be told so."""
    body = json.dumps(
        {"error": {"code": f"conformance-{code}", "message": f"The harness refused: {message}"}}
    ).encode()
    headers = (
        ("content-type", "application/json"),
        ("x-should-retry", "false"),
        ("content-length", str(len(body))),
    )
    return render_head(status, (*headers, ("connection", "close")) if close else headers) + body


def failure_response(failure: str) -> Response:
    """What is served when the player itself failed: 404-class, so that no SDK mistakes it for a
    passing trouble."""
    body = json.dumps(
        {
            "error": {
                "code": "conformance-player-failed",
                "message": f"The harness failed to answer: {failure}",
            }
        }
    ).encode()
    headers = (
        ("content-type", "application/json"),
        ("x-should-retry", "false"),
        ("content-length", str(len(body))),
    )
    return Response(404, headers, body, Provenance(Source.HARNESS, "the player failed"))
