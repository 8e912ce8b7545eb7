"""Chat completions: answers, streams, tools, structured outputs, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.service.emulator.config import deployment
from conformance.suite.schema import SchemaRegistry
from tests.service.emulator.emulating import Caller, error, events

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
            "required": ["city", "days"],
            "additionalProperties": False,
        },
    },
}
CLOCK = {
    "type": "function",
    "function": {"name": "tell_time", "parameters": {"type": "object", "properties": {}}},
}
PNG = "data:image/png;base64,iVBORw0KGgo="


def choice(body: dict[str, Any]) -> dict[str, Any]:
    found = body["choices"][0]
    assert isinstance(found, dict)
    return found


def test_a_question_is_answered_with_filter_results_and_usage_that_adds_up(caller: Caller) -> None:
    response = caller.chat("When was Microsoft founded?")
    body = response.json()
    assert response.status == 200
    assert choice(body)["message"]["content"] == "Microsoft was founded on April 4, 1975."
    assert choice(body)["finish_reason"] == "stop"
    assert body["model"] == "gpt-4o-2024-08-06"
    assert (
        body["usage"]["total_tokens"]
        == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    )
    assert body["prompt_filter_results"][0]["content_filter_results"]["jailbreak"] == {
        "filtered": False,
        "detected": False,
    }


def test_stream_has_the_service_s_order(caller: Caller, registry: SchemaRegistry) -> None:
    response = caller.chat(
        "[[say:Hello there]]", stream=True, stream_options={"include_usage": True}
    )
    *chunks, done = events(response)
    assert done == "[DONE]"
    assert response.header("content-type") == "text/event-stream; charset=utf-8"
    first, role, *content, finish, last = chunks
    assert (first["id"], first["object"], first["created"], first["choices"]) == ("", "", 0, [])
    assert "usage" not in first
    assert role["choices"][0]["delta"] == {"role": "assistant", "content": "", "refusal": None}
    assert role["choices"][0]["content_filter_results"] == {}
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in content) == "Hello there"
    assert all(
        chunk["choices"][0]["content_filter_results"]["hate"]["severity"] == "safe"
        for chunk in content
    )
    assert (finish["choices"][0]["delta"], finish["choices"][0]["finish_reason"]) == ({}, "stop")
    assert last["choices"] == [] and last["usage"]["completion_tokens"] == len(content)
    assert all(chunk["usage"] is None for chunk in (role, *content, finish))
    assert len(response.chunks) == len(chunks) + 1 and response.chunks[-1] == len(response.body)
    for chunk in chunks:
        assert not registry.validate("chat-chunk", caller.version, chunk)


def test_a_stream_says_what_the_plain_answer_says(caller: Caller) -> None:
    plain = caller.chat("Tell me", n=2).json()
    chunks = events(caller.chat("Tell me", n=2, stream=True))[1:-1]
    for index in (0, 1):
        text = "".join(
            piece["delta"].get("content") or ""
            for chunk in chunks
            for piece in chunk["choices"]
            if piece["index"] == index
        )
        assert text == plain["choices"][index]["message"]["content"]


def test_asynchronous_filter_has_chunks_of_its_own(
    caller: Caller, registry: SchemaRegistry
) -> None:
    chunks = events(caller.chat("[[async-filter]] [[tokens:20]]", stream=True))[:-1]
    looks = [chunk for chunk in chunks[1:] if "delta" not in chunk["choices"][0]]
    said = [chunk for chunk in chunks[1:] if "delta" in chunk["choices"][0]]
    assert len(looks) > 1 and chunks[-1] is looks[-1]
    assert all("content_filter_results" not in chunk["choices"][0] for chunk in said)
    offsets = [chunk["choices"][0]["content_filter_offsets"] for chunk in looks]
    assert [one["check_offset"] for one in offsets] == sorted(
        one["check_offset"] for one in offsets
    )
    assert all(one["start_offset"] <= one["end_offset"] for one in offsets)
    assert not [
        problem
        for chunk in chunks
        for problem in registry.validate("chat-chunk", caller.version, chunk)
    ]


def test_asynchronous_filter_ends_a_violation_in_a_filter_chunk(caller: Caller) -> None:
    prompt = "[[async-filter]] [[completion-filter:hate=high]] [[tokens:9]]"
    last = events(caller.chat(prompt, stream=True))[-2]["choices"][0]
    assert last["finish_reason"] == "content_filter" and "delta" not in last
    assert last["content_filter_results"]["hate"] == {"filtered": True, "severity": "high"}


@pytest.mark.parametrize(
    "prompt, names",
    [
        ("What is the weather in Paris?", ["get_weather"]),
        ("[[call:get_weather]] [[call:tell_time]]", ["get_weather", "tell_time"]),
        ("Sing", []),
    ],
)
def test_tools_are_called_when_asked_for(caller: Caller, prompt: str, names: list[str]) -> None:
    answer = choice(caller.chat(prompt, tools=[WEATHER, CLOCK]).json())
    calls = answer["message"].get("tool_calls", [])
    assert [call["function"]["name"] for call in calls] == names
    assert answer["finish_reason"] == ("tool_calls" if names else "stop")
    assert answer["content_filter_results"] == {} if names else answer["content_filter_results"]
    for call in calls:
        json.loads(call["function"]["arguments"])


def test_tool_arguments_satisfy_their_schema_unless_given(caller: Caller) -> None:
    call = choice(caller.chat("x", tools=[WEATHER], tool_choice="required").json())["message"][
        "tool_calls"
    ][0]
    jsonschema.validate(
        json.loads(call["function"]["arguments"]), WEATHER["function"]["parameters"]
    )  # type: ignore[index]
    given = choice(
        caller.chat('[[call:get_weather {"city":"Oslo","days":2}]]', tools=[WEATHER]).json()
    )
    assert json.loads(given["message"]["tool_calls"][0]["function"]["arguments"]) == {
        "city": "Oslo",
        "days": 2,
    }


@pytest.mark.parametrize(
    "wanted, calls",
    [("none", 0), ("required", 1), ({"type": "function", "function": {"name": "tell_time"}}, 1)],
)
def test_tool_choice(caller: Caller, wanted: Any, calls: int) -> None:
    message = choice(caller.chat("Sing", tools=[WEATHER, CLOCK], tool_choice=wanted).json())[
        "message"
    ]
    assert len(message.get("tool_calls", [])) == calls


def test_parallel_calls_can_be_switched_off(caller: Caller) -> None:
    prompt = "[[call:get_weather]] [[call:tell_time]]"
    message = choice(caller.chat(prompt, tools=[WEATHER, CLOCK], parallel_tool_calls=False).json())[
        "message"
    ]
    assert len(message["tool_calls"]) == 1


def test_tool_call_stream_names_the_call_once_and_then_its_arguments(caller: Caller) -> None:
    chunks = events(caller.chat("weather", tools=[WEATHER], stream=True))[1:-1]
    pieces = [
        piece for chunk in chunks for piece in chunk["choices"][0]["delta"].get("tool_calls", [])
    ]
    assert pieces[0]["id"].startswith("call_") and pieces[0]["function"]["arguments"] == ""
    assert all(set(piece) == {"index", "function"} for piece in pieces[1:])
    assert set(json.loads("".join(piece["function"]["arguments"] for piece in pieces))) == {
        "city",
        "days",
    }
    assert all(chunk["choices"][0]["content_filter_results"] == {} for chunk in chunks)


def test_a_tool_s_answer_is_answered(caller: Caller) -> None:
    call = choice(caller.chat("weather", tools=[WEATHER]).json())["message"]["tool_calls"]
    messages = [
        {"role": "user", "content": "weather"},
        {"role": "assistant", "content": None, "tool_calls": call},
        {"role": "tool", "tool_call_id": call[0]["id"], "content": "Sunny"},
    ]
    body = caller.post(
        "/chat/completions", {"messages": messages, "tools": [WEATHER]}, "conf-chat"
    ).json()
    assert choice(body)["message"]["content"] == "The tool answered: Sunny"
    refused = caller.post("/chat/completions", {"messages": messages[:2]}, "conf-chat")
    assert refused.status == 400 and call[0]["id"] in error(refused)["message"]
    alone = caller.post("/chat/completions", {"messages": [messages[2]]}, "conf-chat")
    assert "preceeding" in error(alone)["message"]


def test_the_deprecated_functions_still_work(caller: Caller) -> None:
    answer = choice(caller.chat("weather", functions=[WEATHER["function"]]).json())
    assert answer["finish_reason"] == "function_call"
    assert answer["message"]["function_call"]["name"] == "get_weather"


SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["name", "when", "kind", "people", "count", "next", "ratio", "done", "maybe"],
    "properties": {
        "name": {"type": "string"},
        "when": {"type": "string", "format": "date"},
        "kind": {"enum": ["party", "talk"]},
        "people": {"type": "array", "items": {"$ref": "#/$defs/person"}, "minItems": 2},
        "count": {"type": "integer", "minimum": 3, "maximum": 9},
        "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
        "ratio": {"type": "number", "exclusiveMinimum": 1},
        "done": {"type": "boolean"},
        "maybe": {"type": ["string", "null"]},
    },
    "$defs": {
        "person": {
            "type": "object",
            "additionalProperties": False,
            "required": ["name"],
            "properties": {"name": {"type": "string", "minLength": 6}},
        }
    },
}


def test_structured_output_satisfies_its_schema(caller: Caller) -> None:
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": "event", "strict": True, "schema": SCHEMA},
    }
    text = choice(caller.chat("An event", response_format=wanted).json())["message"]["content"]
    jsonschema.validate(json.loads(text), SCHEMA)


@pytest.mark.parametrize(
    "schema, says",
    [
        ({"type": "array"}, "schema must be a JSON Schema of 'type: \"object\"'"),
        ({"type": "object", "properties": {}}, "'additionalProperties' is required"),
        (
            {
                "type": "object",
                "additionalProperties": False,
                "properties": {"a": {"type": "string"}},
            },
            "Missing 'a'",
        ),
    ],
)
def test_strict_mode_refuses_a_loose_schema(
    caller: Caller, schema: dict[str, Any], says: str
) -> None:
    wanted = {
        "type": "json_schema",
        "json_schema": {"name": "event", "strict": True, "schema": schema},
    }
    refused = caller.chat("An event", response_format=wanted)
    assert refused.status == 400 and says in error(refused)["message"]


def test_json_mode_and_its_condition(caller: Caller) -> None:
    wanted = {"type": "json_object"}
    assert json.loads(
        choice(caller.chat("Some json", response_format=wanted).json())["message"]["content"]
    )
    assert (
        "must contain the word 'json'"
        in error(caller.chat("Some text", response_format=wanted))["message"]
    )


def test_refusal(caller: Caller) -> None:
    message = choice(caller.chat("[[refuse]]").json())["message"]
    assert message["content"] is None and message["refusal"].startswith("I'm sorry")


def test_image_input_is_reported_in_the_singular(caller: Caller, registry: SchemaRegistry) -> None:
    content = [
        {"type": "text", "text": "Describe"},
        {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
    ]
    response = caller.chat(content)
    results = response.json()["prompt_filter_results"]
    assert [one["prompt_index"] for one in results] == [1, 0]
    assert all(
        "content_filter_result" in one and "content_filter_results" not in one for one in results
    )
    assert response.json()["usage"]["prompt_tokens"] > 85
    assert response.header("api-supported-versions") == "1"
    assert not registry.validate("chat-completion", caller.version, response.json())


def test_n_logprobs_stop_and_limits(caller: Caller) -> None:
    body = caller.chat("[[say:one two three]]", n=3, logprobs=True, top_logprobs=2).json()
    assert [one["index"] for one in body["choices"]] == [0, 1, 2]
    content = body["choices"][0]["logprobs"]["content"]
    assert [one["token"] for one in content] == ["one", " two", " three"]
    assert all(
        len(one["top_logprobs"]) == 2 and one["top_logprobs"][0]["token"] == one["token"]
        for one in content
    )
    stopped = choice(caller.chat("[[say:one two three]]", stop=" three").json())
    assert (stopped["message"]["content"], stopped["finish_reason"]) == ("one two", "stop")
    cut = caller.chat("[[tokens:50]]", max_tokens=7).json()
    assert choice(cut)["finish_reason"] == "length" and cut["usage"]["completion_tokens"] == 7


def test_a_reasoning_model_counts_what_it_does_not_show(caller: Caller) -> None:
    body = caller.chat("Hi", "conf-reasoning", max_completion_tokens=66).json()
    details = body["usage"]["completion_tokens_details"]
    assert details["reasoning_tokens"] == 64 and body["usage"]["completion_tokens"] == 66
    assert choice(body)["finish_reason"] == "length"


@pytest.mark.parametrize(
    "members, code, param",
    [
        ({"max_tokens": 5}, "unsupported_parameter", "max_tokens"),
        ({"temperature": 0.2}, "unsupported_value", "temperature"),
        ({"top_p": 0.5}, "unsupported_parameter", "top_p"),
        ({"logprobs": True}, "unsupported_parameter", "logprobs"),
    ],
)
def test_reasoning_models_refuse_sampling(
    caller: Caller, members: dict[str, Any], code: str, param: str
) -> None:
    refused = error(caller.chat("Hi", "conf-reasoning", **members))
    assert (refused["code"], refused["param"]) == (code, param)


@pytest.mark.parametrize(
    "body, code, param",
    [
        ({}, "missing_required_parameter", "messages"),
        ({"messages": "Hi"}, "invalid_type", "messages"),
        ({"messages": []}, "empty_array", "messages"),
        ({"messages": [{}]}, "missing_required_parameter", "messages[0].role"),
        ({"messages": [{"role": "king", "content": "x"}]}, "invalid_value", "messages[0].role"),
        ({"messages": [{"role": "user", "content": 3}]}, "invalid_type", "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
            "invalid_value",
            "messages[0]",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}], "temperature": 3},
            "decimal_above_max_value",
            "temperature",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}], "temperature": "warm"},
            "invalid_type",
            "temperature",
        ),
        ({"messages": [{"role": "user", "content": "x"}], "n": 0}, "integer_below_min_value", "n"),
        (
            {"messages": [{"role": "user", "content": "x"}], "stream_options": {}},
            None,
            "stream_options",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}], "probe": 1},
            "unknown_parameter",
            "probe",
        ),
        (
            {
                "messages": [{"role": "user", "content": "x"}],
                "tools": [{"type": "function", "function": {}}],
            },
            "missing_required_parameter",
            "tools[0].function.name",
        ),
        (
            {"messages": [{"role": "user", "content": "x"}], "tool_choice": "auto"},
            None,
            "tool_choice",
        ),
    ],
)
def test_wrong_requests(caller: Caller, body: dict[str, Any], code: str | None, param: str) -> None:
    response = caller.post("/chat/completions", body, "conf-chat")
    assert response.status == 400
    assert (error(response)["code"], error(response)["param"]) == (code, param)
    assert error(response)["type"] == "invalid_request_error"


def test_members_a_version_does_not_know() -> None:
    old = Caller(Emulator(), "2024-06-01")
    assert error(old.chat("x", stream=True, stream_options={"include_usage": True})) == {
        "message": "Unknown parameter: 'stream_options'.",
        "type": "invalid_request_error",
        "param": "stream_options",
        "code": "unknown_parameter",
    }
    assert (
        "2025-01-01-preview and later"
        in error(old.chat("x", prediction={"type": "content"}))["message"]
    )
    structured = {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}
    assert (
        "json_schema is enabled only" in error(old.chat("x", response_format=structured))["message"]
    )


def test_too_long_for_the_model() -> None:
    config = EmulatorConfig(deployments={"small": deployment("gpt-4o", "chat", context=50)})
    refused = error(Caller(Emulator(config)).chat("[[tokens:1]] " + "word " * 60, "small"))
    assert refused["code"] == "context_length_exceeded" and refused["param"] == "messages"
    assert "maximum context length is 50 tokens" in refused["message"]
