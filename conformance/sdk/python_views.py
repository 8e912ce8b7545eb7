"""What a caller of the Python SDK reads through typed accessors, as plain JSON: the ``view`` of an
outcome.

The member names below are the public vocabulary of ``expect.result`` in scenarios; every SDK's
adapter uses the same. A member the answer did not carry is None; a list nobody sent is empty.

``usage`` (chat, completions, embeddings)
    prompt_tokens, completion_tokens, total_tokens, reasoning_tokens, cached_tokens
``usage`` (responses, images, speech to text)
    input_tokens, output_tokens, total_tokens, reasoning_tokens, cached_tokens
``tool_calls``
    a list of {id, type, name, arguments}; ``arguments`` is the text the model wrote. In a response ``id`` is call_id
chat
    id, object, model, created, role, text, refusal, finish_reason, tool_calls and context (all of choice 0), choices
    (how many), texts, finish_reasons (one a choice), usage, content_filter (of choice 0), content_filters (one a
    choice), prompt_filter
chat stream
    the same, accumulated, and chunk_count. Filter results are merged, the latest word on a category wins
completions, and stream
    id, object, model, created, text, finish_reason, choices, texts, finish_reasons, usage, content_filter,
    prompt_filter; chunk_count
embeddings
    model, count, dimensions, vectors (the first 8 components of each), usage
images
    created, count, urls, b64 ({sha256, length} of each, of its text), revised_prompt (of the first), usage,
    content_filter (of the first), prompt_filter (of the first)
speech, file content
    bytes, sha256, content_type, text (file content only: when it is UTF-8)
transcription, translation
    text, language, duration, segments, words (how many), usage; text formats have text only
responses
    id, object, status, model, created, output_text, output_types, tool_calls, reasoning_effort, usage, error,
    incomplete_reason, previous_response_id, content_filters
responses stream
    the same of the response the last lifecycle event carried, and event_types, chunk_count, delta_text (all deltas)
file
    id, object, filename, purpose, bytes, status, created_at
batch
    id, object, status, input_file_id, output_file_id, error_file_id, endpoint, counts {total, completed, failed}
fine-tuning job
    id, object, status, model, fine_tuned_model, training_file, error
model
    id, object, owned_by, created
any list
    count, ids, has_more, types (of the items); the page the service sent, later pages are not fetched
deleted
    id, object, deleted
other streams
    chunk_count, event_types, text (of all deltas)

Standard library only, as the driver. Nothing here raises over an answer of the wrong shape: SDKs
pass such values through unvalidated (sdk-behaviour section 4), and what cannot be read is None.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or __package__:
    from .python_chat_views import (
        chat,
        chat_stream,
        chat_usage,
        completion,
        completion_stream,
        digest,
        get,
        plain,
        rows,
    )
    from .python_chat_views import first as first_of
else:
    from python_chat_views import (
        chat,
        chat_stream,
        chat_usage,
        completion,
        completion_stream,
        digest,
        get,
        plain,
        rows,
    )
    from python_chat_views import first as first_of


def serialised(result: Any) -> Any:
    """The SDK's own serialisation; ``{bytes, sha256}`` for binary content, text for text."""
    content = get(result, "content") if hasattr(result, "response") else None
    return digest(content) if isinstance(content, bytes) else plain(result)


def view(operation: str, result: Any) -> dict[str, Any]:
    """The view of a whole answer to ``operation``."""
    return VIEWS[operation](result) if operation in VIEWS else {}


def stream_view(operation: str, items: list[Any]) -> dict[str, Any]:
    """The view of what a stream brought, whole or not."""
    return STREAM_VIEWS.get(operation, _other_stream)(items)


def item_usage(usage: Any) -> dict[str, Any] | None:
    if usage is None:
        return None
    return {
        "input_tokens": get(usage, "input_tokens"),
        "output_tokens": get(usage, "output_tokens"),
        "total_tokens": get(usage, "total_tokens"),
        "reasoning_tokens": get(usage, "output_tokens_details", "reasoning_tokens"),
        "cached_tokens": get(usage, "input_tokens_details", "cached_tokens"),
    }


# Embeddings, images, audio


def embeddings(answer: Any) -> dict[str, Any]:
    vectors = [get(item, "embedding") for item in rows(answer, "data")]
    first = first_of(vectors)
    return {
        "model": get(answer, "model"),
        "count": len(vectors),
        "dimensions": len(first) if isinstance(first, list) else None,
        "vectors": [vector[:8] if isinstance(vector, list) else vector for vector in vectors],
        "usage": chat_usage(get(answer, "usage")),
    }


