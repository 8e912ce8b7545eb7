"""The service that is forwarded to: one connection a request, TLS always verified, redirects never
followed."""

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
from conformance.service.remote.proxy import Proxy
from conformance.service.remote.reading import Broken, ResponseHead, read_head
from conformance.wire.exchange import Headers, Request

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-connection",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
    }
)
"""Headers of one connection and not of the message (RFC 9110 section 7.6.1); ``expect`` the peer
has answered."""
_CREDENTIALS = frozenset({"api-key", "authorization"})
_LONGEST_HEAD = 128 * 1024
_UNREACHABLE = "is the address right, and does a proxy stand between (HTTPS_PROXY)?"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect (TLS included), between two pieces of an answer, and for the whole of
    it."""

    connect: float = 10.0
    idle: float = 120.0
    total: float = 600.0


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a service is: ``url`` (scheme, host, port, path prefix), whom to trust for it beside
    the system (``ca_file``), and the ``proxy`` on the way."""

    url: str
    ca_file: Path | None = None
    proxy: Proxy | None = None

    def upstream(
        self, credentials: Credentials | None = None, timeouts: Timeouts | None = None
    ) -> Upstream:
        """The way there."""
        return Upstream(self.url, credentials, timeouts, self.ca_file, self.proxy)

    @property
    def netloc(self) -> str:
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the service accepts, put in place of what the SDK sent, so that no SDK ever holds it.
    ``token`` is asked before each request. With neither, requests go out with the SDK's own."""

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
    """Where requests go: ``base`` is ``http(s)://host[:port][/path]``. Certificates are verified
    against the system's authorities, and ``ca_file`` beside them for a gateway of one's own; there
    is no way not to verify. With a ``proxy`` TLS goes through a tunnel of its.

    Raises UsageError ``target-url`` for a URL that is none, or one that holds a password.
    """

    def __init__(
        self,
        base: str,
        credentials: Credentials | None = None,
        timeouts: Timeouts | None = None,
        ca_file: Path | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        place = urlsplit(base)
        if (
            place.scheme not in ("http", "https")
            or not place.hostname
            or "@" in place.netloc
            or place.query
        ):
            raise UsageError(
                "target-url",
                "a target is http:// or https:// with a host, and holds neither a user nor a query",
                "for example https://my-resource.openai.azure.com",
            )
        self.tls = place.scheme == "https"
        self.host = place.hostname
        self.netloc = place.netloc
        self.prefix = place.path.rstrip("/")
        self.credentials = credentials or Credentials()
        self.timeouts = timeouts or Timeouts()
        try:
            self.port = place.port or (443 if self.tls else 80)
        except ValueError:
            raise UsageError(
                "target-url", "the port of the target is no number below 65536", ""
            ) from None
        self.proxy = proxy if self.tls else None
        self._ca_file = ca_file

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{'https' if self.tls else 'http'}://{self.netloc}"

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection, TLS included. Raises EnvironmentFault (``upstream-unreachable``,
        ``upstream-tls``, ``upstream-proxy``) for want of one, and for what breaks while it is used
        what ``sent`` raises."""
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(self.timeouts.connect):
                reader, writer = await (
                    self._direct() if self.proxy is None else self._through(self.proxy)
                )
            yield reader, writer
        except HarnessError:
            raise
        except Exception as error:
            raise self._fault(error, connected=writer is not None) from None
        finally:
            if writer is not None:
                writer.transport.abort()

    async def _direct(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            self.host, self.port, ssl=self._context() if self.tls else None, limit=_LONGEST_HEAD
        )

    async def _through(self, proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            reader, writer = await asyncio.open_connection(
                proxy.host, proxy.port, limit=_LONGEST_HEAD
            )
        except OSError as error:
            raise _proxy_fault(f"cannot be reached: {_why(error)}") from None
        try:
            writer.write(
                proxy.asking(f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}")
            )
            try:
                head = await read_head(reader)
            except (Broken, OSError) as error:
                raise _proxy_fault(f"broke off: {error}") from None
            if not 200 <= head.status < 300:
                raise _proxy_fault(f"refuses a tunnel to the service ({head.status})")
            await writer.start_tls(self._context(), server_hostname=self.host)
        except BaseException:
            writer.transport.abort()
            raise
        return reader, writer

    @contextlib.asynccontextmanager
    async def sent(self, request: Request) -> AsyncIterator[Answering]:
        """``request`` sent, and its answer up to the head. Raises EnvironmentFault: what
        ``connected`` raises where no byte of the request went out, else ``upstream-timeout`` and
        ``upstream-broken``."""
        headers = await self.credentials.applied(request.headers)
        async with self.connected() as (reader, writer):
            writer.write(self.rendered(replace(request, headers=headers)))
            async with asyncio.timeout(self.timeouts.idle):
                head = await read_head(reader)
            async with asyncio.timeout(self.timeouts.total):
                yield Answering(head, reader)

    def rendered(self, request: Request) -> bytes:
        """``request`` as it goes out: path, query, headers and body as the SDK sent them, but for
        the host and what belongs to its connection with us."""
        parts = urlsplit(request.url)
        target = self.prefix + request.url[request.url.index(parts.netloc) + len(parts.netloc) :]
        named = {
            name.strip().lower()
            for key, value in request.headers
            if key.lower() == "connection"
            for name in value.split(",")
        }
        lines = [f"{request.method} {target or '/'} HTTP/1.1"]
        lines += [
            f"{name}: {self.netloc if name.lower() == 'host' else value}"
            for name, value in request.headers
            if name.lower() not in HOP_BY_HOP | named | {"content-length"}
        ]
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

    def _fault(self, error: Exception, *, connected: bool) -> EnvironmentFault:
        if isinstance(error, ssl.SSLCertVerificationError):
            return EnvironmentFault(
                "upstream-tls",
                f"the certificate of {self.origin} is not valid: {error.verify_message}",
                "certificates are always verified; trust a gateway's "
                "own authority with SSL_CERT_FILE",
            )
        if isinstance(error, ssl.SSLError):
            return EnvironmentFault(
                "upstream-tls",
                f"no TLS with {self.origin}: {error.reason or error}",
                "is it an http:// address?",
            )
        if isinstance(error, TimeoutError) and connected:
            return EnvironmentFault(
                "upstream-timeout", f"{self.origin} did not answer in time", "try again later"
            )
        if isinstance(error, TimeoutError):
            return EnvironmentFault(
                "upstream-unreachable",
                f"{self.origin} did not accept a connection within {self.timeouts.connect:g} s",
                _UNREACHABLE,
            )
        if isinstance(error, Broken):
            return EnvironmentFault(
                "upstream-broken", f"{self.origin}: {error}", "what is broken is not recorded"
            )
        why = _why(error)
        if connected:
            return EnvironmentFault(
                "upstream-broken", f"{self.origin} broke the connection: {why}", "try again later"
            )
        return EnvironmentFault(
            "upstream-unreachable", f"{self.origin} cannot be reached: {why}", _UNREACHABLE
        )


def _proxy_fault(said: str) -> EnvironmentFault:
    """Its address is not told: user and password may be in it, and it names somebody's network."""
    return EnvironmentFault(
        "upstream-proxy",
        f"the proxy of the environment (HTTPS_PROXY) {said}",
        "NO_PROXY excepts hosts; user and password go into the variable (user:password@host)",
    )


def _why(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
