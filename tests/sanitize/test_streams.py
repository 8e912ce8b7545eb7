"""Streams whose events differ in their text alone, and those that differ elsewhere too."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.sanitize.exchange import Sanitizer
from conformance.wire.exchange import Provenance, Response, Source

SECRET = "sk-a1b2c3d4e5f6g7h8i9"


def event(text: str, index: int = 0, **more: Any) -> str:
    choice = {"delta": {"content": text}, "index": index}
    return "data: " + json.dumps({"choices": [choice], "id": "x", **more}) + "\n\n"


def sanitised(body: str) -> list[str]:
    """What each event says once sanitised."""
    served = Response(
        200, (("content-type", "text/event-stream"),), body.encode(), Provenance(Source.LIVE)
    )
    lines = Sanitizer().response(served).body.decode().splitlines()
    events = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    return ["".join(choice["delta"]["content"] for choice in item["choices"]) for item in events]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_key_is_found_across_events_that_differ_in_their_text_alone(size: int) -> None:
    pieces = [SECRET[at : at + size] for at in range(0, len(SECRET), size)]
    assert sanitised("".join(map(event, ("so ", *pieces, " it is")))) == [
        "so ",
        "<sk-key>",
        *([""] * (len(pieces) - 1)),
        " it is",
    ]


@pytest.mark.parametrize(
    "between",
    [
        event(""),
        event(" other", 1),
        'data: {"choices": [], "usage": null}\n\n',
        ": ping\n\n",
        event("", usage=None),
        "data: \n\n",
    ],
)
def test_a_key_is_found_around_an_event_that_differs(between: str) -> None:
    told = "".join(
        sanitised("".join(map(event, SECRET[:9])) + between + "".join(map(event, SECRET[9:])))
    )
    assert told.replace(" other", "") == "<sk-key>"


def test_texts_of_several_choices_are_kept_apart() -> None:
    half = len(SECRET) // 2
    body = "".join(
        event(text, index)
        for text, index in (("a", 0), (SECRET[:half], 0), ("b", 1), (SECRET[half:], 1))
    )
    assert sanitised(body) == ["a", SECRET[:half], "b", SECRET[half:]]


@pytest.mark.parametrize("quoted", ['"', "\\", '\\"', "é", "\n"])
def test_a_text_with_escapes_is_read_as_what_it_says(quoted: str) -> None:
    assert sanitised("".join(map(event, ("a", SECRET, quoted, "b")))) == [
        "a",
        "<sk-key>",
        quoted,
        "b",
    ]
