"""Reading the messages of a chat: their roles, texts, images and tool results. What the service
refuses is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import errors, tokens
from conformance.service.emulator.config import Deployment
from conformance.service.emulator.members import object_or_empty, text_or
from conformance.service.emulator.validation import (
    missing_or_wrong_type,
    wrong_choice,
    wrong_type,
)

_ROLES = ("system", "assistant", "user", "function", "tool", "developer")


@dataclass(frozen=True, slots=True)
class ChatInput:
    """The messages as the model gets them: ``everything`` is the text the filter reads, ``user`` is
    the last text of the user, ``outputs`` are the results of tools after it, ``images`` is how many
    pictures there are."""

    everything: str
    user: str
    outputs: tuple[str, ...]
    images: int
    tokens: int


def read(messages: list[dict[str, Any]], deployment: Deployment) -> ChatInput:
    """What ``messages`` say. Raises Refusal for the first message the service does not take."""
    texts: list[str] = []
    outputs: list[str] = []
    user, images, used = "", 0, tokens.PRIMING
    for index, message in enumerate(messages):
        role = _role(message, index)
        text, pictures, cost = _content(message, role, index, deployment)
        texts.append(text)
        images += pictures
        used += tokens.PER_MESSAGE + cost + tokens.count_json(message.get("tool_calls"))
        if role == "user":
            # Results of tools before the user's last text belong to an earlier question.
            user, outputs = text, []
        elif role in ("tool", "function"):
            outputs.append(text)
    _check_tool_order(messages)
    return ChatInput(
        everything="\n".join(texts), user=user, outputs=tuple(outputs), images=images, tokens=used
    )


def _role(message: dict[str, Any], index: int) -> str:
    role = message.get("role")
    if role is None:
        raise errors.missing(f"messages[{index}].role")
    if not isinstance(role, str):
        raise wrong_type(f"messages[{index}].role", ["string"], role)
    if role not in _ROLES:
        raise wrong_choice(f"messages[{index}].role", role, _ROLES)
    return role


def _content(
    message: dict[str, Any], role: str, index: int, deployment: Deployment
) -> tuple[str, int, int]:
    """(text, number of images, tokens) of a message."""
    content, place = message.get("content"), f"messages[{index}].content"
    if content is None:
        if role == "assistant":
            return "", 0, 0
        if "content" not in message:
            raise errors.missing(place)
        raise wrong_type(place, ["string", "objects"], content)
    if isinstance(content, str):
        return content, 0, tokens.count(content)
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise wrong_type(place, ["string", "objects"], content)
    texts, images, used = [], 0, 0
    for number, part in enumerate(content):
        place = f"messages[{index}].content[{number}]"
        if part.get("type") == "image_url":
            if role != "user":
                raise errors.invalid(
                    f"Invalid 'messages[{index}]'. Image URLs are only allowed for messages with "
                    f"role 'user', but this message with role '{role}' contains an image URL.",
                    f"messages[{index}]",
                    "invalid_value",
                )
            images += 1
            used += _image_tokens(part, place, deployment)
            texts.append("")
            continue
        text = _text(part, place, index)
        texts.append(text)
        used += tokens.count(text)
    return "\n".join(texts), images, used


def _text(part: dict[str, Any], place: str, index: int) -> str:
    """The text of a part at ``place`` that is no image. Raises Refusal."""
    kind = part.get("type")
    if kind is None:
        raise errors.missing(f"{place}.type")
    if kind not in ("text", "refusal"):
        raise errors.invalid(
            f"Invalid 'messages[{index}]'. Content blocks are expected to be either text or "
            "image_url type.",
            f"messages[{index}]",
            "invalid_value",
        )
    text = part.get(kind)
    if not isinstance(text, str):
        raise missing_or_wrong_type(f"{place}.{kind}", "string", text)
    return text


def _image_tokens(part: dict[str, Any], place: str, deployment: Deployment) -> int:
    """The tokens of an image part at ``place``. Raises Refusal for one the service does not
    take."""
    if not deployment.can("vision"):
        raise errors.invalid(
            "Invalid content type. image_url is only supported by certain models.", f"{place}.type"
        )
    image = object_or_empty(part.get("image_url"))
    url = image.get("url")
    if not isinstance(url, str):
        raise errors.missing(f"{place}.image_url.url")
    if not url.startswith(("https://", "http://", "data:image/")):
        raise errors.invalid(
            "Invalid image URL. The URL must be a valid HTTP or HTTPS URL, or a data URL with "
            "base64 encoding.",
            f"{place}.image_url.url",
            "invalid_image_url",
        )
    detail = text_or(image.get("detail"), "auto")
    return tokens.PER_IMAGE.get(detail, tokens.PER_IMAGE["auto"])


def _check_tool_order(messages: list[dict[str, Any]]) -> None:
    """Raises Refusal unless the tool messages after an assistant message answer each of its
    calls."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        if message.get("role") == "tool":
            identity = message.get("tool_call_id")
            if not isinstance(identity, str):
                raise errors.invalid(
                    "Missing parameter 'tool_call_id': messages with role 'tool' must have a "
                    "'tool_call_id'.",
                    f"messages.[{index}].tool_call_id",
                )
            if identity not in waiting:
                raise errors.invalid(
                    # The service spells it so.
                    "Invalid parameter: messages with role 'tool' must be a response to a "
                    "preceeding message with 'tool_calls'.",
                    f"messages.[{index}].role",
                )
            waiting.remove(identity)
            continue
        _check_answered(waiting, index)
        waiting = _call_ids(message, index)
    _check_answered(waiting, len(messages))


def _check_answered(waiting: list[str], index: int) -> None:
    if waiting:
        raise errors.invalid(
            "An assistant message with 'tool_calls' must be followed by tool messages responding "
            "to each 'tool_call_id'. The following tool_call_ids did not have response messages: "
            f"{', '.join(waiting)}",
            f"messages.[{index}].role",
        )


def _call_ids(message: dict[str, Any], index: int) -> list[str]:
    calls = message.get("tool_calls")
    if calls is None or message.get("role") != "assistant":
        return []
    place = f"messages[{index}].tool_calls"
    if not isinstance(calls, list):
        raise wrong_type(place, ["objects"], calls)
    identities = []
    for number, call in enumerate(calls):
        identity = object_or_empty(call).get("id")
        if not isinstance(identity, str):
            raise errors.missing(f"{place}[{number}].id")
        identities.append(identity)
    return identities
