"""Answers of more shapes than the plain walk has: (name, operation, answer) by api-version."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.suite.scenario.versions import at_least
from tests.service.emulator.emulating import Caller, events
from tests.service.emulator.walking import WAV

TOOL = {
    "type": "function",
    "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
}
FLAT = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {}},
    "strict": False,
}
IMAGE = [
    {"type": "text", "text": "Describe"},
    {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
]
PNG = "data:image/png;base64,iVBORw0KGgo="

CHATS: dict[str, tuple[Any, dict[str, Any]]] = {
    "tools": ("the weather", {"tools": [TOOL]}),
    "logprobs": ("Hi", {"logprobs": True, "top_logprobs": 2}),
    "image": (IMAGE, {}),
    "refusal": ("[[refuse]]", {}),
    "filtered": ("[[protected-material]]", {}),
    "filter failed": ("[[filter-error]]", {}),
    "cited": ("[[protected-material-code]]", {}),
}


def chats(caller: Caller) -> Iterator[tuple[str, Any]]:
    for name, (prompt, members) in CHATS.items():
        yield name, caller.chat(prompt, **members).json()


def chat_chunks(caller: Caller) -> Iterator[tuple[str, Any]]:
    for name, (prompt, members) in CHATS.items():
        usage = (
            {"stream_options": {"include_usage": True}}
            if at_least(caller.version, "2024-10-21")
            else {}
        )
        for chunk in events(caller.chat(prompt, stream=True, **members, **usage))[:-1]:
            yield name, chunk
    for chunk in events(caller.chat("[[async-filter]] Hi", stream=True))[:-1]:
        yield "asynchronous filter", chunk


RESPONSES: dict[str, dict[str, Any]] = {
    "tools": {"input": "the weather", "tools": [FLAT]},
    "refusal": {"input": "[[refuse]]"},
    "length": {"input": "[[tokens:99]]", "max_output_tokens": 16},
    "not stored": {"input": "Hi", "store": False},
    "filtered": {"input": "[[completion-filter:hate=high]]"},
    "reasoning": {"model": "conf-reasoning", "input": "Hi"},
    "image": {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": PNG}]}]},
}


def responses(caller: Caller) -> Iterator[tuple[str, Any]]:
    for name, body in RESPONSES.items():
        yield name, caller.post("/responses", {"model": "conf-responses", **body}).json()


def response_events(caller: Caller) -> Iterator[tuple[str, Any]]:
    for name, body in RESPONSES.items():
        for event in events(
            caller.post("/responses", {"model": "conf-responses", **body, "stream": True})
        ):
            yield name, event


def refusals(caller: Caller) -> Iterator[tuple[str, Any]]:
    yield "unknown parameter", caller.chat("Hi", probe=1).json()
    yield "filtered prompt", caller.chat("[[filter:hate=high]]").json()
    yield "no deployment", caller.chat("Hi", "nobody").json()
    yield "wrong model", caller.chat("Hi", "conf-embeddings").json()


def image_refusals(caller: Caller) -> Iterator[tuple[str, Any]]:
    body = {"prompt": "[[filter:violence=medium]]"}
    yield "filtered prompt", caller.post("/images/generations", body, "conf-images").json()


def transcripts(caller: Caller) -> Iterator[tuple[str, Any]]:
    parts = [("file", "a.wav", WAV), ("response_format", None, b"verbose_json")]
    yield "verbose", caller.form("/audio/transcriptions", parts, "conf-transcription").json()
