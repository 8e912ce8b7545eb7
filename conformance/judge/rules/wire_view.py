"""The view of an answer as the wire has it: what every SDK's typed accessors must show
(``docs/scenarios.md``, result).

Member names are the vocabulary of ``expect.result``. A member the answer did not carry is None; a
list nobody sent is empty. Nothing here raises over an answer of the wrong shape.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from conformance.judge.rules.compare import dig, float32_vector, objects
from conformance.wire.exchange import Response

AnswerReader = Callable[[Any], dict[str, Any]]
StreamReader = Callable[[list[Any]], dict[str, Any]]


def answer_view(
    name: str, answer: dict[str, Any], *, keeps_base64: bool = False
) -> dict[str, Any] | None:
    """The view ``name`` of a JSON answer; None when there is no such view of one.

    ``keeps_base64``: the caller asked for base64 vectors himself, so the text is what he gets.
    """
    if name == "embeddings":
        return _embeddings(answer, keeps_base64=keeps_base64)
    reader = _READERS.get(name)
    if reader is None:
        return None
    return reader(answer)


def stream_view(name: str | None, events: list[Any]) -> dict[str, Any]:
    """The view ``name`` put together from the JSON values of a stream's events; None: the one of
    streams that have none of their own."""
    return _STREAMS.get(name or "", _other_stream)(events)


def text_view(response: Response) -> dict[str, Any]:
    """The view of an answer that is text."""
    return {"text": _text(response.content)}


def file_view(name: str, response: Response) -> dict[str, Any]:
    """The view ``name`` of an answer that is a file; ``file-content`` shows it as text as well."""
    body = response.content
    view = {
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "content_type": response.header("content-type"),
    }
    if name == "file-content":
        view["text"] = _text(body)
    return view


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _chat_usage(usage: Any) -> dict[str, Any] | None:
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
    if not values:
        return None
    return values[0]


def _chat(answer: Any) -> dict[str, Any]:
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
        "usage": _chat_usage(dig(answer, "usage")),
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


class _ChatChoice:
    """One choice of a streamed chat, put together from its pieces."""

    def __init__(self) -> None:
        self.role: Any = None
        self.text: str | None = None
        self.refusal: str | None = None
        self.finish_reason: Any = None
        self.filter: Any = None
        self.context: Any = None
        self.tools: dict[Any, dict[str, Any]] = {}

    def add(self, choice: dict[str, Any]) -> None:
        """Take in one piece. The asynchronous filter sends pieces without a delta
        (facts/service#async-filter)."""
        delta = choice.get("delta")
        self.role = dig(delta, "role") or self.role
        self.text = _joined(self.text, dig(delta, "content"))
        self.refusal = _joined(self.refusal, dig(delta, "refusal"))
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
        call["arguments"] = _joined(call["arguments"], dig(item, "function", "arguments"))


def _joined(so_far: str | None, more: Any) -> str | None:
    """``so_far`` and ``more`` together; None until there is any text."""
    if not isinstance(more, str):
        return so_far
    return (so_far or "") + more


def _merged(so_far: Any, more: Any) -> Any:
    """Filter results of a stream so far: the latest word on each category."""
    if isinstance(so_far, dict) and isinstance(more, dict):
        return {**so_far, **more}
    return more or so_far


def _index(item: dict[str, Any]) -> int:
    index = item.get("index")
    if isinstance(index, int):
        return index
    return 0


def _last(chunks: list[Any], name: str) -> Any:
    """The last value of ``name`` that says anything: filter-only chunks have empty ids and
    models."""
    for chunk in reversed(chunks):
        value = dig(chunk, name)
        if value is not None and value != "" and value != 0 and value != []:
            return value
    return dig(chunks, 0, name)


def _head(chunks: list[Any]) -> dict[str, Any]:
    return {name: _last(chunks, name) for name in ("id", "object", "model", "created")}


def _chat_stream(chunks: list[Any]) -> dict[str, Any]:
    """A chat completion put together from its chunks."""
    by_index: dict[int, _ChatChoice] = {}
    for chunk in chunks:
        for choice in objects(dig(chunk, "choices")):
            by_index.setdefault(_index(choice), _ChatChoice()).add(choice)
    choices = [by_index[index] for index in sorted(by_index)]
    leading = _first(choices) or _ChatChoice()
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
        "usage": _chat_usage(_last(chunks, "usage")),
        "content_filter": leading.filter,
        "content_filters": [choice.filter for choice in choices],
        "prompt_filter": _last(chunks, "prompt_filter_results"),
        "context": leading.context,
        "chunk_count": len(chunks),
    }


