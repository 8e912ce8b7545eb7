"""Bodies as the service sends them, written anew from docs of the shapes; each function gives a
fresh value."""

from __future__ import annotations

import base64
import struct
from typing import Any

SAFE = {
    "hate": {"filtered": False, "severity": "safe"},
    "violence": {"filtered": False, "severity": "low"},
}


def prompt_filter(index: int = 0) -> dict[str, Any]:
    return {
        "prompt_index": index,
        "content_filter_results": {**SAFE, "jailbreak": {"filtered": False, "detected": False}},
    }


def chat(text: str | None = "In 1975.") -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1730000000,
        "model": "gpt-4o-2024-11-20",
        "system_fingerprint": None,
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "content_filter_results": dict(SAFE),
            }
        ],
        "prompt_filter_results": [prompt_filter()],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 8,
            "total_tokens": 20,
            "completion_tokens_details": {"reasoning_tokens": 4},
        },
    }


def chunk(**members: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1730000000,
        "model": "gpt-4o-2024-11-20",
        **members,
    }


def piece(delta: dict[str, Any], reason: str | None = None, **members: Any) -> dict[str, Any]:
    return chunk(
        choices=[
            {
                "index": 0,
                "delta": delta,
                "finish_reason": reason,
                "logprobs": None,
                "content_filter_results": dict(SAFE) if delta.get("content") else {},
                **members,
            }
        ]
    )


def chat_events() -> list[Any]:
    return [
        {
            "id": "",
            "object": "",
            "created": 0,
            "model": "",
            "choices": [],
            "prompt_filter_results": [prompt_filter()],
        },
        piece({"role": "assistant", "content": "", "refusal": None}),
        piece({"content": "In "}),
        piece({"content": "1975."}),
        piece({}, "stop"),
        chunk(choices=[], usage={"prompt_tokens": 12, "completion_tokens": 8, "total_tokens": 20}),
    ]


def async_filter_events() -> list[Any]:
    def offsets(check: int) -> dict[str, Any]:
        return {
            "id": "",
            "object": "",
            "created": 0,
            "model": "",
            "choices": [
                {
                    "index": 0,
                    "finish_reason": None,
                    "content_filter_results": dict(SAFE),
                    "content_filter_offsets": {
                        "check_offset": check,
                        "start_offset": 10,
                        "end_offset": check,
                    },
                }
            ],
        }

    return [
        piece({"role": "assistant"}),
        piece({"content": "In 1975."}),
        offsets(20),
        piece({}, "stop"),
        offsets(40),
    ]


def sse(events: list[Any], *, named: bool = False, done: bool = True) -> bytes:
    import json

    text = "".join(
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event)}\n\n"
        for event in events
    )
    return (text + ("data: [DONE]\n\n" if done else "")).encode()


def completion() -> dict[str, Any]:
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1730000000,
        "model": "gpt-35-turbo-instruct",
        "choices": [
            {
                "index": n,
                "text": f"answer {n}",
                "finish_reason": "stop",
                "logprobs": None,
                "content_filter_results": dict(SAFE),
            }
            for n in (0, 1)
        ],
        "prompt_filter_results": [prompt_filter(1), prompt_filter(0)],
        "usage": {"prompt_tokens": 4, "completion_tokens": 4, "total_tokens": 8},
    }


VECTOR = [0.25, -0.5, 0.0023064255]


def embeddings(as_text: bool = True) -> dict[str, Any]:
    vector: Any = (
        base64.b64encode(struct.pack("<3f", *VECTOR)).decode() if as_text else list(VECTOR)
    )
    return {
        "object": "list",
        "model": "text-embedding-3-small",
        "data": [{"object": "embedding", "index": 0, "embedding": vector}],
        "usage": {"prompt_tokens": 5, "total_tokens": 5},
    }


def images() -> dict[str, Any]:
    return {
        "created": 1730000000,
        "data": [
            {
                "url": "https://images.example/1.png",
                "revised_prompt": "A bear.",
                "content_filter_results": dict(SAFE),
                "prompt_filter_results": {
                    **SAFE,
                    "jailbreak": {"filtered": False, "detected": False},
                },
            }
        ],
    }


def response() -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1730000000,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": "conf-responses",
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "output": [
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "In 1975.", "annotations": []}],
            }
        ],
        "usage": {
            "input_tokens": 9,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 6,
            "output_tokens_details": {"reasoning_tokens": 2},
            "total_tokens": 15,
        },
        "content_filters": [
            {
                "blocked": False,
                "source_type": "prompt",
                "content_filter_results": dict(SAFE),
                "content_filter_raw": [],
                "content_filter_offsets": {"start_offset": 0, "end_offset": 9, "check_offset": 0},
            },
            {
                "blocked": False,
                "source_type": "completion",
                "content_filter_results": dict(SAFE),
                "content_filter_raw": [],
                "content_filter_offsets": {"start_offset": 0, "end_offset": 8, "check_offset": 0},
            },
        ],
    }


def response_events() -> list[Any]:
    started = {
        **response(),
        "status": "in_progress",
        "output": [],
        "usage": None,
        "content_filters": None,
    }
    common = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": started},
        {"type": "response.output_text.delta", **common, "delta": "In ", "logprobs": []},
        {"type": "response.output_text.delta", **common, "delta": "1975.", "logprobs": []},
        {"type": "response.output_text.done", **common, "text": "In 1975.", "logprobs": []},
        {"type": "response.completed", "response": response()},
    ]
    return [{**event, "sequence_number": number} for number, event in enumerate(events)]


def file() -> dict[str, Any]:
    return {
        "id": "file-1",
        "object": "file",
        "bytes": 21,
        "created_at": 1730000000,
        "filename": "batch.jsonl",
        "purpose": "batch",
        "status": "processed",
    }


def files() -> dict[str, Any]:
    return {"object": "list", "data": [file()]}


def batch() -> dict[str, Any]:
    return {
        "id": "batch_1",
        "object": "batch",
        "endpoint": "/chat/completions",
        "input_file_id": "file-1",
        "completion_window": "24h",
        "status": "validating",
        "created_at": 1730000000,
        "output_file_id": None,
        "error_file_id": None,
        "request_counts": {"total": 0, "completed": 0, "failed": 0},
    }


def transcription() -> dict[str, Any]:
    return {
        "text": "Hello.",
        "task": "transcribe",
        "language": "english",
        "duration": 1.5,
        "segments": [
            {
                "id": 0,
                "seek": 0,
                "start": 0.0,
                "end": 1.5,
                "text": "Hello.",
                "tokens": [1],
                "temperature": 0.0,
                "avg_logprob": -0.1,
                "compression_ratio": 1.0,
                "no_speech_prob": 0.01,
            }
        ],
    }


def rate_limit() -> dict[str, Any]:
    return {
        "error": {
            "code": "429",
            "message": "Requests have exceeded the call rate limit. Retry after 1 second.",
        }
    }


def filtered_prompt() -> dict[str, Any]:
    return {
        "error": {
            "message": "The response was filtered due to the prompt triggering the content "
            "management policy.",
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {
                    "hate": {"filtered": True, "severity": "high"},
                    "jailbreak": {"filtered": False, "detected": False},
                },
            },
        }
    }
