"""The events of a streamed response: numbered, each with its name, and without [DONE] at the end
(facts/service#responses-stream)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.service.emulator import tokens
from conformance.service.emulator.answers import encode
from conformance.service.emulator.writer import Draft

Event = tuple[str, dict[str, Any]]
"""The type of an event, and its members."""


def events(
    frame: dict[str, Any], final: dict[str, Any], draft: Draft, *, padded: bool
) -> Iterator[bytes]:
    """The server-sent events of a response that begins as ``frame`` and ends as ``final``.
    ``padded`` adds obfuscation to the deltas, as the service does unless it is asked not to."""
    for number, (kind, members) in enumerate(_steps(frame, final, draft)):
        event = {"type": kind, "sequence_number": number, **members}
        if padded and "delta" in members:
            event["obfuscation"] = _padding(members["delta"], number)
        yield b"event: " + kind.encode() + b"\ndata: " + encode(event) + b"\n\n"


def _padding(delta: str, number: int) -> str:
    """Letters that hide how long ``delta`` is. They depend on ``delta`` and ``number`` alone."""
    length = 16 - len(delta) % 16
    return f"{int(tokens.fraction(f'{number}|{delta}') * 16**12):012x}{number:04x}"[:length]


def _steps(frame: dict[str, Any], final: dict[str, Any], draft: Draft) -> Iterator[Event]:
    yield "response.created", {"response": frame}
    yield "response.in_progress", {"response": frame}
    for index, item in enumerate(final["output"]):
        yield "response.output_item.added", {"output_index": index, "item": _begun(item)}
        if item["type"] == "message" and draft.refusal:
            yield from _refusal(index, item, draft)
        elif item["type"] == "message":
            yield from _message(index, item, draft)
        elif item["type"] == "function_call":
            yield from _call(index, item)
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield f"response.{final['status']}", {"response": final}


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    """The item as it is when it is added, before anything of it was streamed."""
    if item["type"] == "message":
        return {**item, "status": "in_progress", "content": []}
    if item["type"] == "function_call":
        return {**item, "status": "in_progress", "arguments": ""}
    return item


def _message(index: int, item: dict[str, Any], draft: Draft) -> Iterator[Event]:
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    part = item["content"][0]
    text, logprobs = part["text"], part["logprobs"]
    yield "response.content_part.added", {**place, "part": {**part, "text": "", "logprobs": []}}
    for number, piece in enumerate(draft.pieces):
        delta = {"delta": piece, "logprobs": logprobs[number : number + 1]}
        yield "response.output_text.delta", {**place, **delta}
    yield "response.output_text.done", {**place, "text": text, "logprobs": logprobs}
    yield "response.content_part.done", {**place, "part": part}


def _refusal(index: int, item: dict[str, Any], draft: Draft) -> Iterator[Event]:
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    part = item["content"][0]
    yield "response.content_part.added", {**place, "part": {**part, "refusal": ""}}
    for piece in draft.refusal:
        yield "response.refusal.delta", {**place, "delta": piece}
    yield "response.refusal.done", {**place, "refusal": part["refusal"]}
    yield "response.content_part.done", {**place, "part": part}


def _call(index: int, item: dict[str, Any]) -> Iterator[Event]:
    place = {"item_id": item["id"], "output_index": index}
    for piece in tokens.split(item["arguments"]):
        yield "response.function_call_arguments.delta", {**place, "delta": piece}
    yield "response.function_call_arguments.done", {**place, "arguments": item["arguments"]}
