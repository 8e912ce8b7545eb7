"""Scenario files and cases as pytest collectors and items, and the state one session shares.

Loaded only once a scenario file is met. The core is the same as the command's: plan, execute,
judge, settle.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ExitCode, HarnessError, UsageError
from conformance.judge.judge import Judged
from conformance.judge.results import CaseResult, Verdict
from conformance.judge.rules.finding import Level
from conformance.judge.settle import RED_WAIVERS, exit_code
from conformance.plan.plan import Case, Selection, SubjectUnderTest, plan
from conformance.plan.subjects import subjects_of
from conformance.plugin import STATE
from conformance.record.record import Mode
from conformance.record.record_session import SessionRecorder
from conformance.report.text import visible
from conformance.report.write import write_reports
from conformance.run.ahead import PARALLEL, RunAhead
from conformance.run.lanes import FAR, Lanes, prepare
from conformance.run.runner import assemble, run_case, run_clock
from conformance.sdk.lane import Lane
from conformance.service.reach import require_reachable
from conformance.service.targets import chosen_target
from conformance.suite.home import find_home
from conformance.suite.load import Suite, load_suite
from conformance.suite.scenario.versions import select_versions


class CaseFailed(Exception):
    """A case that is not green. Its text is the findings; pytest shows no traceback."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.id)
        self.result = result


