"""The processes of one adapter: as many as are needed for the calls under way, started when they are, replaced when
they fail. A session keeps to one process from its first call to its close."""

from __future__ import annotations

import threading

from conformance.sdk.contract import same_version
from conformance.sdk.messages import Hello
from conformance.sdk.process import AdapterFault, AdapterProcess, Disturbed, FaultKind, Launch, ProcessLimits

_STRIKES = 20


class ProcessPool:
    """At most ``processes`` adapter processes with the environment of ``launch``. Methods may be called from any
    thread. After so many failures that it is no accident, nothing more is started: ``acquire`` raises."""

    def __init__(self, launch: Launch, processes: int, limits: ProcessLimits | None = None) -> None:
        self.launch = launch
        self._most = processes
        self._limits = limits
        self._free = threading.Condition()
        self._taken: dict[AdapterProcess, int] = {}
        self._starting = 0
        self._strikes = 0
        self._refusal: AdapterFault | None = None
        self._closed = False

    def acquire(self) -> AdapterProcess:
        """A process that lives and has room for a session; waits for one. Raises AdapterFault when the adapter cannot
        be started or has failed too often, and Disturbed when the pool was closed."""
        with self._free:
            while True:
                if self._closed:
                    raise Disturbed(AdapterFault(FaultKind.CRASH, "the run was stopped"))
                self._bury()
                if self._refusal is not None:
                    raise self._refusal
                process = self._with_room()
                if process is not None:
                    self._taken[process] += 1
                    return process
                if len(self._taken) + self._starting < self._most:
                    break
                self._free.wait()
            self._starting += 1
        return self._start()

    def release(self, process: AdapterProcess) -> None:
        """Give back what ``acquire`` gave."""
        with self._free:
            if process in self._taken:
                self._taken[process] -= 1
            self._free.notify_all()

    def close(self) -> None:
        """End every process. Sessions under way are disturbed."""
        with self._free:
            self._closed = True
            processes = list(self._taken)
            self._free.notify_all()
        for process in processes:
            process.stop()

    def _with_room(self) -> AdapterProcess | None:
        for process, taken in sorted(self._taken.items(), key=lambda item: item[1]):
            if process.alive and process.hello is not None and taken < process.hello.concurrency:
                return process
        return None

    def _bury(self) -> None:
        """Forget processes that have failed; they ended themselves."""
        for process in [p for p in self._taken if not p.alive]:
            del self._taken[process]
            self._strikes += 1
            if self._strikes >= _STRIKES and process.fault is not None and self._refusal is None:
                last = process.fault
                self._refusal = AdapterFault(last.kind, f"given up after {self._strikes} failures, the last: "
                                                        f"{last.cause}", last.stderr)

    def _start(self) -> AdapterProcess:
        process = AdapterProcess(self.launch, self._limits)
        fault: AdapterFault | None = None
        try:
            _check_identity(self.launch, process.start())
        except AdapterFault as error:
            process.kill()
            fault = error
        with self._free:
            self._starting -= 1
            if fault is not None:
                self._refusal = fault
            elif not self._closed:
                self._taken[process] = 1
            self._free.notify_all()
            closed = self._closed
        if fault is not None:
            raise fault
        if closed:
            process.stop()
            raise Disturbed(AdapterFault(FaultKind.CRASH, "the run was stopped"))
        return process


def _check_identity(launch: Launch, hello: Hello) -> None:
    """Raises AdapterFault when ``hello`` is of another SDK or version: its results would stand under a wrong name."""
    if hello.sdk != launch.sdk or not same_version(hello.version, launch.version):
        raise AdapterFault(FaultKind.START, f"it drives {hello.sdk} {hello.version}; {launch.sdk} {launch.version} was "
                                            "asked for")
