"""What the supervisor of an adapter reads from the system: pipes without waiting, how a process
ended. POSIX only."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

READ = 1 << 16
"""Bytes read at once."""


class Tail:
    """The last ``limit`` bytes of a stream, however much passes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()

    def read(self, pipe: Any) -> bool:
        """Take what there is now; whether the stream goes on."""
        data = read_now(pipe)
        if data:
            self._kept += data
            del self._kept[: -self._limit]
        return data != b""

    def drain(self, pipe: Any) -> None:
        """Take what the pipe holds, and not what is being written meanwhile: a writer that never
        ends is no reason to stay."""
        for _ in range(max(1, self._limit // READ) + _PIPES):
            data = read_now(pipe)
            if not data:
                return
            self._kept += data
            del self._kept[: -self._limit]

    def __str__(self) -> str:
        return bytes(self._kept).decode("utf-8", "replace")


_PIPES = 16
"""A pipe holds at most a megabyte unless the machine's administrator allows more (pipe(7))."""


def read_now(pipe: Any) -> bytes | None:
    """What there is to read: b"" at the end, None when there is nothing now."""
    try:
        return os.read(pipe.fileno(), READ)
    except BlockingIOError:
        return None
    except (OSError, ValueError):
        return b""


def exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """How ``process`` ended (negative: by which signal); None while it runs. It is not reaped where
    that can be had: as long as it is not, its number is nobody else's, and its group can be killed
    without a doubt."""
    if not hasattr(os, "waitid"):
        return process.poll()
    try:
        found = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return process.poll()
    if found is None:
        return None
    return found.si_status if found.si_code == os.CLD_EXITED else -found.si_status


def ending(code: int) -> str:
    """How a process with this exit code ended, in words."""
    if code >= 0:
        return f"the process ended with code {code}"
    try:
        return f"the process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"the process was ended by signal {-code}"


def shown(line: bytes) -> str:
    """The beginning of ``line`` for a message."""
    text = line[:120].decode("utf-8", "replace")
    return repr(text) + ("..." if len(line) > 120 else "")
