"""Reading HTTP/1.1 requests (RFC 9112): heads through llhttp, bodies counted here so that every
boundary is known.

llhttp does not tell where in its input a message ended. So it is given each head by itself, and
bodies are framed by the two small readers below; the chunked one is held to h11's reading of the
same bytes by the tests.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from conformance.service.peer.capture import ProblemCode
from conformance.service.peer.limits import Limits
from conformance.wire.exchange import Headers

HEAD_END = b"\r\n\r\n"
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_LONGEST_SIZE_LINE = 4096
_SHORT = 256
_COMMON = 2048
_CONTROL = frozenset(
    {"host", "origin", "connection", "expect", "transfer-encoding", "content-length"}
)
_TCHAR = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class Refusal(Exception):
    """A request the peer does not take: answered with ``status`` (0: not worth an answer) and kept
    as a problem."""

    def __init__(self, status: int, code: ProblemCode, cause: str) -> None:
        super().__init__(cause)
        self.status = status
        self.code = code
        self.cause = cause


def bad(cause: str) -> Refusal:
    return Refusal(400, ProblemCode.BAD_REQUEST, cause)


class Head:
    """A request head. ``raw`` is what was sent; ``target`` its request target, undecoded (latin-1).
    ``control`` holds the headers that steer the connection, by lower-case name, repeated ones
    joined by a comma. Not to be changed: a head that comes again is the same object. ``length`` is
    the body's, once it was read and found to be the only reading."""

    __slots__ = (
        "control",
        "expects_continue",
        "headers",
        "http10",
        "keeps_alive",
        "length",
        "method",
        "raw",
        "target",
    )

    def __init__(
        self,
        raw: bytes,
        method: str = "",
        target: str = "",
        headers: Headers = (),
        control: Mapping[str, str] = MappingProxyType({}),
        *,
        http10: bool = False,
    ) -> None:
        self.raw = raw
        self.method = method
        self.target = target
        self.headers = headers
        self.control = control
        self.http10 = http10
        self.expects_continue = (
            control.get("expect", "").strip().lower() == "100-continue" and not http10
        )
        self.length: int | None = None
        self.keeps_alive = _keeps_alive(control.get("connection"), http10=http10)


def _keeps_alive(said: str | None, *, http10: bool) -> bool:
    if said is None:
        return not http10
    tokens = [token.strip() for token in said.lower().split(",")]
    return "keep-alive" in tokens if http10 else "close" not in tokens


class _Collector:
    """What llhttp calls back. One a head."""

    __slots__ = ("control", "headers", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[str, str]] = []
        self.control: dict[str, str] = {}

    def on_url(self, piece: bytes) -> None:
        self.target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        pair, key = _entry(name, value) if len(value) <= _SHORT else _entry.__wrapped__(name, value)
        self.headers.append(pair)
        if key is not None:
            self.control[key] = (
                f"{self.control[key]}, {pair[1]}" if key in self.control else pair[1]
            )


@lru_cache(maxsize=2048)
def _entry(name: bytes, value: bytes) -> tuple[tuple[str, str], str | None]:
    """A header as text, and its lower-case name if it is one that steers the connection.

    An SDK sends the same headers again and again; sharing them halves what a kept request weighs.
    """
    text = name.decode("latin-1")
    key = text.lower()
    return (text, value.decode("latin-1")), key if key in _CONTROL else None


def parse_head(raw: bytes, limits: Limits) -> Head:
    """The head ``raw``, which ends in a blank line. Raises Refusal."""
    return _parse_again(raw, limits.headers) if len(raw) <= _COMMON else _parse(raw, limits.headers)


def _parse(raw: bytes, most: int) -> Head:
    found = _Collector()
    parser = HttpRequestParser(found)
    try:
        parser.feed_data(raw)
    except HttpParserUpgrade:
        pass  # an offer (Java's client offers h2c on every first request) that is not taken up
    except HttpParserError as error:
        raise bad(f"the request head is not HTTP/1.1: {error}") from None
    if len(found.headers) > most:
        raise Refusal(
            431, ProblemCode.HEAD_TOO_LARGE, f"{len(found.headers)} headers; {most} are taken"
        )
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise bad(f"HTTP/{version} is not spoken here")
    method = sys.intern(parser.get_method().decode("latin-1"))
    if method == "CONNECT":
        raise bad("CONNECT: the peer is no proxy for other hosts")
    return Head(
        raw,
        method,
        found.target.decode("latin-1"),
        tuple(found.headers),
        found.control,
        http10=version == "1.0",
    )


_parse_again = lru_cache(maxsize=256)(_parse)
"""A client asks the same again, above all of a peer that is served to an application: then its head
is known."""


def check_start(data: bytes | bytearray) -> None:
    """Refuse early what can never become a request head. ``data`` is not empty."""
    if data[0] == 0x16:
        raise Refusal(0, ProblemCode.NOT_HTTP, "a TLS handshake was begun on a plain HTTP port")
    if data[0] not in _TCHAR:
        raise Refusal(
            400, ProblemCode.NOT_HTTP, f"a request cannot begin with the byte 0x{data[0]:02x}"
        )


