"""Every rule there is, as results and lint list them."""

from __future__ import annotations

from conformance.judge.results import RuleInfo
from conformance.judge.rules import all_rules
from conformance.judge.rules.case_rules import CASE_RULES
from conformance.judge.rules.rule import Rule


def every_rule() -> tuple[Rule, ...]:
    """The rules about single steps and those about whole cases, sorted by id."""
    return tuple(sorted((*all_rules(), *CASE_RULES), key=lambda rule: rule.id))


def rule_infos() -> tuple[RuleInfo, ...]:
    """Every rule as results hold it, sorted by id."""
    return tuple(
        RuleInfo(
            id=rule.id,
            title=rule.title,
            level=rule.level,
            blame=rule.blame,
            why=rule.why,
            source=rule.source,
        )
        for rule in every_rule()
    )
