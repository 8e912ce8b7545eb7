"""``conformance serve`` in a process of its own, as a debugger's user starts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.places import PROJECT

COMMAND = (sys.executable, "-c", "from conformance.cli.main import main; main()")
OWN = ("AZURE_", "OPENAI_", "CONFORMANCE_")


def environment(**more: str) -> dict[str, str]:
    """This process's environment without what SDKs and the harness read by themselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
    return {**kept, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1", "COLUMNS": "300", **more}


class Served:
    """A service that was started, and what it printed to be used with."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.variables: dict[str, str] = {}
        self.said: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            self.said.append(line.rstrip())
            name, equals, value = line.strip().partition("=")
            if equals and name.isupper():
                self.variables[name] = value
            elif self.variables and not line.strip():
                break
        self.url = self.variables["AZURE_OPENAI_ENDPOINT"]

    def end(self, number: int = signal.SIGINT) -> tuple[int, str, str]:
        """(exit code, the rest of what it printed, what it complained of) after a signal."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=10)
        return self.process.returncode, out, err


@contextmanager
def serve(*arguments: str, cwd: Path = PROJECT) -> Iterator[Served]:
    """A running ``conformance serve``; killed if the test did not end it."""
    process = subprocess.Popen(
        [*COMMAND, "serve", *arguments],
        cwd=cwd,
        env=environment(),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield Served(process)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
