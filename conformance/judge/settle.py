"""Settling a run: waivers accounted for, subjects listed, the verdict of the whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from conformance.errors import ExitCode
from conformance.judge.judge import Judged
from conformance.judge.results import CaseResult, Run, Subject, Verdict, WaiverUse
from conformance.judge.rules.case_rules import UNUSABLE
from conformance.judge.rules.finding import Level
from conformance.plan.plan import Case, SubjectUnderTest
from conformance.suite.contract import in_range
from conformance.suite.waivers import Waiver

RED_WAIVERS = ("stale", "expired", "mismatched")
_EXERCISED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED)

State = Literal["used", "stale", "expired", "mismatched", "out-of-range", "unexercised"]


def settle_waivers(
    subjects: Iterable[SubjectUnderTest],
    judged: tuple[Judged, ...],
    scenario_ids: tuple[str, ...],
    planned: tuple[Case, ...] | None,
    today: date,
) -> tuple[WaiverUse, ...]:
    """What became of every waiver of every subject.

    ``planned`` is the plan of the whole suite, or at least of the scenarios that waivers name. A
    waiver is called stale only when every case of it that the waiver covers was run: a run of a
    part of the suite, of one surface or one api-version, proves nothing about the rest. None: there
    is no such plan, and nothing is called stale for its cases.
    """
    uses: list[WaiverUse] = []
    for subject in subjects:
        own = [
            j
            for j in judged
            if (j.result.sdk, j.result.version) == (subject.sdk.name, subject.version)
        ]
        cases = [
            c for c in planned or () if c.status == "run" and c.subject.sdk.name == subject.sdk.name
        ]
        uses.extend(
            _use(waiver, subject, own, scenario_ids, cases, today) for waiver in subject.sdk.waivers
        )
    return tuple(sorted(uses, key=lambda use: (use.sdk, use.id)))


def _use(
    waiver: Waiver,
    subject: SubjectUnderTest,
    judged: list[Judged],
    scenario_ids: tuple[str, ...],
    planned: list[Case],
    today: date,
) -> WaiverUse:
    cases = tuple(j.result.id for j in judged if waiver.id in j.used)
    return WaiverUse(
        id=waiver.id,
        sdk=subject.sdk.name,
        rule=waiver.rule,
        scenarios=tuple(waiver.scenarios),
        versions=waiver.versions,
        reason=waiver.reason,
        link=waiver.link,
        expires=waiver.expires,
        state=_state(waiver, subject, judged, scenario_ids, planned, today),
        cases=cases,
    )


def _state(
    waiver: Waiver,
    subject: SubjectUnderTest,
    judged: list[Judged],
    scenario_ids: tuple[str, ...],
    planned: list[Case],
    today: date,
) -> State:
    if not in_range(subject.version, waiver.versions):
        return "out-of-range"
    if waiver.expired(today):
        return "expired"
    if any(waiver.id in j.used for j in judged):
        return "used"
    if any(waiver.id in j.mismatched for j in judged):
        return "mismatched"
    # A suite of one's own uses the contracts and waivers that come with the package, but none of
    # their scenarios; lint tells a waiver whose pattern matches nothing in its own suite.
    if not any(fnmatchcase(name, pattern) for name in scenario_ids for pattern in waiver.scenarios):
        return "unexercised"
    exercised = {j.result.id for j in judged if j.result.verdict in _EXERCISED}
    covered = [
        c.id
        for c in planned
        if waiver.covers(c.loaded.id, c.subject.version, c.surface, c.api_version)
    ]
    return "stale" if covered and exercised.issuperset(covered) else "unexercised"


def subject_results(subjects: Iterable[SubjectUnderTest]) -> tuple[Subject, ...]:
    """The subjects as results list them; one that cannot run stands there with its reason."""
    listed = []
    for subject in subjects:
        contract = subject.sdk.contract.contract
        listed.append(
            Subject(
                sdk=contract.sdk,
                title=contract.title,
                language=contract.language,
                package=contract.package,
                version=subject.version,
                surfaces=tuple(contract.surfaces),
                runtime=subject.runtime,
                status="not-run" if subject.absent else "run",
                reason=subject.absent,
            )
        )
    return tuple(listed)


def exit_code(run: Run, *, fail_on: Level = Level.MUST) -> ExitCode:
    """What the process ends with.

    3: the harness failed somewhere. 2: a file of the suite is broken, or nothing was exercised. 1:
    an unwaived finding of a ``must`` (or ``should``, when ``fail_on`` says so), or a waiver that is
    stale, expired or mismatched. 0 otherwise; an interrupted run is never 0, since what did not run
    proved nothing.
    """
    errors = [case for case in run.cases if case.verdict is Verdict.ERROR]
    if run.problems or not all(_is_suites_fault(case) for case in errors):
        return ExitCode.HARNESS
    if errors:
        return ExitCode.USAGE
    if not any(case.verdict in _EXERCISED for case in run.cases):
        return ExitCode.HARNESS if run.interrupted else ExitCode.USAGE
    if any(use.state in RED_WAIVERS for use in run.waivers) or any(
        is_red(case, fail_on) for case in run.cases
    ):
        return ExitCode.NOT_CONFORMANT
    return ExitCode.HARNESS if run.interrupted else ExitCode.CONFORMANT


def _is_suites_fault(case: CaseResult) -> bool:
    return any(item.rule == UNUSABLE.id for item in case.findings)


def is_red(case: CaseResult, fail_on: Level = Level.MUST) -> bool:
    """Whether ``case`` alone makes a run non-conformant."""
    levels = {Level.MUST} if fail_on is Level.MUST else {Level.MUST, Level.SHOULD}
    return case.verdict is Verdict.FAIL and any(
        f.level in levels and f.waived_by is None for f in case.findings
    )
