"""What an operation comes to: an answer, or the refusal that was raised in its place."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

JSON = "application/json"
JSON_UTF8 = "application/json; charset=utf-8"
EVENT_STREAM = "text/event-stream; charset=utf-8"
OCTETS = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"


class Origin(Enum):
    """How far into the service a request came; it decides the headers of the answer (wire-contract
    section 8)."""

    GATE = "gate"  # refused for its credentials
    PATH = "path"  # no such route
    DEPLOYMENT = "deployment"  # no such deployment, or its quota is used up
    MODEL = "model"  # a deployment answered
    STORE = "store"  # files, batches, fine-tuning, models: no deployment involved


def encode(value: Any, ordered: bool = True) -> bytes:
    """``value`` as the service writes JSON: compact, text as UTF-8; members by name unless
    ``ordered`` is false."""
    return json.dumps(value, ensure_ascii=False, sort_keys=ordered, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without the headers every answer has. ``chunks`` are end offsets of the pieces of a
    stream.

    ``by_image`` marks the front end that takes image input, whose headers differ.
    """

    body: bytes
    content_type: str | None = JSON
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[int, ...] = ()
    by_image: bool = False
    filtered: bool = True

    @property
    def streamed(self) -> bool:
        return self.content_type == EVENT_STREAM


def json_answer(value: Any, **rest: Any) -> Answer:
    """``value`` as an answer; the other members by name."""
    return Answer(encode(value), **rest)


def stream_answer(pieces: Iterable[bytes], **rest: Any) -> Answer:
    """Server-sent events, each delivered in a piece of its own."""
    offsets, body = [], b""
    for piece in pieces:
        body += piece
        offsets.append(len(body))
    return Answer(body, EVENT_STREAM, chunks=tuple(offsets), **rest)


class Refusal(Exception):
    """The service says no. ``body`` is sent as it stands; ``content_type`` None sends none."""

    def __init__(
        self,
        status: int,
        body: bytes,
        origin: Origin = Origin.MODEL,
        content_type: str | None = JSON,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.origin = origin
        self.content_type = content_type
        self.headers = headers
