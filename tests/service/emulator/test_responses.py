"""Responses: state, continuation, streams, background, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.suite.schema import SchemaRegistry
from conformance.wire.clock import VirtualClock
from tests.service.emulator.emulating import Caller, error, events

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "strict": False,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}


def create(caller: Caller, **members: Any) -> dict[str, Any]:
    response = caller.post("/responses", {"model": "conf-responses", "input": "Hi", **members})
    assert response.status == 200, response.body
    found = response.json()
    assert isinstance(found, dict)
    return found


def said(body: dict[str, Any]) -> str:
    return "".join(
        part.get("text", "")
        for item in body["output"]
        if item["type"] == "message"
        for part in item["content"]
    )


def test_a_response_names_the_deployment_and_is_filtered_twice(caller: Caller) -> None:
    body = create(caller, input="[[say:Hello]]")
    assert (body["model"], body["status"], said(body)) == ("conf-responses", "completed", "Hello")
    assert [one["source_type"] for one in body["content_filters"]] == ["prompt", "completion"]
    assert (
        body["usage"]["total_tokens"]
        == body["usage"]["input_tokens"] + body["usage"]["output_tokens"]
    )


def test_responses_are_kept_until_they_are_deleted(caller: Caller) -> None:
    body = create(caller)
    path = f"/responses/{body['id']}"
    assert caller.get(path).json() == body
    assert caller.send("DELETE", path).json() == {
        "id": body["id"],
        "object": "response.deleted",
        "deleted": True,
    }
    gone = caller.get(path)
    assert (
        gone.status == 404
        and error(gone)["message"] == f"Response with id '{body['id']}' not found."
    )
    assert (
        caller.send("DELETE", path).status == 404
        and caller.get(path + "/input_items").status == 404
    )


def test_what_is_not_stored_is_not_there(caller: Caller) -> None:
    body = create(caller, store=False)
    assert body["content_filters"] is None
    assert caller.get(f"/responses/{body['id']}").status == 404


def test_input_items_come_newest_first_in_pages(caller: Caller) -> None:
    body = create(caller, input=[{"role": "user", "content": str(number)} for number in range(3)])
    path = f"/responses/{body['id']}/input_items"
    first = caller.get(path + "?limit=2").json()
    assert [item["content"][0]["text"] for item in first["data"]] == ["2", "1"] and first[
        "has_more"
    ]
    rest = caller.get(f"{path}?after={first['last_id']}").json()
    assert [item["content"][0]["text"] for item in rest["data"]] == ["0"] and not rest["has_more"]
    assert caller.get(path + "?order=asc&limit=1").json()["data"][0]["content"][0]["text"] == "0"
    for query in ("limit=0", "limit=x", "order=up", "after=none"):
        assert caller.get(f"{path}?{query}").status == 400


def test_a_conversation_goes_on(caller: Caller) -> None:
    first = create(caller, input="A long beginning of a conversation")
    second = create(caller, input="Hi", previous_response_id=first["id"])
    assert second["previous_response_id"] == first["id"]
    assert second["usage"]["input_tokens"] > create(caller, input="Hi")["usage"]["input_tokens"]
    unknown = caller.post(
        "/responses", {"model": "conf-responses", "input": "x", "previous_response_id": "resp_0"}
    )
    assert unknown.status == 400 and error(unknown)["code"] == "previous_response_not_found"


def test_a_function_is_called_and_answered(caller: Caller) -> None:
    first = create(caller, input="the weather in Oslo", tools=[WEATHER])
    call = next(item for item in first["output"] if item["type"] == "function_call")
    assert json.loads(call["arguments"]) == {"city": "text"}
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "Sunny"}
    second = create(caller, input=[output], previous_response_id=first["id"], tools=[WEATHER])
    assert said(second) == "The tool answered: Sunny"
    for given, says in (
        ("more", "No tool output found"),
        ([{**output, "call_id": "call_x"}], "No tool call found"),
    ):
        body = {"model": "conf-responses", "input": given, "previous_response_id": first["id"]}
        assert says in error(caller.post("/responses", body))["message"]


def test_structured_text(caller: Caller) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer"}},
        "required": ["n"],
        "additionalProperties": False,
    }
    wanted = {"format": {"type": "json_schema", "name": "count", "strict": True, "schema": schema}}
    assert json.loads(said(create(caller, text=wanted))) == {"n": 0}


@pytest.mark.parametrize(
    "members, reason",
    [
        ({"input": "[[tokens:99]]", "max_output_tokens": 16}, "max_output_tokens"),
        ({"input": "[[completion-filter:hate=high]]"}, "content_filter"),
    ],
)
def test_incomplete_responses(caller: Caller, members: dict[str, Any], reason: str) -> None:
    body = create(caller, **members)
    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": reason})
    last = events(
        caller.post("/responses", {"model": "conf-responses", "stream": True, **members})
    )[-1]
    assert last["type"] == "response.incomplete" and last["response"]["incomplete_details"] == {
        "reason": reason
    }


def test_a_reasoning_model_has_a_reasoning_item(caller: Caller) -> None:
    body = create(
        caller,
        model="conf-reasoning",
        include=["reasoning.encrypted_content"],
        reasoning={"effort": "low"},
    )
    assert [item["type"] for item in body["output"]] == ["reasoning", "message"]
    assert body["output"][0]["encrypted_content"] and body["reasoning"]["effort"] == "low"
    assert body["usage"]["output_tokens_details"]["reasoning_tokens"] == 64


def test_the_stream_has_the_service_s_events(caller: Caller, registry: SchemaRegistry) -> None:
    response = caller.post(
        "/responses", {"model": "conf-responses", "input": "[[say:Hello there]]", "stream": True}
    )
    found = events(response)
    kinds = [event["type"].removeprefix("response.") for event in found]
    assert kinds == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    assert b"[DONE]" not in response.body and response.body.startswith(
        b"event: response.created\ndata: {"
    )
    assert found[0]["response"]["usage"] is None and found[0]["response"]["status"] == "in_progress"
    assert all("obfuscation" in event for event in found if "delta" in event)
    assert [
        problem
        for event in found
        for problem in registry.validate("response-event", caller.version, event)
    ] == []


def test_a_streamed_call_spells_its_arguments(caller: Caller) -> None:
    found = events(
        caller.post(
            "/responses",
            {
                "model": "conf-responses",
                "input": "weather",
                "tools": [WEATHER],
                "stream": True,
                "stream_options": {"include_obfuscation": False},
            },
        )
    )
    spelled = "".join(
        event["delta"]
        for event in found
        if event["type"] == "response.function_call_arguments.delta"
    )
    assert json.loads(spelled) == {"city": "text"}
    assert not any("obfuscation" in event for event in found)


def test_a_background_response_takes_its_time() -> None:
    clock = VirtualClock()
    caller = Caller(Emulator(EmulatorConfig(clock=clock)))
    body = create(caller, background=True)
    path, seen = f"/responses/{body['id']}", []
    for _ in range(3):
        now = caller.get(path).json()
        seen.append((now["status"], bool(now["output"]), now["usage"] is not None))
        clock.advance(10)
    assert seen == [
        ("queued", False, False),
        ("in_progress", False, False),
        ("completed", True, True),
    ]
    assert (
        body["status"] == "queued"
        and caller.get(path).json()["completed_at"] == body["created_at"] + 20
    )


@pytest.mark.parametrize(
    "members, code, param",
    [
        ({"model": None}, "missing_required_parameter", "model"),
        ({"model": "nobody"}, "model_not_found", "model"),
        ({"input": None}, "missing_required_parameter", "input"),
        ({"input": 3}, "invalid_type", "input"),
        ({"input": [{"role": "king", "content": "x"}]}, "invalid_value", "input[0].role"),
        ({"input": [{"type": "song"}]}, "invalid_value", "input[0].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "text", "text": "x"}]}]},
            "invalid_value",
            "input[0].content[0].type",
        ),
        ({"max_output_tokens": 3}, "integer_below_min_value", "max_output_tokens"),
        ({"messages": []}, "unknown_parameter", "messages"),
        ({"metadata": {"a": 1}}, "invalid_type", "metadata.a"),
        ({"reasoning": {"effort": "low"}}, "unsupported_parameter", "reasoning.effort"),
        ({"input": "[[jailbreak]]"}, "content_filter", "prompt"),
        ({"background": True, "store": False}, None, "background"),
        ({"conversation": "conv_1"}, "unknown_parameter", "conversation"),
        ({"input": "word " * 130_000}, "context_length_exceeded", "input"),
    ],
)
def test_responses_that_are_refused(
    caller: Caller, members: dict[str, Any], code: str | None, param: str
) -> None:
    refused = caller.post("/responses", {"model": "conf-responses", "input": "Hi", **members})
    assert refused.status == 400
    assert (error(refused)["code"], error(refused)["param"]) == (code, param)


def test_the_filter_s_refusal_is_not_that_of_chat(caller: Caller) -> None:
    refused = error(
        caller.post("/responses", {"model": "conf-responses", "input": "[[filter:hate=high]]"})
    )
    assert refused["type"] == "invalid_request_error" and set(refused) == {
        "message",
        "type",
        "param",
        "code",
    }
    assert "OpenAI\u2019s" in refused["message"]
