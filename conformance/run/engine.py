"""The owner of a run: what is selected is planned, made ready, executed, judged and put together.

A command pushes: it consumes the events of a whole plan. pytest pulls: it asks for the result of
one case after the other. Both go through the same machinery.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from types import TracebackType

from conformance.errors import HarnessError
from conformance.judge.attribution import attribution_for
from conformance.judge.judge import Judged
from conformance.judge.results import Run
from conformance.plan.case import Case
from conformance.plan.plan import Plan, plan
from conformance.plan.realtime import LIMIT
from conformance.plan.selection import EVERYTHING, Selection, check_selection
from conformance.plan.subjects import subjects_of
from conformance.run.assembly import assemble
from conformance.run.clock import RunClock, run_clock
from conformance.run.execution import run_case, unrun
from conformance.run.schedule import PARALLEL, RunAhead
from conformance.sdk.lane import Lane
from conformance.sdk.lanes import Lanes, build_adapters
from conformance.sdk.loopback import Deadlines
from conformance.service.replay import REPLAY
from conformance.service.service import Service
from conformance.suite.case_id import CaseId
from conformance.suite.load import Suite
from conformance.wire.vocabulary import LaneKind


@dataclass(frozen=True, slots=True)
class Started:
    """The first event: all of this is to come."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class CaseAwaited:
    """The next result will be that of ``case``."""

    case: Case


@dataclass(frozen=True, slots=True)
class CaseJudged:
    """A case has its result."""

    judged: Judged


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Somebody stopped the run; what is finished is kept. ``ends_adapters``: SDKs in other
    processes are at work and are ended now, which takes a moment."""

    ends_adapters: bool


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: the results of the run."""

    run: Run


Event = Started | CaseAwaited | CaseJudged | Interrupted | Finished
Events = Generator[Event, None, None]


