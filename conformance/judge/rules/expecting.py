"""Turning mismatches of written expectations into findings. They carry the scenario's level, not
the rule's."""

from __future__ import annotations

from typing import Any

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Finding, Rule, finding
from conformance.suite.scenario.match import Resolve, match


def mismatches(
    rule: Rule,
    context: StepContext,
    expected: Any,
    actual: Any,
    pointer: str,
    resolve: Resolve | None = None,
) -> list[Finding]:
    """A finding of ``rule`` for each place where ``actual`` is not ``expected``; ``pointer`` is
    where ``actual`` is."""
    found = []
    for problem in match(expected, actual, resolve):
        place = pointer + problem.pointer
        found.append(
            finding(
                rule,
                f"At {place}: {problem.message}.",
                pointer=place,
                expected=problem.expected,
                actual=problem.actual,
                step=context.index,
                level=context.level,
            )
        )
    return found