class SessionState:
    """What one pytest session shares: the suite, the subjects, the open lane, the results so
    far."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self.config = config
        self.root = root
        self.suite: Suite = load_suite(find_home(root, root))
        options = config.option
        self.target = chosen_target(
            options.conformance_target, options.conformance_lane, Path.cwd(), os.environ
        )
        if not self.target.is_replay and _record_mode(config) is not Mode.NONE:
            raise UsageError(
                "option",
                "--conformance-target and --record-mode do not go together",
                "record first; --conformance-record-target says from whom",
            )
        self._far = self.target.remote is not None
        self.subjects: tuple[SubjectUnderTest, ...] = subjects_of(
            self.suite,
            tuple(options.conformance_sdk),
            "loopback" if self._far else options.conformance_lane,
        )
        versions = options.conformance_api_version
        try:
            self._versions = select_versions(versions) if versions else ()
        except ValueError as error:
            raise UsageError("api-version", str(error), "see --conformance-api-version") from None
        self.clock = run_clock()
        self.judged: dict[str, Judged] = {}
        self.closing_lines: list[str] = []
        self.opening_line = ""
        self._lanes = Lanes(FAR if self._far else None)
        self._upcoming: tuple[Case, ...] = ()
        self._ahead: RunAhead | None = None
        self._cases: dict[str, list[Case]] | None = None
        self._recorder: SessionRecorder | None = None

    def cases_of(self, scenario: str) -> list[Case]:
        """The cases of one scenario; everything is planned once."""
        if self._cases is None:
            self._cases = {}
            selection = Selection(api_versions=self._versions)
            for case in plan(self.suite, self.subjects, selection, target=self.target):
                self._cases.setdefault(case.loaded.id, []).append(case)
        return self._cases.get(scenario, [])

    def prepare_target(self, cases: Iterable[Case]) -> None:
        """Raises HarnessError when ``cases`` are for a service that cannot be reached: one message,
        not one a case."""
        if self._far and any(case.status == "run" for case in cases):
            require_reachable(self.target)

    def prepare_recording(self, cases: Iterable[Case]) -> None:
        """Get ready for ``--record-mode``, if it is given, and say how many requests ``cases`` will
        take. Raises HarnessError."""
        mode = _record_mode(self.config)
        if mode is Mode.NONE:
            return
        everything = [case for found in (self._cases or {}).values() for case in found]
        target = self.config.option.conformance_record_target
        self._recorder = SessionRecorder(
            self.suite,
            mode,
            target,
            self.config.option.conformance_max_requests,
            everything,
            Path.cwd(),
            os.environ,
        )
        count = self._recorder.announce(cases)
        self.opening_line = (
            f"conformance: --record-mode={mode} sends up to {count} requests to {target}"
        )

    def run(self, case: Case) -> CaseResult:
        """Execute and judge ``case`` in the shared lane, and keep the result. Raises HarnessError
        where its cassette could not be recorded."""
        if self._recorder is not None:
            self._recorder.ensure(
                case, self.close_lane
            )  # the lane would answer the recorder itself
        if case.status == "run" and case.lane == "loopback":
            judged = self._run_ahead(case)
        else:
            judged = self._run_in(case, self._lanes.of(case))
        self.judged[case.id] = judged
        return judged.result

    def _run_in(self, case: Case, lane: Lane) -> Judged:
        return run_case(
            case,
            self.suite,
            lane,
            self.clock,
            strict=bool(self.config.option.conformance_strict),
            traces=bool(self.config.option.conformance_report),
        )

    def _run_ahead(self, case: Case) -> Judged:
        """The result of a loopback case; with the first one, all that the session will ask for
        begin."""
        if self._ahead is None:
            # One by one where it is far: its quota is not ours to burst.
            self._ahead = RunAhead(
                self._upcoming, self._lanes.of, self._run_in, 1 if self._far else PARALLEL
            )
        self._ahead.add(case)
        return self._ahead.result(case)

    def prepare_lanes(self, cases: Iterable[Case]) -> None:
        """Build what adapters are missing and remember what is to come: ``cases``, in a worker of
        pytest-xdist none, since nobody knows yet which of them it will be given, and none while
        cassettes are still to be recorded. Raises HarnessError."""
        loopback = [case for case in cases if case.status == "run" and case.lane == "loopback"]
        if loopback:
            prepare(
                {(c.subject.sdk.name, c.subject.version): c.subject for c in loopback}.values(),
                lambda _: None,
            )
        unknown = self._recorder is not None or hasattr(self.config, "workerinput")
        self._upcoming = () if unknown else tuple(loopback)

    def close_lane(self) -> None:
        """Undo every patch of the in-process lane; the next scenario item opens it again."""
        self._lanes.close_inprocess()

    def close_loopback(self) -> None:
        """End adapters and listeners, and what still runs: nobody will ask for it."""
        if self._ahead is not None:
            self._ahead.abandon(self._lanes.close)
            self._ahead = None
        self._lanes.close()

    def close_recorder(self) -> None:
        """Nothing more will be recorded."""
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterator[ScenarioItem]:
        """One item a case. What is wrong with the suite is one collection error, without a
        traceback."""
        state = _state(
            self.config, next(p.parent for p in self.path.parents if p.name == "scenarios")
        )
        scenario = self.path.relative_to(state.suite.home.scenarios).with_suffix("").as_posix()
        for case in state.cases_of(scenario):
            item: ScenarioItem = ScenarioItem.from_parent(self, name=_item_name(case))
            item.conformance_case = case
            yield item

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # noqa: ARG002 - the base class asks for it
        """The messages of a harness error; anything else as pytest shows it."""
        return (
            str(excinfo.value)
            if isinstance(excinfo.value, HarnessError)
            else super().repr_failure(excinfo)
        )


_REFUSED: pytest.StashKey[bool] = pytest.StashKey()


def _state(config: pytest.Config, root: Path) -> SessionState:
    """The session's state, made for the first scenario file. What stands against it is told once,
    not for each file."""
    state = config.stash.get(STATE, None)
    if state is None:
        if config.stash.get(_REFUSED, False):
            raise pytest.Collector.CollectError(
                "not collected: see the first error of the scenarios"
            )
        config.stash[_REFUSED] = True
        _refuse_spread_recording(config)
        try:
            state = SessionState(config, root)
        except HarnessError as error:
            raise pytest.Collector.CollectError(str(error)) from None
        config.stash[STATE] = state
    if state.root != root:
        raise pytest.Collector.CollectError(
            f"scenarios of two suites, {state.root} and {root}: one session runs one "
            "suite [two-suites]"
        )
    return state


def _refuse_spread_recording(config: pytest.Config) -> None:
    """Two processes would record one cassette twice, and ask a service twice as much as was
    said."""
    mode = _record_mode(config)
    if mode is not Mode.NONE and hasattr(config, "workerinput"):
        raise pytest.Collector.CollectError(
            f"--record-mode={mode}: recording runs in one process; leave out -n [recording]"
        )


def _record_mode(config: pytest.Config) -> Mode:
    """pytest-recording's option; ``none`` where that plugin is not loaded."""
    return Mode(getattr(config.option, "record_mode", None) or Mode.NONE)


