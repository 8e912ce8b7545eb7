"""The processes of one adapter: as many as the calls under way need.

A process is started when it is needed and replaced when it fails. A session stays with one process
from its first call to its close.
"""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from conformance.sdk.messages import Hello
from conformance.sdk.process import (
    AdapterFault,
    AdapterProcess,
    Disturbed,
    FaultKind,
    Launch,
    ProcessLimits,
)
from conformance.suite.contract import same_version

Environment = tuple[tuple[str, str], ...]
"""The variables a scenario sets."""

KEPT = 3
"""Number of pools with a scenario's variables that are kept while nobody uses them. A JVM that
idles takes 200 MB."""
_MOST_FAILURES = 20
"""Failures after which nothing more is started: so many are no accident."""


class ProcessPool:
    """At most ``processes`` adapter processes with the environment of ``launch``. Methods may be
    called from any thread."""

    def __init__(self, launch: Launch, processes: int, limits: ProcessLimits | None = None) -> None:
        self.launch = launch
        self._most = processes
        self._limits = limits
        self._free = threading.Condition()
        self._taken: dict[AdapterProcess, int] = {}
        self._starting = 0
        self._failures = 0
        self._refusal: AdapterFault | None = None
        self._closed = False

    def acquire(self) -> AdapterProcess:
        """A process that lives and has room for a session. Waits until there is one.

        Raises AdapterFault when the adapter cannot be started or has failed too often, and
        Disturbed when the pool was closed.
        """
        with self._free:
            while True:
                if self._closed:
                    raise Disturbed(AdapterFault(FaultKind.CRASH, "the run was stopped"))
                self._forget_failed()
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
        """End the use of a process that ``acquire`` returned."""
        with self._free:
            if process in self._taken:
                self._taken[process] -= 1
            self._free.notify_all()

    def close(self) -> None:
        """End every process. Calls under way raise Disturbed."""
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

    def _forget_failed(self) -> None:
        """Forget the processes that have failed. Each of them has ended itself."""
        for process in [p for p in self._taken if not p.alive]:
            del self._taken[process]
            self._failures += 1
            last = process.fault
            if self._failures >= _MOST_FAILURES and last is not None and self._refusal is None:
                self._refusal = AdapterFault(
                    last.kind,
                    f"given up after {self._failures} failures, the last: {last.cause}",
                    last.stderr,
                )

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


class Pools:
    """The pools of one adapter: one for each set of variables that scenarios set.

    Variables belong to a whole process, in every language, so processes with other variables need a
    pool of their own. Of the pools with a scenario's variables that nobody uses, the ``KEPT`` that
    were used last are kept. Methods may be called from any thread.
    """

    def __init__(self, launch: Launch, processes: int, limits: ProcessLimits | None = None) -> None:
        self._launch = launch
        self._processes = processes
        self._limits = limits
        self._lock = threading.Lock()
        self._pools: dict[Environment, ProcessPool] = {}
        self._users: Counter[Environment] = Counter()
        self._idle: dict[Environment, None] = {}

    def lend(self, environment: Environment) -> ProcessPool:
        """The pool of ``environment``. The caller gives it back with ``give_back``."""
        with self._lock:
            if environment not in self._pools:
                launch = replace(
                    self._launch, environment={**self._launch.environment, **dict(environment)}
                )
                processes = self._processes
                if environment:
                    processes = 1
                self._pools[environment] = ProcessPool(launch, processes, self._limits)
            self._users[environment] += 1
            self._idle.pop(environment, None)
            return self._pools[environment]

    def give_back(self, environment: Environment) -> None:
        """End one use of the pool of ``environment``. When more pools than are kept are unused, the
        processes of the one that was used longest ago are ended."""
        ended: ProcessPool | None = None
        with self._lock:
            self._users[environment] -= 1
            if environment and not self._users[environment] and environment in self._pools:
                self._idle[environment] = None
                if len(self._idle) > KEPT:
                    oldest = next(iter(self._idle))
                    del self._idle[oldest]
                    ended = self._pools.pop(oldest)
        if ended is not None:
            ended.close()

    def close(self) -> None:
        """End every process. Pools may be lent again afterwards."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
            self._idle.clear()
        with ThreadPoolExecutor(max(1, len(pools)), thread_name_prefix="ending") as ending:
            list(ending.map(ProcessPool.close, pools))  # an adapter may take seconds to end


def _check_identity(launch: Launch, hello: Hello) -> None:
    """Raise AdapterFault when ``hello`` names another SDK or version than was asked for. Its
    results would stand under a wrong name."""
    if hello.sdk != launch.sdk or not same_version(hello.version, launch.version):
        raise AdapterFault(
            FaultKind.START,
            f"it drives {hello.sdk} {hello.version}; {launch.sdk} {launch.version} was asked for",
        )
