"""The service behind the recorder: one connection a request, TLS always verified, redirects never followed."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from conformance.errors import EnvironmentFault, HarnessError, UsageError
from conformance.wire.exchange import Headers, Request
from conformance.wire.recorder.reading import Broken, ResponseHead, read_head

HOP_BY_HOP = frozenset({"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization",
                        "te", "trailer", "transfer-encoding", "upgrade", "expect"})
"""Headers of one connection and not of the message (RFC 9110 section 7.6.1); ``expect`` the peer has answered."""
_CREDENTIALS = frozenset({"api-key", "authorization"})
_LONGEST_HEAD = 128 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect (TLS included), between two pieces of an answer, and for the whole of it."""

    connect: float = 10.0
    idle: float = 120.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the service accepts, put in place of what the SDK sent, so that no SDK ever holds it. ``token`` is asked
    before each request. With neither, requests go out with the SDK's own."""

    key: str = field(default="", repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)

    async def applied(self, headers: Headers) -> Headers:
        """``headers`` with the credential they carry exchanged; those without one stay without."""
        if not self.key and self.token is None:
            return headers
        return tuple([await self._own(name.lower()) or (name, value) for name, value in headers])

    async def _own(self, name: str) -> tuple[str, str] | None:
        if name not in _CREDENTIALS:
            return None
        if self.key or self.token is None:
            return "api-key", self.key
        return "Authorization", f"Bearer {await asyncio.to_thread(self.token)}"


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer whose head has arrived. ``reader`` stands at its body."""

    head: ResponseHead
    reader: asyncio.StreamReader


class Upstream:
    """Where requests go: ``base`` is ``http(s)://host[:port][/path]``. Certificates are verified against the system's
    authorities, and ``ca_file`` beside them for a gateway of one's own; there is no way not to verify.

    Raises UsageError ``target-url`` for a URL that is none, or one that holds a password.
    """

    def __init__(self, base: str, credentials: Credentials | None = None, timeouts: Timeouts | None = None,
                 ca_file: Path | None = None) -> None:
        place = urlsplit(base)
        if place.scheme not in ("http", "https") or not place.hostname or "@" in place.netloc or place.query:
            raise UsageError("target-url", "a target is http:// or https:// with a host, and holds neither a user "
                             "nor a query", "for example https://my-resource.openai.azure.com")
        self.tls = place.scheme == "https"
        self.host = place.hostname
        self.netloc = place.netloc
        self.prefix = place.path.rstrip("/")
        self.credentials = credentials or Credentials()
        self.timeouts = timeouts or Timeouts()
        try:
            self.port = place.port or (443 if self.tls else 80)
        except ValueError:
            raise UsageError("target-url", "the port of the target is no number below 65536", "") from None
        self._ca_file = ca_file

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.tls else 'http'}://{self.netloc}"

    @contextlib.asynccontextmanager
    async def sent(self, request: Request) -> AsyncIterator[Answering]:
        """``request`` sent, and its answer up to the head. Raises EnvironmentFault (``upstream-unreachable``,
        ``upstream-tls``, ``upstream-timeout``, ``upstream-broken``, ``upstream-redirect``)."""
        writer: asyncio.StreamWriter | None = None
        headers = await self.credentials.applied(request.headers)
        try:
            async with asyncio.timeout(self.timeouts.connect):
                reader, writer = await asyncio.open_connection(
                    self.host, self.port, ssl=self._context() if self.tls else None, limit=_LONGEST_HEAD)
            writer.write(self.rendered(replace(request, headers=headers)))
            async with asyncio.timeout(self.timeouts.idle):
                head = await read_head(reader)
            self._refuse_redirect(head)
            async with asyncio.timeout(self.timeouts.total):
                yield Answering(head, reader)
        except HarnessError:
            raise
        except Exception as error:
            raise self._fault(error, connected=writer is not None) from None
        finally:
            if writer is not None:
                writer.transport.abort()

    def rendered(self, request: Request) -> bytes:
        """``request`` as it goes out: path, query, headers and body as the SDK sent them, but for the host and
        what belongs to its connection with us."""
        parts = urlsplit(request.url)
        target = self.prefix + request.url[request.url.index(parts.netloc) + len(parts.netloc):]
        named = {name.strip().lower() for key, value in request.headers if key.lower() == "connection"
                 for name in value.split(",")}
        lines = [f"{request.method} {target or '/'} HTTP/1.1"]
        lines += [f"{name}: {self.netloc if name.lower() == 'host' else value}"
                  for name, value in request.headers if name.lower() not in HOP_BY_HOP | named | {"content-length"}]
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            lines.append(f"Content-Length: {len(request.body)}")
        lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + request.body

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        if self._ca_file is not None:
            context.load_verify_locations(self._ca_file)
        return context

    def _refuse_redirect(self, head: ResponseHead) -> None:
        if head.status in _REDIRECTS:
            location = next((value for name, value in head.headers if name.lower() == "location"), "")
            where = urlsplit(location).netloc or "another path"
            raise EnvironmentFault("upstream-redirect", f"{self.origin} redirects ({head.status}) to {where}",
                                   "the recorder follows no redirect, as credentials would go along; give the address "
                                   "it leads to as the target")

    def _fault(self, error: Exception, *, connected: bool) -> EnvironmentFault:
        if isinstance(error, ssl.SSLCertVerificationError):
            return EnvironmentFault("upstream-tls", f"the certificate of {self.origin} is not valid: "
                                    f"{error.verify_message}", "certificates are always verified; trust a gateway's "
                                    "own authority with SSL_CERT_FILE")
        if isinstance(error, ssl.SSLError):
            return EnvironmentFault("upstream-tls", f"no TLS with {self.origin}: {error.reason or error}",
                                    "is it an http:// address?")
        if isinstance(error, TimeoutError):
            doing = "answer in time" if connected else f"accept a connection within {self.timeouts.connect:g} s"
            return EnvironmentFault("upstream-timeout", f"{self.origin} did not {doing}", "try again later")
        if isinstance(error, Broken):
            return EnvironmentFault("upstream-broken", f"{self.origin}: {error}", "what is broken is not recorded")
        why = _why(error)
        if connected:
            return EnvironmentFault("upstream-broken", f"{self.origin} broke the connection: {why}", "try again later")
        return EnvironmentFault("upstream-unreachable", f"{self.origin} cannot be reached: {why}",
                                "is the address right, and does a proxy stand between?")


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
