"""Reading HTTP/1.1 requests (RFC 9112): llhttp reads the heads, and the bodies are read here, so
that every boundary in them is known.

llhttp does not tell where in its input a message ended. So it is given each head by itself, and two
small readers find the end of a body. Tests hold the reader of chunked bodies to what h11 reads in
the same bytes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from conformance.service.peer.capture import ProblemCode
from conformance.service.peer.limits import PeerLimits
from conformance.wire.exchange import Headers

HEAD_END = b"\r\n\r\n"
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\x00-\x08\x0a-\x1f\x7f]*)?")
_LONGEST_SIZE_LINE = 4096
_LONGEST_SHARED_VALUE = 256
"""Longer header values are not shared, so that the cache stays small."""
_LONGEST_SHARED_HEAD = 2048
"""Longer heads are not shared either."""
_CONTROL = frozenset(
    {"host", "origin", "connection", "expect", "transfer-encoding", "content-length"}
)
_TCHAR = frozenset(b"!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class RequestRefused(Exception):
    """A request the peer does not take. It is answered with ``status`` (0: not at all, as the
    client does not speak HTTP) and kept as a problem with ``code`` and ``cause``."""

    def __init__(self, status: int, code: ProblemCode, cause: str) -> None:
        super().__init__(cause)
        self.status = status
        self.code = code
        self.cause = cause


def bad_request(cause: str) -> RequestRefused:
    """The refusal of a request that is not HTTP/1.1 as the peer takes it."""
    return RequestRefused(400, ProblemCode.BAD_REQUEST, cause)


class Head:
    """A request head. ``raw`` is what was sent; ``target`` is the request target, undecoded
    (latin-1).

    ``control`` holds the headers that steer the connection, by lower-case name, repeated ones
    joined by a comma. ``length`` is the content-length, once ``body_reader`` has read it and found
    no second way to read the body's length.
    """

    # No member but ``length`` may be changed: a head that comes again is the same object, shared by
    # all its requests.
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


def _keeps_alive(connection: str | None, *, http10: bool) -> bool:
    """Whether the header ``connection`` lets the connection stay open after the answer (RFC 9112
    section 9.3)."""
    if connection is None:
        return not http10
    tokens = [token.strip() for token in connection.lower().split(",")]
    if http10:
        return "keep-alive" in tokens
    return "close" not in tokens


class _Collector:
    """Collects what llhttp reads in one head; llhttp calls its methods."""

    __slots__ = ("control", "headers", "target")

    def __init__(self) -> None:
        self.target = b""
        self.headers: list[tuple[str, str]] = []
        self.control: dict[str, str] = {}

    def on_url(self, piece: bytes) -> None:
        self.target += piece

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(value) <= _LONGEST_SHARED_VALUE:
            pair, key = _shared_header(name, value)
        else:
            pair, key = _shared_header.__wrapped__(name, value)
        self.headers.append(pair)
        if key is None:
            return
        if key in self.control:
            self.control[key] = f"{self.control[key]}, {pair[1]}"
        else:
            self.control[key] = pair[1]


# An SDK sends the same headers again and again. Sharing them halves what a kept request weighs.
@lru_cache(maxsize=2048)
def _shared_header(name: bytes, value: bytes) -> tuple[tuple[str, str], str | None]:
    """A header as text, and its lower-case name if it is one that steers the connection."""
    text = name.decode("latin-1")
    pair, key = (text, value.decode("latin-1")), text.lower()
    if key in _CONTROL:
        return pair, key
    return pair, None


def parse_head(raw: bytes, limits: PeerLimits) -> Head:
    """The head ``raw``, which ends in a blank line. Raises RequestRefused."""
    if len(raw) <= _LONGEST_SHARED_HEAD:
        return _parse_shared(raw, limits.headers)
    return _parse(raw, limits.headers)


def _parse(raw: bytes, most_headers: int) -> Head:
    collector = _Collector()
    parser = HttpRequestParser(collector)
    try:
        parser.feed_data(raw)
    except HttpParserUpgrade:
        # The client offers another protocol. The peer does not take the offer up, and the head has
        # been read: Java's client offers h2c on every first request.
        pass
    except HttpParserError as error:
        raise bad_request(f"the request head is not HTTP/1.1: {error}") from None
    if len(collector.headers) > most_headers:
        raise RequestRefused(
            431,
            ProblemCode.HEAD_TOO_LARGE,
            f"{len(collector.headers)} headers; {most_headers} are taken",
        )
    version = parser.get_http_version()
    if version not in ("1.1", "1.0"):
        raise bad_request(f"HTTP/{version} is not spoken here")
    method = sys.intern(parser.get_method().decode("latin-1"))
    if method == "CONNECT":
        raise bad_request("CONNECT: the peer is no proxy for other hosts")
    return Head(
        raw,
        method,
        collector.target.decode("latin-1"),
        tuple(collector.headers),
        control=collector.control,
        http10=version == "1.0",
    )


# A client often asks the same again, above all when the peer is served to an application.
_parse_shared = lru_cache(maxsize=256)(_parse)


def check_start(data: bytes | bytearray) -> None:
    """Raises RequestRefused for a first byte with which no request head begins. ``data`` is not
    empty."""
    if data[0] == 0x16:  # the first byte of a TLS handshake record
        raise RequestRefused(
            0, ProblemCode.NOT_HTTP, "a TLS handshake was begun on a plain HTTP port"
        )
    if data[0] not in _TCHAR:
        raise RequestRefused(
            400, ProblemCode.NOT_HTTP, f"a request cannot begin with the byte 0x{data[0]:02x}"
        )


class LengthBody:
    """Reads a body of known length. ``size`` is how much of it has come."""

    __slots__ = ("complete", "pieces", "remaining", "size")

    def __init__(self, length: int) -> None:
        self.remaining = length
        self.size = 0
        self.complete = length == 0
        self.pieces: list[bytes] = []

    def feed(self, data: bytes | bytearray) -> bytes | bytearray:
        """Take what belongs to the body, and return the rest."""
        piece = data[: self.remaining]
        if piece:
            self.pieces.append(bytes(piece))
            self.size += len(piece)
            self.remaining -= len(piece)
            self.complete = not self.remaining
        return data[len(piece) :]

    def content(self) -> bytes:
        """The whole body."""
        return b"".join(self.pieces)

    @property
    def ends(self) -> tuple[int, ...]:
        """No end offsets: such a body has no chunks."""
        return ()

    @property
    def trailers(self) -> Headers:
        """No trailers: only a chunked body can have some."""
        return ()


class ChunkedBody:
    """Reads a chunked body (RFC 9112 section 7.1) strictly, and refuses one that is larger than the
    limits allow. ``size`` is how much of it has come, without its coding."""

    __slots__ = (
        "_ends",
        "_expected",
        "_limits",
        "_line",
        "_state",
        "_trailer",
        "complete",
        "pieces",
        "size",
    )

    def __init__(self, limits: PeerLimits) -> None:
        self._limits = limits
        self._state = "size"
        self._line = bytearray()
        self._expected = 0
        self._ends: list[int] = []
        self._trailer = bytearray()
        self.size = 0
        self.complete = False
        self.pieces: list[bytes] = []

    def content(self) -> bytes:
        """The whole body, without its coding."""
        return b"".join(self.pieces)

    @property
    def ends(self) -> tuple[int, ...]:
        """The end offsets of the chunks in the body."""
        return tuple(self._ends)

    @property
    def trailers(self) -> Headers:
        """The headers after the last chunk."""
        if not self._trailer:
            return ()
        # Trailers follow the grammar of headers, so llhttp can read them as the headers of a
        # made-up head.
        return parse_head(
            b"GET / HTTP/1.1\r\n" + bytes(self._trailer) + b"\r\n", self._limits
        ).headers

    def feed(self, data: bytes | bytearray) -> bytes | bytearray:
        """Take what belongs to the body, and return the rest. Raises RequestRefused."""
        while data and not self.complete:
            data = self._feed_part(data)
        return data

    def _feed_part(self, data: bytes | bytearray) -> bytes | bytearray:
        """Take what belongs to the current chunk or line, and return the rest."""
        if self._state == "data":
            return self._feed_data(data)
        return self._feed_line(data)

    def _feed_data(self, data: bytes | bytearray) -> bytes | bytearray:
        piece = data[: self._expected]
        self.pieces.append(bytes(piece))
        self.size += len(piece)
        self._expected -= len(piece)
        if not self._expected:
            self._ends.append(self.size)
            self._state = "data end"
        return data[len(piece) :]

    def _feed_line(self, data: bytes | bytearray) -> bytes | bytearray:
        before, line_end, rest = data.partition(b"\n")
        self._line += before + line_end
        longest = _LONGEST_SIZE_LINE
        if self._state == "trailer":
            longest = self._limits.head_bytes
        if len(self._line) + len(self._trailer) > longest:
            raise bad_request(f"a line of the chunked coding is longer than {longest} bytes")
        if not line_end:
            return b""
        if not self._line.endswith(b"\r\n"):
            raise bad_request("a line of the chunked coding ends without CR")
        line, self._line = bytes(self._line[:-2]), bytearray()
        self._take_line(line)
        return rest

    def _take_line(self, line: bytes) -> None:
        if self._state == "size":
            self._begin_chunk(line)
        elif self._state == "data end":
            if line:
                raise bad_request("a chunk is longer than it announced")
            self._state = "size"
        elif line:
            self._trailer += line + b"\r\n"
        else:
            self.complete = True

    def _begin_chunk(self, line: bytes) -> None:
        size_line = _SIZE_LINE.fullmatch(line)
        if size_line is None:
            raise bad_request("a chunk does not begin with its size in hexadecimal")
        self._expected = int(size_line[1], 16)
        if self.size + self._expected > self._limits.body_bytes:
            raise too_large(self._limits)
        self._state = "data"
        if not self._expected:  # a size of 0 ends the body; trailers may follow
            self._state = "trailer"


Body = LengthBody | ChunkedBody


def too_large(limits: PeerLimits) -> RequestRefused:
    """The refusal of a body that is larger than ``limits`` allow."""
    return RequestRefused(
        413, ProblemCode.BODY_TOO_LARGE, f"the body is larger than {limits.body_bytes} bytes"
    )


def body_reader(head: Head, limits: PeerLimits) -> Body:
    """The reader of the body that ``head`` announces. Raises RequestRefused, also where the length
    can be read in two ways (RFC 9112 section 6.1: request smuggling)."""
    if head.length is not None and head.length <= limits.body_bytes:
        return LengthBody(head.length)
    coding, length = head.control.get("transfer-encoding"), head.control.get("content-length")
    if coding is not None:
        if length is not None or head.http10:
            raise bad_request("transfer-encoding beside content-length, or in HTTP/1.0")
        if coding.strip().lower() != "chunked":
            raise bad_request(f"transfer-encoding {coding!r} is not known here; chunked is")
        return ChunkedBody(limits)
    if length is None:
        return LengthBody(0)
    if not (length.isascii() and length.isdigit() and len(length) < 19):
        raise bad_request(f"content-length {length[:60]!r} is no length")
    head.length = int(length)
    if head.length > limits.body_bytes:
        raise too_large(limits)
    return LengthBody(head.length)
