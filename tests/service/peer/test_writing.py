"""From a reply to its bytes: what is quick to say is said as it would be the long way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.service.peer.limits import PeerLimits
from conformance.service.peer.parsing import parse_head
from conformance.service.peer.writing import Ending, plan_reply
from conformance.wire.exchange import Delivery, Headers, Provenance, Reply, Response, Source

LIMITS = PeerLimits()
FRAMING = st.sampled_from(
    (
        ("content-length", "5"),
        ("Content-Length", " 7 "),
        ("content-length", "many"),
        ("transfer-encoding", "chunked"),
        ("Transfer-Encoding", "Chunked "),
        ("transfer-encoding", "gzip"),
        ("connection", "close"),
        ("connection", "keep-alive"),
        ("content-type", "text/event-stream"),
    )
)
HEADERS = st.lists(FRAMING, max_size=4, unique_by=lambda pair: pair[0].lower()).map(tuple)
ASKED = st.sampled_from(
    (
        b"POST / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nhost: a\r\n\r\n",
        b"POST / HTTP/1.0\r\nhost: a\r\n\r\n",
        b"POST / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
        b"POST / HTTP/1.1\r\nconnection: close\r\n\r\n",
    )
)


@given(
    status=st.sampled_from((200, 204, 304, 404, 503)),
    headers=HEADERS,
    body=st.sampled_from((b"", b"12345", b"1234567")),
    asked=ASKED,
)
def test_the_quick_way_gives_the_bytes_of_the_long_way(
    status: int, headers: Headers, body: bytes, asked: bytes
) -> None:
    head = parse_head(asked, LIMITS)
    response = Response(status, headers, body, Provenance(Source.HARNESS))
    quickly, at_length = Reply(response), Reply(response, delivery=Delivery())
    assert plan_reply(quickly, head) == plan_reply(at_length, head)


@pytest.mark.parametrize("body", [b"data: [DONE]\n\n", b""])
def test_a_body_without_a_length_goes_out_chunk_coded_in_one_write(body: bytes) -> None:
    head = parse_head(b"POST / HTTP/1.1\r\nhost: a\r\n\r\n", LIMITS)
    plan = plan_reply(Reply(Response(200, (), body, Provenance(Source.HARNESS))), head)
    coded = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"0\r\n\r\n"
    assert [segment.data.partition(b"\r\n\r\n")[2] for segment in plan.segments] == [coded]
    assert plan.ending is Ending.KEEP
