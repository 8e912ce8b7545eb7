"""Variants of an event stream that a client has to read, or has to survive.

Two families of pure functions over a stream's bytes, each with a table by name:

- ``SPELLINGS``: other bytes for the same events (WHATWG HTML section 9.2.6).
- ``BREAKAGES``: streams that end wrongly or say something unusual, as services and gateways have
  been seen to do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from conformance.service.sse_shapes import events

Variant = Callable[[bytes], bytes]

BOM = b"\xef\xbb\xbf"
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r){2}")
_LINE_END = re.compile(rb"\r\n|\n|\r")
_DATA = re.compile(rb"(?:^|(?<=[\r\n]))data:")


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
    """A comment with a blank line of its own before every event."""
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
        event + _ending(body) if _BLANK_LINE.search(event) else event for event in events(body)
    )


SPELLINGS: Mapping[str, Variant] = {
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
    ending = _ending(body)
    if not body.endswith(2 * ending):
        return body
    return body[: -len(ending)]


def data_after_done(body: bytes, data: bytes = b'{"after": "done"}') -> bytes:
    """One more event behind ``[DONE]``."""
    return body + b"data: " + data + _ending(body) * 2


def done_twice(body: bytes) -> bytes:
    """``[DONE]`` twice."""
    return body + b"data: [DONE]" + _ending(body) * 2


def cut_mid_event(body: bytes, event: int = 1) -> bytes:
    """The bytes up to the middle of event number ``event`` (from 0; the last one if there are
    fewer)."""
    parts = events(body)
    if not parts:
        return body
    index = min(event, len(parts) - 1)
    return b"".join(parts[:index]) + parts[index][: len(parts[index]) // 2]


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


BREAKAGES: Mapping[str, Variant] = {
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


def _ending(body: bytes) -> bytes:
    """The line end ``body`` uses."""
    line_end = _LINE_END.search(body)
    return line_end[0] if line_end else b"\n"


def _is_done(event: bytes) -> bool:
    return re.match(rb"data: ?\[DONE\]", event) is not None


def _before_data(body: bytes, field: bytes, line: bytes) -> bytes:
    has = re.compile(rb"(?:^|(?<=[\r\n]))" + re.escape(field) + rb":")
    return b"".join(
        event if has.search(event) else _prefixed(event, line, _ending(body))
        for event in events(body)
    )


def _prefixed(event: bytes, line: bytes, ending: bytes) -> bytes:
    data = _DATA.search(event)
    if data is None:
        return event
    return event[: data.start()] + line + ending + event[data.start() :]


def _replaced(body: bytes, at: int, line: bytes) -> bytes:
    parts = list(events(body))
    if at < len(parts):
        parts[at] = line + _ending(body) * 2
    return b"".join(parts)


def _inserted(body: bytes, at: int, line: bytes) -> bytes:
    parts = events(body)
    return b"".join((*parts[:at], line + _ending(body) * 2, *parts[at:]))
