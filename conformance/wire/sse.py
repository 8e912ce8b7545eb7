"""Reading a served event stream the way the HTML standard says, so that what an SDK made of it can
be judged.

Sources: WHATWG HTML, section 9.2.6 "Interpreting an event stream"; for the end marker
facts/service#stream-order.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

_LINE_END: Final = re.compile(r"\r\n|\n|\r")
DONE: Final = "[DONE]"


class _NotJson:
    """The value of an event whose data is not JSON."""

    def __repr__(self) -> str:
        return "not JSON"


NOT_JSON: Final = _NotJson()


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event: its ``event`` name (empty: none was given), its ``data`` and the JSON
    value of that."""

    name: str
    data: str
    value: Any


@dataclass(frozen=True, slots=True)
class EventStream:
    """A served stream. ``events`` are those before ``[DONE]``; ``done`` tells whether the marker
    came.

    ``tidy`` is whether every event is JSON, text is UTF-8 and nothing is left over after the last
    blank line: only of such a stream does every SDK have to deliver every event.
    """

    events: tuple[Event, ...]
    done: bool
    tidy: bool


def parse_events(body: bytes) -> EventStream:
    """The events of ``body``. Never raises: what cannot be read makes the stream untidy."""
    try:
        text, tidy = body.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        text, tidy = body.decode("utf-8", "replace"), False
    events: list[Event] = []
    name, data, pending = "", [], False  # type: str, list[str], bool
    lines = _LINE_END.split(text)
    if not lines[-1]:
        lines.pop()  # what follows the last line end is no line
    for line in lines:
        if not line:
            if data:
                joined = "\n".join(data)
                if joined.startswith(DONE):
                    return EventStream(
                        tuple(events), True, tidy and joined == DONE and _all_json(events)
                    )
                events.append(_event(name, joined))
            name, data, pending = "", [], False
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
            pending = True
        elif field == "event":
            name = value
            pending = True
    return EventStream(tuple(events), False, tidy and not pending and _all_json(events))


def _all_json(events: list[Event]) -> bool:
    return all(event.value is not NOT_JSON for event in events)


def _event(name: str, data: str) -> Event:
    try:
        return Event(name, data, json.loads(data))
    except (ValueError, RecursionError):
        return Event(name, data, NOT_JSON)
