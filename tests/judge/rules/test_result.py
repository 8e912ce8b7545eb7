"""What a caller must be able to read, and where the contract says that he cannot."""

from __future__ import annotations

from dataclasses import replace

from conformance.wire.protocol import Outcome
from tests.judge.rules import bodies
from tests.judge.rules.builders import (
    HIDING,
    TRAITS,
    chat,
    json_answer,
    refused,
    step,
    with_outcome,
)
from tests.judge.rules.judged import broken, broken_rules


def test_a_method_documented_to_return_nothing_returns_nothing() -> None:
    deleted = step(
        "responses.delete",
        {"response_id": "resp_1"},
        json_answer({"id": "resp_1", "object": "response", "deleted": True}),
        api_version="2025-03-01-preview",
    )
    silent = with_outcome(deleted, Outcome("ok"))
    assert {"result.view", "headers.request-id"} <= broken_rules(silent)
    assert (
        broken(replace(silent, traits={**TRAITS, "result.returns_nothing": ["responses.delete"]}))
        == []
    )


def test_an_sdk_that_knows_only_the_specification_may_lose_the_rest() -> None:
    body = {**bodies.chat(), "unheard_of": 1}
    context = chat(body=body)
    lossy = {
        name: value
        for name, value in body.items()
        if name not in ("unheard_of", "system_fingerprint")
    }
    lost = with_outcome(context, replace(context.observation.outcome, result=lossy))
    assert broken_rules(lost) == {"result.serialisation"}
    assert broken_rules(replace(lost, traits={**TRAITS, "result.serialisation": "known"})) == set()
    del lossy["model"]
    assert broken_rules(replace(lost, traits={**TRAITS, "result.serialisation": "known"})) == {
        "result.serialisation"
    }


def test_what_the_contract_says_has_no_accessor_is_not_expected_of_a_caller() -> None:
    answer = chat(
        expect={"request_id": "never-served", "result": {"object": "odd", "model": "odd"}},
        traits=HIDING,
    )
    assert broken_rules(answer) == set()
    assert broken_rules(chat(expect=answer.expect.model_dump(exclude_none=True))) == {
        "expect.request-id",
        "expect.result",
    }
    lack = {"param": "odd", "error_type": "odd", "request_id": "odd"}
    assert broken_rules(refused(expect={"error": lack}, traits=HIDING)) == set()
    assert "expect.error" in broken_rules(refused(expect={"error": lack}))


def test_a_member_of_a_member_without_an_accessor_hides_nothing_beside_itself() -> None:
    told = {"usage": {"prompt_tokens": {"$from": "wire"}, "cached_tokens": 7}}
    hiding = {**TRAITS, "result.view_lacks": ["usage/cached_tokens", "usage/total_tokens"]}
    assert "expect.result" in broken_rules(chat(expect={"result": told}))
    assert broken_rules(chat(expect={"result": told}, traits=hiding)) == set()
    wrong = {"usage": {"prompt_tokens": 1_000_001}}
    assert "expect.result" in broken_rules(chat(expect={"result": wrong}, traits=hiding))


def test_what_another_operation_has_no_accessor_for_is_expected_here() -> None:
    assert "expect.result" in broken_rules(
        chat(expect={"result": {"text": "never said"}}, traits=HIDING)
    )
