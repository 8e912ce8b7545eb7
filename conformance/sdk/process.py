"""One adapter process: started, asked, watched, and ended with everything it started.

A thread moves the bytes and watches the deadlines, so that a caller waits for exactly one thing:
its answer, or the fault that took its place. An adapter that breaks the protocol is killed at once,
because whatever it writes afterwards could belong to any call. POSIX only (process groups).
"""

from __future__ import annotations

import contextlib
import json
import math
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
_NO_NUMBER = 0  # questions are numbered from 1
_POLL = 0.2
"""Seconds between looks at a silent process. Its end shows at once in its pipes, unless a child of
it holds them open."""


class FaultKind(StrEnum):
    """How an adapter can fail. ``start``: it could not be executed, or did not introduce itself."""

    START = "start"
    HANG = "hang"
    CRASH = "crash"
    PROTOCOL = "protocol"


class AdapterFault(Exception):
    """The adapter failed while it performed this call alone, so no other call can be to blame."""

    def __init__(self, kind: FaultKind, cause: str, stderr: str = "") -> None:
        super().__init__(cause)
        self.kind = kind
        self.cause = cause
        self.stderr = stderr

    def __str__(self) -> str:
        text = f"{self.kind.value}: {self.cause}"
        tail = self.stderr.strip()
        if tail:
            text += f"; it wrote to stderr: {tail[-2000:]}"
        return text


