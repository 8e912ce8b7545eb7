"""What is decided by what a rule is about, and what becomes of a check that fails."""

from __future__ import annotations

from dataclasses import replace

from conformance.judge.rules import (
    CHECK_FAILED,
    About,
    Level,
    all_rules,
    apply_checks,
    rules_about,
)
from conformance.judge.rules.case_rules import CASE_RULES
from tests.judge.rules.builders import chat, throttled


def test_what_measures_time_runs_again_in_quiet() -> None:
    assert rules_about(About.TIME) == {"retries.backoff", "retries.honours-hint", "expect.delays"}


def test_what_was_served_and_made_of_it_together_may_be_the_services_fault() -> None:
    assert rules_about(About.OUTCOME) == {
        "expect.attempts",
        "expect.chunks",
        "expect.error",
        "expect.request-id",
        "expect.result",
        "result.unexpected-error",
        "result.unexpected-success",
        "scenario.unreached",
    }


def test_what_an_sdk_shows_of_an_answer_is_its_own() -> None:
    shown = rules_about(About.ERROR, About.RESULT, About.STREAM, About.REQUEST_ID)
    assert shown == {
        "errors.class",
        "errors.fault-kind",
        "errors.headers",
        "errors.kind",
        "errors.members",
        "errors.message",
        "errors.status",
        "headers.request-id",
        "result.serialisation",
        "result.view",
        "stream.chunk-content",
        "stream.chunk-count",
        "stream.done",
        "stream.order",
        "stream.sequence",
        "stream.text",
    }


def test_every_universal_rule_about_a_request_is_about_the_request() -> None:
    ids = {rule.id for rule in all_rules()}
    assert rules_about(About.REQUEST) == {name for name in ids if name.startswith("request.")}


def test_a_rule_decided_over_a_whole_case_is_among_those_about_something() -> None:
    every = rules_about(*About)
    assert {rule.id for rule in (*all_rules(), *CASE_RULES)} == every


class Exploding:
    """Traits that nothing can be asked of."""

    def get(self, name: str, default: object = None) -> object:
        raise RuntimeError(f"{name} was asked for")


def test_a_check_that_raises_costs_its_own_answer_alone() -> None:
    applied, findings = apply_checks(replace(chat(), traits=Exploding(), index=3))
    failed = [finding for finding in findings if finding.rule == CHECK_FAILED.id]
    assert failed and all(finding.step == 3 for finding in failed)
    assert "the check of errors.kind failed" not in [finding.message for finding in failed]
    named = [finding.message.split()[3] for finding in failed]
    outcome = {item.rule: item.outcome for item in applied}
    assert {outcome[name] for name in named} == {"broken"}
    assert outcome["request.route"] == outcome["usage.totals"] == "held"


def test_what_a_scenario_writes_is_as_binding_as_the_scenario() -> None:
    wrong = replace(throttled(expect={"attempts": 1}), level=Level.SHOULD)
    levels = {finding.rule: finding.level for finding in apply_checks(wrong)[1]}
    assert levels == {"expect.attempts": Level.SHOULD}
