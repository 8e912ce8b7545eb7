"""Errors as a caller meets them, streams, and what is left of both when they end early."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.sdk.inprocess import InProcessLane, installed
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Fault, Reply
from conformance.wire.protocol import Auth, Call, Outcome, StreamPlan
from tests.sdk.scripted_service import (
    CHAT,
    CHAT_ARGUMENTS,
    FILTER_FIRST,
    ScriptedService,
    chat_chunk,
    client,
    events,
    fault,
    json_reply,
    raw_reply,
)

MAJOR = int(installed()[0].split(".")[0])
SURFACES = ["sync", "async"]
ALL = StreamPlan()
HELLO = (
    FILTER_FIRST,
    chat_chunk(delta={"role": "assistant", "content": "He"}),
    chat_chunk(delta={"content": "llo"}, content_filter_results={"hate": {"filtered": False}}),
    chat_chunk(delta={}, finish_reason="stop"),
)


@pytest.fixture(scope="module")
def lane() -> Iterator[InProcessLane]:
    with InProcessLane() as lane:
        yield lane


def chat(
    lane: InProcessLane,
    surface: str,
    *replies: Reply,
    stream: StreamPlan | None = None,
    clock: VirtualClock | None = None,
    **members: Any,
) -> Outcome:
    members.setdefault("max_retries", 0)
    call = Call("chat.completions.create", CHAT_ARGUMENTS, stream=stream)
    return lane.perform(
        client(surface, **members), call, ScriptedService(*replies), clock or VirtualClock(), "seed"
    )


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("status", "name", "kind"),
    [
        (400, "BadRequestError", "bad_request"),
        (401, "AuthenticationError", "authentication"),
        (403, "PermissionDeniedError", "permission_denied"),
        (404, "NotFoundError", "not_found"),
        (409, "ConflictError", "conflict"),
        (422, "UnprocessableEntityError", "unprocessable"),
        (429, "RateLimitError", "rate_limit"),
        (500, "InternalServerError", "internal_server"),
        (503, "InternalServerError", "internal_server"),
        (418, "APIStatusError", "status"),
        (408, "APIStatusError", "status"),
    ],
)
def test_a_status_has_its_class_and_kind(
    lane: InProcessLane, surface: str, status: int, name: str, kind: str
) -> None:
    body = {"error": {"code": "some", "message": "why", "param": "prompt", "type": "kind_of_error"}}
    outcome = chat(lane, surface, json_reply(body, status, x_request_id="req-1"))
    error = outcome.error
    assert error is not None
    assert (error.type, error.kind.value, error.status) == (name, kind, status)
    assert error.bases[-3:] == ("APIStatusError", "APIError", "OpenAIError")[-len(error.bases) :]
    assert (error.code, error.param, error.error_type) == ("some", "prompt", "kind_of_error")
    assert error.body == body["error"]
    assert error.request_id == outcome.request_id == "req-1"
    assert ("content-type", "application/json") in error.headers
    assert "why" in error.message


@pytest.mark.parametrize(
    ("outer", "inner"),
    [("innererror", "content_filter_result"), ("inner_error", "content_filter_results")],
)
def test_the_filters_detail_is_reached_under_both_spellings(
    lane: InProcessLane, outer: str, inner: str
) -> None:
    detail = {"hate": {"filtered": True, "severity": "high"}}
    body = {
        "error": {"code": "content_filter", "message": "no", outer: {"code": "X", inner: detail}}
    }
    outcome = chat(lane, "sync", json_reply(body, 400))
    assert outcome.error is not None
    assert outcome.error.content_filter == detail


def test_a_numeric_code_is_a_number_before_version_3_and_text_since(lane: InProcessLane) -> None:
    outcome = chat(lane, "sync", json_reply({"error": {"code": 429, "message": "slow down"}}, 429))
    assert outcome.error is not None
    assert outcome.error.code == ("429" if MAJOR >= 3 else 429)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("which", "name", "kind", "spent"),
    [
        (Fault.CONNECT_REFUSED, "APIConnectionError", "connection", 0.0),
        (Fault.CONNECTION_RESET, "APIConnectionError", "connection", 0.0),
        (Fault.CUT_BODY, "APIConnectionError", "connection", 0.0),
        (Fault.CONNECT_TIMEOUT, "APITimeoutError", "timeout", 2.5),
        (Fault.READ_TIMEOUT, "APITimeoutError", "timeout", 2.5),
    ],
)
def test_a_fault_before_the_answer_is_a_connection_error_or_a_timeout(
    lane: InProcessLane, surface: str, which: Fault, name: str, kind: str, spent: float
) -> None:
    clock = VirtualClock()
    outcome = chat(lane, surface, fault(which), clock=clock, timeout=2.5)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.kind.value) == (name, kind)
    assert clock.now() == spent


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("which", "kind"), [(Fault.CUT_BODY, "connection"), (Fault.STALL_BODY, "timeout")]
)
def test_a_body_that_ends_early_is_retried_when_nothing_was_handed_out(
    lane: InProcessLane, surface: str, which: Fault, kind: str
) -> None:
    half = raw_reply(
        json.dumps(CHAT).encode()[:50], "application/json", fault=which, content_length="900"
    )
    assert chat(lane, surface, half, json_reply(CHAT), max_retries=1).status == "ok"
    lasting = chat(lane, surface, half, max_retries=1)
    assert lasting.error is not None
    assert lasting.error.kind.value == kind


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("which", "before", "since"),
    [
        (
            Fault.CUT_BODY,
            ("RemoteProtocolError", "transport"),
            ("APIConnectionError", "connection"),
        ),
        (Fault.CONNECTION_RESET, ("ReadError", "transport"), ("APIConnectionError", "connection")),
        (Fault.STALL_BODY, ("ReadTimeout", "transport"), ("APITimeoutError", "timeout")),
    ],
)
def test_a_stream_cut_short_keeps_what_came_and_fails_by_version(
    lane: InProcessLane, surface: str, which: Fault, before: tuple[str, str], since: tuple[str, str]
) -> None:
    body = events(*HELLO[:2], done=False)
    outcome = chat(
        lane,
        surface,
        raw_reply(body + b'data: {"id": "ch', "text/event-stream", fault=which),
        stream=ALL,
    )
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.kind.value) == (since if MAJOR >= 3 else before)
    assert outcome.chunks is not None
    assert [chunk["id"] for chunk in outcome.chunks] == ["", "chatcmpl-1"]
    assert outcome.view is not None
    assert (outcome.view["text"], outcome.view["chunk_count"]) == ("He", 2)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("pieces", ["whole", "bytes", "lines"])
def test_a_stream_is_put_together_however_it_was_delivered(
    lane: InProcessLane, surface: str, pieces: str
) -> None:
    body = events(*HELLO)
    offsets = {
        "whole": (),
        "bytes": tuple(range(1, len(body))),
        "lines": tuple(i + 1 for i, byte in enumerate(body) if byte == 10),
    }[pieces]
    outcome = chat(lane, surface, raw_reply(body, "text/event-stream", offsets), stream=ALL)
    assert outcome.status == "ok", outcome
    view = outcome.view
    assert view is not None
    assert (view["id"], view["text"], view["role"], view["finish_reason"]) == (
        "chatcmpl-1",
        "Hello",
        "assistant",
        "stop",
    )
    assert view["prompt_filter"] == FILTER_FIRST["prompt_filter_results"]
    assert view["content_filter"] == {"hate": {"filtered": False}}
    assert outcome.chunks == HELLO
    assert outcome.result is None


@pytest.mark.parametrize("surface", SURFACES)
def test_a_chunk_without_delta_is_read_as_a_careful_caller_would(
    lane: InProcessLane, surface: str
) -> None:
    late = chat_chunk(
        content_filter_results={"violence": {"filtered": False}}, content_filter_offsets={"end": 5}
    )
    outcome = chat(lane, surface, raw_reply(events(*HELLO, late), "text/event-stream"), stream=ALL)
    assert outcome.view is not None
    assert outcome.view["text"] == "Hello"
    assert outcome.view["content_filter"] == {
        "hate": {"filtered": False},
        "violence": {"filtered": False},
    }


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_caller_may_stop_after_so_many_chunks(
    lane: InProcessLane, surface: str, count: int
) -> None:
    reply = raw_reply(events(*HELLO), "text/event-stream")
    outcome = chat(lane, surface, reply, stream=StreamPlan("first", count))
    assert outcome.status == "ok"
    assert outcome.chunks == HELLO[:count]


def test_tool_calls_of_a_stream_are_joined_by_index(lane: InProcessLane) -> None:
    def part(index: int, **members: Any) -> dict[str, Any]:
        return chat_chunk(delta={"tool_calls": [{"index": index, **members}]})

    body = events(
        part(0, id="call_1", type="function", function={"name": "f", "arguments": ""}),
        part(0, function={"arguments": '{"a"'}),
        part(1, id="call_2", type="function", function={"name": "g", "arguments": "{}"}),
        part(0, function={"arguments": ": 1}"}),
    )
    outcome = chat(lane, "sync", raw_reply(body, "text/event-stream"), stream=ALL)
    assert outcome.view is not None
    assert outcome.view["tool_calls"] == [
        {"id": "call_1", "type": "function", "name": "f", "arguments": '{"a": 1}'},
        {"id": "call_2", "type": "function", "name": "g", "arguments": "{}"},
    ]


@pytest.mark.parametrize("surface", SURFACES)
def test_an_error_event_ends_the_stream_with_an_error_of_its_own(
    lane: InProcessLane, surface: str
) -> None:
    body = events(*HELLO[:2], {"error": {"code": "429", "message": "busy"}}, done=False)
    outcome = chat(lane, surface, raw_reply(body, "text/event-stream"), stream=ALL)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.kind.value, outcome.error.code) == (
        "APIError",
        "stream",
        "429",
    )
    assert outcome.chunks is not None
    assert len(outcome.chunks) == 2


@pytest.mark.parametrize("surface", SURFACES)
def test_a_stream_of_response_events_shows_the_last_response(
    lane: InProcessLane, surface: str
) -> None:
    done = {
        "id": "resp_1",
        "object": "response",
        "status": "completed",
        "model": "m",
        "created_at": 1.0,
        "output": [
            {
                "type": "message",
                "id": "m1",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "Hi", "annotations": []}],
            }
        ],
    }
    body = events(
        {
            "type": "response.created",
            "sequence_number": 0,
            "response": {**done, "status": "in_progress"},
        },
        {
            "type": "response.output_text.delta",
            "sequence_number": 1,
            "delta": "Hi",
            "item_id": "m1",
            "output_index": 0,
            "content_index": 0,
            "logprobs": [],
        },
        {"type": "response.completed", "sequence_number": 2, "response": done},
        done=False,
    )
    call = Call("responses.create", {"model": "m", "input": "Hi"}, stream=ALL)
    outcome = lane.perform(
        client(surface),
        call,
        ScriptedService(raw_reply(body, "text/event-stream")),
        VirtualClock(),
        "seed",
    )
    assert outcome.view is not None, outcome
    assert outcome.view["event_types"] == [
        "response.created",
        "response.output_text.delta",
        "response.completed",
    ]
    assert (outcome.view["status"], outcome.view["output_text"], outcome.view["delta_text"]) == (
        "completed",
        "Hi",
        "Hi",
    )


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("stream", [None, ALL])
def test_broken_json_is_a_decoding_error(
    lane: InProcessLane, surface: str, stream: StreamPlan | None
) -> None:
    reply = (
        raw_reply(b'{"id": ', "application/json")
        if stream is None
        else raw_reply(b'data: {"id": \n\n', "text/event-stream")
    )
    outcome = chat(lane, surface, reply, stream=stream)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.kind.value) == ("JSONDecodeError", "decode")


@pytest.mark.parametrize("surface", SURFACES)
def test_what_is_refused_before_any_request_is_a_configuration_error(
    lane: InProcessLane, surface: str
) -> None:
    missing = lane.perform(
        client(surface),
        Call("chat.completions.create", {}),
        ScriptedService(json_reply(CHAT)),
        VirtualClock(),
        "seed",
    )
    assert missing.error is not None
    assert (missing.error.type, missing.error.kind.value) == ("TypeError", "configuration")
    keyless = chat(lane, surface, json_reply(CHAT), auth=Auth("none"))
    assert keyless.error is not None
    assert (keyless.error.type, keyless.error.kind.value) == ("OpenAIError", "configuration")
    empty = chat(lane, surface, json_reply(CHAT), auth=Auth("token_provider", tokens=()))
    assert empty.error is not None
    assert (empty.error.type, empty.error.kind.value) == ("ValueError", "configuration")


def test_a_web_page_in_place_of_json_is_passed_through_as_text(lane: InProcessLane) -> None:
    outcome = chat(lane, "sync", raw_reply(b"<html>sign in</html>", "text/html"))
    assert outcome.status == "ok"
    assert outcome.result == "<html>sign in</html>"
    assert outcome.view is not None
    assert outcome.view["text"] is None
