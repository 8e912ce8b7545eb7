"""Views of chat and completion answers, whole and streamed.

A streamed answer is put together from its chunks. Filter results of a choice are merged: of each
category the last result wins.
"""

from __future__ import annotations

from typing import Any

from .reading import chat_usage, first, get, plain, rows

_HEAD = ("id", "object", "model", "created")


def chat(answer: Any) -> dict[str, Any]:
    """The view of a whole chat completion."""
    choices = rows(answer, "choices")
    message = get(first(choices), "message")
    filters = [plain(get(choice, "content_filter_results")) for choice in choices]
    texts = [get(choice, "message", "content") for choice in choices]
    reasons = [get(choice, "finish_reason") for choice in choices]
    return {
        **{name: get(answer, name) for name in _HEAD},
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


class _StreamedChoice:
    """One choice of a stream so far. Members that no chunk had are None."""

    def __init__(self) -> None:
        self.role: Any = None
        self.text: str | None = None
        self.refusal: str | None = None
        self.finish_reason: Any = None
        self.filter: Any = None
        self.context: Any = None
        self.tools: dict[int, dict[str, Any]] = {}

    def add(self, choice: Any) -> None:
        """Take in the choice of one chunk."""
        # None in chunks of Azure's asynchronous filter: docs/facts/sdks.md#f49.
        delta = get(choice, "delta")
        self.role = get(delta, "role") or self.role
        self.text = _joined(self.text, get(delta, "content"))
        self.refusal = _joined(self.refusal, get(delta, "refusal"))
        self.context = plain(get(delta, "context")) or self.context
        self.finish_reason = get(choice, "finish_reason") or self.finish_reason
        for item in rows(delta, "tool_calls"):
            self._add_tool(item)
        self.filter = _merged(self.filter, plain(get(choice, "content_filter_results")))

    def add_text(self, choice: Any) -> None:
        """Take in the choice of one chunk of a legacy completion, which has no delta."""
        self.text = _joined(self.text, get(choice, "text"))
        self.finish_reason = get(choice, "finish_reason") or self.finish_reason
        self.filter = _merged(self.filter, plain(get(choice, "content_filter_results")))

    def _add_tool(self, item: Any) -> None:
        call = self.tools.setdefault(
            get(item, "index") or 0, {"id": None, "type": None, "name": None, "arguments": None}
        )
        call["id"] = get(item, "id") or call["id"]
        call["type"] = get(item, "type") or call["type"]
        call["name"] = get(item, "function", "name") or call["name"]
        call["arguments"] = _joined(call["arguments"], get(item, "function", "arguments"))


def _joined(so_far: str | None, more: Any) -> str | None:
    if not isinstance(more, str):
        return so_far
    return (so_far or "") + more


def _merged(so_far: Any, more: Any) -> Any:
    """Filter results with those of one more chunk, which replace earlier ones of a category."""
    if isinstance(so_far, dict) and isinstance(more, dict):
        return {**so_far, **more}
    return more or so_far


def _in_order(choices: dict[int, _StreamedChoice]) -> list[_StreamedChoice]:
    return [choices[index] for index in sorted(choices)]


def _last(items: list[Any], name: str) -> Any:
    """The last value of ``name`` that is not empty, among those of ``items``; else the first."""
    # Azure's filter-only chunks have empty ids and models.
    for item in reversed(items):
        value = get(item, name)
        if value not in (None, "", 0, []):
            return value
    return get(first(items), name)


def chat_stream(items: list[Any]) -> dict[str, Any]:
    """The view of the chunks of a chat completion, all of them or the first few."""
    by_index: dict[int, _StreamedChoice] = {}
    for item in items:
        for choice in rows(item, "choices"):
            by_index.setdefault(get(choice, "index") or 0, _StreamedChoice()).add(choice)
    choices = _in_order(by_index)
    leading = first(choices) or _StreamedChoice()
    return {
        **{name: _last(items, name) for name in _HEAD},
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
    """The view of a whole legacy completion."""
    return _completion([answer])


def completion_stream(items: list[Any]) -> dict[str, Any]:
    """The view of the chunks of a legacy completion, all of them or the first few."""
    return {**_completion(items), "chunk_count": len(items)}


def _completion(items: list[Any]) -> dict[str, Any]:
    by_index: dict[int, _StreamedChoice] = {}
    for item in items:
        for choice in rows(item, "choices"):
            by_index.setdefault(get(choice, "index") or 0, _StreamedChoice()).add_text(choice)
    choices = _in_order(by_index)
    leading = first(choices) or _StreamedChoice()
    return {
        **{name: _last(items, name) for name in _HEAD},
        "text": leading.text,
        "finish_reason": leading.finish_reason,
        "choices": len(choices),
        "texts": [choice.text for choice in choices],
        "finish_reasons": [choice.finish_reason for choice in choices],
        "usage": chat_usage(_last(items, "usage")),
        "content_filter": leading.filter,
        "prompt_filter": plain(_last(items, "prompt_filter_results")),
    }