class Disturbed(Exception):
    """The adapter failed while it performed several calls: each of them is to be asked again,
    alone."""

    def __init__(self, fault: AdapterFault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def fault_of(error: AdapterFault | Disturbed) -> AdapterFault:
    """The fault that ``error`` is, or that it tells of."""
    if isinstance(error, Disturbed):
        return error.fault
    return error


@dataclass(frozen=True, slots=True)
class Launch:
    """How an adapter is started. ``environment`` is its whole environment: nothing is added to
    it."""

    sdk: str
    version: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class ProcessLimits:
    """Limits in seconds and bytes. Of stderr the last ``stderr_bytes`` are kept. ``line_bytes`` is
    the length of the longest message that an adapter may write."""

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
    """One process of an adapter. Methods may be called from any thread.

    Once it has failed or was stopped it cannot be used again. ``hello`` is what it said of itself,
    ``fault`` how it has failed.
    """

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

    # What callers use, from any thread.

    @property
    def stderr(self) -> str:
        """The last of what the adapter wrote to stderr, without secrets: those known by their form,
        and those in the variables of its environment."""
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
        """Number of questions that wait for their answers."""
        return len(self._tickets)

    @property
    def alive(self) -> bool:
        """Whether it can be asked: it is started, has not failed and was not stopped."""
        return self.fault is None and not self._stopping and self._thread is not None

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its group; 0 before it is started."""
        if self._process is None:
            return 0
        return self._process.pid

    def start(self) -> Hello:
        """Execute the adapter and wait for its hello. Raises AdapterFault (kind ``start``)."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the command is the manifest's
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
            fault = fault_of(error)
            self.kill()
            raise AdapterFault(FaultKind.START, f"no hello: {fault.cause}", fault.stderr) from None
        self.hello = hello_of(answer)
        return self.hello

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Start the thread. When the machine has no descriptors or threads left, end the process
        and raise AdapterFault."""
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
        """Ask the adapter to end, then kill what is left of its process group. May be called at any
        time, and more than once."""
        if self.alive:
            with contextlib.suppress(AdapterFault, Disturbed):
                self.ask(shutdown_message(), "done", self.limits.shutdown_seconds)
            if self._thread is not None:
                # The thread ends when the process does.
                self._thread.join(self.limits.shutdown_seconds)
        self.kill()

    def kill(self) -> None:
        """End the whole process group of the adapter now. Nothing of it is left on return."""
        with self._lock:
            self._stopping = True
            self._wake()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    # What the thread does.

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
            except Exception as error:  # a defect of the harness must leave nobody waiting
                self._fail(
                    FaultKind.PROTOCOL,
                    f"the harness failed to read it: {type(error).__name__}: {error}",
                )
            self._end(selector, process)

    def _turn(self, selector: selectors.BaseSelector, process: subprocess.Popen[bytes]) -> None:
        """Once: write, read, look at the process and at deadlines."""
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
            while self._read_answers():  # what it wrote before it ended counts
                pass
            self._drain_stderr()
            self._fail(FaultKind.CRASH, ending(code))
            return
        self._look_at_deadlines()

    def _patience(self) -> float:
        """Seconds until something must be looked at, though nothing is read or written."""
        with self._lock:
            nearest = min((ticket.deadline for ticket in self._tickets.values()), default=math.inf)
        return max(0.0, min(_POLL, nearest - time.monotonic()))

    def _look_at_deadlines(self) -> None:
        now = time.monotonic()
        with self._lock:
            late = [ticket for ticket in self._tickets.values() if ticket.deadline <= now]
        if late:
            first = min(late, key=lambda ticket: ticket.deadline)
            self._fail(FaultKind.HANG, f"no answer to {first.about} within {first.seconds:g} s")

    # Callers wake the thread through a pipe: it sleeps until one of its descriptors is ready.
    def _woken(self) -> bool:
        os.read(self._wake_read, READ)
        return True

    def _wake(self) -> None:
        if self._wake_write >= 0:
            with contextlib.suppress(BlockingIOError):  # the pipe is full, so the thread will wake
                os.write(self._wake_write, b"!")

    def _write(self) -> bool:
        assert self._process is not None and self._process.stdin is not None
        with self._lock:
            try:
                sent = os.write(self._process.stdin.fileno(), self._outbox[:READ])
            except BlockingIOError:
                return True
            except OSError:  # it has closed its end; its exit will show why
                self._outbox.clear()
                return False
            del self._outbox[:sent]
        return True

    def _read_stderr(self) -> bool:
        return self._stderr.read(self._process.stderr if self._process else None)

    def _drain_stderr(self) -> None:
        self._stderr.drain(self._process.stderr if self._process else None)

    def _read_answers(self) -> bool:
        """Read what is on stdout now. Returns whether there was anything: False also says that
        stdout need not be watched any more."""
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
        """Handle one line of stdout."""
        try:
            message = parsed(line)
        except ValueError as error:
            why = ""
            if str(error).endswith(("no JSON", "too deep")):
                why = f" ({error})"
            beginning = self._without_secrets(shown(line))
            self._fail(
                FaultKind.PROTOCOL, f"stdout is for answers only, and it wrote {beginning}{why}"
            )
            return
        claimed = None
        if isinstance(message, dict):
            claimed = message.get("id")
        number = _NO_NUMBER
        if type(claimed) is int:  # True is an int as well, but no id
            number = claimed
        with self._lock:
            ticket = self._tickets.pop(number, None)
            if ticket is not None:
                self._answered.add(number)
        if ticket is None:
            mistake = "is the id of no question"
            if number in self._answered:
                mistake = "was answered twice"
            written = self._without_secrets(shown(json.dumps(claimed).encode()))
            self._fail(FaultKind.PROTOCOL, f"id {written} {mistake}")
            return
        problem = answer_problem(message, ticket.kind, ticket.view)
        if problem is None:
            _settle(ticket, message)
        else:
            # The id says which call is to blame; the others are still served.
            _settle(
                ticket,
                AdapterFault(
                    FaultKind.PROTOCOL,
                    f"the answer to {ticket.about} is not valid: {self._without_secrets(problem)}",
                    self.stderr,
                ),
            )

    def _fail(self, kind: FaultKind, cause: str) -> None:
        """Note that the adapter has failed, and tell every caller that waits."""
        if kind in (FaultKind.HANG, FaultKind.PROTOCOL):
            self._drain_stderr()
        with self._lock:
            if self.fault is not None:
                return
            self.fault = AdapterFault(kind, cause, self.stderr)
            waiting = list(self._tickets.values())
            self._tickets.clear()
        if len(waiting) == 1:
            _settle(waiting[0], self.fault)
            return
        for ticket in waiting:
            _settle(ticket, Disturbed(self.fault))

    def _end(self, selector: selectors.BaseSelector, process: subprocess.Popen[bytes]) -> None:
        """Kill the group, reap the process, close every descriptor, and tell every caller that
        waits."""
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
    """Hand ``answer`` to the caller, unless the caller has given up waiting."""
    with contextlib.suppress(InvalidStateError):
        if isinstance(answer, Exception):
            ticket.answer.set_exception(answer)
        else:
            ticket.answer.set_result(answer)
