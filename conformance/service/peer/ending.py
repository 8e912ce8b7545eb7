"""Ways to end a TCP connection that a client can tell apart."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_POLL = 0.001
_POLLS = 2000


def unacknowledged(sock: socket.socket) -> int:
    """Bytes written to ``sock`` that the other side's kernel has not taken yet; 0 where the system
    cannot tell."""
    if sys.platform == "win32":
        return 0
    import fcntl
    import termios

    try:
        return struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0"))[0]  # type: ignore[no-any-return]
    except (OSError, ValueError):
        return 0


def cut(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """End ``transport`` by FIN, without TLS's farewell: the connection is simply over."""
    _when_taken(transport, loop, transport.abort)


def reset(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """End ``transport`` by RST."""

    def now() -> None:
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
        )
        transport.abort()

    _when_taken(transport, loop, now)


def _when_taken(
    transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, then: Callable[[], None]
) -> None:
    """Call ``then`` once the other side's kernel has everything that was written.

    Aborting a transport, or resetting a connection, throws away what is still unsent, which would
    make "ended after N bytes" a matter of luck; so up to two seconds are given to the bytes on
    their way. Below TLS lies a second buffer that cannot be asked for its size; it is empty when
    the kernel's was so twice, with the loop run in between.
    """
    sure = 2 if transport.get_extra_info("sslcontext") else 1

    def step(left: int, empty: int) -> None:
        sock = transport.get_extra_info("socket")
        if transport.is_closing() or sock is None:
            return
        empty = 0 if unacknowledged(sock) else empty + 1
        if empty >= sure or not left:
            then()
        else:
            loop.call_later(_POLL, step, left - 1, empty)

    step(_POLLS, 0)


def reset_socket(sock: socket.socket) -> None:
    """End an accepted socket that no transport owns by RST."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    sock.close()