def _completion(answer: Any) -> dict[str, Any]:
    """A legacy completion."""
    view = _completion_stream([answer])
    view.pop("chunk_count")
    return view


def _completion_stream(chunks: list[Any]) -> dict[str, Any]:
    """A legacy completion put together from its chunks."""
    by_index: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        for choice in objects(dig(chunk, "choices")):
            whole = by_index.setdefault(
                _index(choice), {"text": None, "reason": None, "filter": None}
            )
            whole["text"] = _joined(whole["text"], choice.get("text"))
            whole["reason"] = choice.get("finish_reason") or whole["reason"]
            whole["filter"] = _merged(whole["filter"], choice.get("content_filter_results"))
    ordered = [by_index[index] for index in sorted(by_index)]
    texts = [choice["text"] for choice in ordered]
    reasons = [choice["reason"] for choice in ordered]
    return {
        **_head(chunks),
        "text": _first(texts),
        "finish_reason": _first(reasons),
        "choices": len(ordered),
        "texts": texts,
        "finish_reasons": reasons,
        "usage": _chat_usage(_last(chunks, "usage")),
        "content_filter": _first([choice["filter"] for choice in ordered]),
        "prompt_filter": _last(chunks, "prompt_filter_results"),
        "chunk_count": len(chunks),
    }


def _item_usage(usage: Any) -> dict[str, Any] | None:
    """Usage counted in input and output tokens."""
    if not isinstance(usage, dict):
        return None
    return {
        "input_tokens": usage.get("input_tokens"),
        "output_tokens": usage.get("output_tokens"),
        "total_tokens": usage.get("total_tokens"),
        "reasoning_tokens": dig(usage, "output_tokens_details", "reasoning_tokens"),
        "cached_tokens": dig(usage, "input_tokens_details", "cached_tokens"),
    }


def _embeddings(answer: Any, *, keeps_base64: bool) -> dict[str, Any]:
    vectors = [item.get("embedding") for item in objects(dig(answer, "data"))]
    if not keeps_base64:
        vectors = [vector(item) for item in vectors]
    return {
        "model": dig(answer, "model"),
        "count": len(vectors),
        "dimensions": _count(_first(vectors)),
        "vectors": [_beginning(item) for item in vectors],
        "usage": _chat_usage(dig(answer, "usage")),
    }


def vector(embedding: Any) -> Any:
    """An embedding as numbers, whichever way it travelled; as it stands when it is neither."""
    if not isinstance(embedding, str):
        return embedding
    decoded = float32_vector(embedding)
    if decoded is None:
        return embedding
    return decoded


def _images(answer: Any) -> dict[str, Any]:
    data = objects(dig(answer, "data"))
    first = _first(data)
    texts = [text for item in data if isinstance(text := item.get("b64_json"), str)]
    return {
        "created": dig(answer, "created"),
        "count": len(data),
        "urls": [url for item in data if (url := item.get("url")) is not None],
        "b64": [
            {
                "sha256": hashlib.sha256(text.encode("utf-8", "replace")).hexdigest(),
                "length": len(text),
            }
            for text in texts
        ],
        "revised_prompt": dig(first, "revised_prompt"),
        "usage": _item_usage(dig(answer, "usage")),
        "content_filter": dig(first, "content_filter_results"),
        "prompt_filter": dig(first, "prompt_filter_results"),
    }


def _transcription(answer: Any) -> dict[str, Any]:
    return {
        "text": dig(answer, "text"),
        "language": dig(answer, "language"),
        "duration": dig(answer, "duration"),
        "segments": _count(dig(answer, "segments")),
        "words": _count(dig(answer, "words")),
        "usage": _item_usage(dig(answer, "usage")),
    }


