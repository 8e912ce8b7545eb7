"""Deliveries and spellings leave the events of a stream alone; breakages do what they say."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai._streaming import SSEDecoder

from conformance.service import sse_shapes
from conformance.service.sse_shapes import BREAKAGES, DELIVERIES, SPELLINGS
from conformance.wire.sse import NOT_JSON, EventStream, parse_events

VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
MEMBERS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
NAMES = st.sampled_from(["", "response.created", "error"])


def encoded(events: list[tuple[str, object]], *, ascii_only: bool = False) -> bytes:
    parts = []
    for name, value in events:
        text = json.dumps(value, ensure_ascii=ascii_only)
        parts.append((f"event: {name}\n" if name else "") + f"data: {text}\n\n")
    return "".join([*parts, "data: [DONE]\n\n"]).encode("utf-8")


STREAMS = st.lists(st.tuples(NAMES, MEMBERS), max_size=4).map(encoded)
THREE = encoded([("", {"n": 1}), ("", {"n": "h\u00e9\u20ac\U0001f600"}), ("", {"n": [3]})])


def values(stream: EventStream) -> list[object]:
    return [event.value for event in stream.events]


def pieces(body: bytes, ends: tuple[int, ...]) -> list[bytes]:
    return [body[start:stop] for start, stop in zip((0, *ends), ends, strict=False)]


@pytest.mark.parametrize("name", sorted(DELIVERIES))
@given(body=STREAMS | st.binary(max_size=200))
@settings(max_examples=25, deadline=None)
def test_a_delivery_covers_the_body_in_rising_ends_and_changes_no_byte(name, body):
    ends = DELIVERIES[name](body)
    assert list(ends) == sorted(set(ends))
    assert all(end > 0 for end in ends)
    assert b"".join(pieces(body, ends)) == body


@pytest.mark.parametrize("name", sorted(DELIVERIES))
@given(body=STREAMS)
@settings(max_examples=12, deadline=None)
def test_the_sdk_reads_the_same_events_from_every_delivery(name, body):
    def read(parts: list[bytes]) -> list[tuple[str | None, str]]:
        return [(event.event, event.data) for event in SSEDecoder().iter_bytes(iter(parts))]

    assert read(pieces(body, DELIVERIES[name](body))) == read([body])


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
    assert values(parse_events(sse_shapes.bom(spelt))) == values(parse_events(body))


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("crlf", b"\r\n\r\n"),
        ("cr", b"\r\r"),
        ("bom", sse_shapes.BOM),
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


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("whole", 1),
        ("events", 4),
        ("lines", 8),
        ("bytes", len(THREE)),
        ("inside_characters", 7),
        ("inside_fields", 5),
        ("before_colons", 9),
    ],
)
def test_a_delivery_has_as_many_pieces_as_its_name_says(name, count):
    assert len(DELIVERIES[name](THREE)) == count


def test_a_cut_can_fall_between_cr_and_lf():
    body = sse_shapes.crlf(THREE)
    for end in sse_shapes.between_line_ends(body)[:-1]:
        assert body[end - 1 : end + 1] in (b"\r\n", b"\n\r")


def test_a_cut_inside_characters_leaves_pieces_that_are_no_text():
    broken = 0
    for piece in pieces(THREE, sse_shapes.inside_characters(THREE)):
        try:
            piece.decode()
        except UnicodeDecodeError:
            broken += 1
    assert broken >= 3


def test_every_so_many_bytes():
    assert sse_shapes.every(4)(b"0123456789") == (4, 8, 10)


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
