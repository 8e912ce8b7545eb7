"""The core both fronts share: run cases one by one, and put the results together."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from conformance import __version__
from conformance.errors import HarnessError, InputError
from conformance.judge.attribution import limitation
from conformance.judge.judge import Judged, judge, judge_fault, judge_unrun
from conformance.judge.results import RuleInfo, Run, ScenarioInfo, SourceLink, Tool
from conformance.judge.rules import all_rules
from conformance.judge.rules.case_rules import BROKEN_HARNESS, CASE_RULES, UNUSABLE
from conformance.judge.settle import settle_waivers, subject_results
from conformance.plan.plan import Case, Selection, SubjectUnderTest, plan
from conformance.run.execute import execute
from conformance.sdk.lane import Lane
from conformance.sdk.process import Disturbed
from conformance.service.targets import REPLAY, Target
from conformance.suite.load import Suite
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.model import SourceRef

ARTICLE_URL = "https://learn.microsoft.com/azure/ai-services/openai/supported-languages"


@dataclass(frozen=True, slots=True)
class RunClock:
    """When a run began and how its durations are told. ``fixed``: every duration is 0; equal runs
    are equal bytes."""

    started: datetime
    fixed: bool

    def measure(self, began: float) -> float:
        """Seconds since ``began`` (``time.perf_counter``), rounded to microseconds; 0 on a fixed
        clock."""
        return 0.0 if self.fixed else round(time.perf_counter() - began, 6)


def run_clock() -> RunClock:
    """The clock of this process; ``SOURCE_DATE_EPOCH`` (reproducible-builds.org) fixes it."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdigit():
        return RunClock(datetime.fromtimestamp(int(epoch), UTC), fixed=True)
    return RunClock(datetime.now(UTC), fixed=False)


def run_case(
    case: Case,
    suite: Suite,
    lane: Lane | None,
    clock: RunClock,
    *,
    strict: bool = False,
    traces: bool = True,
) -> Judged:
    """Execute and judge one case. A fault of the suite or the harness becomes the case's ``error``
    verdict.

    ``lane`` may be None for a case that planning already decided. What is told of a service
    elsewhere is redacted. Raises Disturbed when the case has to be run again, alone (loopback
    lane).
    """
    judged = _run_case(case, suite, lane, clock, strict=strict, traces=traces)
    shown = case.target.shown
    return replace(judged, result=shown.result(judged.result)) if shown else judged


def _run_case(
    case: Case, suite: Suite, lane: Lane | None, clock: RunClock, *, strict: bool, traces: bool
) -> Judged:
    if case.status != "run" or lane is None:
        return judge_unrun(case)
    began = time.perf_counter()
    try:
        observation = execute(case, suite, lane, strict=strict)
        if case.target.kind == "emulator" and (lack := limitation(observation.steps)):
            return judge_unrun(replace(case, status="not-run", reason=lack))
        return judge(case, observation, clock.started.date(), clock.measure(began), traces=traces)
    except HarnessError as error:
        return judge_fault(
            case, str(error), UNUSABLE if isinstance(error, InputError) else BROKEN_HARNESS
        )
    except Disturbed:
        raise
    except (
        Exception
    ) as error:  # a bug of ours costs its own case and says so, not the results of all others
        return judge_fault(
            case, f"the harness failed: {type(error).__name__}: {error}", BROKEN_HARNESS
        )


def assemble(
    suite: Suite,
    subjects: Iterable[SubjectUnderTest],
    judged: Iterable[Judged],
    clock: RunClock,
    *,
    command: str = "",
    duration: float = 0.0,
    interrupted: bool = False,
    problems: tuple[str, ...] = (),
    api_versions: tuple[str, ...] = (),
    target: Target = REPLAY,
) -> Run:
    """The results of a run, in an order that does not depend on the order of execution."""
    subjects = tuple(subjects)
    ordered = tuple(sorted(judged, key=lambda item: item.result.id))
    cases = tuple(item.result for item in ordered)
    scenarios = {case.scenario for case in cases}
    return Run(
        tool=Tool(
            version=__version__,
            scenario_digest=suite.home.digest("scenarios"),
            schema_digest=suite.schemas.digest(),
            cassette_digest=suite.home.digest("cassettes"),
        ),
        started=clock.started.isoformat().replace("+00:00", "Z"),
        duration=0.0 if clock.fixed else round(duration, 3),
        command=target.showing(command),
        target=target.showing(target.name),
        api_versions=api_versions or tuple(sorted({case.api_version for case in cases})),
        subjects=subject_results(subjects),
        cases=cases,
        interrupted=interrupted,
        problems=problems,
        scenarios=tuple(scenario_info(item) for item in suite.scenarios if item.id in scenarios),
        waivers=settle_waivers(
            subjects,
            ordered,
            tuple(item.id for item in suite.scenarios),
            # Elsewhere other things break: a waiver is judged where it was written for.
            _plan_of_waived(suite, subjects) if target.is_replay else None,
            clock.started.date(),
        ),
        rules=rule_infos(),
    )


def _plan_of_waived(
    suite: Suite, subjects: tuple[SubjectUnderTest, ...]
) -> tuple[Case, ...] | None:
    """The whole plan of the scenarios that waivers name; None when it cannot be made."""
    patterns = {
        pattern
        for subject in subjects
        for waiver in subject.sdk.waivers
        for pattern in waiver.scenarios
    }
    try:
        return (
            plan(suite, subjects, Selection(patterns=tuple(sorted(patterns)))) if patterns else ()
        )
    except HarnessError:
        return None


def rule_infos() -> tuple[RuleInfo, ...]:
    """Every rule there is, sorted by id."""
    rules = sorted((*all_rules(), *CASE_RULES), key=lambda rule: rule.id)
    return tuple(
        RuleInfo(id=r.id, title=r.title, level=r.level, blame=r.blame, why=r.why, source=r.source)
        for r in rules
    )


def scenario_info(loaded: LoadedScenario) -> ScenarioInfo:
    """What reports say of a scenario."""
    scenario = loaded.scenario
    return ScenarioInfo.model_validate(
        {
            "id": loaded.id,
            "file": loaded.file,
            "title": scenario.title,
            "why": scenario.why,
            "capability": loaded.capability,
            "level": scenario.level,
            "tags": scenario.tags,
            "sources": [source_link(source) for source in scenario.sources],
            "yaml": loaded.document.text,
        }
    )


def source_link(source: SourceRef) -> SourceLink:
    """A source as a report links it."""
    section = f", section {source.section}" if source.section else ""
    if source.article is not None:
        return SourceLink(kind="article", text=f"{source.article}{section}", url=ARTICLE_URL)
    if source.issue is not None:
        return SourceLink(kind="issue", text=source.issue, url=source.issue)
    if source.url is not None:
        return SourceLink(kind="url", text=f"{source.url}{section}", url=source.url)
    ref = source.fact_ref
    return SourceLink(
        kind=source.kind, text=f"{source.text}{section}", url=ref.url if ref is not None else ""
    )