def _beginning(embedding: Any) -> Any:
    """The first eight numbers of an embedding; as it stands when it is no list."""
    if isinstance(embedding, list):
        return embedding[:8]
    return embedding


def _count(value: Any) -> int | None:
    if isinstance(value, list):
        return len(value)
    return None


def _response(answer: Any) -> dict[str, Any]:
    output = objects(dig(answer, "output"))
    text = None
    if isinstance(dig(answer, "output"), list):
        text = _output_text(output)
    return {
        "id": dig(answer, "id"),
        "object": dig(answer, "object"),
        "status": dig(answer, "status"),
        "model": dig(answer, "model"),
        "created": dig(answer, "created_at"),
        "output_text": text,
        "output_types": [item.get("type") for item in output],
        "tool_calls": [
            {
                "id": item.get("call_id"),
                "type": item.get("type"),
                "name": item.get("name"),
                "arguments": item.get("arguments"),
            }
            for item in output
            if item.get("type") == "function_call"
        ],
        "reasoning_effort": dig(answer, "reasoning", "effort"),
        "usage": _item_usage(dig(answer, "usage")),
        "error": dig(answer, "error"),
        "incomplete_reason": dig(answer, "incomplete_details", "reason"),
        "previous_response_id": dig(answer, "previous_response_id"),
        "content_filters": dig(answer, "content_filters"),
    }


def _output_text(output: list[dict[str, Any]]) -> str:
    return "".join(
        text
        for item in output
        if item.get("type") == "message"
        for part in objects(item.get("content"))
        if part.get("type") == "output_text" and isinstance(text := part.get("text"), str)
    )


def _response_stream(events: list[Any]) -> dict[str, Any]:
    responses = [dig(event, "response") for event in events]
    return {
        **_response(_first([item for item in reversed(responses) if item is not None])),
        "event_types": [dig(event, "type") for event in events],
        "chunk_count": len(events),
        "delta_text": _deltas(e for e in events if dig(e, "type") == "response.output_text.delta"),
    }


def _deltas(events: Iterable[Any]) -> str:
    return "".join(text for event in events if isinstance(text := dig(event, "delta"), str))


def _other_stream(events: list[Any]) -> dict[str, Any]:
    return {
        "chunk_count": len(events),
        "event_types": [dig(event, "type") for event in events],
        "text": _deltas(events),
    }


def _members(names: tuple[str, ...]) -> AnswerReader:
    """A reader of answers that are shown member by member."""
    return lambda answer: {name: dig(answer, name) for name in names}


def _listing(page: Any) -> dict[str, Any]:
    data = objects(dig(page, "data"))
    return {
        "count": len(data),
        "ids": [item.get("id") for item in data],
        "has_more": dig(page, "has_more"),
        "types": [item.get("type") or item.get("object") for item in data],
    }


def _batch(answer: Any) -> dict[str, Any]:
    counts = dig(answer, "request_counts")
    if counts is not None:
        counts = {name: dig(counts, name) for name in ("total", "completed", "failed")}
    names = (
        "id",
        "object",
        "status",
        "input_file_id",
        "output_file_id",
        "error_file_id",
        "endpoint",
    )
    return {
        **{name: dig(answer, name) for name in names},
        "counts": counts,
    }


_file = _members(("id", "object", "filename", "purpose", "bytes", "status", "created_at"))
_job = _members(("id", "object", "status", "model", "fine_tuned_model", "training_file", "error"))
_deleted = _members(("id", "object", "deleted"))

_READERS: dict[str, AnswerReader] = {
    "chat": _chat,
    "completion": _completion,
    "transcription": _transcription,
    "images": _images,
    "response": _response,
    "file": _file,
    "batch": _batch,
    "fine-tuning-job": _job,
    "model": _members(("id", "object", "owned_by", "created")),
    "list": _listing,
    "deleted": _deleted,
}
"""How a whole answer is read, by the name of the view; vectors are read with a choice."""

_STREAMS: dict[str, StreamReader] = {
    "chat-stream": _chat_stream,
    "completion-stream": _completion_stream,
    "response-stream": _response_stream,
}
"""How a stream is read, by the name of the view; others are read as streams of events."""
