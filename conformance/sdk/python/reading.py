"""What all views read with: members of typed objects, lists, plain JSON.

Nothing here raises over an answer of the wrong shape: SDKs pass such values through unvalidated
(docs/facts/sdks.md#errors), and what cannot be read is None.
"""

from __future__ import annotations

import hashlib
from typing import Any


def get(value: Any, *path: str) -> Any:
    """The attribute at ``path``, or the member where an untyped extra is a dict; None when any part
    of the path is missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    return value


def rows(value: Any, name: str) -> list[Any]:
    """The list ``value.name``; empty when it is anything else."""
    items = get(value, name)
    if isinstance(items, list):
        return items
    return []


def first(values: list[Any]) -> Any:
    """The first of ``values``; None when there is none."""
    return next(iter(values), None)


def plain(value: Any) -> Any:
    """``value`` as JSON: models by their own serialisation, containers by their items."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    to_dict = getattr(value, "to_dict", None)
    if to_dict is None:
        return str(value)
    return to_dict(mode="json", warnings=False)


def digest(content: Any) -> dict[str, Any]:
    """Length and SHA-256 of ``content``; None for both when it is not bytes."""
    if not isinstance(content, bytes):
        return {"bytes": None, "sha256": None}
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def chat_usage(usage: Any) -> dict[str, Any] | None:
    """What chat, completions and embeddings were billed for."""
    if usage is None:
        return None
    return {
        "prompt_tokens": get(usage, "prompt_tokens"),
        "completion_tokens": get(usage, "completion_tokens"),
        "total_tokens": get(usage, "total_tokens"),
        "reasoning_tokens": get(usage, "completion_tokens_details", "reasoning_tokens"),
        "cached_tokens": get(usage, "prompt_tokens_details", "cached_tokens"),
    }


def item_usage(usage: Any) -> dict[str, Any] | None:
    """What responses, images and speech to text were billed for."""
    if usage is None:
        return None
    return {
        "input_tokens": get(usage, "input_tokens"),
        "output_tokens": get(usage, "output_tokens"),
        "total_tokens": get(usage, "total_tokens"),
        "reasoning_tokens": get(usage, "output_tokens_details", "reasoning_tokens"),
        "cached_tokens": get(usage, "input_tokens_details", "cached_tokens"),
    }
