"""One adapter process: started, asked, watched, and ended with everything it started.

A thread of its own moves the bytes and keeps the deadlines, so that a caller waits for exactly one
thing: its answer, or the fault that took its place. An adapter that breaks the protocol is killed
at once: what it says afterwards could belong to anything. POSIX only (process groups).
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from conformance.sanitize.redactor import Redactor
from conformance.sdk.messages import (
    Answer,
    Hello,
    answer_problem,
    expected_view,
    hello_message,
    hello_of,
    parsed,
    shutdown_message,
)
from conformance.sdk.pipes import READ, Tail, ending, exit_code, read_now, shown

_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL")
_POLL = 0.2
"""Seconds between looks at a process that is silent: its end shows at once in its pipes unless a
child holds them."""


class FaultKind(StrEnum):
    """How an adapter can fail. ``start``: it could not be executed or did not introduce itself."""

    START = "start"
    HANG = "hang"
    CRASH = "crash"
    PROTOCOL = "protocol"


class AdapterFault(Exception):
    """The adapter failed while this call, and no other that could be to blame, was with it."""

    def __init__(self, kind: FaultKind, cause: str, stderr: str = "") -> None:
        super().__init__(cause)
        self.kind = kind
        self.cause = cause
        self.stderr = stderr

    def __str__(self) -> str:
        tail = self.stderr.strip()
        return f"{self.kind.value}: {self.cause}" + (
            f"; it wrote to stderr: {tail[-2000:]}" if tail else ""
        )


class Disturbed(Exception):
    """The adapter failed while several calls were with it: each of them is to be asked again,
    alone."""

    def __init__(self, fault: AdapterFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Launch:
    """How an adapter is started. ``environment`` is the whole environment, not an addition to
    ours."""

    sdk: str
    version: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Seconds and bytes. ``stderr_bytes`` is how much of stderr is kept: the last of it.
    ``line_bytes`` bounds one message of the adapter."""

    hello_seconds: float = 60.0
    shutdown_seconds: float = 3.0
    stderr_bytes: int = 1 << 16
    line_bytes: int = 64 << 20


@dataclass(slots=True)
class _Ticket:
    """A question that waits for its answer, whose view must keep to the one named ``view``."""

    number: int
    kind: Answer
    view: str | None
    about: str
    deadline: float
    seconds: float
    answer: Future[dict[str, Any]]


