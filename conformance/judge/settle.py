"""Settling a run: waivers accounted for, subjects listed, the verdict of the whole. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

from conformance.errors import ExitCode
from conformance.judge.judge import Judged
from conformance.judge.results import RED_WAIVERS, CaseResult, Run, Verdict, WaiverUse
from conformance.judge.rules.case_rules import UNUSABLE
from conformance.judge.rules.finding import Level
from conformance.suite.case_id import CaseId
from conformance.suite.contract import in_range
from conformance.suite.waivers import Waiver

_EXERCISED = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED)

State = Literal["used", "stale", "expired", "mismatched", "out-of-range", "unexercised"]


@dataclass(frozen=True, slots=True)
class WaivedSubject:
    """An SDK version under test, with every waiver there is of the SDK."""

    sdk: str
    version: str
    waivers: tuple[Waiver, ...]


def settle_waivers(
    subjects: Iterable[WaivedSubject],
    judged: tuple[Judged, ...],
    scenario_ids: tuple[str, ...],
    planned: tuple[CaseId, ...] | None,
    today: date,
) -> tuple[WaiverUse, ...]:
    """What became of every waiver of every subject.

    ``planned`` are the cases to be run of the whole suite, or at least of the scenarios that
    waivers name. A waiver is called stale only when every case of it that the waiver covers was
    run: a run of a part of the suite, of one surface or one api-version, proves nothing about the
    rest. None: there is no such plan, and nothing is called stale for its cases.
    """
    uses: list[WaiverUse] = []
    for subject in subjects:
        settling = _Settling(
            subject=subject,
            judged=tuple(j for j in judged if _is_of(j.result, subject)),
            scenario_ids=scenario_ids,
            planned=tuple(i for i in planned or () if i.sdk == subject.sdk),
            today=today,
        )
        uses.extend(settling.use(waiver) for waiver in subject.waivers)
    return tuple(sorted(uses, key=lambda use: (use.sdk, use.id)))


def _is_of(result: CaseResult, subject: WaivedSubject) -> bool:
    return (result.sdk, result.version) == (subject.sdk, subject.version)


@dataclass(frozen=True, slots=True)
class _Settling:
    """What there is to settle the waivers of one subject with."""

    subject: WaivedSubject
    judged: tuple[Judged, ...]
    scenario_ids: tuple[str, ...]
    planned: tuple[CaseId, ...]
    today: date

    def use(self, waiver: Waiver) -> WaiverUse:
        """What became of ``waiver``."""
        return WaiverUse(
            id=waiver.id,
            sdk=self.subject.sdk,
            rule=waiver.rule,
            scenarios=tuple(waiver.scenarios),
            versions=waiver.versions,
            reason=waiver.reason,
            link=waiver.link,
            expires=waiver.expires,
            state=self._state(waiver),
            cases=tuple(j.result.id for j in self.judged if waiver.id in j.used),
        )

    def _state(self, waiver: Waiver) -> State:
        if not in_range(self.subject.version, waiver.versions):
            return "out-of-range"
        if waiver.expired(self.today):
            return "expired"
        if any(waiver.id in j.used for j in self.judged):
            return "used"
        if any(waiver.id in j.mismatched for j in self.judged):
            return "mismatched"
        # A suite of one's own uses the contracts and waivers that come with the package, but none
        # of their scenarios; lint tells a waiver whose pattern matches nothing in its own suite.
        if not self._names_a_scenario(waiver):
            return "unexercised"
        covered = {str(identity) for identity in self.planned if _covers(waiver, identity)}
        return "stale" if covered and covered <= self._exercised() else "unexercised"

    def _names_a_scenario(self, waiver: Waiver) -> bool:
        return any(
            fnmatchcase(name, pattern) for name in self.scenario_ids for pattern in waiver.scenarios
        )

    def _exercised(self) -> set[str]:
        return {j.result.id for j in self.judged if j.result.verdict in _EXERCISED}


def _covers(waiver: Waiver, identity: CaseId) -> bool:
    return waiver.covers(
        identity.scenario, identity.version, identity.surface, identity.api_version
    )


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
    levels = (Level.MUST, fail_on)
    return case.verdict is Verdict.FAIL and any(
        item.is_red and item.level in levels for item in case.findings
    )
