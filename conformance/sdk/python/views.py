"""Views: what a caller of the SDK reads through typed accessors, as plain JSON.

The members of views are the vocabulary of ``expect.result`` in scenarios, the same for every SDK:
docs/scenarios.md lists them. A member that the answer did not carry is None; a list that nobody
sent is empty.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from .chat_views import chat, chat_stream, completion, completion_stream
from .reading import chat_usage, digest, first, get, item_usage, plain, rows


def serialised(result: Any) -> Any:
    """The SDK's own serialisation; ``{bytes, sha256}`` for binary content, text for text."""
    # Only the wrapper of binary content has the response it came with.
    if hasattr(result, "response") and isinstance(get(result, "content"), bytes):
        return digest(result.content)
    return plain(result)


def view(operation: str, result: Any) -> dict[str, Any]:
    """The view of a whole answer to ``operation``."""
    if operation not in VIEWS:
        return {}
    return VIEWS[operation](result)


def stream_view(operation: str, items: list[Any]) -> dict[str, Any]:
    """The view of the ``items`` of a stream to ``operation``, all of them or the first few."""
    return STREAM_VIEWS.get(operation, _other_stream)(items)


# Embeddings, images, audio


def embeddings(answer: Any) -> dict[str, Any]:
    """The view of embeddings: of each vector the first 8 components."""
    vectors = [get(item, "embedding") for item in rows(answer, "data")]
    return {
        "model": get(answer, "model"),
        "count": len(vectors),
        "dimensions": _length(first(vectors)),
        "vectors": [_beginning(vector) for vector in vectors],
        "usage": chat_usage(get(answer, "usage")),
    }


def _beginning(vector: Any) -> Any:
    if isinstance(vector, list):
        return vector[:8]
    return vector


def _length(value: Any) -> int | None:
    """The length of a list; None of anything else."""
    if isinstance(value, list):
        return len(value)
    return None


def images(answer: Any) -> dict[str, Any]:
    """The view of images: of each text in base64 its length and digest."""
    data = rows(answer, "data")
    leading = first(data)
    texts = [text for item in data if isinstance(text := get(item, "b64_json"), str)]
    return {
        "created": get(answer, "created"),
        "count": len(data),
        "urls": [url for item in data if (url := get(item, "url")) is not None],
        "b64": [
            {"sha256": hashlib.sha256(text.encode()).hexdigest(), "length": len(text)}
            for text in texts
        ],
        "revised_prompt": get(leading, "revised_prompt"),
        "usage": item_usage(get(answer, "usage")),
        "content_filter": plain(get(leading, "content_filter_results")),
        "prompt_filter": plain(get(leading, "prompt_filter_results")),
    }


def transcription(answer: Any) -> dict[str, Any]:
    """The view of a transcription or translation; of one in a text format its text alone."""
    if isinstance(answer, str):
        return {"text": answer}
    return {
        "text": get(answer, "text"),
        "language": get(answer, "language"),
        "duration": get(answer, "duration"),
        "segments": _length(get(answer, "segments")),
        "words": _length(get(answer, "words")),
        "usage": item_usage(get(answer, "usage")),
    }


def speech(answer: Any) -> dict[str, Any]:
    """The view of binary content."""
    headers = get(answer, "response", "headers") or {}
    return {**digest(get(answer, "content")), "content_type": headers.get("content-type")}


def content(answer: Any) -> dict[str, Any]:
    """The view of a file's content: with its text when it is UTF-8."""
    return {**speech(answer), "text": _utf_8(get(answer, "content"))}


def _utf_8(data: Any) -> str | None:
    """The text of ``data``; None when it is no UTF-8, or not bytes."""
    if not isinstance(data, bytes):
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


# Responses


def response(answer: Any) -> dict[str, Any]:
    """The view of a response. Of a tool call, ``id`` is its call_id."""
    output = rows(answer, "output")
    return {
        "id": get(answer, "id"),
        "object": get(answer, "object"),
        "status": get(answer, "status"),
        "model": get(answer, "model"),
        "created": get(answer, "created_at"),
        "output_text": _output_text(answer),
        "output_types": [get(item, "type") for item in output],
        "tool_calls": [
            {
                "id": get(item, "call_id"),
                "type": get(item, "type"),
                "name": get(item, "name"),
                "arguments": get(item, "arguments"),
            }
            for item in output
            if get(item, "type") == "function_call"
        ],
        "reasoning_effort": get(answer, "reasoning", "effort"),
        "usage": item_usage(get(answer, "usage")),
        "error": plain(get(answer, "error")),
        "incomplete_reason": get(answer, "incomplete_details", "reason"),
        "previous_response_id": get(answer, "previous_response_id"),
        "content_filters": plain(get(answer, "content_filters")),
    }