def images(answer: Any) -> dict[str, Any]:
    data = rows(answer, "data")
    first = first_of(data)
    texts = [text for item in data if isinstance(text := get(item, "b64_json"), str)]
    return {
        "created": get(answer, "created"),
        "count": len(data),
        "urls": [url for item in data if (url := get(item, "url")) is not None],
        "b64": [
            {"sha256": hashlib.sha256(text.encode()).hexdigest(), "length": len(text)}
            for text in texts
        ],
        "revised_prompt": get(first, "revised_prompt"),
        "usage": item_usage(get(answer, "usage")),
        "content_filter": plain(get(first, "content_filter_results")),
        "prompt_filter": plain(get(first, "prompt_filter_results")),
    }


def transcription(answer: Any) -> dict[str, Any]:
    if isinstance(answer, str):
        return {"text": answer}
    return {
        "text": get(answer, "text"),
        "language": get(answer, "language"),
        "duration": get(answer, "duration"),
        "segments": _count(answer, "segments"),
        "words": _count(answer, "words"),
        "usage": item_usage(get(answer, "usage")),
    }


def _count(answer: Any, name: str) -> int | None:
    found = get(answer, name)
    return len(found) if isinstance(found, list) else None


def speech(answer: Any) -> dict[str, Any]:
    content = get(answer, "content")
    found = digest(content) if isinstance(content, bytes) else {"bytes": None, "sha256": None}
    headers = get(answer, "response", "headers")
    return {**found, "content_type": None if headers is None else headers.get("content-type")}


def content(answer: Any) -> dict[str, Any]:
    raw = get(answer, "content")
    try:
        text = raw.decode() if isinstance(raw, bytes) else None
    except UnicodeDecodeError:
        text = None
    return {**speech(answer), "text": text}


# Responses


def response(answer: Any) -> dict[str, Any]:
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
    except (
        Exception
    ):  # a computed property: with output null or of another shape it raises whatever it meets
        return None


def response_stream(items: list[Any]) -> dict[str, Any]:
    carried = [found for item in items if (found := get(item, "response")) is not None]
    found = response(carried[-1] if carried else None)
    failure = [item for item in items if get(item, "type") == "error"]
    if failure:
        found["error"] = {name: get(failure[-1], name) for name in ("code", "message", "param")}
    return {
        **found,
        "event_types": [get(item, "type") for item in items],
        "chunk_count": len(items),
        "delta_text": _deltas(
            item for item in items if get(item, "type") == "response.output_text.delta"
        ),
    }


def _deltas(items: Iterable[Any]) -> str:
    return "".join(text for item in items if isinstance(text := get(item, "delta"), str))


def _other_stream(items: list[Any]) -> dict[str, Any]:
    return {
        "chunk_count": len(items),
        "event_types": [get(item, "type") for item in items],
        "text": _deltas(items),
    }


# Files, batches, jobs, models


def _members(*names: str) -> Callable[[Any], dict[str, Any]]:
    return lambda answer: {name: plain(get(answer, name)) for name in names}


def listing(page: Any) -> dict[str, Any]:
    data = rows(page, "data")
    return {
        "count": len(data),
        "ids": [get(item, "id") for item in data],
        "has_more": get(page, "has_more"),
        "types": [get(item, "type") or get(item, "object") for item in data],
    }


def batch(answer: Any) -> dict[str, Any]:
    counts = get(answer, "request_counts")
    return {
        **{
            name: get(answer, name)
            for name in (
                "id",
                "object",
                "status",
                "input_file_id",
                "output_file_id",
                "error_file_id",
                "endpoint",
            )
        },
        "counts": None
        if counts is None
        else {n: get(counts, n) for n in ("total", "completed", "failed")},
    }


_file = _members("id", "object", "filename", "purpose", "bytes", "status", "created_at")
_job = _members("id", "object", "status", "model", "fine_tuned_model", "training_file", "error")
_deleted = _members("id", "object", "deleted")

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
    "models.retrieve": _members("id", "object", "owned_by", "created"),
}
"""How a whole answer is read, by operation."""

STREAM_VIEWS: dict[str, Callable[[list[Any]], dict[str, Any]]] = {
    "chat.completions.create": chat_stream,
    "completions.create": completion_stream,
    "responses.create": response_stream,
    "responses.retrieve": response_stream,
}
"""How a stream is read, by operation."""
