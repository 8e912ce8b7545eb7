"""Reading chat and completion answers of the Python SDK, whole and streamed; and the readers all
views share.

Member names are documented in ``python_views.py``. Standard library only, as the driver.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any


def get(value: Any, *path: str) -> Any:
    """The attribute (or, for untyped extras, the member) at ``path``, None when any part is
    missing."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else getattr(value, name, None)
    return value


def rows(value: Any, name: str) -> list[Any]:
    """The list ``value.name``, empty when it is anything else."""
    found = get(value, name)
    return found if isinstance(found, list) else []


def plain(value: Any) -> Any:
    """``value`` as JSON: models by their own serialisation, containers by their items."""
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    to_dict = getattr(value, "to_dict", None)
    return to_dict(mode="json", warnings=False) if to_dict else str(value)


def digest(content: bytes) -> dict[str, Any]:
    """Length and SHA-256 of ``content``."""
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def chat_usage(usage: Any) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "prompt_tokens": get(usage, "prompt_tokens"),
        "completion_tokens": get(usage, "completion_tokens"),
        "total_tokens": get(usage, "total_tokens"),
        "reasoning_tokens": get(usage, "completion_tokens_details", "reasoning_tokens"),
        "cached_tokens": get(usage, "prompt_tokens_details", "cached_tokens"),
    }


def first(values: list[Any]) -> Any:
    """The first of ``values``, None when there is none."""
    return values[0] if values else None


def _head(answer: Any) -> dict[str, Any]:
    return {name: get(answer, name) for name in ("id", "object", "model", "created")}


def chat(answer: Any) -> dict[str, Any]:
    choices = rows(answer, "choices")
    message = get(first(choices), "message")
    filters = [plain(get(choice, "content_filter_results")) for choice in choices]
    texts = [get(choice, "message", "content") for choice in choices]
    reasons = [get(choice, "finish_reason") for choice in choices]
    return {
        **_head(answer),
        "role": get(message, "role"),
        "text": first(texts),
        "refusal": get(message, "refusal"),
        "finish_reason": first(reasons),
        "tool_calls": [_tool_call(item) for item in rows(message, "tool_calls")],
        "choices": len(choices),
        "texts": texts,
        "finish_reasons": reasons,
        "usage": chat_usage(get(answer, "usage")),
        "content_filter": first(filters),
        "content_filters": filters,
        "prompt_filter": plain(get(answer, "prompt_filter_results")),
        "context": plain(get(message, "context")),
    }


def _tool_call(item: Any) -> dict[str, Any]:
    function = get(item, "function")
    return {
        "id": get(item, "id"),
        "type": get(item, "type"),
        "name": get(function, "name"),
        "arguments": get(function, "arguments"),
    }


class _Choice:
    """One choice of a stream, put together."""

    def __init__(self) -> None:
        self.role: Any = None
        self.text: str | None = None
        self.refusal: str | None = None
        self.finish_reason: Any = None
        self.filter: Any = None
        self.context: Any = None
        self.tools: dict[int, dict[str, Any]] = {}

    def add(self, choice: Any) -> None:
        """Take in a choice of one chunk. Azure's asynchronous filter sends choices without any
        delta (F49)."""
        delta = get(choice, "delta")
        self.role = get(delta, "role") or self.role
        self.text = _joined(self.text, get(delta, "content"))
        self.refusal = _joined(self.refusal, get(delta, "refusal"))
        self.context = plain(get(delta, "context")) or self.context
        self.finish_reason = get(choice, "finish_reason") or self.finish_reason
        for item in rows(delta, "tool_calls"):
            self._add_tool(item)
        self.filter = merged(self.filter, plain(get(choice, "content_filter_results")))

    def _add_tool(self, item: Any) -> None:
        call = self.tools.setdefault(
            get(item, "index") or 0, {"id": None, "type": None, "name": None, "arguments": None}
        )
        call["id"] = get(item, "id") or call["id"]
        call["type"] = get(item, "type") or call["type"]
        call["name"] = get(item, "function", "name") or call["name"]
        call["arguments"] = _joined(call["arguments"], get(item, "function", "arguments"))


def _joined(so_far: str | None, more: Any) -> str | None:
    return (so_far or "") + more if isinstance(more, str) else so_far


def merged(so_far: Any, more: Any) -> Any:
    """Filter results of a stream so far: the latest word on each category."""
    if isinstance(so_far, dict) and isinstance(more, dict):
        return {**so_far, **more}
    return more or so_far


def _by_index(items: Iterable[Any]) -> list[_Choice]:
    choices: dict[int, _Choice] = {}
    for item in items:
        for choice in rows(item, "choices"):
            choices.setdefault(get(choice, "index") or 0, _Choice()).add(choice)
    return [choices[index] for index in sorted(choices)]


def _last(items: list[Any], name: str) -> Any:
    """The last value of ``name`` that says anything: Azure's filter-only chunks have empty ids and
    models."""
    for item in reversed(items):
        found = get(item, name)
        if found not in (None, "", 0, []):
            return found
    return get(first(items), name)


def chat_stream(items: list[Any]) -> dict[str, Any]:
    choices = _by_index(items)
    leading = choices[0] if choices else _Choice()
    return {
        **{name: _last(items, name) for name in ("id", "object", "model", "created")},
        "role": leading.role,
        "text": leading.text,
        "refusal": leading.refusal,
        "finish_reason": leading.finish_reason,
        "tool_calls": [leading.tools[index] for index in sorted(leading.tools)],
        "choices": len(choices),
        "texts": [choice.text for choice in choices],
        "finish_reasons": [choice.finish_reason for choice in choices],
        "usage": chat_usage(_last(items, "usage")),
        "content_filter": leading.filter,
        "content_filters": [choice.filter for choice in choices],
        "prompt_filter": plain(_last(items, "prompt_filter_results")),
        "context": leading.context,
        "chunk_count": len(items),
    }


def completion(answer: Any) -> dict[str, Any]:
    return completion_stream([answer], whole=True)


def completion_stream(items: list[Any], whole: bool = False) -> dict[str, Any]:
    choices: dict[int, dict[str, Any]] = {}
    for item in items:
        for choice in rows(item, "choices"):
            one = choices.setdefault(
                get(choice, "index") or 0, {"text": None, "reason": None, "filter": None}
            )
            one["text"] = _joined(one["text"], get(choice, "text"))
            one["reason"] = get(choice, "finish_reason") or one["reason"]
            one["filter"] = merged(one["filter"], plain(get(choice, "content_filter_results")))
    ordered = [choices[index] for index in sorted(choices)]
    texts, reasons = [one["text"] for one in ordered], [one["reason"] for one in ordered]
    return {
        **{name: _last(items, name) for name in ("id", "object", "model", "created")},
        "text": first(texts),
        "finish_reason": first(reasons),
        "choices": len(ordered),
        "texts": texts,
        "finish_reasons": reasons,
        "usage": chat_usage(_last(items, "usage")),
        "content_filter": first([one["filter"] for one in ordered]),
        "prompt_filter": plain(_last(items, "prompt_filter_results")),
        **({} if whole else {"chunk_count": len(items)}),
    }
