"""Where a request has to go, and what the rules say of one that goes elsewhere."""

from __future__ import annotations

import pytest

from tests.judge.rules.builders import chat, with_body, with_request
from tests.judge.rules.judged import applied_rules, broken, broken_rules


@pytest.mark.parametrize("deployment", ["a/b", "a b", "ä", "a%2Fb", "..", "x?y#z"])
def test_a_deployment_is_one_percent_encoded_segment(deployment: str) -> None:
    assert "request.route" in applied_rules(chat(more={"model": deployment}))
    assert broken(chat(more={"model": deployment})) == []
    raw = with_request(
        chat(more={"model": deployment}),
        url=f"https://conformance.openai.azure.com/openai/deployments/{deployment}/chat/completions",
    )
    assert "request.route" in broken_rules(raw)


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
    assert broken_rules(with_body(context, lambda body: body.update(model="else"))) == {
        "request.body-complete"
    }