class Engine:
    """Runs cases of ``suite`` against ``service``. A context manager; leaving it ends what runs.

    ``clock`` says when the run began; None: now. ``strict``: members unknown to the specification
    are findings. ``traces``: results tell what passed. ``tell`` hears of adapters that are built.
    """

    def __init__(
        self,
        suite: Suite,
        service: Service = REPLAY,
        *,
        clock: RunClock | None = None,
        strict: bool = False,
        traces: bool = True,
        tell: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self.suite = suite
        self.service = service
        self.clock = clock or run_clock()
        self._strict = strict
        self._traces = traces
        self._tell = tell
        self._lanes = Lanes(Deadlines(call=service.call_seconds))
        self._upcoming: tuple[Case, ...] = ()
        self._schedule: RunAhead | None = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Select, plan

    def plan(
        self,
        selection: Selection = EVERYTHING,
        sdks: tuple[str, ...] = (),
        *,
        lane: LaneKind | None = None,
        longest_wait: float = LIMIT,
    ) -> Plan:
        """The cases of ``selection`` for the SDKs called so (none: every SDK that is here), in
        ``lane`` (None: whichever suits). Raises UsageError for a part of the selection that names
        nothing and for an SDK that cannot run, InputError for a variable nobody defines."""
        check_selection(self.suite, selection)
        subjects = subjects_of(self.suite, sdks, self.service.lane(lane))
        return plan(
            self.suite, subjects, selection, service=self.service, longest_wait=longest_wait
        )

    # Reach, prepare

    def prepare(self, cases: Iterable[Case], *, ahead: bool = True) -> None:
        """Get ready to run ``cases``: see that the service can be reached, and build what adapters
        are missing. Raises HarnessError. With ``ahead`` all of them will be asked for, so that the
        first result begins those whose waits overlap."""
        to_run = [case for case in cases if case.runs]
        if to_run:
            self.service.require_reachable()
        real_time = tuple(case for case in to_run if case.lane.is_real_time)
        subjects = {(c.subject.sdk.name, c.subject.version): c.subject for c in real_time}
        build_adapters(subjects.values(), self._tell)
        self._upcoming = real_time if ahead else ()

    # Run

    def events(self, plan: Plan, *, command: str = "") -> Events:
        """Everything that happens from here to the results of ``plan``. ``command`` is what
        results say they were made by. Raises HarnessError when it cannot begin."""
        self.prepare(plan.cases)
        began = time.perf_counter()
        judged: dict[str, Judged] = {}
        interrupted = False
        try:
            yield Started(plan)
            for case in _one_by_one_first(plan.cases):
                yield CaseAwaited(case)
                judged[case.id] = self.result(case)
                yield CaseJudged(judged[case.id])
        except KeyboardInterrupt:
            interrupted = True
            yield Interrupted(ends_adapters=self._schedule is not None)
            for item in self._finished():
                if item.result.id not in judged:
                    judged[item.result.id] = item
                    yield CaseJudged(item)
        finally:
            self.close()
        yield Finished(
            self.assembled(
                plan,
                judged.values(),
                command=command,
                duration=time.perf_counter() - began,
                interrupted=interrupted,
            )
        )

    def result(self, case: Case) -> Judged:
        """The result of ``case``. One that waits in real time may take until all others of its kind
        have ended. Raises EnvironmentFault when its SDK cannot be reached at all."""
        if not case.runs:
            return unrun(case)
        if not case.lane.is_real_time:
            return self._run(case, self._lane_of(case, alone=False))
        if self._schedule is None:
            self._schedule = RunAhead(
                self._upcoming,
                lambda each, alone: self._lane_of(each, alone=alone),
                self._run,
                self.service.most_at_once or PARALLEL,
            )
        self._schedule.add(case)
        return self._schedule.result(case)

    def _run(self, case: Case, lane: Lane) -> Judged:
        return run_case(
            case, self.suite, lane, self.clock, strict=self._strict, traces=self._traces
        )

    def _lane_of(self, case: Case, *, alone: bool) -> Lane:
        return self._lanes.of(case.subject, case.lane, alone=alone)

    def _finished(self) -> list[Judged]:
        return [] if self._schedule is None else self._schedule.finished()

    def restore_process(self) -> None:
        """Undo what running SDKs has changed in this process; the next case changes it again."""
        self._lanes.leave_this_process()

    def close(self) -> None:
        """End what runs, adapters and listeners; nobody will ask for it. The engine may be used
        again."""
        if self._schedule is not None:
            self._schedule.abandon(self._lanes.close)
            self._schedule = None
        self._lanes.close()

    # Assemble

    def assembled(
        self,
        plan: Plan,
        judged: Iterable[Judged],
        *,
        command: str = "",
        duration: float = 0.0,
        interrupted: bool = False,
    ) -> Run:
        """The results of a run of ``plan``, of which ``judged`` was executed."""
        return assemble(
            self.suite,
            plan,
            judged,
            self.clock,
            waived=self._waived(plan),
            command=command,
            duration=duration,
            interrupted=interrupted,
        )

    def _waived(self, plan_of_run: Plan) -> tuple[CaseId, ...] | None:
        """The cases to be run of the scenarios that waivers name: without all of them nothing can
        be said about a waiver that was not needed. None where no waiver is judged, or they cannot
        be planned."""
        if not attribution_for(self.service.answers).settles_waivers:
            return None
        if plan_of_run.is_whole_suite:
            return tuple(case.identity for case in plan_of_run if case.runs)
        waivers = [waiver for subject in plan_of_run.subjects for waiver in subject.sdk.waivers]
        patterns = {pattern for waiver in waivers for pattern in waiver.scenarios}
        if not patterns:
            return ()
        try:
            selection = Selection(patterns=tuple(sorted(patterns)))
            cases = plan(self.suite, plan_of_run.subjects, selection).cases
        except HarnessError:
            return None
        return tuple(case.identity for case in cases if case.runs)


def _one_by_one_first(cases: tuple[Case, ...]) -> list[Case]:
    """``cases`` with those last whose waits are real: nothing of the others may disturb them."""
    return sorted(cases, key=lambda case: case.runs and case.lane.is_real_time)


def follow(events: Events, hear: Callable[[Event], None]) -> Run:
    """Tell ``hear`` every event, and return the results. An interrupt that strikes within ``hear``
    interrupts the run as one that strikes in it."""
    event: Event | None = next(events, None)
    while event is not None:
        try:
            hear(event)
        except KeyboardInterrupt as interrupt:
            event = events.throw(interrupt)
            continue
        if isinstance(event, Finished):
            return event.run
        event = next(events, None)
    raise RuntimeError("a run ended without results")
