"""The view of chat and completion answers on the wire, whole and put together from a stream."""

from __future__ import annotations

from typing import Any

from conformance.judge.rules.compare import dig, objects


def chat_usage(usage: Any) -> dict[str, Any] | None:
    """Usage counted in prompt and completion tokens."""
    if not isinstance(usage, dict):
        return None
    return {
        "prompt_tokens": usage.get("prompt_tokens"),
        "completion_tokens": usage.get("completion_tokens"),
        "total_tokens": usage.get("total_tokens"),
        "reasoning_tokens": dig(usage, "completion_tokens_details", "reasoning_tokens"),
        "cached_tokens": dig(usage, "prompt_tokens_details", "cached_tokens"),
    }


def _first(values: list[Any]) -> Any:
    return values[0] if values else None


def chat(answer: Any) -> dict[str, Any]:
    """A chat completion; what is said of one choice is said of choice 0."""
    choices = objects(dig(answer, "choices"))
    message = dig(_first(choices), "message")
    filters = [choice.get("content_filter_results") for choice in choices]
    texts = [dig(choice, "message", "content") for choice in choices]
    reasons = [choice.get("finish_reason") for choice in choices]
    return {
        "id": dig(answer, "id"),
        "object": dig(answer, "object"),
        "model": dig(answer, "model"),
        "created": dig(answer, "created"),
        "role": dig(message, "role"),
        "text": _first(texts),
        "refusal": dig(message, "refusal"),
        "finish_reason": _first(reasons),
        "tool_calls": [_tool_call(call) for call in objects(dig(message, "tool_calls"))],
        "choices": len(choices),
        "texts": texts,
        "finish_reasons": reasons,
        "usage": chat_usage(dig(answer, "usage")),
        "content_filter": _first(filters),
        "content_filters": filters,
        "prompt_filter": dig(answer, "prompt_filter_results"),
        "context": dig(message, "context"),
    }


def _tool_call(call: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": call.get("id"),
        "type": call.get("type"),
        "name": dig(call, "function", "name"),
        "arguments": dig(call, "function", "arguments"),
    }


class _Choice:
    """One choice of a stream, put together from its pieces."""

    def __init__(self) -> None:
        self.role: Any = None
        self.text: str | None = None
        self.refusal: str | None = None
        self.finish_reason: Any = None
        self.filter: Any = None
        self.context: Any = None
        self.tools: dict[Any, dict[str, Any]] = {}

    def add(self, choice: dict[str, Any]) -> None:
        """Take in one piece. The asynchronous filter sends pieces without a delta (wire-contract
        section 6)."""
        delta = choice.get("delta")
        self.role = dig(delta, "role") or self.role
        self.text = joined(self.text, dig(delta, "content"))
        self.refusal = joined(self.refusal, dig(delta, "refusal"))
        self.context = dig(delta, "context") or self.context
        self.finish_reason = choice.get("finish_reason") or self.finish_reason
        self.filter = _merged(self.filter, choice.get("content_filter_results"))
        for item in objects(dig(delta, "tool_calls")):
            self._add_tool(item)

    def _add_tool(self, item: dict[str, Any]) -> None:
        call = self.tools.setdefault(
            _index(item), {"id": None, "type": None, "name": None, "arguments": None}
        )
        call["id"] = item.get("id") or call["id"]
        call["type"] = item.get("type") or call["type"]
        call["name"] = dig(item, "function", "name") or call["name"]
        call["arguments"] = joined(call["arguments"], dig(item, "function", "arguments"))


def joined(so_far: str | None, more: Any) -> str | None:
    """``so_far`` and ``more`` together; None until there is any text."""
    return (so_far or "") + more if isinstance(more, str) else so_far


def _merged(so_far: Any, more: Any) -> Any:
    """Filter results of a stream so far: the latest word on each category."""
    if isinstance(so_far, dict) and isinstance(more, dict):
        return {**so_far, **more}
    return more or so_far


def _index(item: dict[str, Any]) -> int:
    index = item.get("index")
    return index if isinstance(index, int) else 0


def _last(chunks: list[Any], name: str) -> Any:
    """The last value of ``name`` that says anything: filter-only chunks have empty ids and
    models."""
    for chunk in reversed(chunks):
        found = dig(chunk, name)
        if found is not None and found != "" and found != 0 and found != []:
            return found
    return dig(chunks, 0, name)


def _head(chunks: list[Any]) -> dict[str, Any]:
    return {name: _last(chunks, name) for name in ("id", "object", "model", "created")}


def chat_stream(chunks: list[Any]) -> dict[str, Any]:
    """A chat completion put together from its chunks."""
    by_index: dict[int, _Choice] = {}
    for chunk in chunks:
        for choice in objects(dig(chunk, "choices")):
            by_index.setdefault(_index(choice), _Choice()).add(choice)
    choices = [by_index[index] for index in sorted(by_index)]
    leading = choices[0] if choices else _Choice()
    return {
        **_head(chunks),
        "role": leading.role,
        "text": leading.text,
        "refusal": leading.refusal,
        "finish_reason": leading.finish_reason,
        "tool_calls": [leading.tools[index] for index in sorted(leading.tools)],
        "choices": len(choices),
        "texts": [choice.text for choice in choices],
        "finish_reasons": [choice.finish_reason for choice in choices],
        "usage": chat_usage(_last(chunks, "usage")),
        "content_filter": leading.filter,
        "content_filters": [choice.filter for choice in choices],
        "prompt_filter": _last(chunks, "prompt_filter_results"),
        "context": leading.context,
        "chunk_count": len(chunks),
    }


def completion(answer: Any) -> dict[str, Any]:
    """A legacy completion."""
    found = completion_stream([answer])
    found.pop("chunk_count")
    return found


def completion_stream(chunks: list[Any]) -> dict[str, Any]:
    """A legacy completion put together from its chunks."""
    by_index: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for choice in objects(dig(chunk, "choices")):
            one = by_index.setdefault(
                _index(choice), {"text": None, "reason": None, "filter": None}
            )
            one["text"] = joined(one["text"], choice.get("text"))
            one["reason"] = choice.get("finish_reason") or one["reason"]
            one["filter"] = _merged(one["filter"], choice.get("content_filter_results"))
    ordered = [by_index[index] for index in sorted(by_index)]
    texts, reasons = [one["text"] for one in ordered], [one["reason"] for one in ordered]
    return {
        **_head(chunks),
        "text": _first(texts),
        "finish_reason": _first(reasons),
        "choices": len(ordered),
        "texts": texts,
        "finish_reasons": reasons,
        "usage": chat_usage(_last(chunks, "usage")),
        "content_filter": _first([one["filter"] for one in ordered]),
        "prompt_filter": _last(chunks, "prompt_filter_results"),
        "chunk_count": len(chunks),
    }
