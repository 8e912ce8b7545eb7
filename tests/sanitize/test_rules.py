"""Every rule takes out what it is for, leaves its look-alike alone, and is missed when it is
switched off."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

from conformance.sanitize import exchange, forms, headers, members, text, urls
from conformance.sanitize.edits import settle
from conformance.sanitize.exchange import Sanitizer
from conformance.sanitize.rules import BY_ID, RULES, Action, rules_digest
from conformance.wire import codings
from tests.places import PROJECT
from tests.sanitize.cases import CASES, Case
from tests.sanitize.material import shown

BY_RULE = {case.rule: case for case in CASES}
TAKING = [case for case in CASES if BY_ID[case.rule].action is not Action.KEEP]


def sanitised(case: Case, *, harmless: bool = False) -> str:
    """What would be written of the case's plant, or of its look-alike."""
    return shown(
        Sanitizer(case.known, keep={"conf-chat"}).exchange(
            case.harmless if harmless else case.plant
        )
    )


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    assert Counter(case.rule for case in CASES) == Counter(rule.id for rule in RULES)


@pytest.mark.parametrize("case", TAKING, ids=lambda case: case.rule)
def test_a_rule_takes_out_what_it_is_for(case: Case) -> None:
    assert case.gone.lower() in shown(case.plant).lower()
    assert case.gone.lower() not in sanitised(case).lower()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_leaves_its_look_alike_alone(case: Case) -> None:
    assert case.kept in shown(case.harmless)
    assert case.kept in sanitised(case, harmless=True)


def without_values(name: str) -> Any:
    """A form or query that is passed on as it is, where ``name`` would have been looked at."""
    return lambda *arguments: arguments[0]


ELSEWHERE: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    "query-credential": (
        (urls, "QUERY_CREDENTIALS", frozenset()),
        (urls, "QUERIES", frozenset({"api-key"})),
    ),
    "guid-identity": ((members, "GUID", re.compile("(?!)")),),
    "query-unlisted": ((urls, "_unlisted", without_values("query")),),
    "host-gateway": ((urls, "sanitised_host", without_values("host")),),
    "path-deployment": ((urls, "deployment", without_values("path")),),
    "token-host": ((exchange.Sanitizer, "recordable", staticmethod(lambda request: True)),),
    "token-request": ((forms, "_FORM_SECRETS", frozenset()),),
    "multipart-filename": ((forms, "_sanitised_filename", without_values("file")),),
    "multipart-boundary": ((forms, "_free_boundary", lambda pieces: "rAnDoM"),),
    "content-encoding": (
        (exchange, "decode", lambda body, coding, ends: (body, ends)),
        (headers, "_drop", None),
    ),
}
"""What switches off a rule that is no detector and no header."""


def switch_off(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The mutant without ``rule``."""
    monkeypatch.setattr(
        text, "settle", lambda edits: settle(e for e in edits if rule not in e.rules)
    )
    if rule in headers._REWRITES:
        monkeypatch.setitem(headers._REWRITES, rule, lambda name, value, texts: value)
    for module, name, value in ELSEWHERE.get(rule, ()):
        monkeypatch.setattr(module, name, value)


@pytest.mark.parametrize("case", TAKING, ids=lambda case: case.rule)
def test_a_rule_that_is_switched_off_is_missed(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    switch_off(case.rule, monkeypatch)
    assert case.gone.lower() in sanitised(case).lower()


@pytest.mark.parametrize("rule", [rule.id for rule in RULES if rule.action is Action.KEEP])
def test_what_a_rule_keeps_is_lost_without_its_place_on_the_list(
    rule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(headers._REWRITES, rule, headers._drop)
    case = BY_RULE[rule]
    kept = "content-type: application/json" if rule == "evidence" else case.kept
    assert kept not in sanitised(case, harmless=True)


def test_the_digest_changes_with_the_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    before = rules_digest()
    assert before == Sanitizer.digest() == rules_digest()
    monkeypatch.setattr("conformance.sanitize.rules.RULES", RULES[1:])
    assert rules_digest() != before


def test_a_coding_nobody_knows_is_refused() -> None:
    with pytest.raises(Exception, match="coding-undecodable"):
        codings.decode(b"abc", "snappy")


def test_the_documentation_lists_every_rule() -> None:
    page = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
    for rule in RULES:
        replacement = rule.replacement.replace("<", "\\<")
        cells = (rule.what, rule.where, rule.action, replacement, rule.concern)
        assert f"| `{rule.id}` | {' | '.join(cells)} | " in page
