"""Reading the input of a response: a text or items, and before them the items of the response that
this one continues."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import errors, tokens
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.members import text_or
from conformance.service.emulator.validation import (
    missing_or_wrong_type,
    wrong_choice,
    wrong_type,
)

_ROLES = ("assistant", "system", "developer", "user")
_TYPES = ("message", "function_call", "function_call_output", "reasoning", "item_reference")
_PARTS = ("input_text", "input_image", "output_text", "refusal", "input_file")


@dataclass(frozen=True, slots=True)
class ResponseInput:
    """The input as the model gets it.

    ``items`` are those of this request, each with an id; ``history`` are those of the responses
    before it. ``everything`` is the text the filter reads, ``user`` is the last text of the user,
    ``outputs`` are the results of functions after it.
    """

    items: list[dict[str, Any]]
    history: list[dict[str, Any]]
    everything: str
    user: str
    outputs: tuple[str, ...]
    tokens: int


def read(call: ServiceCall) -> ResponseInput:
    """The input of ``call``. Raises Refusal for the first item the service does not take."""
    history = _history(call)
    raw_items = call.body["input"]
    if isinstance(raw_items, str):
        raw_items = [{"role": "user", "content": raw_items}]
    items = [_item(call, item, index) for index, item in enumerate(raw_items)]
    whole = [*history, *items]
    _check_calls(whole)
    user, used = "", tokens.PRIMING
    outputs: list[str] = []
    texts: list[str] = []
    for item in whole:
        text = _text(item)
        texts.append(text)
        used += tokens.PER_MESSAGE + tokens.count(text) + _images(item) * tokens.PER_IMAGE["auto"]
        if item["type"] == "message" and item["role"] == "user":
            # Results of functions before the user's last text belong to an earlier question.
            user, outputs = text, []
        elif item["type"] == "function_call_output":
            outputs.append(text)
    instructions = call.body.get("instructions") or ""
    return ResponseInput(
        items=items,
        history=history,
        everything="\n".join([instructions, *texts]),
        user=user,
        outputs=tuple(outputs),
        tokens=used + tokens.count(instructions) + tokens.count_json(call.body.get("tools")),
    )


def _history(call: ServiceCall) -> list[dict[str, Any]]:
    identity = call.body.get("previous_response_id")
    if identity is None:
        return []
    previous = call.state.responses.get(identity)
    if previous is None:
        raise errors.invalid(
            f"Previous response with id '{identity}' not found.",
            "previous_response_id",
            "previous_response_not_found",
        )
    return previous.items


def _item(call: ServiceCall, item: dict[str, Any], index: int) -> dict[str, Any]:
    """The item of the request as the service keeps it. Raises Refusal."""
    place, kind = f"input[{index}]", item.get("type", "message")
    if not isinstance(kind, str):
        raise wrong_type(f"{place}.type", ["string"], kind)
    match kind:
        case "message":
            return _message(call, item, place)
        case "function_call":
            fields = _texts(item, place, ("call_id", "name", "arguments"))
            return _identified(call, item, "fc", {"type": kind, "status": "completed", **fields})
        case "function_call_output":
            fields = _texts(item, place, ("call_id",))
            return _identified(
                call,
                item,
                "fco",
                {"type": kind, "status": "completed", **fields, "output": _output(item, place)},
            )
        case "reasoning":
            return _identified(call, item, "rs", {"type": kind, "summary": []})
        case "item_reference":
            return _referred(call, item, place)
    raise wrong_choice(f"{place}.type", kind, _TYPES)


def _identified(
    call: ServiceCall, item: dict[str, Any], prefix: str, members: dict[str, Any]
) -> dict[str, Any]:
    """``members`` with the id of ``item``, or a new one when it has none."""
    identity = text_or(item.get("id"), "")
    if not identity:
        identity = f"{prefix}_{call.state.hexadecimal(prefix, 48)}"
    return {"id": identity, **members}


def _texts(item: dict[str, Any], place: str, names: Iterable[str]) -> dict[str, str]:
    """The members of ``item`` that must be texts. Raises Refusal."""
    for name in names:
        if item.get(name) is None:
            raise errors.missing(f"{place}.{name}")
        if not isinstance(item[name], str):
            raise wrong_type(f"{place}.{name}", ["string"], item[name])
        if not item[name] and name != "arguments":
            raise errors.invalid(
                f"Invalid '{place}.{name}': empty string. Expected a string with minimum length 1, "
                "but got an empty string instead.",
                f"{place}.{name}",
                "empty_string",
            )
    return {name: item[name] for name in names}


def _output(item: dict[str, Any], place: str) -> Any:
    output = item.get("output")
    if output is None:
        raise errors.missing(f"{place}.output")
    if not isinstance(output, (str, list)):
        raise wrong_type(f"{place}.output", ["string", "array"], output)
    return output


def _referred(call: ServiceCall, item: dict[str, Any], place: str) -> dict[str, Any]:
    """The stored item that a reference names. Raises Refusal."""
    identity = _texts(item, place, ("id",))["id"]
    for stored in call.state.responses.values():
        for known in stored.items:
            if known["id"] == identity:
                return known
    raise errors.invalid(f"Item with id '{identity}' not found.", "input", status=404)


def _message(call: ServiceCall, item: dict[str, Any], place: str) -> dict[str, Any]:
    role, content = item.get("role"), item.get("content")
    if role is None:
        raise errors.missing(f"{place}.role")
    if not isinstance(role, str):
        raise wrong_type(f"{place}.role", ["string"], role)
    if role not in _ROLES:
        raise wrong_choice(f"{place}.role", role, _ROLES)
    if content is None:
        raise errors.missing(f"{place}.content")
    if not isinstance(content, (str, list)):
        raise wrong_type(f"{place}.content", ["string", "objects"], content)
    if isinstance(content, str):
        kind = "input_text"
        if role == "assistant":
            kind = "output_text"
        content = [{"type": kind, "text": content}]
    parts = [_part(call, part, f"{place}.content[{number}]") for number, part in enumerate(content)]
    return _identified(
        call,
        item,
        "msg",
        {"type": "message", "status": "completed", "role": role, "content": parts},
    )


def _part(call: ServiceCall, part: Any, place: str) -> dict[str, Any]:
    if not isinstance(part, dict):
        raise wrong_type(place, ["object"], part)
    kind = part.get("type")
    if not isinstance(kind, str):
        raise missing_or_wrong_type(f"{place}.type", "string", kind)
    match kind:
        case "input_text":
            return {"type": kind, "text": _text_of(part, place, "text")}
        case "output_text":
            text = _text_of(part, place, "text")
            return {"type": kind, "text": text, "annotations": [], "logprobs": []}
        case "refusal":
            return {"type": kind, "refusal": _text_of(part, place, "refusal")}
        case "input_image":
            return _image(call, part, place)
        case "input_file":
            raise errors.limitation("a file as input of a response")
    raise wrong_choice(f"{place}.type", kind, _PARTS)


def _text_of(part: dict[str, Any], place: str, name: str) -> str:
    """The member ``name`` of ``part``, which must be a text and may be empty. Raises Refusal."""
    text = part.get(name)
    if not isinstance(text, str):
        raise missing_or_wrong_type(f"{place}.{name}", "string", text)
    return text


def _image(call: ServiceCall, part: dict[str, Any], place: str) -> dict[str, Any]:
    if not call.target.can("vision"):
        raise errors.invalid("Image input is not supported by this model.", f"{place}.type")
    url = part.get("image_url")
    if not isinstance(url, str) or not url.startswith(("https://", "http://", "data:image/")):
        raise errors.invalid(
            f"Invalid '{place}.image_url'. Expected a valid URL, but got a value with an invalid "
            "format.",
            f"{place}.image_url",
            "invalid_value",
        )
    detail = text_or(part.get("detail"), "auto")
    return {"type": "input_image", "detail": detail, "image_url": url}


def _check_calls(items: list[dict[str, Any]]) -> None:
    """Raises Refusal unless every output has its call and every call its output, in this response
    and those before it."""
    calls = [item["call_id"] for item in items if item["type"] == "function_call"]
    outputs = [item["call_id"] for item in items if item["type"] == "function_call_output"]
    for identity in outputs:
        if identity not in calls:
            raise errors.invalid(
                f"No tool call found for function call output with call_id {identity}.", "input"
            )
    for identity in calls:
        if identity not in outputs:
            raise errors.invalid(f"No tool output found for function call {identity}.", "input")


def _text(item: dict[str, Any]) -> str:
    """The text of an item as the model reads it."""
    if item["type"] == "message":
        return "\n".join(part.get("text") or part.get("refusal") or "" for part in item["content"])
    if item["type"] == "function_call":
        return f"{item['name']} {item['arguments']}"
    output = item.get("output", "")
    if isinstance(output, str):
        return output
    return json.dumps(output, ensure_ascii=False)


def _images(item: dict[str, Any]) -> int:
    """The number of images in an item."""
    if item["type"] != "message":
        return 0
    return sum(part["type"] == "input_image" for part in item["content"])
