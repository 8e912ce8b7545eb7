"""Where rules stop speaking, and what they say when they speak."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judge.rules import Blame, StepContext, apply_checks
from conformance.wire.exchange import Fault, Provenance, Source
from conformance.wire.protocol import Auth, CallOptions, Outcome, StreamPlan
from tests.judge.rules import bodies
from tests.judge.rules.builders import (
    KEY,
    TRAITS,
    chat,
    chat_stream,
    json_answer,
    refused,
    step,
    throttled,
    with_body,
    with_exchange,
    with_header,
    with_outcome,
    with_request,
)
from tests.judge.rules.test_conformant_steps import broken


def rules(context: StepContext) -> set[str]:
    return {line.split(":")[0] for line in broken(context)}


def applied(context: StepContext) -> set[str]:
    return {item.rule for item in apply_checks(context)[0]}


def test_a_miss_is_blamed_on_the_cassette_and_on_nobody_else() -> None:
    missed = with_exchange(refused(bodies.rate_limit(), 429), 0, miss="no interaction fits")
    missed = replace(missed, expect=chat(expect={"attempts": 2, "result": {"text": "x"}}).expect)
    assert {finding.blame for finding in apply_checks(missed)[1]} == {Blame.CASSETTE}
    assert rules(missed) == {"cassette.miss"}


@pytest.mark.parametrize("status", ["crash", "unsupported"])
def test_a_driver_that_fails_says_nothing_about_the_sdk(status: str) -> None:
    failed = with_outcome(chat(), Outcome(status, reason="why"))  # type: ignore[arg-type]
    assert rules(failed) == {f"adapter.{status}"}


@pytest.mark.parametrize("deployment", ["a/b", "a b", "ä", "a%2Fb", "..", "x?y#z"])
def test_a_deployment_is_one_percent_encoded_segment(deployment: str) -> None:
    assert "request.route" in applied(chat(more={"model": deployment}))
    assert broken(chat(more={"model": deployment})) == []
    raw = with_request(
        chat(more={"model": deployment}),
        url=f"https://conformance.openai.azure.com/openai/deployments/{deployment}/chat/completions",
    )
    assert "request.route" in rules(raw)


def test_a_doubled_slash_is_named() -> None:
    doubled = with_request(
        chat(),
        url="https://conformance.openai.azure.com//openai/deployments/conf-chat/chat/"
        "completions?api-version=2024-10-21",
    )
    assert any("doubled slash" in line for line in broken(doubled))


def test_a_path_prefix_of_the_endpoint_is_kept() -> None:
    assert broken(chat(endpoint="https://gateway.example/sub/path")) == []


def test_the_deployment_of_the_client_wins_and_may_stand_in_the_body() -> None:
    context = chat(deployment="fixed", more={"model": ""})
    assert broken(context) == []
    assert broken(with_body(context, lambda body: body.update(model="fixed"))) == []
    assert rules(with_body(context, lambda body: body.update(model="else"))) == {
        "request.body-complete"
    }


def test_a_credential_header_the_caller_sets_is_his_own_wish() -> None:
    options = CallOptions(headers=(("api-key", "mine"),))
    assert not {
        rule
        for rule in applied(with_header(chat(options=options), "api-key", "mine"))
        if "auth.api" in rule
    }


def test_no_message_repeats_a_credential() -> None:
    leaky = with_header(
        with_body(chat(), lambda body: body.update(model=KEY)), "api-key", KEY + "x"
    )
    assert all(
        KEY not in finding.message
        for finding in apply_checks(leaky)[1]
        if finding.rule.startswith("auth.")
    )


def test_a_rule_tells_everything_it_finds() -> None:
    many = with_body(chat(), lambda body: body.update({f"extra{n}": n for n in range(50)}))
    assert len([f for f in apply_checks(many)[1] if f.rule == "request.body-unasked"]) == 50


def test_a_lost_chunk_is_one_finding() -> None:
    context = chat_stream()
    chunks = context.observation.outcome.chunks or ()
    assert rules(
        with_outcome(context, replace(context.observation.outcome, chunks=chunks[1:]))
    ) == {"stream.chunk-count"}


@pytest.mark.parametrize(
    ("hint", "waited", "held"),
    [
        ({"retry_after": "1"}, 1.0, True),
        ({"retry_after": "1"}, 0.5, False),
        ({"retry_after": "0.2"}, 0.2, True),
        ({"retry_after_ms": "0", "retry_after": "1"}, 0.5, True),
        ({"retry_after": "61"}, 0.4, True),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.1, True),
        ({"retry_after_ms": "50"}, 0.049, True),
        ({"retry_after_ms": "50"}, 0.048, False),
    ],
)
def test_hints(hint: dict[str, str], waited: float, held: bool) -> None:
    assert ("retries.honours-hint" not in rules(throttled(hint, waits=(waited,)))) is held


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("retry_after_ms", "1250.5", True),
        ("retry_after_ms", "1250", False),
        ("retry_after", "1.25", True),
        ("retry_after", "2", False),
    ],
)
def test_a_fraction_is_no_hint_to_whom_it_is_no_number(name: str, value: str, held: bool) -> None:
    whole = {**TRAITS, "retries.retry_after_forms": ["seconds", "date"]}
    ignored = throttled({name: value}, waits=(0.5,))
    assert "retries.honours-hint" in rules(ignored)
    assert ("retries.honours-hint" not in rules(replace(ignored, traits=whole))) is held


@pytest.mark.parametrize(
    ("fault", "waited", "held"),
    [
        (Fault.CONNECTION_RESET, 0.4, True),
        (Fault.CONNECTION_RESET, 1.0, False),
        (Fault.READ_TIMEOUT, 600.4, True),
        (Fault.READ_TIMEOUT, 0.1, False),
    ],
)
def test_a_pause_after_a_time_out_has_no_upper_bound(
    fault: Fault, waited: float, held: bool
) -> None:
    context = chat(served=(fault, json_answer(bodies.chat())), waits=(waited,))
    assert ("retries.backoff" not in rules(context)) is held


@pytest.mark.parametrize(
    ("header", "status", "wanted"), [("true", 400, True), ("false", 429, False)]
)
def test_x_should_retry_is_read_where_the_contract_says_so(
    header: str, status: int, wanted: bool
) -> None:
    once = refused(
        bodies.rate_limit() if status == 429 else None,
        served=(json_answer(bodies.rate_limit(), status, x_should_retry=header),),
    )
    assert ("retries.persists" in rules(once)) is wanted
    deaf = replace(once, traits={**TRAITS, "retries.should_retry_header": False})
    assert ("retries.persists" in rules(deaf)) is not wanted


def test_a_method_documented_to_return_nothing_returns_nothing() -> None:
    deleted = step(
        "responses.delete",
        {"response_id": "resp_1"},
        json_answer({"id": "resp_1", "object": "response", "deleted": True}),
        api_version="2025-03-01-preview",
    )
    silent = with_outcome(deleted, Outcome("ok"))
    assert {"result.view", "headers.request-id"} <= rules(silent)
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
    assert rules(lost) == {"result.serialisation"}
    assert rules(replace(lost, traits={**TRAITS, "result.serialisation": "known"})) == set()
    del lossy["model"]
    assert rules(replace(lost, traits={**TRAITS, "result.serialisation": "known"})) == {
        "result.serialisation"
    }


def test_what_is_wrong_on_purpose_is_not_judged() -> None:
    body = {
        **bodies.chat(),
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 9},
        "id": 5,
    }
    assert {"response.schema", "usage.totals"} <= rules(chat(body=body))
    assert (
        broken(chat(body=body, expect={"response": {"schema": "none", "usage": "unchecked"}})) == []
    )


def test_strictness_turns_unknown_members_into_findings() -> None:
    unknown = chat(body={**bodies.chat(), "unheard_of": 1})
    assert broken(unknown) == [] and rules(replace(unknown, strict=True)) == {
        "response.unknown-members"
    }


def test_expected_errors_are_matched_on_every_member() -> None:
    wanted = {
        "kind": "bad_request",
        "status": 400,
        "code": "content_filter",
        "param": "prompt",
        "error_type": None,
        "headers": {"x-request-id": {"$present": True}},
        "body": {"innererror": {"content_filter_result": {"hate": {"filtered": True}}}},
    }
    assert broken(refused(expect={"error": wanted})) == []
    assert rules(refused(expect={"error": {**wanted, "param": "messages"}})) == {"expect.error"}


def test_a_key_is_not_sent_beside_a_token() -> None:
    both = with_header(
        chat(auth=Auth("token", tokens=("conformance-entra-token-1",))), "api-key", KEY
    )
    assert rules(both) == {"auth.no-second-credential"}


HIDING = {
    **TRAITS,
    "request_id.header": None,
    "errors.exposes": ["code", "message", "headers"],
    "result.view_lacks": ["object", "chat.completions.create:model", "embeddings.create:text"],
}


def test_what_the_contract_says_has_no_accessor_is_not_expected_of_a_caller() -> None:
    answer = chat(
        expect={"request_id": "never-served", "result": {"object": "odd", "model": "odd"}},
        traits=HIDING,
    )
    assert rules(answer) == set()
    assert rules(chat(expect=answer.expect.model_dump(exclude_none=True))) == {
        "expect.request-id",
        "expect.result",
    }
    lack = {"param": "odd", "error_type": "odd", "request_id": "odd"}
    assert rules(refused(expect={"error": lack}, traits=HIDING)) == set()
    assert "expect.error" in rules(refused(expect={"error": lack}))


def test_a_member_of_a_member_without_an_accessor_hides_nothing_beside_itself() -> None:
    told = {"usage": {"prompt_tokens": {"$from": "wire"}, "cached_tokens": 7}}
    hiding = {**TRAITS, "result.view_lacks": ["usage/cached_tokens", "usage/total_tokens"]}
    assert "expect.result" in rules(chat(expect={"result": told}))
    assert rules(chat(expect={"result": told}, traits=hiding)) == set()
    wrong = {"usage": {"prompt_tokens": 1_000_001}}
    assert "expect.result" in rules(chat(expect={"result": wrong}, traits=hiding))


def test_what_another_operation_has_no_accessor_for_is_expected_here() -> None:
    assert "expect.result" in rules(chat(expect={"result": {"text": "never said"}}, traits=HIDING))


def test_a_member_of_an_error_that_is_shown_is_expected_though_another_is_not() -> None:
    assert "expect.error" in rules(
        refused(expect={"error": {"code": "odd", "param": "odd"}}, traits=HIDING)
    )


def test_a_stream_whose_caller_left_need_not_end_where_the_service_was_still_speaking() -> None:
    unended = bodies.sse(bodies.chat_events(), done=False)
    left = chat_stream(bodies.chat_events(), raw=unended, plan=StreamPlan("first", 2))
    assert "stream.done" in rules(left)  # a recording is whole, whatever the caller read of it
    observation = left.observation
    exchange = observation.exchanges[-1]
    assert exchange.response is not None
    live = replace(
        exchange, response=replace(exchange.response, provenance=Provenance(Source.LIVE))
    )
    asked = replace(left, observation=replace(observation, exchanges=(live,)))
    assert "stream.done" not in applied(asked)
    heard = replace(asked, call=replace(asked.call, stream=StreamPlan()))
    assert "stream.done" in rules(heard)
