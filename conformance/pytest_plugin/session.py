"""What one pytest session shares: the suite, the engine that runs its cases, and the results so
far."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pytest

from conformance.errors import UsageError
from conformance.judge.judge import Judged
from conformance.judge.results import CaseResult, Run
from conformance.plan.case import Case
from conformance.plan.selection import Selection
from conformance.record.on_demand import OnDemandRecorder
from conformance.record.task import Mode
from conformance.run.engine import Engine
from conformance.service.targets import configured_service, recordable_of_target
from conformance.suite.home import find_home
from conformance.suite.load import load_suite
from conformance.suite.scenario.versions import select_versions
from conformance.suite.settings import load_settings
from conformance.wire.vocabulary import LaneKind


def record_mode(config: pytest.Config) -> Mode:
    """pytest-recording's option; ``none`` where that plugin is not loaded."""
    return Mode(getattr(config.option, "record_mode", None) or Mode.NONE)


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


class ScenarioSession:
    """The session, for the suite at ``root``. Raises HarnessError for a suite that cannot be read
    and for options that are wrong. ``judged`` are the results so far, by case id;
    ``closing_lines`` are told at the end of the session."""

    def __init__(self, config: pytest.Config, root: Path) -> None:
        self._config = config
        self._options = config.option
        self.root = root
        lane = self._options.conformance_lane
        self._lane = LaneKind(lane) if lane else None
        suite = load_suite(find_home(root, root))
        service = configured_service(
            self._options.conformance_target, self._lane, Path.cwd(), os.environ
        )
        if record_mode(config) is not Mode.NONE and not service.plays_cassettes:
            raise UsageError(
                "option",
                "--conformance-target and --record-mode do not go together",
                "record first; --conformance-record-target says from whom",
            )
        self.engine = Engine(
            suite,
            service,
            strict=bool(self._options.conformance_strict),
            traces=bool(self._options.conformance_report),
        )
        self.plan = self.engine.plan(
            Selection(api_versions=self._api_versions()),
            tuple(self._options.conformance_sdk),
            lane=self._lane,
        )
        self._recorder: OnDemandRecorder | None = None
        self.judged: dict[str, Judged] = {}
        self.closing_lines: list[str] = []

    def _api_versions(self) -> tuple[str, ...]:
        versions = self._options.conformance_api_version
        try:
            return select_versions(versions) if versions else ()
        except ValueError as error:
            raise UsageError("api-version", str(error), "see --conformance-api-version") from None

    @cached_property
    def _by_scenario(self) -> dict[str, list[Case]]:
        cases: dict[str, list[Case]] = {}
        for case in self.plan:
            cases.setdefault(case.loaded.id, []).append(case)
        return cases

    def cases_of(self, scenario: str) -> list[Case]:
        """The cases of one scenario."""
        return self._by_scenario.get(scenario, [])

    def prepare(self, cases: list[Case]) -> str:
        """Get ready to run ``cases``, and for ``--record-mode`` where it is given. Returns what
        there is to say beforehand; empty when nothing. Raises HarnessError: one message, not one a
        case."""
        line = self._prepare_recording(cases)
        # A worker does not know yet which cases it will be given, and what is still to be recorded
        # cannot be played ahead.
        ahead = self._recorder is None and not is_worker(self._config)
        self.engine.prepare(cases, ahead=ahead)
        return line

    def _prepare_recording(self, cases: Iterable[Case]) -> str:
        mode = record_mode(self._config)
        if mode is Mode.NONE:
            return ""
        target = self._options.conformance_record_target
        self._recorder = OnDemandRecorder(
            self.engine.suite,
            recordable_of_target(target, load_settings(Path.cwd(), os.environ)),
            self.plan,
            mode=mode,
            limit=self._options.conformance_max_requests,
        )
        count = self._recorder.announce(cases)
        return f"conformance: --record-mode={mode} sends up to {count} requests to {target}"

    def run(self, case: Case) -> CaseResult:
        """The result of ``case``, which is kept. Raises HarnessError where its cassette could not
        be recorded."""
        if self._recorder is not None:
            # The lane of this process would answer the recorder itself.
            self._recorder.ensure(case, self.engine.restore_process)
        judged = self.engine.result(case)
        self.judged[case.id] = judged
        return judged.result

    def close(self) -> None:
        """End adapters, listeners and recorder, and restore the process."""
        self.engine.close()
        if self._recorder is not None:
            self._recorder.close()
            self._recorder = None

    def adopt(self, started: datetime, judged: Iterable[Judged]) -> None:
        """Take in the results of another process of the session, which began at ``started``."""
        clock = self.engine.clock
        self.engine.clock = replace(clock, started=min(started, clock.started))
        self.judged.update({item.result.id: item for item in judged})

    def assembled(self, *, interrupted: bool) -> Run:
        """The results of the session."""
        elapsed = datetime.now(UTC) - self.engine.clock.started
        return self.engine.assembled(
            self.plan,
            self.judged.values(),
            command="pytest",
            duration=elapsed.total_seconds(),
            interrupted=interrupted,
        )
