"""Checks: pure functions from what was expected and what was seen to findings (``docs/rules.md``
lists the rules)."""

from __future__ import annotations

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
from conformance.judge.rules.context import StepContext, StepObservation
from conformance.judge.rules.finding import Blame, Finding, Level, Rule
from conformance.judge.rules.registry import CHECK_FAILED, Applied, all_rules, apply_checks

__all__ = [
    "CHECK_FAILED",
    "Applied",
    "Blame",
    "Finding",
    "Level",
    "Rule",
    "StepContext",
    "StepObservation",
    "all_rules",
    "apply_checks",
]

MODULES = (
    request,
    request_body,
    auth,
    response,
    content_filter,
    usage,
    stream,
    retries,
    errors,
    result,
    headers,
    harness,
    expectations,
)
"""The modules whose rules are registered."""
