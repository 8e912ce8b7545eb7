"""Quotas on a virtual clock: what is left, what is refused, and when it is back."""

from __future__ import annotations

import pytest

from conformance.service.emulator import Emulator, EmulatorConfig, Limits
from conformance.service.emulator.config import deployment
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Response
from tests.service.emulator.emulating import Caller, error


def limited(requests: int, tokens: int) -> tuple[Caller, VirtualClock]:
    clock = VirtualClock()
    limits = Limits(requests, tokens)
    deployments = {
        "small": deployment("gpt-4o", "chat", limits=limits),
        "other": deployment("gpt-4o", "chat"),
    }
    return Caller(
        Emulator(EmulatorConfig(deployments=deployments, clock=clock)), "2024-10-21"
    ), clock


def number(response: Response, name: str) -> int:
    value = response.header(name)
    assert value is not None, name
    return int(value)


def test_headers_count_down_and_refill() -> None:
    caller, clock = limited(6, 600)
    first, second = caller.chat("Hi", "small"), caller.chat("Hi", "small")
    used = first.json()["usage"]["prompt_tokens"]
    assert number(first, "x-ratelimit-limit-requests") == 6
    assert [number(one, "x-ratelimit-remaining-requests") for one in (first, second)] == [5, 4]
    assert number(second, "x-ratelimit-remaining-tokens") == 600 - 2 * used
    assert number(second, "x-ratelimit-reset-requests") == 20
    assert number(second, "x-ratelimit-renewalperiod-tokens") == 60
    assert second.header("x-ratelimit-key") == "small"
    clock.advance(30)
    assert number(caller.chat("Hi", "small"), "x-ratelimit-remaining-requests") == 5


def test_calls_beyond_the_quota_are_refused_until_it_is_back() -> None:
    caller, clock = limited(2, 1000)
    assert [caller.chat("Hi", "small").status for _ in range(3)] == [200, 200, 429]
    refused = caller.chat("Hi", "small")
    assert error(refused)["code"] == "429" and set(error(refused)) == {"code", "message"}
    assert error(refused)["message"].startswith(
        "Your requests to small for gpt-4o in East US 2 have exceeded the call rate limit"
    )
    assert (
        "ChatCompletions_Create under Azure OpenAI API version 2024-10-21. "
        "Please retry after 30 seconds" in error(refused)["message"]
    )
    assert (number(refused, "retry-after"), number(refused, "retry-after-ms")) == (30, 30000)
    assert refused.header("policy-id") == "DeploymentRatelimit-Call"
    assert refused.header("x-request-id") is None and refused.header("x-ms-region")
    clock.advance(number(refused, "retry-after-ms") / 1000)
    assert caller.chat("Hi", "small").status == 200


def test_tokens_beyond_the_quota_are_refused() -> None:
    caller, clock = limited(100, 120)
    assert caller.chat("Hi", "small", max_tokens=60).status == 200
    refused = caller.chat("Hi", "small", max_tokens=60)
    assert refused.status == 429 and "token rate limit" in error(refused)["message"]
    assert refused.header("policy-id") == "DeploymentRatelimit-Token"
    assert caller.chat("Hi", "other", max_tokens=60).status == 200
    clock.advance(number(refused, "retry-after-ms") / 1000)
    assert caller.chat("Hi", "small", max_tokens=60).status == 200


@pytest.mark.parametrize("requests, tokens", [(0, 100), (100, 0), (100, 3)])
def test_what_can_never_be_had_is_a_period_away(requests: int, tokens: int) -> None:
    caller, _ = limited(requests, tokens)
    refused = caller.chat("Hi", "small")
    assert refused.status == 429 and number(refused, "retry-after") == 60


def test_a_batch_does_not_use_the_quota() -> None:
    from tests.service.emulator.walking import LINES

    clock = VirtualClock()
    deployments = {"conf-batch": deployment("gpt-4o-mini", "chat", limits=Limits(1, 1))}
    caller = Caller(Emulator(EmulatorConfig(deployments=deployments, clock=clock)))
    uploaded = caller.form(
        "/files", [("purpose", None, b"batch"), ("file", "a.jsonl", LINES)]
    ).json()["id"]
    body = {"input_file_id": uploaded, "endpoint": "/chat/completions", "completion_window": "24h"}
    batch = caller.post("/batches", body).json()["id"]
    clock.advance(100)
    assert caller.get(f"/batches/{batch}").json()["request_counts"]["completed"] == 3
