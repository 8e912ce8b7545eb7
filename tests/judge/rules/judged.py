"""What the rules say of a step, as tests ask it."""

from __future__ import annotations

from conformance.judge.rules import Level, StepContext, apply_checks


def broken(context: StepContext) -> list[str]:
    """The findings that are not notes, each with its rule and its message."""
    return [f"{f.rule}: {f.message}" for f in apply_checks(context)[1] if f.level is not Level.MAY]


def broken_rules(context: StepContext) -> set[str]:
    """The rules of which there is a finding that is no note."""
    return {line.split(":")[0] for line in broken(context)}


def applied_rules(context: StepContext) -> set[str]:
    """The rules that had something to judge."""
    return {item.rule for item in apply_checks(context)[0]}
