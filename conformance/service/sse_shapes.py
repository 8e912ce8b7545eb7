"""Shapes of an event stream: where its bytes are cut, how the same events may be spelt, and what
breaks them.

Three families of pure functions over a stream's bytes, each with a table by name:

- ``DELIVERIES``: end offsets of the pieces a body is sent in. The bytes do not change, so the
  events cannot.
- ``SPELLINGS``: other bytes for the same events (WHATWG HTML section 9.2.6): every client has to
  read the same.
- ``BREAKAGES``: streams that end wrongly or say something unusual, as services and gateways have
  been seen to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

Delivery = Callable[[bytes], tuple[int, ...]]
Spelling = Callable[[bytes], bytes]

DONE = b"data: [DONE]\n\n"
BOM = b"\xef\xbb\xbf"
_EVENT_END = re.compile(rb"(?>\r\n|\n|\r){2}")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DATA = re.compile(rb"(?:^|(?<=[\r\n]))data:")


# Deliveries


def whole(body: bytes) -> tuple[int, ...]:
    """All in one piece."""
    return (len(body),) if body else ()


def per_byte(body: bytes) -> tuple[int, ...]:
    """One byte at a time."""
    return tuple(range(1, len(body) + 1))


def per_event(body: bytes) -> tuple[int, ...]:
    """One event at a time, each with its blank line."""
    return _ends(body, (found.end() for found in _EVENT_END.finditer(body)))


def per_line(body: bytes) -> tuple[int, ...]:
    """One line at a time, each with its end."""
    return _ends(body, (found.end() for found in _LINE_END.finditer(body)))


def coalesced(body: bytes, events: int = 5) -> tuple[int, ...]:
    """So many ``events`` a piece, as a buffering gateway sends them."""
    return _ends(body, per_event(body)[events - 1 :: events])


def inside_characters(body: bytes) -> tuple[int, ...]:
    """A cut before every continuation byte of UTF-8, so that no piece but ASCII ones is text by
    itself."""
    return _ends(body, (at for at, byte in enumerate(body) if byte & 0xC0 == 0x80))


def inside_fields(body: bytes) -> tuple[int, ...]:
    """A cut in the middle of every ``data:``."""
    return _ends(body, (found.start() + 2 for found in _DATA.finditer(body)))


def before_colons(body: bytes) -> tuple[int, ...]:
    """A cut on either side of the colon of every ``data:``."""
    return _ends(
        body, (at for found in _DATA.finditer(body) for at in (found.end() - 1, found.end()))
    )


def between_line_ends(body: bytes) -> tuple[int, ...]:
    """A cut between the CR and the LF of every CRLF, and between the two line ends of every blank
    line."""
    inside = (found.start() + 1 for found in re.finditer(rb"\r\n", body))
    blank = (found.start() + len(found[0]) // 2 for found in _EVENT_END.finditer(body))
    return _ends(body, (*inside, *blank))


def every(size: int) -> Delivery:
    """A delivery in pieces of ``size`` bytes."""

    def delivery(body: bytes) -> tuple[int, ...]:
        return _ends(body, range(size, len(body), size))

    return delivery


def _ends(body: bytes, cuts: object) -> tuple[int, ...]:
    inside = {cut for cut in cuts if 0 < cut < len(body)}  # type: ignore[attr-defined]
    return (*sorted(inside), len(body)) if body else ()


DELIVERIES: Mapping[str, Delivery] = {
    "whole": whole,
    "bytes": per_byte,
    "events": per_event,
    "lines": per_line,
    "coalesced": coalesced,
    "inside_characters": inside_characters,
    "inside_fields": inside_fields,
    "before_colons": before_colons,
    "between_line_ends": between_line_ends,
    "mtu": every(1400),
    "primes": every(17),
}


# Spellings


def crlf(body: bytes) -> bytes:
    """Lines end in CRLF."""
    return _LINE_END.sub(b"\r\n", body)


def cr(body: bytes) -> bytes:
    """Lines end in CR alone."""
    return _LINE_END.sub(b"\r", body)


def bom(body: bytes) -> bytes:
    """A byte order mark in front."""
    return body if body.startswith(BOM) else BOM + body


def comments(body: bytes) -> bytes:
    """A comment before every event, as proxies send to keep a connection alive."""
    return b"".join(b": keep-alive" + _ending(body) + event for event in events(body))


def comment_blocks(body: bytes) -> bytes:
    """The same with a blank line of its own."""
    return b"".join(b":" + _ending(body) * 2 + event for event in events(body))


def no_space(body: bytes) -> bytes:
    """Nothing between the colon and the value, where the value does not itself begin with a
    space."""
    return re.sub(rb"(^|(?<=[\r\n]))data: (?! )", b"data:", body)


def event_lines(body: bytes, name: bytes = b"message") -> bytes:
    """An ``event:`` line before the data of every event that has none."""
    return _before_data(body, b"event", b"event: " + name)


def id_lines(body: bytes) -> bytes:
    """An ``id:`` line, counting up, before the data of every event."""
    return b"".join(
        _prefixed(event, b"id: %d" % number, _ending(body))
        for number, event in enumerate(events(body))
    )


def retry_lines(body: bytes) -> bytes:
    """A ``retry:`` line before the data of every event."""
    return _before_data(body, b"retry", b"retry: 3000")


def unknown_fields(body: bytes) -> bytes:
    """A field nobody knows before the data of every event: it is to be ignored."""
    return _before_data(body, b"x-gateway", b"x-gateway: a:b")


def multi_line_data(body: bytes) -> bytes:
    """JSON data spread over two ``data:`` lines, which a client joins by LF: white space to
    JSON."""
    ending = _ending(body)
    return re.sub(
        rb"(^|(?<=[\r\n]))data: ?([{\[])(?!DONE\])", rb"data: \2" + ending + rb"data: ", body
    )


def extra_blank_lines(body: bytes) -> bytes:
    """Two blank lines after every event instead of one."""
    return b"".join(
        event + _ending(body) if _EVENT_END.search(event) else event for event in events(body)
    )


SPELLINGS: Mapping[str, Spelling] = {
    "crlf": crlf,
    "cr": cr,
    "bom": bom,
    "comments": comments,
    "comment_blocks": comment_blocks,
    "no_space": no_space,
    "event_lines": event_lines,
    "id_lines": id_lines,
    "retry_lines": retry_lines,
    "unknown_fields": unknown_fields,
    "multi_line_data": multi_line_data,
    "extra_blank_lines": extra_blank_lines,
}


# Breakages


def without_done(body: bytes) -> bytes:
    """No ``[DONE]``: the stream just ends."""
    return b"".join(event for event in events(body) if not _is_done(event))


def without_last_blank_line(body: bytes) -> bytes:
    """The last event lacks its blank line, so it is never dispatched."""
    found = [match.start() for match in _EVENT_END.finditer(body)]
    return (
        body[: found[-1]] + _ending(body)
        if found and found[-1] + 2 * len(_ending(body)) == len(body)
        else body
    )


def data_after_done(body: bytes, data: bytes = b'{"after": "done"}') -> bytes:
    """One more event behind ``[DONE]``."""
    return body + b"data: " + data + _ending(body) * 2


def done_twice(body: bytes) -> bytes:
    """``[DONE]`` and again."""
    return body + b"data: [DONE]" + _ending(body) * 2


def cut_mid_event(body: bytes, event: int = 1) -> bytes:
    """The bytes up to the middle of event number ``event`` (from 0; the last one if there are
    fewer)."""
    found = events(body)
    if not found:
        return body
    index = min(event, len(found) - 1)
    return b"".join(found[:index]) + found[index][: len(found[index]) // 2]


def error_event(
    body: bytes,
    after: int = 1,
    error: bytes = b'{"error": {"message": "The server had an error", "code": "500"}}',
) -> bytes:
    """An error in place of everything after ``after`` events, as services report a failure once the
    head is out."""
    return b"".join(events(body)[:after]) + b"data: " + error + _ending(body) * 2


def not_json(body: bytes, at: int = 1) -> bytes:
    """Event number ``at`` (from 0) carries data that is no JSON."""
    return _replaced(body, at, b"data: {not json")


def not_utf8(body: bytes, at: int = 1) -> bytes:
    """Event number ``at`` (from 0) carries a byte that UTF-8 does not have."""
    return _replaced(body, at, b'data: {"text": "\xff"}')


def empty_choices(body: bytes, at: int = 1) -> bytes:
    """A chunk without choices before event number ``at``, as Azure sends prompt filter results."""
    return _inserted(
        body, at, b'data: {"id": "", "object": "", "created": 0, "model": "", "choices": []}'
    )


def chunk_without_delta(body: bytes, at: int = 1) -> bytes:
    """A chunk whose choice has no delta before event number ``at``, as the asynchronous filter
    sends annotations."""
    return _inserted(
        body,
        at,
        b'data: {"id": "", "object": "", "created": 0, "model": "", "choices": [{"index": 0, '
        b'"finish_reason": null, "content_filter_results": {}, "content_filter_offsets": {}}]}',
    )


BREAKAGES: Mapping[str, Spelling] = {
    "without_done": without_done,
    "without_last_blank_line": without_last_blank_line,
    "data_after_done": data_after_done,
    "done_twice": done_twice,
    "cut_mid_event": cut_mid_event,
    "error_event": error_event,
    "not_json": not_json,
    "not_utf8": not_utf8,
    "empty_choices": empty_choices,
    "chunk_without_delta": chunk_without_delta,
}


# Parts


def events(body: bytes) -> tuple[bytes, ...]:
    """The stream cut after every blank line; what follows the last one is the last part."""
    ends = per_event(body)
    return tuple(body[start:stop] for start, stop in zip((0, *ends), ends, strict=False))


def _ending(body: bytes) -> bytes:
    """The line end ``body`` uses."""
    found = _LINE_END.search(body)
    return found[0] if found else b"\n"


def _is_done(event: bytes) -> bool:
    return re.match(rb"data: ?\[DONE\]", event) is not None


def _before_data(body: bytes, field: bytes, line: bytes) -> bytes:
    has = re.compile(rb"(?:^|(?<=[\r\n]))" + re.escape(field) + rb":")
    return b"".join(
        event if has.search(event) else _prefixed(event, line, _ending(body))
        for event in events(body)
    )


def _prefixed(event: bytes, line: bytes, ending: bytes) -> bytes:
    found = _DATA.search(event)
    return (
        event if found is None else event[: found.start()] + line + ending + event[found.start() :]
    )


def _replaced(body: bytes, at: int, line: bytes) -> bytes:
    found = list(events(body))
    if at < len(found):
        found[at] = line + _ending(body) * 2
    return b"".join(found)


def _inserted(body: bytes, at: int, line: bytes) -> bytes:
    found = events(body)
    return b"".join((*found[:at], line + _ending(body) * 2, *found[at:]))
