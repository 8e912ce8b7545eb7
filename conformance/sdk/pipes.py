"""What the supervisor of an adapter asks the system: what is in a pipe, without waiting for more,
and how a process ended. POSIX only."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import Any

READ = 1 << 16
"""Most bytes that are read at once."""
_MOST_SHOWN = 120
_PIPE_READS = 16
"""How many reads empty a pipe: it holds at most a megabyte, unless the machine's administrator
allows more (pipe(7))."""


class Tail:
    """The last ``limit`` bytes of a stream, however much passes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()

    def read(self, pipe: Any) -> bool:
        """Take what is in ``pipe`` now. Returns whether the stream goes on."""
        data = read_now(pipe)
        if data:
            self._keep(data)
        return data != b""

    def drain(self, pipe: Any) -> None:
        """Take all that ``pipe`` holds."""
        # A bounded number of reads: a writer that never stops would keep this here for ever.
        for _ in range(max(1, self._limit // READ) + _PIPE_READS):
            data = read_now(pipe)
            if not data:
                return
            self._keep(data)

    def _keep(self, data: bytes) -> None:
        self._kept += data
        del self._kept[: -self._limit]

    def __str__(self) -> str:
        return bytes(self._kept).decode("utf-8", "replace")


def read_now(pipe: Any) -> bytes | None:
    """What is in ``pipe`` now: b"" at the end of the stream, None when there is nothing yet."""
    try:
        return os.read(pipe.fileno(), READ)
    except BlockingIOError:
        return None
    except (OSError, ValueError):
        return b""


def exit_code(process: subprocess.Popen[bytes]) -> int | None:
    """The exit code of ``process``, negative for the number of a signal; None while it runs.

    The process is not reaped, where the system allows that. Until it is, no other process can get
    its id, so its group can be killed without hitting another.
    """
    if not hasattr(os, "waitid"):
        return process.poll()
    try:
        result = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return process.poll()
    if result is None:
        return None
    if result.si_code == os.CLD_EXITED:
        return result.si_status
    return -result.si_status


def ending(code: int) -> str:
    """How a process with the exit code ``code`` ended, in words."""
    if code >= 0:
        return f"the process ended with code {code}"
    try:
        return f"the process was ended by {signal.Signals(-code).name}"
    except ValueError:
        return f"the process was ended by signal {-code}"


def shown(line: bytes) -> str:
    """The beginning of ``line``, for a message."""
    text = repr(line[:_MOST_SHOWN].decode("utf-8", "replace"))
    if len(line) > _MOST_SHOWN:
        text += "..."
    return text