class LengthBody:
    """A body of a known length. ``feed`` takes what belongs to it and returns the rest."""

    __slots__ = ("complete", "pieces", "remaining", "size")

    def __init__(self, length: int) -> None:
        self.remaining = length
        self.size = 0
        self.complete = length == 0
        self.pieces: list[bytes] = []

    def feed(self, data: bytes | bytearray) -> bytes | bytearray:
        taken = data[: self.remaining]
        if taken:
            self.pieces.append(bytes(taken))
            self.size += len(taken)
            self.remaining -= len(taken)
            self.complete = not self.remaining
        return data[len(taken) :]

    def content(self) -> bytes:
        return self.pieces[0] if len(self.pieces) == 1 else b"".join(self.pieces)

    @property
    def ends(self) -> tuple[int, ...]:
        return ()

    @property
    def trailers(self) -> Headers:
        return ()


class ChunkedBody:
    """A chunked body (RFC 9112 section 7.1), read strictly. Raises Refusal for what is not one or
    grows too large."""

    __slots__ = (
        "_expected",
        "_limits",
        "_line",
        "_marks",
        "_state",
        "_trailer",
        "complete",
        "pieces",
        "size",
    )

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._state = "size"
        self._line = bytearray()
        self._expected = 0
        self._marks: list[int] = []
        self._trailer = bytearray()
        self.size = 0
        self.complete = False
        self.pieces: list[bytes] = []

    def content(self) -> bytes:
        return b"".join(self.pieces)

    @property
    def ends(self) -> tuple[int, ...]:
        return tuple(self._marks)

    @property
    def trailers(self) -> Headers:
        if not self._trailer:
            return ()
        # Trailers follow the grammar of headers, so llhttp reads them as the headers of a made-up
        # head.
        return parse_head(
            b"GET / HTTP/1.1\r\n" + bytes(self._trailer) + b"\r\n", self._limits
        ).headers

    def feed(self, data: bytes | bytearray) -> bytes | bytearray:
        while data and not self.complete:
            data = self._feed_data(data) if self._state == "data" else self._feed_line(data)
        return data

    def _feed_data(self, data: bytes | bytearray) -> bytes | bytearray:
        taken = data[: self._expected]
        self.pieces.append(bytes(taken))
        self.size += len(taken)
        self._expected -= len(taken)
        if not self._expected:
            self._marks.append(self.size)
            self._state = "data end"
        return data[len(taken) :]

    def _feed_line(self, data: bytes | bytearray) -> bytes | bytearray:
        end = data.find(b"\n")
        self._line += data if end < 0 else data[: end + 1]
        longest = self._limits.head_bytes if self._state == "trailer" else _LONGEST_SIZE_LINE
        if len(self._line) + len(self._trailer) > longest:
            raise bad(f"a line of the chunked coding is longer than {longest} bytes")
        if end < 0:
            return b""
        if not self._line.endswith(b"\r\n"):
            raise bad("a line of the chunked coding ends without CR")
        line, self._line = bytes(self._line[:-2]), bytearray()
        self._take_line(line)
        return data[end + 1 :]

    def _take_line(self, line: bytes) -> None:
        if self._state == "size":
            self._begin_chunk(line)
        elif self._state == "data end":
            if line:
                raise bad("a chunk is longer than it announced")
            self._state = "size"
        elif line:
            self._trailer += line + b"\r\n"
        else:
            self.complete = True

    def _begin_chunk(self, line: bytes) -> None:
        found = _SIZE_LINE.fullmatch(line)
        if found is None:
            raise bad("a chunk does not begin with its size in hexadecimal")
        self._expected = int(found[1], 16)
        if self.size + self._expected > self._limits.body_bytes:
            raise too_large(self._limits)
        self._state = "data" if self._expected else "trailer"


Body = LengthBody | ChunkedBody


def too_large(limits: Limits) -> Refusal:
    return Refusal(
        413, ProblemCode.BODY_TOO_LARGE, f"the body is larger than {limits.body_bytes} bytes"
    )


def body_reader(head: Head, limits: Limits) -> Body:
    """The reader of the body that ``head`` announces. Raises Refusal, also where two readings of
    the length are possible (RFC 9112 section 6.1: request smuggling)."""
    if head.length is not None and head.length <= limits.body_bytes:
        return LengthBody(head.length)
    coding, length = head.control.get("transfer-encoding"), head.control.get("content-length")
    if coding is not None:
        if length is not None or head.http10:
            raise bad("transfer-encoding beside content-length, or in HTTP/1.0")
        if coding.strip().lower() != "chunked":
            raise bad(f"transfer-encoding {coding!r} is not known here; chunked is")
        return ChunkedBody(limits)
    if length is None:
        return LengthBody(0)
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        raise bad(f"content-length {length[:60]!r} is no length")
    head.length = int(length)
    if head.length > limits.body_bytes:
        raise too_large(limits)
    return LengthBody(head.length)
