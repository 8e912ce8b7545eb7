"""A tiny service for tests of the in-process lane: it gives its replies in turn, the last for
ever."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from conformance.wire.exchange import Fault, Provenance, Reply, Request, Response, Source
from conformance.wire.protocol import Auth, ClientConfig

ENDPOINT = "https://contoso.openai.azure.com"
WRITTEN = Provenance(Source.SCRIPT)
VERSION = "2025-04-01-preview"


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Reply(
        Response(
            status,
            (("Content-Type", "application/json"), *named),
            json.dumps(value).encode(),
            WRITTEN,
        )
    )


def raw_reply(
    body: bytes,
    content_type: str,
    chunks: tuple[int, ...] = (),
    fault: Fault | None = None,
    **headers: str,
) -> Reply:
    named = tuple((name.replace("_", "-"), text) for name, text in headers.items())
    return Reply(
        Response(200, (("Content-Type", content_type), *named), body, WRITTEN, chunks), fault
    )


def events(*values: Any, done: bool = True) -> bytes:
    body = b"".join(b"data: " + json.dumps(value).encode() + b"\n\n" for value in values)
    return body + (b"data: [DONE]\n\n" if done else b"")


def fault(which: Fault) -> Reply:
    return Reply(None, which)


class ScriptedService:
    """Answers in turn and keeps the requests; ``side`` answers what it can before that, unrecorded
    in ``requests``."""

    def __init__(
        self, *replies: Reply, side: Callable[[Request], Reply | None] | None = None
    ) -> None:
        self.replies = list(replies)
        self.requests: list[Request] = []
        self.side_requests: list[Request] = []
        self._side = side

    def answer(self, request: Request) -> Reply:
        if self._side and (reply := self._side(request)):
            self.side_requests.append(request)
            return reply
        self.requests.append(request)
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]


def client(surface: str = "sync", **members: Any) -> ClientConfig:
    given = {
        "endpoint": ENDPOINT,
        "api": "azure",
        "api_version": VERSION,
        "auth": Auth(key="fake-key"),
        **members,
    }
    return ClientConfig(surface=surface, **given)  # type: ignore[arg-type]


CHAT_ARGUMENTS: dict[str, Any] = {
    "model": "gpt",
    "messages": [{"role": "user", "content": "Hello"}],
}

CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1700000000,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {"role": "assistant", "content": "Hi there", "refusal": None},
            "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
        }
    ],
    "prompt_filter_results": [
        {
            "prompt_index": 0,
            "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
        }
    ],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 12,
        "total_tokens": 21,
        "completion_tokens_details": {"reasoning_tokens": 4},
        "prompt_tokens_details": {"cached_tokens": 2},
    },
}


def chat_chunk(**choice: Any) -> dict[str, Any]:
    base = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4o-2024-08-06",
    }
    return {**base, "choices": [{"index": 0, "finish_reason": None, **choice}]}


FILTER_FIRST = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {}}],
}
"""The first chunk of an Azure stream: the prompt's filter results, no choices."""
