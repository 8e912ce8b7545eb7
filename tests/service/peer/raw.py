"""A client that hides nothing: bytes out, bytes in, and what became of the connection."""

from __future__ import annotations

import select
import socket
import ssl
import time
from dataclasses import dataclass, field
from pathlib import Path

from conformance.service.peer import Execution
from conformance.wire.exchange import Headers, Provenance, Reply, Request, Response, Source

PLACE = Provenance(Source.SCRIPT, "a test")
JSON: Headers = (("Content-Type", "application/json"),)
SSE: Headers = (("content-type", "text/event-stream"),)


def response(
    body: bytes = b"{}",
    headers: Headers = JSON,
    status: int = 200,
    *,
    length: bool = True,
    chunks: tuple[int, ...] = (),
    pauses: tuple[float, ...] = (),
) -> Response:
    """A response, with its content-length unless told otherwise."""
    own = (("content-length", str(len(body))),) if length else ()
    return Response(status, (*headers, *own), body, PLACE, chunks, pauses)


class Script:
    """Answers with the given replies in turn, the last one for ever. Exceptions are raised."""

    def __init__(self, *replies: Reply | Exception) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        reply = self.replies[min(len(self.requests), len(self.replies)) - 1]
        if isinstance(reply, Exception):
            raise reply
        return reply


@dataclass
class Seen:
    """What came back: the bytes, each read with its time, and how it ended: ``fin``, ``rst`` or
    ``open``."""

    data: bytes = b""
    reads: list[tuple[float, bytes]] = field(default_factory=list)
    end: str = "open"

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.data.split(b" ", 2)[1])

    def unchunked(self) -> bytes:
        """The body without its chunked coding, which has to be whole."""
        rest, body = self.body, b""
        while True:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            body += rest[:length]
            assert rest[length : length + 2] == b"\r\n"
            rest = rest[length + 2 :]
            if not length:
                assert rest == b""
                return body


class Raw:
    """One connection."""

    def __init__(self, where: Execution, *, ca: Path | None = None, timeout: float = 5.0) -> None:
        sock = socket.create_connection((where.host, where.port), timeout)
        if ca is not None:
            sock = ssl.create_default_context(cafile=str(ca)).wrap_socket(
                sock, server_hostname=where.host
            )
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.host = f"{where.host}:{where.port}"

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *_: object) -> None:
        self.sock.close()

    def send(self, data: bytes) -> Raw:
        self.sock.sendall(data)
        return self

    def request(
        self, target: str = "/x", *headers: str, method: str = "GET", body: bytes = b""
    ) -> Raw:
        length = (f"content-length: {len(body)}",) if body else ()
        lines = "\r\n".join(
            (f"{method} {target} HTTP/1.1", f"Host: {self.host}", *headers, *length)
        )
        return self.send(lines.encode() + b"\r\n\r\n" + body)

    def read(self, size: int = 65536, *, within: float = 5.0) -> bytes:
        """The next bytes; b"" at the end. Raises ConnectionResetError, and TimeoutError after
        ``within`` seconds."""
        self.sock.settimeout(within)
        return self.sock.recv(size)

    def answer(self, *, within: float = 5.0) -> Seen:
        """One response with a content-length, or a chunk-coded one."""
        seen = Seen()
        while not self._whole(seen.data):
            piece = self.read(within=within)
            if not piece:
                seen.end = "fin"
                break
            seen.data += piece
            seen.reads.append((time.monotonic(), piece))
        return seen

    def all(self, *, within: float = 5.0) -> Seen:
        """Everything until the connection ends, or nothing has come for ``within`` seconds."""
        seen = Seen()
        while True:
            try:
                piece = self.read(within=within)
            except TimeoutError:
                return seen
            except ConnectionResetError:
                seen.end = "rst"
                return seen
            except ssl.SSLEOFError:
                seen.end = "fin"
                return seen
            if not piece:
                seen.end = "fin"
                return seen
            seen.data += piece
            seen.reads.append((time.monotonic(), piece))

    def silent(self, seconds: float = 0.02) -> bool:
        """Whether nothing comes for ``seconds``."""
        return not select.select([self.sock], [], [], seconds)[0]

    @staticmethod
    def _whole(data: bytes) -> bool:
        head, end, body = data.partition(b"\r\n\r\n")
        if not end:
            return False
        for line in head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                return len(body) >= int(value)
            if name.lower() == b"transfer-encoding":
                return body.endswith(b"0\r\n\r\n")
        return True


def knock(where: Execution) -> str:
    """How a connection ends on which nothing is sent. A reset may come before ``connect`` has
    returned."""
    try:
        with Raw(where) as client:
            return client.all().end
    except ConnectionResetError:
        return "rst"


def wait_for(condition: object, seconds: float = 3.0) -> None:
    """Until ``condition()`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)
