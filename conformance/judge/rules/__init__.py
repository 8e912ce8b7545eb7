"""Rules: pure functions from what was expected and what was seen to what does not hold
(``docs/rules.md`` lists them)."""

from __future__ import annotations

from conformance.judge.rules.context import StepContext, StepObservation
from conformance.judge.rules.finding import Blame, Finding, Level
from conformance.judge.rules.registry import (
    CHECK_FAILED,
    Applied,
    all_rules,
    apply_checks,
    apply_service_rules,
    rules_about,
)
from conformance.judge.rules.rule import About, Rule
from conformance.judge.rules.served import Served

__all__ = [
    "CHECK_FAILED",
    "About",
    "Applied",
    "Blame",
    "Finding",
    "Level",
    "Rule",
    "Served",
    "StepContext",
    "StepObservation",
    "all_rules",
    "apply_checks",
    "apply_service_rules",
    "rules_about",
]
