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
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.seen import Seen, seen
from conformance.judge.rules.wire_view_chat import (
    chat,
    chat_stream,
    chat_usage,
    completion,
    completion_stream,
)

Reader = Callable[[Any], dict[str, Any]]

_TEXT_FORMATS = ("text", "srt", "vtt")


def wire_view(context: StepContext) -> dict[str, Any] | None:
    """The view of what was served for the step; None when there was no whole success, or it cannot
    be read."""
    if "wire_view" not in context.memo:
        context.memo["wire_view"] = _compute(context)
    return context.memo["wire_view"]  # type: ignore[no-any-return]


def _compute(context: StepContext) -> dict[str, Any] | None:
    view, operation = seen(context), context.operation
    if view.success is None:
        return None
    if view.stream is not None:
        return (
            None
            if view.whole_stream is None
            else _STREAMS.get(operation.stream_view or "", _other_stream)(view.consumed)
        )
    if operation.answer == "binary":
        return _binary(view, operation.view)
    if (
        context.call.arguments.get("response_format") in _TEXT_FORMATS
        and operation.capability == "audio"
    ):
        return {"text": _text(view.success.content)}
    reader = _READERS.get(operation.view)
    if reader is None or not isinstance(view.answer, dict) or context.call.stream is not None:
        return None
    if operation.usage == "embeddings":
        return _embeddings(view.answer, context.call.arguments.get("encoding_format") == "base64")
    return reader(view.answer)


def _text(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _binary(view: Seen, name: str) -> dict[str, Any]:
    assert view.success is not None  # _compute has looked
    body = view.success.content
    found = {
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "content_type": view.success.header("content-type"),
    }
    return {**found, "text": _text(body)} if name == "file-content" else found


def item_usage(usage: Any) -> dict[str, Any] | None:
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


def _embeddings(answer: Any, raw: bool) -> dict[str, Any]:
    """``raw``: the caller asked for base64 by himself, so the text is what he gets (sdk-behaviour
    section 9)."""
    vectors = [
        item.get("embedding") if raw else vector(item.get("embedding"))
        for item in objects(dig(answer, "data"))
    ]
    first = vectors[0] if vectors else None
    return {
        "model": dig(answer, "model"),
        "count": len(vectors),
        "dimensions": len(first) if isinstance(first, list) else None,
        "vectors": [item[:8] if isinstance(item, list) else item for item in vectors],
        "usage": chat_usage(dig(answer, "usage")),
    }


def vector(embedding: Any) -> Any:
    """An embedding as numbers, whichever way it travelled; as it stands when it is neither."""
    if isinstance(embedding, str):
        decoded = float32_vector(embedding)
        return embedding if decoded is None else decoded
    return embedding


def _images(answer: Any) -> dict[str, Any]:
    data = objects(dig(answer, "data"))
    first = data[0] if data else None
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
        "usage": item_usage(dig(answer, "usage")),
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
        "usage": item_usage(dig(answer, "usage")),
    }


def _count(value: Any) -> int | None:
    return len(value) if isinstance(value, list) else None


def _response(answer: Any) -> dict[str, Any]:
    output = objects(dig(answer, "output"))
    return {
        "id": dig(answer, "id"),
        "object": dig(answer, "object"),
        "status": dig(answer, "status"),
        "model": dig(answer, "model"),
        "created": dig(answer, "created_at"),
        "output_text": _output_text(output) if isinstance(dig(answer, "output"), list) else None,
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
        "usage": item_usage(dig(answer, "usage")),
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
    carried = [found for event in events if (found := dig(event, "response")) is not None]
    found = _response(carried[-1] if carried else None)
    return {
        **found,
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


def _members(*names: str) -> Reader:
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
        "counts": None
        if counts is None
        else {n: dig(counts, n) for n in ("total", "completed", "failed")},
    }


_file = _members("id", "object", "filename", "purpose", "bytes", "status", "created_at")
_job = _members("id", "object", "status", "model", "fine_tuned_model", "training_file", "error")
_deleted = _members("id", "object", "deleted")

_READERS: dict[str, Reader] = {
    "chat": chat,
    "completion": completion,
    "embeddings": lambda answer: _embeddings(answer, False),
    "transcription": _transcription,
    "images": _images,
    "response": _response,
    "file": _file,
    "batch": _batch,
    "fine-tuning-job": _job,
    "model": _members("id", "object", "owned_by", "created"),
    "list": _listing,
    "deleted": _deleted,
}
"""How a whole answer is read, by the name of the view."""

_STREAMS: dict[str, Callable[[list[Any]], dict[str, Any]]] = {
    "chat-stream": chat_stream,
    "completion-stream": completion_stream,
    "response-stream": _response_stream,
}
"""How a stream is read, by the name of the view; others are read as streams of events."""
