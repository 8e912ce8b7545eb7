"""The lanes of one run, each opened when its first case comes, all closed together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, cast

from conformance.plan.plan import Case, SubjectUnderTest
from conformance.sdk.environments import Adapter, Report, install
from conformance.sdk.inprocess import InProcessLane
from conformance.sdk.lane import Lane
from conformance.sdk.loopback import Deadlines, LoopbackLane, PlainHttp
from conformance.sdk.process import ProcessLimits
from conformance.service.peer import PeerServer
from conformance.service.peer.tls import authority
from conformance.suite.manifest import load_manifest

FAR = Deadlines(call=300.0)
"""A service far away takes its time; it is the SDK's own time-out that is to end a call."""


class Lanes:
    """A context manager. ``of`` may be called from any thread; the in-process lane is for one
    thread at a time."""

    def __init__(self, deadlines: Deadlines | None = None) -> None:
        self._deadlines = deadlines
        self._lock = threading.RLock()
        self._inprocess: InProcessLane | None = None
        self._server: PeerServer | None = None
        self._loopback: dict[tuple[str, str, bool], LoopbackLane] = {}

    def __enter__(self) -> Lanes:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End processes, listeners and patches. The lanes may be used again."""
        self.close_inprocess()
        with self._lock:
            lanes, self._loopback = list(self._loopback.values()), {}
            server, self._server = self._server, None
        with contextlib.ExitStack() as last:
            if server is not None:
                last.callback(server.stop)
            with ThreadPoolExecutor(max(1, len(lanes)), thread_name_prefix="ending") as ending:
                list(ending.map(LoopbackLane.close, lanes))

    def close_inprocess(self) -> None:
        """Restore this process's HTTP libraries; the next case of the lane patches them again."""
        if self._inprocess is not None:
            self._inprocess.close()
            self._inprocess = None

    def of(self, case: Case, alone: bool = False) -> Lane:
        """The lane of ``case``; with ``alone`` one in which nothing else runs. Raises
        EnvironmentFault when the adapter is not built."""
        if case.lane == "inprocess":
            if self._inprocess is None:
                self._inprocess = InProcessLane()
            return cast(Lane, self._inprocess)
        subject = case.subject
        key = (subject.sdk.name, subject.version, alone)
        with self._lock:
            if key not in self._loopback:
                self._loopback[key] = (
                    self.of_subject(subject).alone() if alone else self.of_subject(subject)
                )
            return self._loopback[key]

    def of_subject(self, subject: SubjectUnderTest) -> LoopbackLane:
        """A new loopback lane for ``subject``, on the run's own peer."""
        if self._server is None:
            self._server = PeerServer()
            self._server.start()
        adapter = adapter_of(subject)
        return LoopbackLane(
            adapter.launch(authority().ca_file),
            self._server,
            plain_http=plain_http(subject),
            deadlines=self._deadlines,
            limits=ProcessLimits(adapter.manifest.hello_seconds),
        )


def adapter_of(subject: SubjectUnderTest) -> Adapter:
    """The adapter of ``subject`` in its version."""
    folder = subject.sdk.contract.folder
    manifest = load_manifest(folder)
    if manifest is None:
        raise ValueError(f"{subject.sdk.name} has no adapter")
    return Adapter(folder, manifest, subject.version)


def plain_http(subject: SubjectUnderTest) -> PlainHttp:
    """Which credentials the SDK sends over plain http (trait ``endpoint.plain_http``); none when
    nobody says."""
    value: Any = subject.sdk.contract.traits(subject.version).get("endpoint.plain_http")
    return value if value in ("all", "keys", "none") else "none"


def prepare(subjects: Iterable[SubjectUnderTest], report: Report) -> None:
    """Build what is missing of the adapters of ``subjects``. Raises EnvironmentFault naming what
    cannot be."""
    for subject in subjects:
        if subject.lane != "loopback" or subject.absent:
            continue
        adapter = adapter_of(subject)
        if not adapter.ready:
            report(f"building {subject.sdk.name} {subject.version}")
            install(adapter, lambda step: report(f"  {step}"))
