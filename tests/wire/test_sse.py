"""The reader of event streams follows the HTML standard."""

from __future__ import annotations

import pytest

from conformance.wire.sse import NOT_JSON, parse_events


def values(body: bytes) -> list[object]:
    return [event.value for event in parse_events(body).events]


@pytest.mark.parametrize(
    "body",
    [
        b"data: 1\n\ndata: 2\n\n",
        b"data: 1\r\n\r\ndata: 2\r\n\r\n",
        b"data: 1\r\rdata: 2\r\r",
        b"\xef\xbb\xbfdata: 1\n\ndata:2\n\n",
        b": ping\n\ndata: 1\n: x\n\nid: 7\nretry: 5\n\ndata: 2\n\n",
    ],
)
def test_line_ends_comments_and_marks_do_not_matter(body: bytes) -> None:
    stream = parse_events(body)
    assert [event.value for event in stream.events] == [1, 2]
    assert stream.tidy and not stream.done


def test_data_over_several_lines_is_joined_by_line_ends() -> None:
    assert parse_events(b'data: {"a":\ndata: 1}\n\n').events[0].data == '{"a":\n1}'
    assert values(b'data: {"a":\ndata: 1}\n\n') == [{"a": 1}]


def test_the_end_marker_ends_the_stream() -> None:
    stream = parse_events(b"data: 1\n\ndata: [DONE]\n\ndata: 2\n\n")
    assert stream.done and stream.tidy and len(stream.events) == 1


def test_event_names_are_kept_and_events_without_data_are_none() -> None:
    assert [
        (e.name, e.value) for e in parse_events(b"event: ping\n\nevent: a\ndata: 1\n\n").events
    ] == [("a", 1)]


@pytest.mark.parametrize(
    "body",
    [
        b"data: 1\n\ndata: 2",
        b"data: 1\n\ndata: 2\n",
        b"data: {\n\n",
        b"data: \xff\n\n",
        b"data: [DONE] x\n\n",
        b"data: {\n\ndata: [DONE]\n\n",
        b"data: 1\n\ndata: <p>\n\ndata: 2\n\ndata: [DONE]\n\n",
    ],
)
def test_what_sdks_may_read_differently_is_not_tidy(body: bytes) -> None:
    assert not parse_events(body).tidy


def test_data_that_is_not_json_is_told_apart_from_null() -> None:
    assert values(b"data: null\n\ndata: x\n\n") == [None, NOT_JSON]