def _item_name(case: Case) -> str:
    scenario, _, rest = case.id.partition("::")
    row = scenario.partition("[")[2].removesuffix("]")
    api_version, _, subject = rest.partition("::")
    return f"{subject}-{api_version}{f'[{row}]' if row else ''}"


class ScenarioItem(pytest.Item):
    """One case as a pytest item."""

    conformance_case: Case

    def runtest(self) -> None:
        """Run the case: unsupported and not-run are skips with their reason, waived is an expected
        failure."""
        case = self.conformance_case
        result = self.config.stash[STATE].run(case)
        self.user_properties.append(("conformance_verdict", result.verdict.value))
        if result.verdict in (Verdict.UNSUPPORTED, Verdict.NOT_RUN):
            pytest.skip(f"{result.verdict.value}: {result.reason}")
        if result.verdict is Verdict.WAIVED:
            pytest.xfail(
                f"waived: {', '.join(sorted({f.waived_by for f in result.findings if f.waived_by}))}"
            )
        if result.verdict is not Verdict.PASS:
            raise CaseFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The findings of a failed case, one paragraph each."""
        if isinstance(excinfo.value, CaseFailed):
            return failure_text(excinfo.value.result)
        if isinstance(excinfo.value, HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.conformance_case.id


def failure_text(result: CaseResult) -> str:
    """What a red case says in a terminal."""
    lines = [f"{result.verdict.value}: {result.id}"]
    if result.reason:
        lines.append(f"  {result.reason}")
    for item in result.findings:
        if item.waived_by is None and item.level is not Level.MAY:
            lines.append(
                f"  [{item.rule}] {item.level.value}, blame {item.blame.value}, step {item.step + 1}"
            )
            lines.append(f"    {item.pointer} {item.message}".rstrip())
    lines.append(f"  reproduce: {result.reproduce}")
    return visible("\n".join(lines))


def finish(session: pytest.Session, state: SessionState) -> None:
    """End of a session: hand over to the controller in a worker, else settle, report and decide."""
    state.close_lane()
    state.close_loopback()
    state.close_recorder()
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["conformance"] = json.dumps(
            {
                "root": str(state.root),
                "started": state.clock.started.isoformat(),
                "judged": [_pack(j) for j in state.judged.values()],
            }
        )
        return
    if not state.judged:
        return
    run = assemble(
        state.suite,
        state.subjects,
        state.judged.values(),
        state.clock,
        command="pytest",
        duration=(datetime.now(UTC) - state.clock.started).total_seconds(),
        interrupted=session.exitstatus == pytest.ExitCode.INTERRUPTED,
        target=state.target,
    )
    if exit_code(run) is ExitCode.USAGE:
        state.closing_lines.append("conformance: no case was exercised, which proves nothing")
        session.exitstatus = session.exitstatus or int(pytest.ExitCode.NO_TESTS_COLLECTED)
    for use in run.waivers:
        if use.state in RED_WAIVERS:
            state.closing_lines.append(
                f"conformance: waiver {use.id} ({use.sdk}) is {use.state}: {use.reason}"
            )
            session.exitstatus = session.exitstatus or int(ExitCode.NOT_CONFORMANT)
    folder = session.config.option.conformance_report
    if folder:
        try:
            state.closing_lines.extend(
                f"conformance: wrote {path}" for path in write_reports(run, Path(folder))
            )
        except HarnessError as error:
            state.closing_lines.append(f"conformance: {error}")
            session.exitstatus = int(ExitCode.HARNESS)


def adopt(config: pytest.Config, packed: str) -> None:
    """Take a worker's results into the controller's session (pytest-xdist)."""
    message = json.loads(packed)
    state = config.stash.get(STATE, None)
    if state is None:
        state = SessionState(config, Path(message["root"]))
        config.stash[STATE] = state
    started = datetime.fromisoformat(message["started"])
    state.clock = replace(state.clock, started=min(started, state.clock.started))
    for item in message["judged"]:
        result = CaseResult.model_validate(item["result"])
        state.judged[result.id] = Judged(
            result, frozenset(item["used"]), frozenset(item["mismatched"])
        )


def _pack(judged: Judged) -> dict[str, Any]:
    return {
        "result": judged.result.model_dump(mode="json"),
        "used": sorted(judged.used),
        "mismatched": sorted(judged.mismatched),
    }
