"""How an operation ends: with an answer, or with a refusal that is raised in its place."""

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
    """How far into the service a request came. It decides which headers the answer has
    (facts/service#headers)."""

    GATE = "gate"  # refused for its credentials
    PATH = "path"  # no such route
    DEPLOYMENT = "deployment"  # no such deployment, or its quota is used up
    MODEL = "model"  # a deployment answered
    STORE = "store"  # files, batches, fine-tuning, models: no deployment involved


def encode(value: Any, *, ordered: bool = True) -> bytes:
    """``value`` as the service writes JSON: compact, text as UTF-8. The members stand in
    alphabetical order when ``ordered``, else in the order of ``value``."""
    return json.dumps(value, ensure_ascii=False, sort_keys=ordered, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer without the headers that every answer has.

    ``chunks`` are end offsets of the pieces of a stream. ``by_image``: the front end that takes
    image input made it, whose headers differ. ``filtered``: the content filter looked at it.
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
        """Whether the body is an event stream."""
        return self.content_type == EVENT_STREAM


def json_answer(value: Any, **members: Any) -> Answer:
    """``value`` as a JSON answer; ``members`` are those of Answer."""
    return Answer(encode(value), **members)


def stream_answer(events: Iterable[bytes], **members: Any) -> Answer:
    """Server-sent events, each delivered in a piece of its own; ``members`` are those of Answer."""
    offsets, body = [], b""
    for event in events:
        body += event
        offsets.append(len(body))
    return Answer(body, EVENT_STREAM, chunks=tuple(offsets), **members)


class Refusal(Exception):
    """The service refuses a request. ``body`` is sent as it stands; where ``content_type`` is None,
    no content-type is sent."""

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
