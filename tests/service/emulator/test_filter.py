"""Every trigger of the content filter, where it blocks and what it says."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.suite.schema import SchemaRegistry
from tests.service.emulator.emulating import Caller, error, events

SAFE = {"filtered": False, "severity": "safe"}
FOUND = {"filtered": True, "detected": True}


@pytest.mark.parametrize("category", ["hate", "self_harm", "sexual", "violence"])
@pytest.mark.parametrize(
    "severity, blocked", [("safe", False), ("low", False), ("medium", True), ("high", True)]
)
def test_severity_of_a_prompt(
    caller: Caller, registry: SchemaRegistry, category: str, severity: str, blocked: bool
) -> None:
    response = caller.chat(f"[[filter:{category}={severity}]]")
    if not blocked:
        results = response.json()["prompt_filter_results"][0]["content_filter_results"]
        assert response.status == 200 and results[category] == {
            "filtered": False,
            "severity": severity,
        }
        return
    refused = error(response)
    assert response.status == 400
    assert (refused["code"], refused["type"], refused["param"], refused["status"]) == (
        "content_filter",
        None,
        "prompt",
        400,
    )
    assert refused["innererror"]["code"] == "ResponsibleAIPolicyViolation"
    assert refused["innererror"]["content_filter_result"][category] == {
        "filtered": True,
        "severity": severity,
    }
    assert not registry.validate("error", caller.version, response.json())


@pytest.mark.parametrize(
    "trigger, entry",
    [
        ("[[jailbreak]]", {"jailbreak": FOUND}),
        ("[[indirect-attack]]", {"indirect_attack": FOUND}),
        ("[[filter:profanity]]", {"profanity": FOUND}),
        (
            "[[blocklist:rivals]]",
            {
                "custom_blocklists": {
                    "filtered": True,
                    "details": [{"filtered": True, "id": "rivals"}],
                }
            },
        ),
    ],
)
def test_detections_in_a_prompt(caller: Caller, trigger: str, entry: dict[str, Any]) -> None:
    response = caller.chat(trigger, stream=True)
    assert response.status == 400 and not response.is_event_stream
    block = error(response)["innererror"]["content_filter_result"]
    assert {name: block[name] for name in entry} == entry and block["hate"] == SAFE


def test_a_trigger_in_the_system_message_counts(caller: Caller) -> None:
    messages = [{"role": "system", "content": "[[jailbreak]]"}, {"role": "user", "content": "Hi"}]
    assert caller.post("/chat/completions", {"messages": messages}, "conf-chat").status == 400


@pytest.mark.parametrize(
    "trigger, name, entry",
    [
        ("[[completion-filter:violence=high]]", "violence", {"filtered": True, "severity": "high"}),
        ("[[protected-material]]", "protected_material_text", FOUND),
    ],
)
def test_a_filtered_completion(
    caller: Caller, trigger: str, name: str, entry: dict[str, Any]
) -> None:
    choice = caller.chat(f"{trigger} [[tokens:8]]").json()["choices"][0]
    assert choice["finish_reason"] == "content_filter" and "content" not in choice["message"]
    assert choice["content_filter_results"][name] == entry
    last = events(caller.chat(f"{trigger} [[tokens:8]]", stream=True))[-2]["choices"][0]
    assert (
        last["finish_reason"] == "content_filter" and last["content_filter_results"][name] == entry
    )


def test_what_is_only_annotated(caller: Caller) -> None:
    choice = caller.chat("[[completion-filter:violence=low]] [[protected-material-code]]").json()[
        "choices"
    ][0]
    assert choice["finish_reason"] == "stop"
    assert choice["content_filter_results"]["violence"] == {"filtered": False, "severity": "low"}
    code = choice["content_filter_results"]["protected_material_code"]
    assert code["detected"] and not code["filtered"] and code["citation"]["license"] == "MIT"


def test_a_filter_that_fails_lets_the_answer_through(
    caller: Caller, registry: SchemaRegistry
) -> None:
    body = caller.chat("[[filter-error]]").json()
    choice = body["choices"][0]
    assert choice["finish_reason"] == "stop" and choice["content_filter_results"] == {}
    assert choice["content_filter_result"] == {
        "error": {"code": "content_filter_error", "message": "The contents are not filtered"}
    }
    assert not registry.validate("chat-completion", caller.version, body)


def test_a_blocked_prompt_of_a_legacy_completion(caller: Caller) -> None:
    response = caller.post(
        "/completions", {"prompt": ["fine", "[[filter:hate=high]]"]}, "conf-completions"
    )
    assert response.status == 400 and error(response)["code"] == "content_filter"
