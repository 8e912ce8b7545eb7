"""Arbitrary bytes never break the peer: there is always an answer or a clean end, and the next
client is served."""

from __future__ import annotations

import h11
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.service.peer import PeerLimits, PeerServer
from conformance.service.peer.parsing import ChunkedBody, RequestRefused, parse_head
from conformance.wire.exchange import Reply
from tests.service.peer.raw import Raw, Script, response

LIMITS = PeerLimits()
LINES = st.sampled_from(
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a HTTP/1.1\r\n",
        b"Host: %HOST%\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"Content-Length: 3\r\n",
        b"Content-Length: 0\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"abc",
        b"3\r\nabc\r\n",
        b"0\r\n\r\n",
        b"\x00",
        b": ",
        b"Expect: 100-continue\r\n",
        b"Connection: close\r\n",
        b" folded\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"\xff\xfe",
    ]
)
CHUNKED = (
    b"POST / HTTP/1.1\r\nHost: %HOST%\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
)
SOUP = st.lists(LINES | st.binary(max_size=12), max_size=12).map(b"".join)


def test_whatever_is_sent_is_answered_or_ended_and_the_peer_lives():
    limits = PeerLimits(head_seconds=0.02, body_seconds=0.02, drain_seconds=0.02, idle_seconds=0.02)
    with PeerServer(limits=limits) as server:
        execution = server.open(Script(Reply(response())))

        @given(data=SOUP, cut=st.integers(0, 40))
        @settings(max_examples=120, deadline=None)
        @example(data=b"GET / HTTP/1.1\r\nHost: %HOST%\r\n\r\n", cut=7)
        @example(data=CHUNKED, cut=9)
        def attack(data: bytes, cut: int) -> None:
            with Raw(execution) as client:
                data = data.replace(b"%HOST%", client.host.encode())
                try:
                    client.send(data[:cut]).send(data[cut:])
                except (BrokenPipeError, ConnectionResetError):
                    return
                seen = client.all(within=2)
            assert seen.end in ("fin", "rst")
            assert not seen.data or seen.status in (100, 200, 400, 403, 408, 413, 421, 431)

        attack()
        with Raw(execution) as client:
            assert client.request().answer().status == 200
        execution.close()
        assert server.faults == []


@given(data=st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_a_head_is_parsed_or_refused(data):
    try:
        parse_head(data + b"\r\n\r\n", LIMITS)
    except RequestRefused as refusal:
        assert refusal.status in (400, 431)


@st.composite
def codings(draw: st.DrawFn) -> bytes:
    """A chunked coding, often right, sometimes spoilt."""
    parts = []
    for size in draw(st.lists(st.integers(1, 40), max_size=4)):
        line = draw(st.sampled_from([b"%x", b"%X", b"00%x", b"%x;a=b", b'%x; a="b"'])) % size
        parts.append(line + b"\r\n" + draw(st.binary(min_size=size, max_size=size)) + b"\r\n")
    body = (
        b"".join(parts)
        + b"0\r\n"
        + draw(st.sampled_from([b"", b"X-A: b\r\n", b"X-A: b\r\nX-B: c\r\n"]))
        + b"\r\n"
    )
    if draw(st.booleans()):
        at = draw(st.integers(0, len(body) - 1))
        body = body[:at] + draw(st.binary(max_size=2)) + body[at + 1 :]
    return body


def ours(data: bytes, cuts: list[int]) -> tuple[str, bytes]:
    reader = ChunkedBody(LIMITS)
    try:
        for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
            if reader.complete:
                break
            reader.feed(data[start:stop])
        _ = reader.trailers
    except RequestRefused:
        return "refused", b""
    return "complete" if reader.complete else "more", b"".join(reader.pieces)


def theirs(data: bytes) -> tuple[str, bytes]:
    connection = h11.Connection(h11.SERVER)
    connection.receive_data(
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + data
    )
    body = b""
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                return "complete", body
            elif event is h11.NEED_DATA:
                return "more", body
    except h11.RemoteProtocolError:
        return "refused", b""


@given(data=codings(), cuts=st.lists(st.integers(0, 200), max_size=4))
@settings(max_examples=400, deadline=None)
def test_the_chunked_coding_is_never_read_otherwise_than_h11_reads_it(data, cuts):
    mine, other = ours(data, sorted(min(cut, len(data)) for cut in cuts)), theirs(data)
    if mine[0] == "complete":
        assert other == mine
    if other[0] == "complete":
        # Stricter is safe, laxer is not: h11 takes more control characters in extensions and white
        # space in trailers.
        assert mine == other or mine[0] == "refused"


@given(data=codings(), cut=st.integers(0, 200))
@settings(max_examples=200, deadline=None)
def test_how_a_coding_is_cut_makes_no_difference(data, cut):
    assert ours(data, [min(cut, len(data))]) == ours(data, [])
