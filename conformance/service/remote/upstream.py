"""The service that requests are forwarded to: one connection for each request, certificates always
verified, redirects never followed."""

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
"""Headers that belong to one connection and not to the message (RFC 9110 section 7.6.1), and
``expect``, which the peer has answered."""
_CREDENTIALS = frozenset({"api-key", "authorization"})
_LONGEST_HEAD = 128 * 1024
"""Bytes of a response's head."""
_UNREACHABLE = "is the address right, and does a proxy stand between (HTTPS_PROXY)?"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """The longest waits in seconds: to connect (TLS included), between two pieces of an answer
    (``idle``), and for the whole answer (``total``)."""

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
        """The way there, with ``credentials`` put into requests."""
        return Upstream(
            self.url,
            credentials,
            timeouts,
            ca_file=self.ca_file,
            proxy=self.proxy,
        )

    @property
    def netloc(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the service accepts. It takes the place of the credential the SDK sent, so that no SDK
    ever holds it. ``token`` is asked before each request. With neither ``key`` nor ``token``,
    requests keep what the SDK sent."""

    key: str = field(default="", repr=False)
    token: Callable[[], str] | None = field(default=None, repr=False)

    async def applied(self, headers: Headers) -> Headers:
        """``headers`` with the credential in them replaced; headers without one stay without."""
        if not self.key and self.token is None:
            return headers
        applied = []
        for name, value in headers:
            if name.lower() in _CREDENTIALS:
                applied.append(await self._header())
            else:
                applied.append((name, value))
        return tuple(applied)

    async def _header(self) -> tuple[str, str]:
        if self.key or self.token is None:
            return "api-key", self.key
        # In a thread, because the credential may have to ask over the network.
        return "Authorization", f"Bearer {await asyncio.to_thread(self.token)}"


@dataclass(frozen=True, slots=True)
class Answering:
    """An answer whose head has arrived. ``reader`` stands at its body."""

    head: ResponseHead
    reader: asyncio.StreamReader


class Upstream:
    """Where requests go: ``base`` is ``http(s)://host[:port][/path]``.

    Certificates are always verified, against the system's authorities and those in ``ca_file``.
    With a ``proxy``, TLS goes through a tunnel that the proxy opens.

    Raises UsageError ``target-url`` for a ``base`` of another form, or with a user in it.
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
        self.proxy: Proxy | None = None
        default_port = 80
        if self.tls:
            self.proxy, default_port = proxy, 443
        self.host = place.hostname
        self.netloc = place.netloc
        self.prefix = place.path.rstrip("/")
        self.credentials = credentials or Credentials()
        self.timeouts = timeouts or Timeouts()
        try:
            self.port = place.port or default_port
        except ValueError:
            raise UsageError(
                "target-url", "the port of the target is no number below 65536", ""
            ) from None
        self.origin = f"{place.scheme}://{self.netloc}"
        """Scheme, host and port."""
        self._ca_file = ca_file

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection, TLS included. Raises EnvironmentFault: ``upstream-unreachable``,
        ``upstream-tls`` or ``upstream-proxy`` where no connection comes about, and what ``sent``
        raises where it breaks while it is used."""
        writer: asyncio.StreamWriter | None = None
        try:
            async with asyncio.timeout(self.timeouts.connect):
                reader, writer = await self._connect()
            yield reader, writer
        except HarnessError:
            raise
        except Exception as error:
            raise self._fault(error, connected=writer is not None) from None
        finally:
            if writer is not None:
                writer.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self.proxy is not None:
            return await self._through(self.proxy)
        context = None
        if self.tls:
            context = self._context()
        return await asyncio.open_connection(self.host, self.port, ssl=context, limit=_LONGEST_HEAD)

    async def _through(self, proxy: Proxy) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            reader, writer = await asyncio.open_connection(
                proxy.host, proxy.port, limit=_LONGEST_HEAD
            )
        except OSError as error:
            raise _proxy_fault(f"cannot be reached: {_why(error)}") from None
        host = self.host
        if ":" in host:  # an IPv6 address
            host = f"[{host}]"
        try:
            writer.write(proxy.asking(f"{host}:{self.port}"))
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
        """Send ``request``; gives its answer once the head is here. Raises EnvironmentFault: what
        ``connected`` raises before a byte of the request went out, ``upstream-timeout`` and
        ``upstream-broken`` later."""
        headers = await self.credentials.applied(request.headers)
        async with self.connected() as (reader, writer):
            writer.write(self.rendered(replace(request, headers=headers)))
            async with asyncio.timeout(self.timeouts.idle):
                head = await read_head(reader)
            async with asyncio.timeout(self.timeouts.total):
                yield Answering(head, reader)

    def rendered(self, request: Request) -> bytes:
        """The bytes of ``request`` as it goes out. Path, query, headers and body stay as the SDK
        sent them, except for the host and for what belongs to its connection with the peer."""
        parts = urlsplit(request.url)
        target = self.prefix + request.url[request.url.index(parts.netloc) + len(parts.netloc) :]
        left_out = {*HOP_BY_HOP, "content-length"}
        for name, value in request.headers:
            if name.lower() == "connection":  # it names further headers of the connection
                left_out |= {entry.strip().lower() for entry in value.split(",")}
        lines = [f"{request.method} {target or '/'} HTTP/1.1"]
        for name, value in request.headers:
            if name.lower() in left_out:
                continue
            if name.lower() == "host":
                value = self.netloc
            lines.append(f"{name}: {value}")
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
        """``error`` as a fault of the environment; ``connected``: it came after the connection was
        made."""
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


def _proxy_fault(what_happened: str) -> EnvironmentFault:
    # The proxy's address is left out: user and password may be in it, and it names somebody's
    # network.
    return EnvironmentFault(
        "upstream-proxy",
        f"the proxy of the environment (HTTPS_PROXY) {what_happened}",
        "NO_PROXY excepts hosts; user and password go into the variable (user:password@host)",
    )


def _why(error: Exception) -> str:
    """``error`` in a few words."""
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno).lower()
    return str(error) or type(error).__name__
