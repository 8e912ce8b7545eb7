"""Deliveries cover a body and leave the events of a stream alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai._streaming import SSEDecoder

from conformance.service import sse_shapes
from conformance.service.sse_shapes import DELIVERIES
from tests.service.sse_streams import STREAMS, THREE
from tests.service.sse_variants import crlf


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
    body = crlf(THREE)
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
