"""The ways to end a TCP connection that a client can tell apart: FIN without TLS's farewell, and
RST."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable

# SO_LINGER switched on with a time of 0: the kernel then closes by RST instead of FIN.
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_POLL = 0.001
"""Seconds between two looks at what the other side has taken."""
_POLLS = 2000


def unacknowledged(sock: socket.socket) -> int:
    """Bytes written to ``sock`` that the other side's kernel has not taken yet; 0 where the system
    cannot tell."""
    if sys.platform == "win32":
        return 0
    import fcntl
    import termios

    try:
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0\0\0\0")
    except (OSError, ValueError):
        return 0
    return int(struct.unpack("i", answer)[0])


def cut(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """End ``transport`` by FIN. Over TLS its closing alert is left out, as when a process dies."""
    _when_taken(transport, loop, transport.abort)


def reset(transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
    """End ``transport`` by RST."""

    def send_reset() -> None:
        transport.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE
        )
        transport.abort()

    _when_taken(transport, loop, send_reset)


def _when_taken(
    transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, then: Callable[[], None]
) -> None:
    """Call ``then`` once the other side's kernel has everything that was written, after two seconds
    at the latest."""
    # Aborting a transport, or resetting a connection, throws away what is still unsent. Without
    # this wait "ended after N bytes" would be a matter of luck.
    looks_needed = 1
    if transport.get_extra_info("sslcontext"):
        # Below TLS lies a second buffer that cannot be asked for its size. It is empty when the
        # kernel's was empty twice with the loop run in between.
        looks_needed = 2

    def look(looks_left: int, empty_in_a_row: int) -> None:
        sock = transport.get_extra_info("socket")
        if transport.is_closing() or sock is None:
            return
        empty_in_a_row += 1
        if unacknowledged(sock):
            empty_in_a_row = 0
        if empty_in_a_row >= looks_needed or not looks_left:
            then()
        else:
            loop.call_later(_POLL, look, looks_left - 1, empty_in_a_row)

    look(_POLLS, 0)


def reset_socket(sock: socket.socket) -> None:
    """End by RST an accepted socket that no transport owns."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    sock.close()
