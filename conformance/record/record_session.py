"""Recording within a pytest session: what a case lacks is recorded just before the case first
runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from conformance.errors import EnvironmentFault, HarnessError, InputError, UsageError
from conformance.plan.plan import Case
from conformance.record.forwarder import Budget
from conformance.record.record import Mode, Task, check_budget, tasks_of
from conformance.record.record_case import Options, Recorder
from conformance.record.record_lanes import LaneSessions
from conformance.record.record_target import askable, service_of_target
from conformance.run.execute import cassette_name
from conformance.run.runner import run_clock
from conformance.suite.load import Suite


class SessionRecorder:
    """Records into the suite's own cassettes, each at most once a session. ``cases`` are all that
    could be run: which of them records a cassette does not depend on which of them are selected. To
    be closed.

    Raises UsageError and InputError for a target or a configuration that cannot be used.
    """

    def __init__(
        self,
        suite: Suite,
        mode: Mode,
        target: str,
        limit: int | None,
        cases: Iterable[Case],
        start: Path,
        environment: Mapping[str, str],
    ) -> None:
        service, named = service_of_target(target, start, environment)
        tasks = tasks_of(askable(tuple(cases), named)[0], mode, suite.home.cassettes)
        self._tasks = {task.name: task for task in tasks if not task.obstacle}
        self._suite = suite
        self._limit = limit
        options = Options(run_clock().started.date().isoformat())
        self._sessions = LaneSessions()
        self._recorder = Recorder(suite, service, options, Budget(limit), self._sessions)
        self._open = False
        self._done: dict[str, HarnessError | None] = {}
        self._stopped: HarnessError | None = None

    def announce(self, cases: Iterable[Case]) -> int:
        """How many requests recording for ``cases`` takes at most. Raises UsageError when that is
        over the limit."""
        names = {_cassette_of(case) for case in cases}
        return check_budget(
            [task for name, task in self._tasks.items() if name in names], self._limit
        )

    def ensure(self, case: Case, before: Callable[[], None]) -> None:
        """See to it that the cassette of ``case`` is there, as the mode wants it. ``before`` is
        called when something is about to be recorded. Raises HarnessError when it could not be, for
        every case that needs it."""
        name = _cassette_of(case)
        task = self._tasks.get(name)
        if task is None or case.status != "run":
            return
        if name not in self._done:
            before()
            self._done[name] = self._record(task)
            self._suite.cassettes.forget(name)
        failure = self._done[name]
        if failure is not None:
            raise failure

    def _record(self, task: Task) -> HarnessError | None:
        if self._stopped is not None:
            return self._stopped
        if not self._open:
            self._recorder.__enter__()
            self._open = True
        try:
            result = self._recorder.record(task)
        except (EnvironmentFault, UsageError) as error:
            self._stopped = error
            return error
        except HarnessError as error:
            return error
        if result.status in ("failed", "left-out"):
            return InputError(
                "not-recorded",
                f"the cassette {task.name} was not recorded: {result.reason}",
                "what stood there before is unchanged",
            )
        return None

    def close(self) -> None:
        """End the recorder's peer, and the adapters it drove."""
        self._sessions.close()
        if self._open:
            self._open = False
            self._recorder.__exit__(None, None, None)


def _cassette_of(case: Case) -> str:
    return cassette_name(case.spec, case.loaded.id, case.api_version)
