"""Every operation, on both surfaces: what is sent, and what a caller reads."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from conformance.sdk.inprocess import InProcessLane
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Reply
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import Call, CallOptions, Outcome
from tests.sdk.scripted_service import (
    CHAT,
    CHAT_ARGUMENTS,
    ScriptedService,
    client,
    json_reply,
    raw_reply,
)

WAV = {
    "$file": {
        "name": "a.wav",
        "content_type": "audio/wav",
        "base64": base64.b64encode(b"RIFFxx").decode(),
    }
}
PNG = {
    "$file": {
        "name": "a.png",
        "content_type": "image/png",
        "base64": base64.b64encode(b"\x89PNG").decode(),
    }
}
JSONL = {
    "$file": {
        "name": "b.jsonl",
        "content_type": "application/jsonl",
        "base64": base64.b64encode(b'{"custom_id": "1"}\n').decode(),
    }
}
FILE = {
    "id": "file-1",
    "object": "file",
    "filename": "b.jsonl",
    "purpose": "batch",
    "bytes": 19,
    "status": "processed",
    "created_at": 1700000000,
}
BATCH = {
    "id": "batch-1",
    "object": "batch",
    "status": "completed",
    "input_file_id": "file-1",
    "output_file_id": "file-2",
    "error_file_id": None,
    "endpoint": "/chat/completions",
    "completion_window": "24h",
    "created_at": 1,
    "request_counts": {"total": 2, "completed": 2, "failed": 0},
}
JOB = {
    "id": "ftjob-1",
    "object": "fine_tuning.job",
    "status": "succeeded",
    "model": "gpt-4o-mini",
    "fine_tuned_model": "ft:1",
    "training_file": "file-1",
    "created_at": 1,
}
MODEL = {"id": "gpt-4o", "object": "model", "owned_by": "openai", "created": 5}
RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-4o",
    "created_at": 7.0,
    "error": None,
    "incomplete_details": None,
    "previous_response_id": "resp_0",
    "reasoning": {"effort": "low", "summary": None},
    "output": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
        },
        {
            "id": "fc_1",
            "type": "function_call",
            "call_id": "call_1",
            "name": "f",
            "arguments": "{}",
        },
    ],
    "usage": {
        "input_tokens": 3,
        "output_tokens": 4,
        "total_tokens": 7,
        "input_tokens_details": {"cached_tokens": 1},
        "output_tokens_details": {"reasoning_tokens": 2},
    },
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
}


def page(*items: dict[str, Any]) -> Reply:
    return json_reply(
        {"object": "list", "data": list(items), "has_more": True, "first_id": "a", "last_id": "b"}
    )


def vector(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


@dataclass
class Example:
    arguments: dict[str, Any]
    reply: Reply
    view: dict[str, Any]
    sent: dict[str, Any] = field(default_factory=dict)
    path: str = ""


EXAMPLES = {
    "chat.completions.create": Example(
        CHAT_ARGUMENTS,
        json_reply(CHAT),
        {
            "text": "Hi there",
            "role": "assistant",
            "finish_reason": "stop",
            "choices": 1,
            "tool_calls": [],
            "content_filter": {"hate": {"filtered": False, "severity": "safe"}},
            "usage": {
                "prompt_tokens": 9,
                "completion_tokens": 12,
                "total_tokens": 21,
                "reasoning_tokens": 4,
                "cached_tokens": 2,
            },
        },
        CHAT_ARGUMENTS,
        "/openai/deployments/gpt/chat/completions",
    ),
    "completions.create": Example(
        {"model": "gpt", "prompt": "Hello"},
        json_reply(
            {
                "id": "c",
                "object": "text_completion",
                "created": 1,
                "model": "m",
                "choices": [
                    {"index": 0, "text": " world", "finish_reason": "stop", "logprobs": None}
                ],
            }
        ),
        {"id": "c", "text": " world", "texts": [" world"], "finish_reason": "stop", "usage": None},
        {"prompt": "Hello"},
        "/openai/deployments/gpt/completions",
    ),
    "embeddings.create": Example(
        {"model": "ada", "input": ["a"]},
        json_reply(
            {
                "object": "list",
                "model": "ada",
                "usage": {"prompt_tokens": 1, "total_tokens": 1},
                "data": [{"object": "embedding", "index": 0, "embedding": vector(*range(10))}],
            }
        ),
        {
            "model": "ada",
            "count": 1,
            "dimensions": 10,
            "vectors": [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]],
        },
        {"encoding_format": "base64"},
        "/openai/deployments/ada/embeddings",
    ),
    "audio.transcriptions.create": Example(
        {"model": "whisper", "file": WAV, "response_format": "verbose_json"},
        json_reply(
            {
                "text": "hello",
                "language": "english",
                "duration": 1.5,
                "task": "transcribe",
                "segments": [{"id": 0}],
                "words": [],
            }
        ),
        {"text": "hello", "language": "english", "segments": 1, "words": 0},
        {},
        "/openai/deployments/whisper/audio/transcriptions",
    ),
    "audio.translations.create": Example(
        {"model": "whisper", "file": WAV, "response_format": "text"},
        raw_reply(b"hello\n", "text/plain"),
        {"text": "hello\n"},
        {},
        "/openai/deployments/whisper/audio/translations",
    ),
    "audio.speech.create": Example(
        {"model": "tts", "input": "hi", "voice": "alloy"},
        raw_reply(b"\xff\xf3mp3", "audio/mpeg"),
        {
            "bytes": 5,
            "sha256": hashlib.sha256(b"\xff\xf3mp3").hexdigest(),
            "content_type": "audio/mpeg",
        },
        {"voice": "alloy"},
        "/openai/deployments/tts/audio/speech",
    ),
    "images.generate": Example(
        {"model": "dall-e-3", "prompt": "a cat"},
        json_reply(
            {"created": 3, "data": [{"url": "https://x/1.png", "revised_prompt": "a nice cat"}]}
        ),
        {
            "created": 3,
            "count": 1,
            "urls": ["https://x/1.png"],
            "b64": [],
            "revised_prompt": "a nice cat",
        },
        {"prompt": "a cat"},
        "/openai/deployments/dall-e-3/images/generations",
    ),
    "images.edit": Example(
        {"model": "gpt-image-1", "prompt": "a cat", "image": [PNG]},
        json_reply(
            {
                "created": 3,
                "data": [{"b64_json": "aGk="}],
                "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
            }
        ),
        {"b64": [{"sha256": hashlib.sha256(b"aGk=").hexdigest(), "length": 4}], "urls": []},
        {},
        "/openai/deployments/gpt-image-1/images/edits",
    ),
    "responses.create": Example(
        {"model": "gpt", "input": "Hi"},
        json_reply(RESPONSE),
        {
            "id": "resp_1",
            "status": "completed",
            "output_text": "Hi",
            "output_types": ["message", "function_call"],
            "tool_calls": [
                {"id": "call_1", "type": "function_call", "name": "f", "arguments": "{}"}
            ],
            "reasoning_effort": "low",
            "previous_response_id": "resp_0",
            "error": None,
            "incomplete_reason": None,
            "usage": {
                "input_tokens": 3,
                "output_tokens": 4,
                "total_tokens": 7,
                "reasoning_tokens": 2,
                "cached_tokens": 1,
            },
        },
        {"input": "Hi"},
        "/openai/responses",
    ),
    "responses.retrieve": Example(
        {"response_id": "resp_1"},
        json_reply(RESPONSE),
        {"output_text": "Hi"},
        {},
        "/openai/responses/resp_1",
    ),
    "responses.delete": Example(
        {"response_id": "resp_1"},
        json_reply({"id": "resp_1", "deleted": True}),
        {},
        {},
        "/openai/responses/resp_1",
    ),
    "responses.input_items.list": Example(
        {"response_id": "resp_1", "limit": 1},
        page({"id": "msg_1", "type": "message", "role": "user", "content": []}),
        {"count": 1, "ids": ["msg_1"], "has_more": True, "types": ["message"]},
        {},
        "/openai/responses/resp_1/input_items",
    ),
    "files.create": Example(
        {"file": JSONL, "purpose": "batch"},
        json_reply(FILE),
        {
            "id": "file-1",
            "filename": "b.jsonl",
            "purpose": "batch",
            "bytes": 19,
            "status": "processed",
            "created_at": 1700000000,
        },
        {},
        "/openai/files",
    ),
    "files.list": Example(
        {"purpose": "batch"},
        page(FILE),
        {"count": 1, "ids": ["file-1"], "has_more": True},
        {},
        "/openai/files",
    ),
    "files.retrieve": Example(
        {"file_id": "file-1"}, json_reply(FILE), {"id": "file-1"}, {}, "/openai/files/file-1"
    ),
    "files.content": Example(
        {"file_id": "file-1"},
        raw_reply(b'{"a": 1}\n', "application/octet-stream"),
        {"bytes": 9, "text": '{"a": 1}\n'},
        {},
        "/openai/files/file-1/content",
    ),
    "files.delete": Example(
        {"file_id": "file-1"},
        json_reply({"id": "file-1", "object": "file", "deleted": True}),
        {"id": "file-1", "deleted": True},
        {},
        "/openai/files/file-1",
    ),
    "batches.create": Example(
        {"input_file_id": "file-1", "endpoint": "/chat/completions", "completion_window": "24h"},
        json_reply(BATCH),
        {"id": "batch-1", "counts": {"total": 2, "completed": 2, "failed": 0}},
        {"input_file_id": "file-1"},
        "/openai/batches",
    ),
    "batches.retrieve": Example(
        {"batch_id": "batch-1"},
        json_reply(BATCH),
        {"status": "completed", "output_file_id": "file-2", "endpoint": "/chat/completions"},
        {},
        "/openai/batches/batch-1",
    ),
    "batches.list": Example(
        {"limit": 1}, page(BATCH), {"count": 1, "ids": ["batch-1"]}, {}, "/openai/batches"
    ),
    "batches.cancel": Example(
        {"batch_id": "batch-1"},
        json_reply(BATCH),
        {"id": "batch-1"},
        {},
        "/openai/batches/batch-1/cancel",
    ),
    "fine_tuning.jobs.create": Example(
        {"model": "gpt-4o-mini", "training_file": "file-1"},
        json_reply(JOB),
        {
            "id": "ftjob-1",
            "status": "succeeded",
            "model": "gpt-4o-mini",
            "fine_tuned_model": "ft:1",
            "training_file": "file-1",
        },
        {"training_file": "file-1"},
        "/openai/fine_tuning/jobs",
    ),
    "fine_tuning.jobs.retrieve": Example(
        {"fine_tuning_job_id": "ftjob-1"},
        json_reply(JOB),
        {"id": "ftjob-1"},
        {},
        "/openai/fine_tuning/jobs/ftjob-1",
    ),
    "fine_tuning.jobs.list": Example(
        {}, page(JOB), {"ids": ["ftjob-1"]}, {}, "/openai/fine_tuning/jobs"
    ),
    "fine_tuning.jobs.cancel": Example(
        {"fine_tuning_job_id": "ftjob-1"},
        json_reply(JOB),
        {"id": "ftjob-1"},
        {},
        "/openai/fine_tuning/jobs/ftjob-1/cancel",
    ),
    "fine_tuning.jobs.list_events": Example(
        {"fine_tuning_job_id": "ftjob-1"},
        page({"id": "ev-1", "object": "fine_tuning.job.event", "message": "m"}),
        {"ids": ["ev-1"], "count": 1},
        {},
        "/openai/fine_tuning/jobs/ftjob-1/events",
    ),
    "models.list": Example(
        {},
        json_reply({"object": "list", "data": [MODEL]}),
        {"ids": ["gpt-4o"], "has_more": None},
        {},
        "/openai/models",
    ),
    "models.retrieve": Example(
        {"model": "gpt-4o"},
        json_reply(MODEL),
        {"id": "gpt-4o", "owned_by": "openai", "created": 5},
        {},
        "/openai/models/gpt-4o",
    ),
}


@pytest.fixture(scope="module")
def lane() -> Iterator[InProcessLane]:
    with InProcessLane() as lane:
        yield lane


def run(
    lane: InProcessLane,
    surface: str,
    operation: str,
    arguments: dict[str, Any],
    service: ScriptedService,
    options: CallOptions | None = None,
    **members: Any,
) -> Outcome:
    call = Call(operation, arguments, options or CallOptions())
    return lane.perform(client(surface, **members), call, service, VirtualClock(), "seed")


def test_every_operation_has_an_example() -> None:
    assert set(EXAMPLES) == set(OPERATIONS)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("surface", ["sync", "async"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_goes_to_its_route_and_is_read_through_accessors(
    lane: InProcessLane, operation: str, surface: str
) -> None:
    example = EXAMPLES[operation]
    service = ScriptedService(example.reply)
    outcome = run(lane, surface, operation, example.arguments, service)
    assert outcome.status == "ok", outcome
    request = service.requests[0]
    assert (request.method, request.path) == (OPERATIONS[operation].method, example.path)
    assert ("api-version", "2025-04-01-preview") in request.query
    assert outcome.view is not None
    assert {name: outcome.view.get(name) for name in example.view} == example.view
    if example.sent:
        sent = request.json()
        assert {name: sent.get(name) for name in example.sent} == example.sent
    json.dumps([outcome.result, outcome.view])


@pytest.mark.parametrize("surface", ["sync", "async"])
@pytest.mark.parametrize(
    ("operation", "name", "content"),
    [
        ("files.create", "file", b'{"custom_id": "1"}\n'),
        ("audio.transcriptions.create", "file", b"RIFFxx"),
        ("images.edit", "image", b"\x89PNG"),
    ],
)
def test_files_travel_as_parts_with_name_and_type(
    lane: InProcessLane, surface: str, operation: str, name: str, content: bytes
) -> None:
    example = EXAMPLES[operation]
    service = ScriptedService(example.reply)
    run(lane, surface, operation, example.arguments, service)
    request = service.requests[0]
    assert (request.header("content-type") or "").startswith("multipart/form-data; boundary=")
    assert f'name="{name}'.encode() in request.body
    assert content in request.body
    assert b'filename="' in request.body


def test_the_serialised_result_is_what_the_service_sent(lane: InProcessLane) -> None:
    outcome = run(
        lane, "sync", "chat.completions.create", CHAT_ARGUMENTS, ScriptedService(json_reply(CHAT))
    )
    assert outcome.result == CHAT


def test_arguments_the_method_does_not_know_travel_in_the_body(lane: InProcessLane) -> None:
    service = ScriptedService(json_reply(CHAT))
    sources = [{"type": "azure_search", "parameters": {"endpoint": "https://search"}}]
    run(
        lane,
        "sync",
        "chat.completions.create",
        {**CHAT_ARGUMENTS, "data_sources": sources},
        service,
    )
    assert service.requests[0].json() == {**CHAT_ARGUMENTS, "data_sources": sources}


def test_arguments_a_listing_does_not_know_travel_in_the_query(lane: InProcessLane) -> None:
    service = ScriptedService(page(FILE))
    run(lane, "sync", "files.list", {"novelty": "yes"}, service)
    assert ("novelty", "yes") in service.requests[0].query


@pytest.mark.parametrize("surface", ["sync", "async"])
def test_options_of_one_request_override_the_client(lane: InProcessLane, surface: str) -> None:
    service = ScriptedService(json_reply({"error": {"message": "busy"}}, 500))
    options = CallOptions(
        max_retries=4, timeout=7.0, headers=(("x-trace", "1"),), query=(("api-version", "other"),)
    )
    outcome = run(lane, surface, "chat.completions.create", CHAT_ARGUMENTS, service, options)
    assert outcome.status == "error"
    assert len(service.requests) == 5
    assert service.requests[0].header("x-trace") == "1"
    assert ("api-version", "other") in service.requests[0].query
    assert float(service.requests[0].header("x-stainless-read-timeout") or 0) == 7.0


def test_settings_of_the_client_reach_its_requests(lane: InProcessLane) -> None:
    service = ScriptedService(json_reply({"error": {"message": "busy"}}, 500))
    run(
        lane,
        "sync",
        "models.list",
        {},
        service,
        max_retries=0,
        timeout=3.0,
        headers=(("x-app", "a"),),
    )
    assert len(service.requests) == 1
    assert service.requests[0].header("x-app") == "a"
    assert float(service.requests[0].header("x-stainless-read-timeout") or 0) == 3.0


def test_a_deployment_of_the_client_wins_over_the_model(lane: InProcessLane) -> None:
    service = ScriptedService(json_reply(CHAT))
    run(lane, "sync", "chat.completions.create", CHAT_ARGUMENTS, service, deployment="mine")
    assert service.requests[0].path == "/openai/deployments/mine/chat/completions"
    assert service.requests[0].json()["model"] == "gpt"


def test_the_v1_surface_is_a_plain_client_on_its_base_url(lane: InProcessLane) -> None:
    service = ScriptedService(json_reply(CHAT))
    run(lane, "sync", "chat.completions.create", CHAT_ARGUMENTS, service, api="v1")
    request = service.requests[0]
    assert request.url == "https://contoso.openai.azure.com/openai/v1/chat/completions"
    assert request.header("authorization") == "Bearer fake-key"


def test_an_operation_the_sdk_lacks_is_unsupported(lane: InProcessLane) -> None:
    outcome = run(lane, "sync", "chat.telepathy.create", {}, ScriptedService(json_reply({})))
    assert outcome.status == "unsupported"
    assert "no chat.telepathy.create" in outcome.reason


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "answer",
    [
        [],
        None,
        "text",
        5,
        {},
        {"data": 3, "choices": 3, "output": 3, "usage": 3},
        {"choices": [None], "data": [None], "output": [None]},
    ],
)
def test_an_answer_of_the_wrong_shape_never_breaks_the_driver(
    lane: InProcessLane, operation: str, answer: Any
) -> None:
    outcome = run(
        lane, "sync", operation, EXAMPLES[operation].arguments, ScriptedService(json_reply(answer))
    )
    assert outcome.status in ("ok", "error"), outcome.reason
