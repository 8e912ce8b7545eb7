"""Judging: from observations to findings to verdicts. Pure.

Order of precedence: a fault of the harness or a missing answer is never excused; then waivers
excuse what they pin; what is left decides. ``may`` findings are notes. A case is red through
``must`` and ``should`` findings alike; only ``must`` makes the run non-conformant (exit code 1)
unless asked otherwise.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import Any

from pydantic_core import to_jsonable_python

from conformance.judge.case_facts import CaseFacts
from conformance.judge.observation import CaseObservation
from conformance.judge.results import CaseResult, CheckResult, FindingResult, StepTrace, Verdict
from conformance.judge.rules import About, Rule, apply_checks, rules_about
from conformance.judge.rules.case_rules import UNPLAYED, UNREACHED, UNUSABLE
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.errors import a_call_succeeds_that_is_to
from conformance.judge.rules.finding import Blame, Finding, Level
from conformance.judge.rules.harness import every_request_has_an_answer
from conformance.judge.rules.registry import Applied
from conformance.judge.rules.response import response_is_as_expected
from conformance.judge.trace import scrub, scrub_model, secrets_of, step_trace, unreached_trace
from conformance.suite.waivers import Waiver

CAP = 20
"""Findings of one rule shown for one step; more would bury the others."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A judged case and the waivers that took part: ids that excused, and ids whose rule broke in
    another way."""

    result: CaseResult
    used: frozenset[str] = frozenset()
    mismatched: frozenset[str] = frozenset()


def judge(
    case: CaseFacts,
    observation: CaseObservation,
    today: date,
    duration: float = 0.0,
    *,
    traces: bool = True,
) -> Judged:
    """The verdict of an executed case; without ``traces`` the result tells no steps, for callers
    that report none."""
    applied: list[Applied] = []
    findings: list[Finding] = []
    for context in observation.steps:
        step_applied, step_findings = apply_checks(context)
        applied.extend(step_applied)
        findings.extend(step_findings)
    findings.extend(_case_findings(observation))
    findings = list(case.attribution.attribute(tuple(findings), observation.steps))
    results, used, mismatched = _excuse(findings, case.waivers, today)
    secrets = secrets_of(observation.steps)
    steps: tuple[StepTrace, ...] = ()
    if traces:
        steps = _traces(case, observation)
    if not case.attribution.settles_waivers:
        mismatched = frozenset()
    result = _base(case).model_copy(
        update={
            "verdict": _verdict(observation, results),
            "reason": scrub(_reason(observation), secrets),
            "findings": tuple(scrub_model(item, secrets) for item in results),
            "checks": _merge(applied, findings),
            "steps": tuple(scrub_model(item, secrets) for item in steps),
            "rests_on": _rests_on(observation.steps),
            "duration": duration,
        }
    )
    return Judged(result, used, mismatched)


def judge_unrun(case: CaseFacts, verdict: Verdict, reason: str) -> Judged:
    """The result of a case that is not run: ``verdict`` is unsupported or not-run."""
    return Judged(_base(case).model_copy(update={"verdict": verdict, "reason": reason}))


def judge_fault(case: CaseFacts, reason: str, rule: Rule = UNUSABLE) -> Judged:
    """The result of a case that could not be run: a file of the suite is unusable, or (``rule``)
    the harness failed."""
    findings = (_result(rule.finding(reason), None),)
    return Judged(
        _base(case).model_copy(
            update={"verdict": Verdict.ERROR, "reason": reason, "findings": findings}
        )
    )


def _base(case: CaseFacts) -> CaseResult:
    identity = case.identity
    return CaseResult(
        id=str(identity),
        scenario=identity.scenario,
        sdk=identity.sdk,
        version=identity.version,
        surface=identity.surface,
        api_version=identity.api_version,
        lane=case.lane.value,
        capability=case.capability,
        level=case.level,
        verdict=Verdict.NOT_RUN,
        reproduce=case.reproduce,
    )


def _case_findings(observation: CaseObservation) -> Iterable[Finding]:
    last = len(observation.steps) - 1
    if observation.unreached:
        yield UNREACHED.finding(
            f"{observation.unreached} later step(s) did not run because step {last} did not end "
            "as expected",
            step=max(last, 0),
        )
    elif observation.unplayed:
        yield UNPLAYED.finding(
            f"nobody asked for {', '.join(observation.unplayed)}", step=max(last, 0)
        )


def _excuse(
    findings: list[Finding], waivers: tuple[Waiver, ...], today: date
) -> tuple[tuple[FindingResult, ...], frozenset[str], frozenset[str]]:
    decided: list[tuple[Finding, Waiver | None]] = []
    used: set[str] = set()
    near: set[str] = set()
    for item in findings:
        waiver = None
        if item.blame in (Blame.SDK, Blame.SERVICE) and item.level is not Level.MAY:
            same_rule = [w for w in waivers if w.rule == item.rule and not w.expired(today)]
            waiver = next(
                (w for w in same_rule if re.search(w.fingerprint, item.fingerprint)), None
            )
            if waiver is None:
                near.update(w.id for w in same_rule)
        if waiver is not None:
            used.add(waiver.id)
        decided.append((item, waiver))
    results = [_result(item, waiver) for item, waiver in _shortened(decided)]
    return _with_consequences(results), frozenset(used), frozenset(near - used)


def _shortened(
    decided: list[tuple[Finding, Waiver | None]],
) -> Iterator[tuple[Finding, Waiver | None]]:
    """``decided`` with at most ``CAP`` findings of one rule in one step, and one that says how many
    there are beside them. It is excused when each of them is: what is not shown is judged all the
    same."""
    seen: Counter[tuple[int, str]] = Counter()
    rest: dict[tuple[int, str], list[tuple[Finding, Waiver | None]]] = {}
    for item, waiver in decided:
        key = (item.step, item.rule)
        seen[key] += 1
        if seen[key] <= CAP:
            yield item, waiver
        else:
            rest.setdefault(key, []).append((item, waiver))
    for hidden in rest.values():
        heaviest, waiver = min(
            hidden, key=lambda pair: (pair[1] is not None, list(Level).index(pair[0].level))
        )
        message = f"{len(hidden)} more findings of this rule are not shown."
        yield replace(heaviest, message=message, pointer="", expected=None, actual=None), waiver


def _with_consequences(results: list[FindingResult]) -> tuple[FindingResult, ...]:
    """``results``, in which what is known to deviate also explains that no recording fits, or that
    one is left over.

    The miss and the interaction left over are the suite's findings, which no waiver names; but a
    request that goes elsewhere (a waived ``request.*`` finding) cannot meet the recording, and a
    call that is known to fail may never ask for it, nor for the answer the scenario describes: they
    would otherwise never be excused.
    """
    waived = {item.rule: item.waived_by for item in results if item.waived_by}
    about_requests = rules_about(About.REQUEST)
    elsewhere = next((name for rule, name in waived.items() if rule in about_requests), None)
    failed = waived.get(a_call_succeeds_that_is_to.id)
    explained = {every_request_has_an_answer.id: elsewhere, UNPLAYED.id: elsewhere or failed}
    unasked = {**explained, response_is_as_expected.id: failed}
    return tuple(
        item.model_copy(
            update={
                "waived_by": item.waived_by
                or (unasked if item.actual is None else explained).get(item.rule)
            }
        )
        for item in results
    )


def _json(value: Any) -> Any:
    """``value`` as results can hold it: what is no JSON (a sentinel of a check) becomes its
    name."""
    return to_jsonable_python(value, fallback=repr)


def _result(item: Finding, waiver: Waiver | None) -> FindingResult:
    return FindingResult(
        rule=item.rule,
        level=item.level,
        blame=item.blame,
        message=item.message,
        pointer=item.pointer,
        expected=_json(item.expected),
        actual=_json(item.actual),
        step=item.step,
        waived_by=waiver.id if waiver else None,
    )


def _verdict(observation: CaseObservation, findings: tuple[FindingResult, ...]) -> Verdict:
    if any(context.observation.outcome.status == "crash" for context in observation.steps):
        return Verdict.ERROR
    binding = [f for f in findings if f.level is not Level.MAY]
    if any(f.blame is Blame.HARNESS for f in binding):
        return Verdict.ERROR
    if any(f.waived_by is None for f in binding):
        return Verdict.FAIL
    return Verdict.WAIVED if binding else Verdict.PASS


def _reason(observation: CaseObservation) -> str:
    for context in observation.steps:
        if context.observation.outcome.status in ("crash", "unsupported"):
            return context.observation.outcome.reason
    return ""


def _merge(applied: list[Applied], findings: list[Finding]) -> tuple[CheckResult, ...]:
    """One line a rule over all steps; a rule that broke in any step is broken."""
    rank = {"held": 0, "note": 1, "broken": 2}
    outcomes: dict[str, str] = {}
    for item in applied:
        if rank[item.outcome] >= rank[outcomes.get(item.rule, "held")]:
            outcomes[item.rule] = item.outcome
    for broken in findings:
        outcomes.setdefault(broken.rule, "note" if broken.level is Level.MAY else "broken")
    return tuple(_check_result(rule, outcomes[rule]) for rule in sorted(outcomes))


@cache
def _check_result(rule: str, outcome: str) -> CheckResult:
    """One value for all cases: there are few rules and three outcomes."""
    return CheckResult.model_validate({"rule": rule, "outcome": outcome})


def _traces(case: CaseFacts, observation: CaseObservation) -> tuple[StepTrace, ...]:
    ran = [step_trace(case.steps[context.index].name, context) for context in observation.steps]
    rest = [unreached_trace(step.name, step.operation) for step in case.steps[len(ran) :]]
    return tuple(ran + rest)


def _rests_on(steps: tuple[StepContext, ...]) -> tuple[str, ...]:
    sources = {
        exchange.response.provenance.source.value
        for context in steps
        for exchange in context.observation.exchanges
        if exchange.response
    }
    return tuple(sorted(sources))
