"""Recording on demand: what a case lacks is recorded just before the case first runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from conformance.errors import EnvironmentFault, HarnessError, InputError, UsageError
from conformance.plan.case import Case
from conformance.record.forwarder import Budget
from conformance.record.recorder import Recorder, RecordingOptions
from conformance.record.task import Mode, Task, askable, check_budget, tasks_of
from conformance.run.clock import run_clock
from conformance.service.service import RecordableService
from conformance.suite.load import Suite


class OnDemandRecorder:
    """Records into the suite's own cassettes, each at most once. ``cases`` are all that could be
    run: which of them records a cassette does not depend on which of them are selected. ``limit``:
    the most requests that may be sent. To be closed.

    Raises InputError for a cassette that cannot be read, where ``mode`` keeps what is in it.
    """

    def __init__(
        self,
        suite: Suite,
        service: RecordableService,
        cases: Iterable[Case],
        *,
        mode: Mode,
        limit: int | None = None,
    ) -> None:
        tasks = tasks_of(askable(cases, service)[0], mode, suite.home.cassettes)
        self._tasks = {task.name: task for task in tasks if not task.obstacle}
        self._suite = suite
        self._limit = limit
        options = RecordingOptions(run_clock().started.date().isoformat())
        self._recorder = Recorder(suite, service, options, Budget(limit))
        self._done: dict[str, HarnessError | None] = {}
        self._stopped: HarnessError | None = None

    def announce(self, cases: Iterable[Case]) -> int:
        """How many requests recording for ``cases`` takes at most. Raises UsageError when that is
        over the limit."""
        names = {case.cassette for case in cases}
        return check_budget(
            [task for name, task in self._tasks.items() if name in names], self._limit
        )

    def ensure(self, case: Case, before: Callable[[], None]) -> None:
        """See to it that the cassette of ``case`` is there, as the mode wants it. ``before`` is
        called when something is about to be recorded. Raises HarnessError when it could not be, for
        every case that needs it."""
        name = case.cassette
        task = self._tasks.get(name)
        if task is None or not case.runs:
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
        """End what the recorder has started."""
        self._recorder.close()
