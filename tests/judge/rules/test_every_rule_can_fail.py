"""A rule that cannot break checks nothing: each has a step on which it holds and one on which it
does not."""

from __future__ import annotations

import pytest

from conformance.judge.rules import CHECK_FAILED, Level, all_rules, apply_checks
from tests.judge.rules.harmless import harmless
from tests.judge.rules.judged import broken
from tests.judge.rules.mutants_sdk import SDK_MUTANTS
from tests.judge.rules.mutants_service import SERVICE_MUTANTS

MUTANTS = {**SDK_MUTANTS, **SERVICE_MUTANTS}
RULES = {rule.id: rule for rule in all_rules()}


def test_every_rule_has_a_mutant_and_every_mutant_a_rule() -> None:
    assert sorted(MUTANTS) == sorted(RULES)


@pytest.mark.parametrize("rule", sorted(MUTANTS))
def test_rule_breaks_on_its_mutant(rule: str) -> None:
    applied, findings = apply_checks(MUTANTS[rule]()[1])
    mine = [finding for finding in findings if finding.rule == rule]
    assert mine, [f.message for f in findings]
    if rule != CHECK_FAILED.id:
        expected = "note" if RULES[rule].level is Level.MAY else "broken"
        assert {a.rule: a.outcome for a in applied}[rule] == expected
    assert all(
        finding.level == RULES[rule].level and finding.blame == RULES[rule].blame
        for finding in mine
    )
    assert all(finding.message.strip() for finding in mine)


@pytest.mark.parametrize("rule", sorted(MUTANTS))
def test_rule_holds_on_the_step_the_mutant_came_from(rule: str) -> None:
    held = MUTANTS[rule]()[0]
    applied, findings = apply_checks(held)
    assert [finding.message for finding in findings if finding.level is not Level.MAY] == []
    if rule != CHECK_FAILED.id:
        assert {a.rule: a.outcome for a in applied}[rule] == "held"


@pytest.mark.parametrize("rule", sorted(MUTANTS))
def test_rule_holds_on_a_harmless_variant(rule: str) -> None:
    assert broken(harmless(MUTANTS[rule]()[0])) == []


def test_rules_say_what_why_and_where() -> None:
    for rule in all_rules():
        assert rule.title and rule.why and rule.source, rule.id
        assert rule.why.endswith("."), rule.id
