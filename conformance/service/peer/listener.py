"""A listening socket on loopback, and what a connection attempt meets there (its door)."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from enum import StrEnum

from conformance.errors import EnvironmentFault, UsageError
from conformance.service.peer.capture import ProblemCode
from conformance.service.peer.ending import reset_socket

_BACKLOG = 512
_ACCEPTS = 32
"""Connections accepted in one go before the loop gets its turn."""
_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Door(StrEnum):
    """What a connection attempt meets.

    ``open``: a server. ``refused``: nobody listens (ECONNREFUSED); the kernel answers, so such
    attempts cannot be counted. ``silent``: no answer at all, so that the client's connect times out
    (Linux). ``reset``: the connection is accepted and reset before a byte is exchanged; such
    attempts are counted.
    """

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "silent"
    RESET = "reset"


def loopback(host: str) -> str:
    """``host`` if it is a loopback address. Raises UsageError: the peer never serves other
    machines."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        address = None
    if address is None or not address.is_loopback or address.version != 4:
        raise UsageError(
            "peer-not-loopback",
            f"the peer does not listen on {host!r}",
            "it listens on loopback addresses (127.0.0.1) only",
        )
    return host


class Listener:
    """Accepts connections for one execution. All methods but ``__init__`` run on the loop's thread.

    Whoever owns the listener sets three callbacks before ``start``. ``connected`` makes the
    protocol of a connection that is accepted now, or returns None when there are too many.
    ``failed`` gets a protocol whose TLS handshake did not succeed, and the reason. ``report`` gets
    every other attempt that did not become a connection.

    Raises EnvironmentFault ``peer-cannot-listen``.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        host: str,
        tls: ssl.SSLContext | None,
        *,
        handshake_seconds: float,
        port: int = 0,
    ) -> None:
        self._loop = loop
        self._tls = tls
        self._handshake_seconds = handshake_seconds
        self._socket: socket.socket | None = _bound(host, port)
        self.address: tuple[str, int] = self._socket.getsockname()
        self._placeholder: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._door = Door.OPEN
        self._resets_left: int | None = None
        self.connected: Callable[[], asyncio.Protocol | None]
        self.failed: Callable[[asyncio.Protocol, str], None]
        self.report: Callable[[ProblemCode, str], None]

    def start(self) -> None:
        """Begin to listen."""
        assert self._socket is not None
        self._socket.listen(_BACKLOG)
        self._loop.add_reader(self._socket, self._accept)

    def close(self) -> None:
        """Stop listening and give up handshakes under way."""
        for task in self._tasks:
            task.cancel()
        for sock in (self._socket, self._placeholder, *self._fillers):
            if sock is not None:
                self._loop.remove_reader(sock)
                sock.close()
        self._socket = self._placeholder = None
        self._fillers = []

    def shut(self, door: Door, connections: int | None = None) -> None:
        """Set the door. After ``connections`` attempts that met ``RESET`` it opens by itself; with
        None it does not."""
        if self._socket is None and self._placeholder is None:
            return
        self._reopen()
        self._door = door
        self._resets_left = connections
        if door is Door.REFUSED:
            self._refuse()
        elif door is Door.SILENT:
            self._silence()

    @property
    def door(self) -> Door:
        """What a connection attempt meets now."""
        return self._door

    def _refuse(self) -> None:
        # A bound socket that does not listen keeps the port reserved while the kernel refuses
        # connections to it.
        assert self._socket is not None
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._placeholder = _bound(*self.address, reuse_port=True)
        self._loop.remove_reader(self._socket)
        self._socket.close()
        self._socket = None

    def _silence(self) -> None:
        # Linux drops the SYN of a new connection while the queue of a listener is full and nobody
        # accepts. The fillers are connections of our own that fill the queue and are never served.
        assert self._socket is not None
        self._loop.remove_reader(self._socket)
        self._socket.listen(0)
        for _ in range(2):
            filler = socket.socket()
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                # Called on the base class because pytest's network block replaces socket.connect:
                # this connection goes to our own listener.
                super(socket.socket, filler).connect(self.address)
            self._fillers.append(filler)

    def _reopen(self) -> None:
        self._door = Door.OPEN
        if self._placeholder is not None:
            self._socket = _bound(*self.address, reuse_port=True)
            self.start()
            self._placeholder.close()
            self._placeholder = None
        elif self._fillers:
            self._remove_fillers()
            self.start()

    def _remove_fillers(self) -> None:
        """Take the fillers out of the queue, so that none of them is served."""
        assert self._socket is not None
        ours = {filler.getsockname() for filler in self._fillers}
        for filler in self._fillers:
            filler.close()
        self._fillers = []
        self._socket.listen(_BACKLOG)
        while ours:
            try:
                sock, address = self._socket.accept()
            except OSError:
                return
            # A client's attempt in the same queue is closed as well: it has waited too long.
            sock.close()
            ours.discard(address)

    def _accept(self) -> None:
        for _ in range(_ACCEPTS):
            if self._socket is None or self._door is Door.SILENT:
                return
            try:
                sock, _address = self._socket.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._cannot_accept(error)
                return
            self._take(sock)

    def _take(self, sock: socket.socket) -> None:
        if self._door is Door.RESET:
            self.report(
                ProblemCode.RESET_AT_DOOR, "the connection was reset as soon as it was accepted"
            )
            reset_socket(sock)
            if self._resets_left is not None:
                self._resets_left -= 1
                if not self._resets_left:
                    self._door = Door.OPEN
            return
        protocol = self.connected()
        if protocol is None:
            reset_socket(sock)
            return
        sock.setblocking(False)
        # asyncio sets TCP_NODELAY only on sockets whose protocol number is spelt out, and that of
        # accepted sockets is not. Without it, Nagle's algorithm and delayed acknowledgements would
        # hold pieces back for 40 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._connect(sock, protocol))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, sock: socket.socket, protocol: asyncio.Protocol) -> None:
        began = time.monotonic()
        timeouts = {}
        if self._tls is not None:  # asyncio refuses these two without TLS
            timeouts["ssl_handshake_timeout"] = self._handshake_seconds
            timeouts["ssl_shutdown_timeout"] = 1.0
        try:
            await self._loop.connect_accepted_socket(
                lambda: protocol, sock, ssl=self._tls, **timeouts
            )
        except OSError as error:  # ssl.SSLError is one
            took = f" after {time.monotonic() - began:.3f} s"
            why = getattr(error, "reason", None) or str(error) or type(error).__name__
            self.failed(protocol, f"the TLS handshake failed{took}: {why}")

    def _cannot_accept(self, error: OSError) -> None:
        self.report(ProblemCode.HARNESS, f"a connection could not be accepted: {error}")
        if error.errno in _EXHAUSTED and self._socket is not None:
            # The socket stays readable, so the loop would call _accept without end. It pauses
            # instead; clients wait in the queue meanwhile.
            paused = self._socket
            self._loop.remove_reader(paused)
            self._loop.call_later(0.05, self._accept_again, paused)

    def _accept_again(self, paused: socket.socket) -> None:
        if paused is self._socket:
            self._loop.add_reader(paused, self._accept)


def _bound(host: str, port: int, *, reuse_port: bool = False) -> socket.socket:
    """A socket bound to ``host`` and ``port`` that does not listen yet. Raises EnvironmentFault."""
    sock: socket.socket | None = None
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((host, port))
        sock.setblocking(False)
    except OSError as error:
        if sock is not None:
            sock.close()
        raise EnvironmentFault(
            "peer-cannot-listen",
            f"no listener on {host}: {error}",
            "raise the limit of open files (ulimit -n), or run fewer cases at once",
        ) from error
    return sock
