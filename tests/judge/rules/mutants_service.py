"""For each rule about what was served: a step that holds and one with a broken body (rule id ->
(held, broken))."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from conformance.judge.rules import StepContext
from tests.judge.rules import bodies
from tests.judge.rules.builders import chat, chat_stream, completions, refused, responses_stream

Pair = tuple[StepContext, StepContext]


def edited(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy of ``value`` with the member at ``path`` replaced."""
    result = copy.deepcopy(value)
    holder = result
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = new
    return result


def _chat(path: tuple[Any, ...], new: Any, **rest: Any) -> Pair:
    return chat(**rest), chat(body=edited(bodies.chat(), path, new), **rest)


_FILTER = ("choices", 0, "content_filter_results")
_STOPPED = edited(
    edited(bodies.chat(), (*_FILTER, "hate"), {"filtered": True, "severity": "high"}),
    ("choices", 0, "finish_reason"),
    "content_filter",
)


def _stopped(entry: Any, name: str) -> Pair:
    return chat(body=_STOPPED), chat(body=edited(_STOPPED, (*_FILTER, name), entry))


def _failure(entry: Any) -> StepContext:
    return chat(
        body=edited(bodies.chat(), ("choices", 0, "content_filter_result"), {"error": entry})
    )


_FAILED = {"code": "content_filter_error", "message": "The contents are not filtered"}


def _usage(number: int, **members: Any) -> list[Any]:
    events = bodies.chat_events()
    events[number] = {**events[number], **members}
    return events


def _offsets() -> Pair:
    events = bodies.async_filter_events()
    back = edited(
        events,
        (4, "choices", 0, "content_filter_offsets"),
        {"check_offset": 10, "start_offset": 0, "end_offset": 10},
    )
    return chat_stream(events), chat_stream(back)


def _asked_usage() -> Pair:
    return chat_stream(), chat_stream(raw=bodies.sse(bodies.chat_events()[:-1]), events=None)


def _done() -> Pair:
    events = bodies.chat_events()
    return chat_stream(events), chat_stream(events, raw=bodies.sse(events, done=False))


SERVICE_MUTANTS: dict[str, Callable[[], Pair]] = {
    "response.schema": lambda: _chat(("choices", 0, "message", "role"), 5),
    "response.unknown-members": lambda: _chat(("unheard_of",), 1),
    "expect.response": lambda: (
        chat(expect={"response": {"headers": {"X-Request-Id": {"$present": True}}}}),
        chat(expect={"response": {"headers": {"X-Request-Id": {"$absent": True}}}}),
    ),
    "content_filter.severity": lambda: _stopped({"filtered": True, "severity": "safe"}, "violence"),
    "content_filter.detection": lambda: _stopped(
        {"filtered": True, "detected": False}, "protected_material_text"
    ),
    "content_filter.finish-reason": lambda: (
        chat(body=_STOPPED),
        chat(body=edited(_STOPPED, ("choices", 0, "finish_reason"), "stop")),
    ),
    "content_filter.named": lambda: (
        chat(body=_STOPPED),
        chat(body=edited(_STOPPED, _FILTER, bodies.SAFE)),
    ),
    "content_filter.prompt-index": lambda: (
        completions(),
        completions(
            body=edited(bodies.completion(), ("prompt_filter_results", 1, "prompt_index"), 1)
        ),
    ),
    "content_filter.error-entry": lambda: (
        _failure(_FAILED),
        _failure({"code": "other", "message": ""}),
    ),
    "content_filter.error-code": lambda: (
        refused(),
        refused(edited(bodies.filtered_prompt(), ("error", "code"), "bad")),
    ),
    "content_filter.offsets": _offsets,
    "expect.content-filter": lambda: (
        chat(expect={"response": {"content_filter": "annotated"}}),
        chat(expect={"response": {"content_filter": "filtered"}}),
    ),
    "usage.totals": lambda: _chat(("usage", "total_tokens"), 21),
    "usage.details": lambda: _chat(("usage", "completion_tokens_details", "reasoning_tokens"), 9),
    "usage.not-negative": lambda: _chat(
        ("usage", "completion_tokens_details", "reasoning_tokens"), -1
    ),
    "usage.stream-once": lambda: (
        chat_stream(),
        chat_stream(raw=bodies.sse(_usage(4, usage=bodies.chat_events()[-1]["usage"]))),
    ),
    "usage.stream-asked": _asked_usage,
    "expect.usage": lambda: (
        chat(expect={"response": {"usage": "consistent"}}),
        chat(expect={"response": {"usage": "absent"}}),
    ),
    "stream.done": _done,
    "stream.sequence": lambda: (
        responses_stream(),
        responses_stream(edited(bodies.response_events(), (3, "sequence_number"), 7)),
    ),
}
