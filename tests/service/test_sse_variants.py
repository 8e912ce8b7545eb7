"""Spellings leave the events of a stream alone; breakages do what they say."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.sse import NOT_JSON, EventStream, parse_events
from tests.service.sse_streams import STREAMS, THREE
from tests.service.sse_variants import BOM, BREAKAGES, SPELLINGS, bom


def values(stream: EventStream) -> list[object]:
    return [event.value for event in stream.events]


@pytest.mark.parametrize("name", sorted(SPELLINGS))
@given(body=STREAMS)
@settings(max_examples=25, deadline=None)
def test_a_spelling_carries_the_same_events(name, body):
    before, after = parse_events(body), parse_events(SPELLINGS[name](body))
    assert values(after) == values(before)
    assert (after.done, after.tidy) == (before.done, before.tidy)
    if name != "event_lines":
        assert [event.name for event in after.events] == [event.name for event in before.events]


@given(body=STREAMS, names=st.lists(st.sampled_from(sorted(set(SPELLINGS) - {"bom"})), max_size=4))
@settings(max_examples=40, deadline=None)
def test_spellings_can_be_combined(body, names):
    spelt = body
    for name in names:
        spelt = SPELLINGS[name](spelt)
    assert values(parse_events(bom(spelt))) == values(parse_events(body))


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("crlf", b"\r\n\r\n"),
        ("cr", b"\r\r"),
        ("bom", BOM),
        ("comments", b": keep-alive\n"),
        ("comment_blocks", b":\n\n"),
        ("no_space", b"data:{"),
        ("event_lines", b"event: message\ndata: "),
        ("id_lines", b"id: 2\ndata"),
        ("retry_lines", b"retry: 3000\n"),
        ("unknown_fields", b"x-gateway: "),
        ("multi_line_data", b'data: {\ndata: "n"'),
        ("extra_blank_lines", b"\n\n\n"),
    ],
)
def test_a_spelling_is_what_its_name_says(name, mark):
    assert mark in SPELLINGS[name](THREE)
    assert mark not in THREE


def test_breakages_do_what_they_say():
    read = {name: parse_events(breakage(THREE)) for name, breakage in BREAKAGES.items()}
    assert not read["without_done"].done and len(read["without_done"].events) == 3
    assert not read["without_last_blank_line"].done and not read["without_last_blank_line"].tidy
    assert BREAKAGES["data_after_done"](THREE).endswith(b'[DONE]\n\ndata: {"after": "done"}\n\n')
    assert BREAKAGES["done_twice"](THREE).count(b"[DONE]") == 2
    assert len(read["cut_mid_event"].events) == 1 and not read["cut_mid_event"].tidy
    assert [list(event.value) for event in read["error_event"].events] == [["n"], ["error"]]
    assert [event.value is NOT_JSON for event in read["not_json"].events] == [False, True, False]
    assert not read["not_utf8"].tidy
    assert read["empty_choices"].events[1].value["choices"] == []
    assert "delta" not in read["chunk_without_delta"].events[1].value["choices"][0]


@pytest.mark.parametrize("name", sorted({**SPELLINGS, **BREAKAGES}))
@given(body=st.binary(max_size=120))
@settings(max_examples=15, deadline=None)
def test_no_shape_fails_on_what_is_no_stream(name, body):
    assert isinstance({**SPELLINGS, **BREAKAGES}[name](body), bytes)
