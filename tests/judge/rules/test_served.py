"""Answers are judged by exchange, operation and api-version alone, whoever asked for them."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from conformance.judge.rules import (
    Finding,
    Level,
    Served,
    StepContext,
    all_rules,
    apply_checks,
    apply_service_rules,
)
from conformance.judge.rules.step import ObservedStep
from conformance.wire.exchange import Exchange, Request
from conformance.wire.operations import OPERATIONS
from tests.judge.rules import bodies
from tests.judge.rules.builders import CONFORMANT, ENDPOINT, chat, json_answer, schemas
from tests.judge.rules.mutants_service import SERVICE_MUTANTS

OF_SERVICE = {rule.id for rule in all_rules() if rule.decide_served}
"""The rules about the service alone."""


def served(context: StepContext) -> Served:
    """What was served in a step, with nothing known of who asked for it."""
    exchanges = context.observation.exchanges
    return Served(exchanges, context.operation, context.api_version, context.schemas)


def of_service(findings: tuple[Finding, ...]) -> list[Finding]:
    return [finding for finding in findings if finding.rule in OF_SERVICE]


def test_schema_filter_usage_and_the_form_of_streams_are_about_the_service_alone() -> None:
    assert {name.partition(".")[0] for name in OF_SERVICE} == {
        "content_filter",
        "response",
        "stream",
        "usage",
    }
    assert len(OF_SERVICE) == 17
    assert SERVICE_MUTANTS.keys() >= OF_SERVICE


@pytest.mark.parametrize("rule", sorted(OF_SERVICE))
def test_a_broken_answer_is_found_without_an_sdk_as_it_is_in_a_step(rule: str) -> None:
    _, broken = SERVICE_MUTANTS[rule]()
    applied, findings = apply_service_rules(served(broken))
    assert rule in {finding.rule for finding in findings}
    assert list(findings) == of_service(apply_checks(broken)[1])
    assert list(applied) == [item for item in apply_checks(broken)[0] if item.rule in OF_SERVICE]


@pytest.mark.parametrize("kind", sorted(CONFORMANT))
def test_what_a_conformant_service_sends_holds_without_an_sdk(kind: str) -> None:
    context = CONFORMANT[kind]()
    applied, findings = apply_service_rules(served(context))
    assert [finding for finding in findings if finding.level is not Level.MAY] == []
    assert list(applied) == [item for item in apply_checks(context)[0] if item.rule in OF_SERVICE]


def test_traffic_that_no_sdk_sent_is_judged() -> None:
    url = f"{ENDPOINT}/openai/deployments/any/chat/completions?api-version=2024-10-21"
    wrong = {**bodies.chat(), "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
    wrong["usage"]["total_tokens"] = 9
    exchange = Exchange(Request("POST", url, ()), json_answer(wrong), 0.0)
    answer = Served((exchange,), OPERATIONS["chat.completions.create"], "2024-10-21", schemas())
    assert [finding.rule for finding in apply_service_rules(answer)[1]] == ["usage.totals"]


def test_members_unknown_to_the_specification_are_notes_unless_strictness_is_asked_for() -> None:
    answer = served(chat(body={**bodies.chat(), "unheard_of": 1}))
    assert [finding.level for finding in apply_service_rules(answer)[1]] == [Level.MAY]
    assert [item.level for item in apply_service_rules(answer, strict=True)[1]] == [Level.MUST]


def test_no_exchange_is_nothing_to_judge() -> None:
    answer = Served((), OPERATIONS["chat.completions.create"], "2024-10-21", schemas())
    assert apply_service_rules(answer) == ((), ())


def test_a_compressed_answer_is_judged_as_what_was_compressed() -> None:
    plain = json_answer(bodies.chat())
    coded = replace(
        plain,
        body=gzip.compress(plain.body),
        headers=(*plain.headers, ("content-encoding", "gzip")),
    )
    assert ObservedStep(chat(served=(coded,))).served.answer == bodies.chat()
