"""Asking a service that is not ours, in the place of a client: the far side of a run against a resource or a gateway.

The client is given stand-ins for the credentials and never sees the real ones. They are put in on the way out, where a
stand-in stands, and taken out of whatever the service echoes, so that neither an SDK's log nor a report can hold them.
"""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from conformance.errors import EnvironmentFault
from conformance.wire.exchange import Fault, Headers, Provenance, Reply, Request, Response

CONNECT_SECONDS = 10.0
READ_SECONDS = 120.0
MOST_BYTES = 64 * 1024 * 1024
_PIECE = 65_536
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
                         "upgrade"})
_OURS = _HOP_BY_HOP | {"host", "content-length", "accept-encoding"}


@dataclass(frozen=True, slots=True)
class Remote:
    """A service: ``url`` (scheme, host, port, path prefix) and whom to trust for it (``ca_file``; None: the system).

    There is no way to switch the verification of certificates off.
    """

    url: str
    ca_file: Path | None = None

    def connect(self, timeout: float = CONNECT_SECONDS) -> http.client.HTTPConnection:
        """A connection, not yet opened."""
        place = urlsplit(self.url)
        host = place.hostname or ""
        if place.scheme == "https":
            context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
            return http.client.HTTPSConnection(host, place.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(host, place.port, timeout=timeout)

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def prefix(self) -> str:
        return urlsplit(self.url).path.rstrip("/")


@dataclass(frozen=True, slots=True)
class Exchanger:
    """``outward`` gives a header its real value. ``inward``: what is replaced in everything the service answers."""

    outward: Callable[[str, str], str]
    inward: Callable[[], Mapping[str, str]] = field(default=dict)


class Forwarder:
    """A player: every request goes to ``remote``, and what comes back is the reply, with ``provenance``.

    Redirects are not followed, nor shown where they lead: a client that followed would leave the observation. The
    service is asked for unencoded bodies, so that what they hold can be looked at. Raises EnvironmentFault when the
    service cannot be reached; a connection that breaks later is a reply like any other.
    """

    def __init__(self, remote: Remote, provenance: Provenance, exchanger: Exchanger) -> None:
        self._remote = remote
        self._provenance = provenance
        self._exchanger = exchanger

    def answer(self, request: Request) -> Reply:
        """The service's reply to ``request``."""
        connection = self._remote.connect()
        try:
            self._open(connection)
            try:
                self._send(connection, request)
                return self._receive(connection)
            except (OSError, http.client.HTTPException):
                return Reply(None, Fault.CONNECTION_RESET)
        finally:
            connection.close()

    def _open(self, connection: http.client.HTTPConnection) -> None:
        try:
            connection.connect()
        except (OSError, ValueError) as error:
            raise EnvironmentFault("target-unreachable", f"the target cannot be reached: {reason(error)}",
                                   "conformance doctor says where it fails") from None
        if connection.sock is not None:
            connection.sock.settimeout(READ_SECONDS)

    def _send(self, connection: http.client.HTTPConnection, request: Request) -> None:
        parts = urlsplit(request.url)
        target = (self._remote.prefix + parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", self._remote.netloc)
        for name, value in request.headers:
            if name.lower() not in _OURS:
                connection.putheader(name, self._exchanger.outward(name, value))
        connection.putheader("Accept-Encoding", "identity")
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(request.body)))
        connection.endheaders(request.body or None)

    def _receive(self, connection: http.client.HTTPConnection) -> Reply:
        answer = connection.getresponse()
        pieces: list[bytes] = []
        fault: Fault | None = None
        size = 0
        try:
            while piece := answer.read1(_PIECE):
                pieces.append(piece)
                size += len(piece)
                if size > MOST_BYTES:
                    fault = Fault.CUT_BODY
                    break
        except (OSError, http.client.HTTPException):
            fault = Fault.CUT_BODY
        told = answer.length  # what a content-length still promises
        if told and fault is None:
            fault = Fault.CUT_BODY
        return Reply(self._response(answer, pieces), fault)

    def _response(self, answer: http.client.HTTPResponse, pieces: list[bytes]) -> Response:
        inward = self._exchanger.inward()
        whole = b"".join(pieces)
        body = _replaced(whole, inward)
        chunks: tuple[int, ...] = ()
        if body is whole and len(pieces) > 1:
            ends = [len(pieces[0])]
            for piece in pieces[1:]:
                ends.append(ends[-1] + len(piece))
            chunks = tuple(ends)
        return Response(answer.status, _headers(answer, inward, len(body) - len(whole)), body, self._provenance, chunks)


def _replaced(data: bytes, replacements: Mapping[str, str]) -> bytes:
    for real, shown in replacements.items():
        if real.encode() in data:
            data = data.replace(real.encode(), shown.encode())
    return data


def _headers(answer: http.client.HTTPResponse, inward: Mapping[str, str], grown: int) -> Headers:
    """The headers for the client: those of the hop and a redirect's goal left out, the length as it is now."""
    kept = []
    for name, value in answer.getheaders():
        lower = name.lower()
        if lower in _HOP_BY_HOP or (lower == "location" and 300 <= answer.status < 400):
            continue
        if lower == "content-length" and value.isdigit():
            value = str(int(value) + grown)
        kept.append((name, _replaced(value.encode("latin-1", "replace"), inward).decode("latin-1")))
    return tuple(kept)


def reason(error: BaseException) -> str:
    """Why a connection failed, in words for a user; never an address that was not theirs."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed ({error.reason or 'no reason given'})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
