"""The events of a streamed response, numbered, each with its name, and no [DONE] (wire-contract
section 6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.service.emulator import tokens
from conformance.service.emulator.answers import encode
from conformance.service.emulator.writer import Draft

Event = tuple[str, dict[str, Any]]


def events(
    frame: dict[str, Any], final: dict[str, Any], draft: Draft, padded: bool
) -> Iterator[bytes]:
    """Server-sent events from ``frame`` to ``final``. ``padded`` adds obfuscation to the deltas, as
    the service does unless asked not to."""
    for number, (kind, members) in enumerate(_steps(frame, final, draft)):
        event = {"type": kind, "sequence_number": number, **members}
        if padded and "delta" in members:
            event["obfuscation"] = _padding(members["delta"], number)
        yield b"event: " + kind.encode() + b"\ndata: " + encode(event) + b"\n\n"


def _padding(delta: str, number: int) -> str:
    """Letters that hide how long ``delta`` is; which ones depends on it and its place."""
    wanted = 16 - len(delta) % 16
    return f"{int(tokens.fraction(f'{number}|{delta}') * 16**12):012x}{number:04x}"[:wanted]


def _steps(frame: dict[str, Any], final: dict[str, Any], draft: Draft) -> Iterator[Event]:
    yield "response.created", {"response": frame}
    yield "response.in_progress", {"response": frame}
    for index, item in enumerate(final["output"]):
        yield "response.output_item.added", {"output_index": index, "item": _begun(item)}
        if item["type"] == "message":
            yield from _message(index, item, draft)
        elif item["type"] == "function_call":
            yield from _call(index, item)
        yield "response.output_item.done", {"output_index": index, "item": item}
    yield f"response.{final['status']}", {"response": final}


def _begun(item: dict[str, Any]) -> dict[str, Any]:
    if item["type"] == "message":
        return {**item, "status": "in_progress", "content": []}
    if item["type"] == "function_call":
        return {**item, "status": "in_progress", "arguments": ""}
    return item


def _message(index: int, item: dict[str, Any], draft: Draft) -> Iterator[Event]:
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    part = item["content"][0]
    word = "text" if part["type"] == "output_text" else "refusal"
    empty = {**part, word: "", "logprobs": []} if word == "text" else {**part, word: ""}
    name = "response.output_text" if word == "text" else "response.refusal"
    yield "response.content_part.added", {**place, "part": empty}
    for number, piece in enumerate(draft.pieces if word == "text" else draft.refusal):
        told = {"logprobs": part["logprobs"][number : number + 1]} if word == "text" else {}
        yield f"{name}.delta", {**place, "delta": piece, **told}
    whole = {"logprobs": part["logprobs"]} if word == "text" else {}
    yield f"{name}.done", {**place, word: part[word], **whole}
    yield "response.content_part.done", {**place, "part": part}


def _call(index: int, item: dict[str, Any]) -> Iterator[Event]:
    place = {"item_id": item["id"], "output_index": index}
    for piece in tokens.split(item["arguments"]):
        yield "response.function_call_arguments.delta", {**place, "delta": piece}
    yield "response.function_call_arguments.done", {**place, "arguments": item["arguments"]}
