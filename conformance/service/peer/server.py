"""The peer's thread, and the executions that run on it: one listener and one player each."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TypeVar, cast

from conformance.errors import EnvironmentFault
from conformance.service.peer.capture import (
    Capture,
    CapturedConnection,
    Problem,
    ProblemCode,
    seconds_after,
)
from conformance.service.peer.connection import Connection
from conformance.service.peer.limits import PeerLimits
from conformance.service.peer.listener import Door, Listener, loopback
from conformance.service.peer.live import LivePlayer, serve_of
from conformance.service.peer.parsing import Head, RequestRefused, bad_request
from conformance.service.peer.record import Record
from conformance.service.peer.tls import CertificateAuthority, authority
from conformance.wire.player import Player

T = TypeVar("T")
_KEPT_PROBLEMS = 1000


class Execution:
    """One listener and the player behind it. Whatever arrives at ``url`` belongs to this execution.

    ``door``, ``capture`` and ``close`` may be called from any thread, also from the player while it
    answers. ``origin`` takes the place of scheme, host and port in the URLs the player sees, so
    that a cassette recorded from a service matches; with None the player sees the URL as it was
    sent. ``elsewhere`` takes their place for requests to ``localhost``: that is the same listener,
    but to a client it is another host than the one in ``url``.
    """

    def __init__(
        self,
        server: PeerServer,
        listener: Listener,
        player: Player | LivePlayer,
        *,
        tls: CertificateAuthority | None,
        origin: str | None,
        hosts: tuple[str, ...],
        elsewhere: str | None,
    ) -> None:
        self._server = server
        self._listener = listener
        self._connections: dict[int, Connection] = {}
        self._ended: list[CapturedConnection] = []
        self._problems: list[Problem] = []
        self._origin = origin
        self._elsewhere = elsewhere
        self._count = self._requests = self._bytes = 0
        self._closed: Capture | None = None
        self.loop = server.loop
        self.limits = server.limits
        # A live player has no ``answer``; connections never ask for it where there is ``serve``.
        self.player = cast(Player, player)
        self.serve = serve_of(player)
        self.records: list[Record] = []
        self.opened = time.monotonic()
        self.scheme, default_port = "http", ":80"
        self.ca_file: Path | None = None
        if tls:
            self.scheme, default_port = "https", ":443"
            self.ca_file = tls.ca_file
        self.host, self.port = listener.address
        self.url = f"{self.scheme}://{self.host}:{self.port}"
        self._hosts = frozenset(
            {f"{name}:{self.port}" for name in (self.host, "localhost")}
            | {host.lower().removesuffix(default_port) for host in hosts}
        )
        listener.connected, listener.failed = self._connected, self._failed
        listener.report = lambda code, cause: self.report(self._count, code, cause)

    def __enter__(self) -> Execution:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Called by whoever runs the case

    def door(self, door: Door, connections: int | None = None) -> None:
        """Set what further connection attempts meet. Idle connections are closed, so that the next
        request has to connect again; a connection with an answer under way is closed after it.
        After ``connections`` attempts that met ``Door.RESET`` the door opens by itself."""

        def shut() -> None:
            self._listener.shut(door, connections)
            if door is not Door.OPEN:
                for connection in tuple(self._connections.values()):
                    connection.dismiss()

        self._server.call(shut)

    def capture(self) -> Capture:
        """What was seen so far, including what has arrived at the sockets by now."""
        return self._closed or self._server.settle(self._snapshot)

    def close(self) -> Capture:
        """End the execution, its listener and its connections. Returns what was seen; further
        calls return the same."""
        if self._closed is None:
            self._closed = self._server.settle(self._end)
        return self._closed

    def _snapshot(self) -> Capture:
        still_open = (connection.describe() for connection in self._connections.values())
        connections = sorted((*self._ended, *still_open), key=lambda c: c.number)
        return Capture(
            self.opened,
            tuple(record.freeze(self.opened) for record in self.records),
            tuple(connections),
            tuple(self._problems),
        )

    def _end(self) -> Capture:
        if self._closed is None:
            self._closed = self._snapshot()
            self._listener.close()
            for connection in tuple(self._connections.values()):
                connection.abort()
            self._server.forget(self)
        return self._closed

    # Called by its listener and its connections, on the loop's thread

    def _connected(self) -> Connection | None:
        self._count += 1
        if len(self._connections) >= self.limits.connections:
            self.report(
                self._count,
                ProblemCode.TOO_MANY,
                f"{self.limits.connections} connections stand already",
            )
            return None
        connection = Connection(self, self._count, time.monotonic())
        self._connections[connection.number] = connection
        return connection

    def _failed(self, protocol: asyncio.Protocol, cause: str) -> None:
        if isinstance(protocol, Connection):
            self.report(protocol.number, ProblemCode.TLS_HANDSHAKE, cause)
            self._connections.pop(protocol.number, None)

    def closed(self, number: int) -> None:
        """Take note that connection ``number`` is closed."""
        connection = self._connections.pop(number, None)
        if connection is not None:
            self._ended.append(connection.describe())

    def overdue(self, now: float) -> None:
        """End the connections whose deadline has passed at ``now``."""
        for connection in tuple(self._connections.values()):
            if connection.deadline < now:
                connection.expire()

    def report(self, connection: int, code: ProblemCode, cause: str, start: bytes = b"") -> None:
        """Keep a problem of ``connection``, unless there are too many already. ``start`` is the
        first bytes of what was sent."""
        if len(self._problems) < _KEPT_PROBLEMS:
            now = seconds_after(self.opened, time.monotonic())
            self._problems.append(Problem(now, connection, code, cause, start=start))

    def spend(self, size: int) -> None:
        """Count a request with a body of ``size`` bytes. Raises RequestRefused beyond the
        limits."""
        self._requests += 1
        self._bytes += size
        if self._requests > self.limits.requests or self._bytes > self.limits.total_bytes:
            raise RequestRefused(
                413,
                ProblemCode.TOO_MANY,
                f"more than {self.limits.requests} requests or "
                f"{self.limits.total_bytes} bytes in one execution",
            )

    def admit(self, head: Head) -> str:
        """The absolute URL that ``head`` asks for. Raises RequestRefused when the request is not
        meant for this listener."""
        host, target = head.control.get("host"), head.target
        # Repeated headers arrive joined by a comma.
        if host is None or "," in host:
            raise bad_request("there is not one host header, as HTTP/1.1 demands")
        scheme = self.scheme
        if "://" in target[:9]:
            # The absolute form, as to a proxy; it outranks the header (RFC 9112 section 3.2.2).
            scheme, _, rest = target.partition("://")
            host, slash, path = rest.partition("/")
            target = slash + path
        if host.lower() not in self._hosts:
            # A web page that makes its own host name resolve to loopback (DNS rebinding) still
            # sends that name as the host, so it is refused here.
            raise RequestRefused(
                421,
                ProblemCode.WRONG_HOST,
                f"the request is for {host[:200]!r}, not for {self.url}",
            )
        if "origin" in head.control:
            raise RequestRefused(
                403, ProblemCode.BROWSER, "a web page made the request; the peer serves SDKs"
            )
        origin = self._origin or f"{scheme}://{host}"
        if self._elsewhere and host.lower() == f"localhost:{self.port}":
            origin = self._elsewhere
        return origin + target


class PeerServer:
    """The peer's thread, its event loop and the executions open on it. A context manager; leaving
    it closes every execution and ends the thread.

    ``tls`` is the default for ``open``. ``faults`` has what asyncio found wrong; it stays empty
    when all goes well. Raises UsageError for a host that is not an IPv4 loopback address.
    """

    def __init__(
        self, *, tls: bool = False, host: str = "127.0.0.1", limits: PeerLimits | None = None
    ) -> None:
        self._host = loopback(host)
        self._tls = tls
        self.limits = limits or PeerLimits()
        self.loop: asyncio.AbstractEventLoop = asyncio.new_event_loop()
        self.faults: list[str] = []
        self._thread: threading.Thread | None = None
        self._executions: dict[int, Execution] = {}

    def __enter__(self) -> PeerServer:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the thread. A stopped server cannot be started again."""
        self.loop.set_exception_handler(self._keep_fault)
        self._thread = threading.Thread(target=self._run, name="conformance-peer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close every execution and end the thread. May be called twice."""
        if self._thread is None:
            return
        with contextlib.suppress(EnvironmentFault):
            self.settle(self._close_all)
            self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._thread = None

    def open(
        self,
        player: Player | LivePlayer,
        *,
        tls: bool | None = None,
        origin: str | None = None,
        hosts: tuple[str, ...] = (),
        port: int = 0,
        elsewhere: str | None = None,
    ) -> Execution:
        """A new execution: a listener on ``port`` (0: any that is free), answered by ``player``.

        ``origin`` (``https://name``) replaces scheme and host in the URLs ``player`` sees,
        ``elsewhere`` in those of requests to ``localhost``. ``hosts`` are Host headers taken beside
        ``127.0.0.1:PORT`` and ``localhost:PORT``. Raises EnvironmentFault when the system has no
        port or file descriptor left, or the server does not run.
        """
        certificates, context = None, None
        if tls or (tls is None and self._tls):
            certificates = authority()
            context = certificates.context
        listener = Listener(
            self.loop,
            self._host,
            context,
            handshake_seconds=self.limits.handshake_seconds,
            port=port,
        )
        execution = Execution(
            self,
            listener,
            player,
            tls=certificates,
            origin=origin,
            hosts=hosts,
            elsewhere=elsewhere,
        )

        def begin() -> None:
            self._executions[id(execution)] = execution
            listener.start()

        self.call(begin)
        return execution

    def forget(self, execution: Execution) -> None:
        """Take ``execution`` off the list of open executions."""
        self._executions.pop(id(execution), None)

    def call(self, function: Callable[[], T]) -> T:
        """What ``function`` returns, or raises, on the loop's thread. Waits for it; may be called
        on that thread as well."""
        if threading.current_thread() is self._thread:
            return function()
        return self._hand_over(function, hops=0)

    def settle(self, function: Callable[[], T]) -> T:
        """As ``call``, but ``function`` sees everything that had arrived at the sockets when
        ``settle`` was called."""
        if threading.current_thread() is self._thread:
            return function()
        # In each of its turns the loop looks at the sockets before it runs what is due.
        return self._hand_over(function, hops=2)

    def _hand_over(self, function: Callable[[], T], hops: int) -> T:
        """What ``function`` returns on the loop's thread, after ``hops`` further turns of the
        loop."""
        if self._thread is None or not self._thread.is_alive():
            raise EnvironmentFault(
                "peer-not-running", "the peer's thread does not run", "use it as a context manager"
            )
        result: concurrent.futures.Future[T] = concurrent.futures.Future()

        def hop(left: int) -> None:
            if left:
                self.loop.call_soon(hop, left - 1)
                return
            try:
                result.set_result(function())
            except BaseException as error:
                result.set_exception(error)

        self.loop.call_soon_threadsafe(hop, hops)
        return result.result()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._sweep)
        try:
            self.loop.run_forever()
            self.loop.run_until_complete(self._finish())
        finally:
            asyncio.set_event_loop(None)
            self.loop.close()

    async def _finish(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)

    def _close_all(self) -> None:
        for execution in tuple(self._executions.values()):
            execution.close()

    def _sweep(self) -> None:
        now = time.monotonic()
        for execution in tuple(self._executions.values()):
            execution.overdue(now)
        self.loop.call_later(self.limits.sweep_seconds, self._sweep)

    def _keep_fault(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        # Without this handler asyncio would print a traceback in the middle of somebody's report.
        self.faults.append(f"{context.get('message')}: {context.get('exception')!r}")