class AdapterProcess:
    """See the module. Methods may be called from any thread. Not to be used again once it has
    failed or was stopped."""

    def __init__(self, launch: Launch, limits: ProcessLimits | None = None) -> None:
        self.launch = launch
        self.limits = limits or ProcessLimits()
        self.hello: Hello | None = None
        self.fault: AdapterFault | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._tickets: dict[int, _Ticket] = {}
        self._answered: set[int] = set()
        self._next = 1
        self._outbox = bytearray()
        self._inbox = bytearray()
        self._stderr = Tail(self.limits.stderr_bytes)
        self._redactor: Redactor | None = None
        self._redacting = threading.Lock()
        self._stopping = False
        self._wake_read = self._wake_write = -1

    # For whoever asks

    @property
    def stderr(self) -> str:
        """The last of what the adapter wrote to stderr, without secrets: neither those whose form
        gives them away nor those of its own environment."""
        return self._without_secrets(str(self._stderr))

    def _without_secrets(self, text: str) -> str:
        with self._redacting:
            if self._redactor is None:
                self._redactor = Redactor(
                    value
                    for name, value in self.launch.environment.items()
                    if any(word in name.upper() for word in _SECRET_WORDS)
                )
            return self._redactor.text(text)

    @property
    def in_flight(self) -> int:
        return len(self._tickets)

    @property
    def alive(self) -> bool:
        return self.fault is None and not self._stopping and self._thread is not None

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group; 0 before it is started."""
        return self._process.pid if self._process else 0

    def start(self) -> Hello:
        """Execute the adapter and hear its hello. Raises AdapterFault (kind ``start``)."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the adapter's own manifest names the command
                self.launch.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(self.launch.environment),
                cwd=self.launch.folder,
                start_new_session=True,
                bufsize=0,
            )
        except (OSError, ValueError) as error:
            raise AdapterFault(
                FaultKind.START, f"{self.launch.command[0]} cannot be executed: {error}"
            ) from None
        self._watch(self._process)
        try:
            answer = self.ask(hello_message(), "hello", self.limits.hello_seconds)
        except (AdapterFault, Disturbed) as error:
            fault = error.fault if isinstance(error, Disturbed) else error
            self.kill()
            raise AdapterFault(FaultKind.START, f"no hello: {fault.cause}", fault.stderr) from None
        self.hello = hello_of(answer)
        return self.hello

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Start the thread. A machine without descriptors or threads to spare keeps no process
        either."""
        try:
            self._wake_read, self._wake_write = os.pipe()
            os.set_blocking(self._wake_write, False)
            self._thread = threading.Thread(
                target=self._pump, name=f"adapter-{self.launch.sdk}", daemon=True
            )
            self._thread.start()
        except (OSError, RuntimeError) as error:
            self._thread = None
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            for descriptor in (self._wake_read, self._wake_write):
                if descriptor >= 0:
                    os.close(descriptor)
            self._wake_read = self._wake_write = -1
            raise AdapterFault(FaultKind.START, f"it cannot be watched: {error}") from None

    def ask(self, message: dict[str, Any], kind: Answer, seconds: float) -> dict[str, Any]:
        """Send ``message`` and wait at most ``seconds`` for its answer, which is valid.

        Raises AdapterFault when the adapter failed over this message, Disturbed when it failed
        while others were with it as well and any of them may be the reason.
        """
        return self.send(message, kind, seconds).result()

    def send(self, message: dict[str, Any], kind: Answer, seconds: float) -> Future[dict[str, Any]]:
        """The same without waiting: the future holds the answer or the exception."""
        answer: Future[dict[str, Any]] = Future()
        about = " ".join(str(message[name]) for name in ("op", "operation") if name in message)
        with self._lock:
            if self.fault is not None or self._stopping or self._thread is None:
                answer.set_exception(
                    Disturbed(
                        self.fault or AdapterFault(FaultKind.CRASH, "the adapter was stopped")
                    )
                )
                return answer
            number, self._next = self._next, self._next + 1
            self._tickets[number] = _Ticket(
                number=number,
                kind=kind,
                view=expected_view(message),
                about=about,
                deadline=time.monotonic() + seconds,
                seconds=seconds,
                answer=answer,
            )
            self._outbox += json.dumps({"id": number, **message}, ensure_ascii=False).encode(
                "utf-8", "surrogatepass"
            )
            self._outbox += b"\n"
            self._wake()
        return answer

    def stop(self) -> None:
        """Ask the adapter to end; kill what is left of its group. May be called at any time and
        again."""
        if self.alive:
            with contextlib.suppress(AdapterFault, Disturbed):
                self.ask(shutdown_message(), "done", self.limits.shutdown_seconds)
            if self._thread is not None:
                self._thread.join(self.limits.shutdown_seconds)  # it ends when the process does
        self.kill()

    def kill(self) -> None:
        """End the adapter's whole process group now. Nothing of it is left when this returns."""
        with self._lock:
            self._stopping = True
            self._wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    # The thread

    def _pump(self) -> None:
        process = self._process
        assert process is not None and process.stdin and process.stdout and process.stderr
        with selectors.DefaultSelector() as selector:
            for pipe in (process.stdin, process.stdout, process.stderr):
                os.set_blocking(pipe.fileno(), False)
            selector.register(process.stdout, selectors.EVENT_READ, self._read_answers)
            selector.register(process.stderr, selectors.EVENT_READ, self._read_stderr)
            selector.register(self._wake_read, selectors.EVENT_READ, self._woken)
            try:
                while not self._stopping and self.fault is None:
                    self._turn(selector, process)
            except Exception as error:  # a defect of ours must not leave anybody waiting
                self._fail(
                    FaultKind.PROTOCOL,
                    f"the harness failed to read it: {type(error).__name__}: {error}",
                )
            self._end(selector, process)

    def _turn(self, selector: selectors.BaseSelector, process: subprocess.Popen[bytes]) -> None:
        """One round of reading, writing and looking at deadlines."""
        assert process.stdin is not None
        registered = process.stdin in selector.get_map()
        if self._outbox and not registered:
            selector.register(process.stdin, selectors.EVENT_WRITE, self._write)
        elif registered and not self._outbox:
            selector.unregister(process.stdin)
        for key, _ in selector.select(self._patience()):
            if not key.data():
                selector.unregister(key.fileobj)
        code = exit_code(process)
        if code is not None:
            while self._read_answers():  # what it said before it ended counts
                pass
            self._drain_stderr()
            self._fail(FaultKind.CRASH, ending(code))
            return
        self._look_at_deadlines()

    def _patience(self) -> float:
        with self._lock:
            nearest = min((ticket.deadline for ticket in self._tickets.values()), default=None)
        return _POLL if nearest is None else max(0.0, min(_POLL, nearest - time.monotonic()))

    def _look_at_deadlines(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [ticket for ticket in self._tickets.values() if ticket.deadline <= now]
        if late:
            first = min(late, key=lambda ticket: ticket.deadline)
            self._fail(FaultKind.HANG, f"no answer to {first.about} within {first.seconds:g} s")

    def _woken(self) -> bool:
        os.read(self._wake_read, READ)
        return True

    def _wake(self) -> None:
        if self._wake_write >= 0:
            with contextlib.suppress(BlockingIOError):  # full: it will wake
                os.write(self._wake_write, b"!")

    def _write(self) -> bool:
        assert self._process is not None and self._process.stdin is not None
        with self._lock:
            try:
                sent = os.write(self._process.stdin.fileno(), self._outbox[:READ])
            except BlockingIOError:
                return True
            except OSError:  # it closed its end: how it ended is told by its exit
                self._outbox.clear()
                return False
            del self._outbox[:sent]
        return True

    def _read_stderr(self) -> bool:
        return self._stderr.read(self._process.stderr if self._process else None)

    def _drain_stderr(self) -> None:
        self._stderr.drain(self._process.stderr if self._process else None)

    def _read_answers(self) -> bool:
        """Whether something was read; False also ends the watching of stdout when it was closed."""
        data = read_now(self._process.stdout if self._process else None)
        if not data:
            return False
        searched = len(self._inbox)
        self._inbox += data
        while (end := self._inbox.find(b"\n", searched)) >= 0:
            line = bytes(self._inbox[:end])
            del self._inbox[: end + 1]
            searched = 0
            self._take(line)
            if self.fault is not None:
                return False
        if len(self._inbox) > self.limits.line_bytes:
            self._fail(FaultKind.PROTOCOL, f"a line is longer than {self.limits.line_bytes} bytes")
            return False
        return True

    def _take(self, line: bytes) -> None:
        """One line of stdout."""
        try:
            message = parsed(line)
        except ValueError as error:
            why = f" ({error})" if str(error).endswith(("no JSON", "too deep")) else ""
            said = self._without_secrets(shown(line))
            self._fail(FaultKind.PROTOCOL, f"stdout is for answers only, and it wrote {said}{why}")
            return
        claimed = message.get("id") if isinstance(message, dict) else None
        number = (
            claimed if type(claimed) is int else 0
        )  # true is an int as well, and 0 the id of no question
        with self._lock:
            ticket = self._tickets.pop(number, None)
            if ticket is not None:
                self._answered.add(number)
        if ticket is None:
            said = "was answered twice" if number in self._answered else "is the id of no question"
            self._fail(
                FaultKind.PROTOCOL,
                f"id {self._without_secrets(shown(json.dumps(claimed).encode()))} {said}",
            )
            return
        problem = answer_problem(message, ticket.kind, ticket.view)
        if problem is None:
            _settle(ticket, message)
        else:
            # The id says whose fault it is; the others are still served.
            _settle(
                ticket,
                AdapterFault(
                    FaultKind.PROTOCOL,
                    f"the answer to {ticket.about} is not valid: {self._without_secrets(problem)}",
                    self.stderr,
                ),
            )

    def _fail(self, kind: FaultKind, cause: str) -> None:
        """The adapter is done for. Whoever waits learns whether it was about them."""
        if kind in (FaultKind.HANG, FaultKind.PROTOCOL):
            self._drain_stderr()
        with self._lock:
            if self.fault is not None:
                return
            self.fault = AdapterFault(kind, cause, self.stderr)
            waiting = list(self._tickets.values())
            self._tickets.clear()
        for ticket in waiting:
            _settle(ticket, self.fault if len(waiting) == 1 else Disturbed(self.fault))

    def _end(self, selector: selectors.BaseSelector, process: subprocess.Popen[bytes]) -> None:
        """Kill the group, reap the process, close every descriptor, tell whoever still waits."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        self._drain_stderr()
        selector.close()
        with self._lock:
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
            for descriptor in (self._wake_read, self._wake_write):
                os.close(descriptor)
            self._wake_read = self._wake_write = -1
            self._stopping = True
            waiting = list(self._tickets.values())
            self._tickets.clear()
        stopped = AdapterFault(FaultKind.CRASH, "the adapter was stopped", self.stderr)
        for ticket in waiting:
            _settle(ticket, Disturbed(stopped))


def _settle(ticket: _Ticket, answer: dict[str, Any] | Exception) -> None:
    with contextlib.suppress(InvalidStateError):
        if isinstance(answer, Exception):
            ticket.answer.set_exception(answer)
        else:
            ticket.answer.set_result(answer)
