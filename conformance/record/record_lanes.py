"""Sessions for recording with SDKs that are not this process's own: their adapters, one case at a
time."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from conformance.plan.plan import Case
from conformance.record.record_case import Session
from conformance.run.lanes import Lanes, prepare
from conformance.service.player import CasePlayer
from conformance.wire.clock import VirtualClock
from conformance.wire.protocol import ClientConfig


class LaneSessions:
    """An opener for a Recorder. A context manager; leaving it ends the adapters. What is not built
    yet is built when it is first needed, and ``report`` told so."""

    def __init__(self, report: Callable[[str], None] = lambda _: None) -> None:
        self._lanes = Lanes()
        self._report = report

    def __enter__(self) -> LaneSessions:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the adapters."""
        self._lanes.close()

    def __call__(self, case: Case, config: ClientConfig, player: CasePlayer) -> Session:
        """A session of the case's SDK. Alone, so that an adapter that fails is this case's failure.
        Raises EnvironmentFault for an adapter that cannot be built or started."""
        prepare((case.subject,), self._report)
        return self._lanes.of(case, alone=True).open(config, player, VirtualClock(), case.id)
