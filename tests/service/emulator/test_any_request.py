"""Whatever is sent, there is an answer that satisfies a schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.service.emulator import Emulator, rules
from conformance.service.emulator.structured import minimal
from conformance.suite.schema import SchemaRegistry
from conformance.wire.exchange import Request
from conformance.wire.operations import OPERATIONS, Operation
from tests.service.emulator.emulating import HOST, KEY, Caller, events, served
from tests.service.emulator.walking import EXAMPLES, LINES, WAV

SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
WORDS = (
    "text",
    "user",
    "assistant",
    "tool",
    "function",
    "message",
    "input_text",
    "image_url",
    "json_schema",
    "auto",
    "[[call:f]]",
    "[[tokens:3]]",
    "[[refuse]]",
    "[[filter-error]]",
    "call_1",
    "type",
    "name",
    "f",
    "",
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "type",
                    "role",
                    "content",
                    "text",
                    "function",
                    "name",
                    "parameters",
                    "properties",
                    "schema",
                    "id",
                    "call_id",
                    "arguments",
                    "output",
                    "format",
                    "strict",
                    "required",
                    "items",
                    "$ref",
                    "tool_calls",
                    "tool_call_id",
                    "json_schema",
                    "url",
                    "anyOf",
                )
            )
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
GOOD: dict[str, dict[str, Any]] = {
    "chat.completions.create": {"messages": [{"role": "user", "content": "Hi"}]},
    "completions.create": {"prompt": "Hi"},
    "embeddings.create": {"input": "Hi"},
    "audio.speech.create": {"input": "Hi", "voice": "alloy"},
    "images.generate": {"prompt": "A dot"},
    "responses.create": {"input": "Hi", "model": "conf-responses"},
    "batches.create": {"input_file_id": "x", "endpoint": "/responses", "completion_window": "24h"},
    "fine_tuning.jobs.create": {"model": "conf-fine-tuning", "training_file": "x"},
}
RULES = {
    "chat.completions.create": rules.CHAT,
    "completions.create": rules.COMPLETIONS,
    "embeddings.create": rules.EMBEDDINGS,
    "audio.speech.create": rules.SPEECH,
    "images.generate": rules.DALLE,
    "responses.create": rules.RESPONSES,
    "batches.create": rules.BATCH,
    "fine_tuning.jobs.create": rules.FINE_TUNING,
}
DEPLOYMENT = {
    "chat": "conf-chat",
    "completions": "conf-completions",
    "embeddings": "conf-embeddings",
    "audio": "conf-speech",
    "images": "conf-images",
}


def post(caller: Caller, operation: Operation, body: Any) -> None:
    return check(caller, operation, json.dumps(body).encode())


def check(
    caller: Caller, operation: Operation, body: bytes, headers: tuple[tuple[str, str], ...] = ()
) -> None:
    """Send ``body`` and demand an answer of the operation's schema, or a refusal of the error
    schema."""
    deployment = DEPLOYMENT.get(operation.capability)
    response = caller.send("POST", operation.path, body, headers, deployment)
    if response.status >= 400:
        assert REGISTRY.validate("error", caller.version, response.json()) == (), response.body
    elif response.is_event_stream:
        assert operation.chunk_schema is not None
        for event in events(response):
            assert (
                event == "[DONE]"
                or REGISTRY.validate(operation.chunk_schema, caller.version, event) == ()
            )
    elif operation.schema is not None:
        assert REGISTRY.validate(operation.schema, caller.version, response.json()) == (), (
            response.body
        )


REGISTRY: SchemaRegistry


@pytest.fixture(autouse=True)
def _registry(registry: SchemaRegistry) -> None:
    global REGISTRY
    REGISTRY = registry


@pytest.mark.parametrize("name", sorted(GOOD))
@SETTINGS
@given(data=st.data())
def test_any_json_is_answered(name: str, data: st.DataObject) -> None:
    caller, operation = Caller(Emulator()), OPERATIONS[name]
    post(caller, operation, data.draw(JSON))
    member = data.draw(st.sampled_from(sorted(RULES[name])))
    post(caller, operation, {**GOOD[name], member: data.draw(JSON)})


@SETTINGS
@given(
    members=st.dictionaries(st.sampled_from(sorted(rules.CHAT)), JSON, max_size=3),
    messages=st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(("user", "assistant", "tool", "system"))},
            optional={"content": JSON, "tool_calls": JSON, "tool_call_id": JSON},
        ),
        min_size=1,
        max_size=3,
    ),
    stream=st.booleans(),
)
def test_any_conversation_is_answered(
    members: dict[str, Any], messages: list[Any], stream: bool
) -> None:
    body = {**members, "messages": messages, "stream": stream}
    post(Caller(Emulator()), OPERATIONS["chat.completions.create"], body)


@SETTINGS
@given(
    items=st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "type": st.sampled_from(
                    ("message", "function_call", "function_call_output", "reasoning")
                ),
                "role": st.sampled_from(("user", "assistant")),
                "content": JSON,
                "call_id": st.just("call_1"),
                "name": JSON,
                "arguments": JSON,
                "output": JSON,
                "id": JSON,
            },
        ),
        max_size=3,
    ),
    tools=JSON,
    form=JSON,
)
def test_any_input_of_a_response_is_answered(items: list[Any], tools: Any, form: Any) -> None:
    body = {"model": "conf-responses", "input": items, "tools": tools, "text": {"format": form}}
    post(Caller(Emulator()), OPERATIONS["responses.create"], body)


@pytest.mark.parametrize(
    "name",
    [
        "audio.transcriptions.create",
        "audio.translations.create",
        "images.edit",
        "files.create",
        "chat.completions.create",
    ],
)
@SETTINGS
@given(body=st.binary(max_size=80), boundary=st.text(st.sampled_from('abc-";= '), max_size=5))
def test_any_bytes_are_answered(name: str, body: bytes, boundary: str) -> None:
    headers = (("content-type", f"multipart/form-data; boundary={boundary}"),)
    check(Caller(Emulator()), OPERATIONS[name], body, headers)
    disposition = 'content-disposition: form-data; name="file"; filename="a.wav"'
    part = f"--{boundary}\r\n{disposition}\r\n\r\n".encode()
    check(
        Caller(Emulator()), OPERATIONS[name], part + body + f"\r\n--{boundary}--".encode(), headers
    )


@SETTINGS
@given(
    field=st.sampled_from(sorted(rules.TRANSCRIPTION)) | st.text(max_size=6),
    value=st.binary(max_size=12),
    sound=st.just(WAV) | st.binary(max_size=40).map(lambda rest: b"RIFF" + rest),
)
def test_any_form_is_answered(field: str, value: bytes, sound: bytes) -> None:
    caller = Caller(Emulator())
    response = caller.form(
        "/audio/transcriptions",
        [("file", "a.wav", sound), (field, None, value)],
        "conf-transcription",
    )
    assert response.status in (200, 400)


@SETTINGS
@given(
    lines=st.binary(max_size=60)
    | st.lists(JSON, max_size=3).map(
        lambda many: b"\n".join(json.dumps(one).encode() for one in many)
    )
    | st.just(LINES)
    | st.just(EXAMPLES),
    body=JSON,
)
def test_any_file_is_batched_and_trained_on(lines: bytes, body: Any) -> None:
    from conformance.service.emulator import EmulatorConfig

    caller = Caller(Emulator(EmulatorConfig(pace=0)))
    if isinstance(body, dict):
        lines += (
            b"\n"
            + json.dumps({"custom_id": "x", "url": "/chat/completions", "body": body}).encode()
        )
    for purpose, path, extra in (
        ("batch", "/batches", {"endpoint": "/chat/completions", "completion_window": "24h"}),
        ("fine-tune", "/fine_tuning/jobs", {"model": "conf-fine-tuning"}),
    ):
        made = caller.form(
            "/files", [("purpose", None, purpose.encode()), ("file", "a.jsonl", lines)]
        ).json()
        name = "input_file_id" if purpose == "batch" else "training_file"
        answer = caller.post(path, {name: made["id"], **extra}).json()
        schema = "batch" if purpose == "batch" else "fine-tuning-job"
        assert REGISTRY.validate(schema, caller.version, answer) == ()
        assert REGISTRY.validate(f"{schema}-list", caller.version, caller.get(path).json()) == ()


@SETTINGS
@given(
    method=st.sampled_from(("GET", "POST", "DELETE", "PUT")),
    path=st.text(max_size=30),
    body=st.binary(max_size=20),
)
def test_any_path_is_answered(method: str, path: str, body: bytes) -> None:
    for prefix in ("/", "/openai/", "/openai/v1/", "/emulator/images/", "/openai/v1/files?limit="):
        response = served(Emulator().answer(Request(method, HOST + prefix + path, KEY, body)))
        assert response.status in (200, 400, 404)


@SETTINGS
@given(schema=JSON)
def test_any_schema_has_an_instance(schema: Any) -> None:
    json.dumps(minimal(schema), allow_nan=False)
