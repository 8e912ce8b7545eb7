"""The lanes of one run, each opened when its first case comes, all closed together."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType

from conformance.sdk.direct import DirectLane
from conformance.sdk.environments import Adapter, Report, install
from conformance.sdk.inprocess import InProcessLane
from conformance.sdk.lane import Lane
from conformance.sdk.loopback import Deadlines, LoopbackLane, PlainHttp
from conformance.sdk.process import ProcessLimits
from conformance.sdk.subject import SubjectUnderTest
from conformance.service.peer import PeerServer
from conformance.service.peer.tls import authority
from conformance.suite.manifest import load_manifest
from conformance.wire.vocabulary import LaneKind


class Lanes:
    """The lanes, by the subject that is reached. A context manager. ``of`` may be called from any
    thread; the lane of this process is for one thread at a time. With ``over_http`` the Python SDK
    of this process is not answered in memory but at a listener, as a recording needs it."""

    def __init__(self, deadlines: Deadlines | None = None, *, over_http: bool = False) -> None:
        self._deadlines = deadlines
        self._over_http = over_http
        self._lock = threading.RLock()
        self._in_this_process: Lane | None = None
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
        self.leave_this_process()
        with self._lock:
            lanes, self._loopback = list(self._loopback.values()), {}
            server, self._server = self._server, None
        with contextlib.ExitStack() as last:
            if server is not None:
                last.callback(server.stop)
            with ThreadPoolExecutor(max(1, len(lanes)), thread_name_prefix="ending") as ending:
                list(ending.map(LoopbackLane.close, lanes))

    def leave_this_process(self) -> None:
        """Restore this process's HTTP libraries; the next case that is run in it patches them
        again."""
        if self._in_this_process is not None:
            self._in_this_process.close()
            self._in_this_process = None

    def of(self, subject: SubjectUnderTest, kind: LaneKind, *, alone: bool = False) -> Lane:
        """The lane of ``kind`` to ``subject``; with ``alone`` one in which nothing else runs.
        Raises EnvironmentFault when the adapter is not built."""
        if kind is LaneKind.INPROCESS:
            if self._in_this_process is None:
                self._in_this_process = self._new_lane_in_this_process()
            return self._in_this_process
        key = (subject.sdk.name, subject.version, alone)
        with self._lock:
            if key not in self._loopback:
                lane = self.of_subject(subject)
                self._loopback[key] = lane.alone() if alone else lane
            return self._loopback[key]

    def of_subject(self, subject: SubjectUnderTest) -> LoopbackLane:
        """A new loopback lane for ``subject``, on the run's own peer."""
        adapter = adapter_of(subject)
        return LoopbackLane(
            adapter.launch(authority().ca_file),
            self.server,
            plain_http=plain_http(subject),
            deadlines=self._deadlines,
            limits=ProcessLimits(adapter.manifest.hello_seconds),
        )

    @property
    def server(self) -> PeerServer:
        """The run's own peer, started when it is first asked for."""
        with self._lock:
            if self._server is None:
                self._server = PeerServer()
                self._server.start()
            return self._server

    def _new_lane_in_this_process(self) -> Lane:
        if self._over_http:
            return DirectLane(self.server)
        return InProcessLane()


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
    value = subject.traits.get("endpoint.plain_http")
    return value if value in ("all", "keys", "none") else "none"


def build_adapters(subjects: Iterable[SubjectUnderTest], report: Report) -> None:
    """Build what is missing of the adapters of ``subjects``. Raises EnvironmentFault naming what
    cannot be."""
    for subject in subjects:
        if not subject.needs_adapter:
            continue
        adapter = adapter_of(subject)
        if not adapter.ready:
            report(f"building {subject.sdk.name} {subject.version}")
            install(adapter, lambda step: report(f"  {step}"))
