"""The list of rules, and how they are applied: to a step of a case, or to answers alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

from conformance.judge.rules import (
    auth,
    content_filter,
    errors,
    expectations,
    harness,
    headers,
    request,
    request_body,
    response,
    result,
    retries,
    stream,
    usage,
)
from conformance.judge.rules.case_rules import CASE_RULES
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Breach, Breaches, Finding, Level
from conformance.judge.rules.rule import About, Rule, docs
from conformance.judge.rules.served import Served
from conformance.judge.rules.step import ObservedStep

_MODULES = (
    auth,
    content_filter,
    headers,
    errors,
    expectations,
    harness,
    request,
    request_body,
    response,
    result,
    retries,
    stream,
    usage,
)
"""The modules that define rules, in the order in which findings are listed."""


def _defined() -> Iterator[Rule]:
    """Every rule a module defines, in the order of definition."""
    for module in _MODULES:
        yield from (value for value in vars(module).values() if isinstance(value, Rule))


_RULES = tuple(_defined())
_STEP_CHECKS = tuple((rule, rule.decide) for rule in _RULES if rule.decide)
_SERVICE_CHECKS = tuple((rule, rule.decide_served) for rule in _RULES if rule.decide_served)

CHECK_FAILED = Rule(
    id="harness.check-failed",
    level=Level.MUST,
    blame=Blame.HARNESS,
    about=About.HARNESS,
    title="Every check ends with an answer",
    why="A check that raises has decided nothing; the case must not look green for it.",
    sources=(docs("results#verdicts"),),
)


Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that was applied to a step, with its outcome."""

    rule: str
    outcome: Literal["held", "broken", "note"]


def all_rules() -> tuple[Rule, ...]:
    """Every rule that is decided step by step, and the one about checks themselves. Those decided
    over a whole case are ``CASE_RULES``."""
    return (*_RULES, CHECK_FAILED)


@cache
def rules_about(*subjects: About) -> frozenset[str]:
    """The ids of the rules that are about one of ``subjects``."""
    return frozenset(rule.id for rule in (*all_rules(), *CASE_RULES) if rule.about in subjects)


def apply_checks(context: StepContext) -> tuple[tuple[Applied, ...], tuple[Finding, ...]]:
    """Apply every rule to one step: what was applied, and all findings."""
    step = ObservedStep(context)
    return _apply(
        _STEP_CHECKS, step, index=context.index, expected_level=context.level, strict=context.strict
    )


def apply_service_rules(
    served: Served, *, strict: bool = False
) -> tuple[tuple[Applied, ...], tuple[Finding, ...]]:
    """Apply the rules about the service to answers, whoever asked for them: what was applied, and
    all findings. ``strict`` makes members unknown to the specification findings instead of
    notes."""
    return _apply(_SERVICE_CHECKS, served, index=0, expected_level=Level.MUST, strict=strict)


def _apply(
    checks: Iterable[tuple[Rule, Callable[[Subject], Breaches | None]]],
    subject: Subject,
    *,
    index: int,
    expected_level: Level,
    strict: bool,
) -> tuple[tuple[Applied, ...], tuple[Finding, ...]]:
    """Apply ``checks`` to ``subject``, which is of the step ``index``. ``expected_level`` is the
    level of findings about what a scenario writes."""
    applied: list[Applied] = []
    findings: list[Finding] = []
    for rule, check in checks:
        try:
            result = check(subject)
            if result is None:
                continue
            breaches = list(result)
        except Exception as error:
            # A bug in a check must show as such, and the other checks still speak.
            message = f"the check of {rule.id} failed: {type(error).__name__}: {error}"
            applied.append(Applied(rule.id, "broken"))
            findings.append(CHECK_FAILED.finding(message, step=index))
            continue
        if not breaches:
            applied.append(Applied(rule.id, "held"))
            continue
        level = rule.level
        if rule.written:
            level = expected_level
        elif rule.strict and strict:
            level = Level.MUST
        applied.append(Applied(rule.id, _outcome(level)))
        findings.extend(_finding(rule, breach, level, index) for breach in breaches)
    return tuple(applied), tuple(findings)


def _outcome(level: Level) -> Literal["broken", "note"]:
    if level is Level.MAY:
        return "note"
    return "broken"


def _finding(rule: Rule, breach: Breach, level: Level, step: int) -> Finding:
    return rule.finding(
        breach.message,
        step=step,
        level=level,
        pointer=breach.pointer,
        expected=breach.expected,
        actual=breach.actual,
    )