def _output_text(answer: Any) -> Any:
    try:
        return get(answer, "output_text")
    except Exception:
        # It is computed when it is read: where ``output`` is null or of another shape, that raises
        # whatever Python has against it.
        return None


def response_stream(items: list[Any]) -> dict[str, Any]:
    """The view of the events of a response: of the response in the last event that has one, with
    the error of an error event."""
    responses = [value for item in items if (value := get(item, "response")) is not None]
    view = response(first(responses[-1:]))
    errors = [item for item in items if get(item, "type") == "error"]
    if errors:
        view["error"] = {name: get(errors[-1], name) for name in ("code", "message", "param")}
    texts = (item for item in items if get(item, "type") == "response.output_text.delta")
    return {
        **view,
        "event_types": [get(item, "type") for item in items],
        "chunk_count": len(items),
        "delta_text": _deltas(texts),
    }


def _deltas(items: Iterable[Any]) -> str:
    """The texts of all deltas of ``items``, one behind the other."""
    return "".join(text for item in items if isinstance(text := get(item, "delta"), str))


def _other_stream(items: list[Any]) -> dict[str, Any]:
    return {
        "chunk_count": len(items),
        "event_types": [get(item, "type") for item in items],
        "text": _deltas(items),
    }


# Files, batches, jobs, models


def _members(names: str) -> Callable[[Any], dict[str, Any]]:
    """A reader of the members ``names``, which blanks separate."""
    members = names.split()
    return lambda answer: {name: plain(get(answer, name)) for name in members}


def listing(page: Any) -> dict[str, Any]:
    """The view of one page of a list. Later pages are not fetched."""
    data = rows(page, "data")
    return {
        "count": len(data),
        "ids": [get(item, "id") for item in data],
        "has_more": get(page, "has_more"),
        "types": [get(item, "type") or get(item, "object") for item in data],
    }


def batch(answer: Any) -> dict[str, Any]:
    """The view of a batch."""
    view = {name: get(answer, name) for name in _BATCH}
    counts = get(answer, "request_counts")
    view["counts"] = None
    if counts is not None:
        view["counts"] = {name: get(counts, name) for name in ("total", "completed", "failed")}
    return view


_BATCH = (
    "id",
    "object",
    "status",
    "input_file_id",
    "output_file_id",
    "error_file_id",
    "endpoint",
)
_file = _members("id object filename purpose bytes status created_at")
_job = _members("id object status model fine_tuned_model training_file error")
_deleted = _members("id object deleted")
_model = _members("id object owned_by created")

VIEWS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "chat.completions.create": chat,
    "completions.create": completion,
    "embeddings.create": embeddings,
    "audio.transcriptions.create": transcription,
    "audio.translations.create": transcription,
    "audio.speech.create": speech,
    "images.generate": images,
    "images.edit": images,
    "responses.create": response,
    "responses.retrieve": response,
    "responses.delete": _deleted,
    "responses.input_items.list": listing,
    "files.create": _file,
    "files.list": listing,
    "files.retrieve": _file,
    "files.content": content,
    "files.delete": _deleted,
    "batches.create": batch,
    "batches.retrieve": batch,
    "batches.list": listing,
    "batches.cancel": batch,
    "fine_tuning.jobs.create": _job,
    "fine_tuning.jobs.retrieve": _job,
    "fine_tuning.jobs.list": listing,
    "fine_tuning.jobs.cancel": _job,
    "fine_tuning.jobs.list_events": listing,
    "models.list": listing,
    "models.retrieve": _model,
}
"""How a whole answer is read, by operation."""

STREAM_VIEWS: dict[str, Callable[[list[Any]], dict[str, Any]]] = {
    "chat.completions.create": chat_stream,
    "completions.create": completion_stream,
    "responses.create": response_stream,
    "responses.retrieve": response_stream,
}
"""How a stream is read, by operation."""
