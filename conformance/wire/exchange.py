"""What passed between an SDK and its target: requests, responses and the faults put in their place.

Values only. Times are seconds on the clock of the case (virtual in the in-process lane), counted
from its start. Header names keep the case they had on the wire; look-ups ignore it (RFC 9110
section 5.1).
"""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

Headers = tuple[tuple[str, str], ...]

MAX_CONTENT = 100_000_000
"""Bytes of a body that are looked at once decoded: a compressed kilobyte can hold a gigabyte."""


class Fault(StrEnum):
    """What the peer does instead of, or in the middle of, a response (docs/scenarios.md)."""

    CONNECT_REFUSED = "connect_refused"
    CONNECTION_RESET = "connection_reset"
    CONNECT_TIMEOUT = "connect_timeout"
    READ_TIMEOUT = "read_timeout"
    CUT_BODY = "cut_body"
    STALL_BODY = "stall_body"
    BAD_CHUNK = "bad_chunk"
    SHORT_CHUNK = "short_chunk"


class Source(StrEnum):
    """Where served bytes come from. Every report shows it beside what rests on them
    (docs/results.md)."""

    LIVE = "live"
    EMULATOR = "emulator"
    DOCUMENTATION = "documentation"
    SCRIPT = "script"
    GATEWAY = "gateway"
    HARNESS = "harness"


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a body: its ``source``, and a human-readable ``ref`` (article section, fact,
    issue URL, date)."""

    source: Source
    ref: str = ""


def header(headers: Headers, name: str) -> str | None:
    """The first value of header ``name``, in any case, or None."""
    lower = name.lower()
    for key, value in headers:
        if key.lower() == lower:
            return value
    return None


def header_values(headers: Headers, name: str) -> tuple[str, ...]:
    """Every value of header ``name``, in wire order."""
    lower = name.lower()
    return tuple(value for key, value in headers if key.lower() == lower)


def json_or_none(body: bytes) -> Any:
    """The JSON value of ``body``, or None when it is empty or not JSON. A JSON ``null`` also reads
    as None."""
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):  # nested beyond what Python reads is as good as no JSON
        return None


@dataclass(frozen=True, slots=True)
class Request:
    """One request exactly as the SDK handed it to its transport. ``url`` is absolute and
    undecoded."""

    method: str
    url: str
    headers: Headers
    body: bytes = b""

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def path(self) -> str:
        """The raw path, percent-encoding as sent."""
        return urlsplit(self.url).path

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """Query pairs in wire order, decoded, blanks kept."""
        return tuple(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    def json(self) -> Any:
        return json_or_none(self.body)


@dataclass(frozen=True, slots=True)
class Response:
    """One response as served. ``chunks`` are end offsets of the pieces the body was delivered in;
    empty: in one.

    ``pauses`` are the seconds before each piece, counted from the piece before (the first from the
    head); a piece without one follows at once.
    """

    status: int
    headers: Headers
    body: bytes
    provenance: Provenance
    chunks: tuple[int, ...] = ()
    pauses: tuple[float, ...] = ()

    def header(self, name: str) -> str | None:
        return header(self.headers, name)

    @property
    def content(self) -> bytes:
        """The body without its content coding, as a client reads it; as it stands when it is not
        what it says, or more than ``MAX_CONTENT`` bytes."""
        if (self.header("content-encoding") or "").strip().lower() != "gzip":
            return self.body
        inflater = zlib.decompressobj(31)
        try:
            content = inflater.decompress(self.body, MAX_CONTENT)
        except zlib.error:
            return self.body
        return content if inflater.eof else self.body

    def json(self) -> Any:
        return json_or_none(self.content)

    @property
    def is_event_stream(self) -> bool:
        return (self.header("content-type") or "").startswith("text/event-stream")


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, and what answered it.

    ``response`` is None when a ``fault`` came before any response; both are set when the body was
    cut. ``at`` is when the request arrived. ``miss`` explains why no recorded or scripted reply
    fitted: then the response is the harness's own non-retryable 404 and the case is blamed on the
    cassette, not on the SDK.
    """

    request: Request
    response: Response | None
    at: float
    fault: Fault | None = None
    miss: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the peer puts a response on the wire, where that is more than its status, headers and
    body.

    ``delay``: seconds before the first byte. ``linger``: seconds between the last byte of the body
    and the end of the response, as of a service that keeps the connection open after ``[DONE]``.
    ``head``: sent instead of the status line and the headers; nothing is added to it. ``framed``
    False: the body goes out as it stands whatever the headers announce, so that it can be a broken
    chunked coding. ``close``: the connection ends (FIN) after the response.
    """

    delay: float = 0.0
    linger: float = 0.0
    head: bytes | None = None
    framed: bool = True
    close: bool = False


PLAINLY = Delivery()


@dataclass(frozen=True, slots=True)
class Reply:
    """What the transport is to do with a request: deliver ``response``, or raise ``fault`` in its
    place.

    With both, the body of ``response`` is delivered first and the fault comes after its last byte.
    A ``CUT_BODY`` without a response is a connection closed before any answer, or in the middle of
    a head that ``delivery`` gives.
    """

    response: Response | None = None
    fault: Fault | None = None
    delivery: Delivery = PLAINLY
