"""The list of checks, and how they are applied to a step.

A check is registered with its rule; it returns None when the rule does not apply to the step
(nothing is claimed then), else its findings, of which an empty list says the rule held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule

Check = Callable[[StepContext], Iterable[Finding] | None]


@dataclass(frozen=True, slots=True)
class RegisteredCheck:
    """A rule and the function that decides it."""

    rule: Rule
    check: Check


@dataclass(frozen=True, slots=True)
class Applied:
    """A rule that was applied to a step, with its outcome."""

    rule: str
    outcome: Literal["held", "broken", "note"]


_REGISTERED: dict[str, RegisteredCheck] = {}

CHECK_FAILED = Rule(
    "harness.check-failed",
    "Every check ends with an answer",
    Level.MUST,
    Blame.HARNESS,
    "A check that raises has decided nothing; the case must not look green for it.",
    "design section 2, check",
)


def rule_check(rule: Rule) -> Callable[[Check], Check]:
    """Register the decorated function as the check of ``rule``. Two checks of one rule id are a
    programming error."""

    def register(check: Check) -> Check:
        if rule.id in _REGISTERED:
            raise ValueError(f"rule {rule.id} has two checks")
        _REGISTERED[rule.id] = RegisteredCheck(rule, check)
        return check

    return register


def registered() -> tuple[RegisteredCheck, ...]:
    """Every check, in the order of registration."""
    return tuple(_REGISTERED.values())


def all_rules() -> tuple[Rule, ...]:
    """Every registered rule, and the one about checks themselves, in the order of registration."""
    return (*(item.rule for item in registered()), CHECK_FAILED)


def apply_checks(context: StepContext) -> tuple[tuple[Applied, ...], tuple[Finding, ...]]:
    """Apply every check to one step: what was applied, and all findings."""
    applied: list[Applied] = []
    findings: list[Finding] = []
    for item in _REGISTERED.values():
        try:
            result = item.check(context)
            found = None if result is None else list(result)
        except (
            Exception
        ) as error:  # a bug in a check must show as such, and the other checks still speak
            found = [
                Finding(
                    CHECK_FAILED.id,
                    Level.MUST,
                    Blame.HARNESS,
                    f"the check of {item.rule.id} failed: {type(error).__name__}: {error}",
                    step=context.index,
                )
            ]
        if found is None:
            continue
        applied.append(Applied(item.rule.id, _outcome(found)))
        findings.extend(found)
    return tuple(applied), tuple(findings)


def _outcome(found: list[Finding]) -> Literal["held", "broken", "note"]:
    if not found:
        return "held"
    return "note" if all(f.level is Level.MAY for f in found) else "broken"
