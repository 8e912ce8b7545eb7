"""Every fault the peer can play, by what a raw socket sees of it."""

from __future__ import annotations

import gzip
import socket
import time
from dataclasses import replace

import pytest

from conformance.service import sse_shapes
from conformance.service.peer import Door, PeerServer, ProblemCode
from conformance.wire.exchange import Delivery, Fault, Reply
from tests.service.peer import faults
from tests.service.peer.raw import JSON, SSE, Raw, Script, Seen, knock, response, wait_for
from tests.service.sse_variants import BREAKAGES, SPELLINGS, cut_mid_event

TEXT = response(b"0123456789")
EVENTS = 'data: {"a": "h\u00e9"}\n\ndata: {"b": "\u20ac"}\n\ndata: [DONE]\n\n'.encode()
STREAM = response(EVENTS, SSE, length=False, chunks=sse_shapes.per_event(EVENTS))


def played(server: PeerServer, *replies: Reply, within: float = 0.03) -> Seen:
    """What a client gets for one request, read to the end of the connection or the first
    silence."""
    with server.open(Script(*replies)) as execution, Raw(execution) as client:
        return client.request().all(within=within)


# Endings


def test_a_reset_before_the_head_is_a_reset(server):
    seen = played(server, faults.RESET_BEFORE_HEAD)
    assert (seen.data, seen.end) == (b"", "rst")


def test_a_close_before_the_head_is_a_close(server):
    seen = played(server, faults.CLOSED_BEFORE_HEAD)
    assert (seen.data, seen.end) == (b"", "fin")


def test_no_answer_is_silence_on_an_open_connection_until_the_client_leaves(server):
    with server.open(Script(faults.NO_ANSWER)) as execution:
        with Raw(execution) as client:
            assert client.request().silent()
        wait_for(lambda: execution.capture().exchanges[0].aborted)
        (seen,) = execution.close().exchanges
    assert (seen.finished, seen.written, seen.exchange.fault) == (None, 0, Fault.READ_TIMEOUT)


@pytest.mark.parametrize(
    ("fault", "end"),
    [(faults.cut_after, "fin"), (faults.reset_after, "rst"), (faults.stall_after, "open")],
)
@pytest.mark.parametrize("size", [0, 4])
def test_a_body_ends_after_so_many_bytes(server, fault, end, size):
    seen = played(server, fault(TEXT, size))
    assert b"content-length: 10" in seen.head
    assert (seen.body, seen.end) == (b"0123456789"[:size], end)


@pytest.mark.parametrize(
    ("fault", "end"),
    [(faults.cut_after, "fin"), (faults.reset_after, "rst"), (faults.stall_after, "open")],
)
def test_a_stream_ends_in_the_middle_of_an_event(server, fault, end):
    middle = len(cut_mid_event(EVENTS, 1))
    seen = played(server, fault(STREAM, middle))
    first = STREAM.chunks[0]
    assert seen.body == b"%x\r\n%b\r\n%x\r\n%b\r\n" % (
        first,
        EVENTS[:first],
        middle - first,
        EVENTS[first:middle],
    )
    assert seen.end == end


@pytest.mark.parametrize(
    ("fault", "end"),
    [(Fault.CUT_BODY, "fin"), (Fault.CONNECTION_RESET, "rst"), (Fault.STALL_BODY, "open")],
)
def test_a_head_ends_in_its_middle(server, fault, end):
    seen = played(server, faults.cut_inside_head(TEXT, 31, fault))
    assert (seen.data, seen.end) == (b"HTTP/1.1 200 OK\r\nContent-Type: ", end)


def test_a_reset_comes_only_after_the_bytes_before_it_have_arrived(server):
    body = b"x" * 300_000
    with (
        server.open(Script(faults.reset_after(response(body), 250_000))) as execution,
        Raw(execution) as client,
    ):
        client.request()
        data = b""
        while len(data.partition(b"\r\n\r\n")[2]) < 250_000:
            data += client.read()
        assert client.all().end == "rst"


def test_a_stalled_stream_ends_when_its_execution_does(server):
    execution = server.open(Script(faults.stall_after(TEXT, 3)))
    with Raw(execution) as client:
        assert client.request().all(within=0.02).body == b"012"
        capture = execution.close()
        assert client.all().end == "fin"
    assert not capture.exchanges[0].aborted


def test_the_connection_may_be_closed_after_a_whole_answer(server):
    seen = played(server, Reply(TEXT, delivery=Delivery(close=True)))
    assert (seen.body, seen.end) == (b"0123456789", "fin")


# Doors


def test_a_refused_connection_is_refused_and_the_port_is_kept(server):
    execution = server.open(Script(Reply(TEXT)))
    with Raw(execution) as idle:
        idle.request().answer()
        execution.door(Door.REFUSED)
        assert idle.all().end == "fin"
    for _ in range(3):
        with pytest.raises(ConnectionRefusedError):
            Raw(execution)
    with pytest.raises(OSError), socket.socket() as thief:
        thief.bind((execution.host, execution.port))
    execution.door(Door.OPEN)
    with Raw(execution) as client:
        assert client.request().answer().status == 200
    execution.close()


def test_a_silent_door_times_connections_out_and_opens_again(server):
    execution = server.open(Script(Reply(TEXT)))
    execution.door(Door.SILENT)
    with pytest.raises(TimeoutError):
        Raw(execution, timeout=0.05)
    execution.door(Door.OPEN)
    with Raw(execution) as client:
        assert client.request().answer().status == 200
    assert len(execution.close().exchanges) == 1


def test_a_door_resets_so_many_connections_and_counts_them(server):
    execution = server.open(Script(Reply(TEXT)))
    execution.door(Door.RESET, connections=2)
    assert [knock(execution) for _ in range(2)] == ["rst", "rst"]
    with Raw(execution) as client:
        assert client.request().answer().status == 200
    assert [problem.code for problem in execution.close().problems] == [
        ProblemCode.RESET_AT_DOOR
    ] * 2


@pytest.mark.parametrize("door", list(Door))
def test_an_execution_can_be_closed_whatever_its_door(server, door):
    execution = server.open(Script(Reply(TEXT)))
    execution.door(door)
    execution.close()
    with pytest.raises(ConnectionRefusedError):
        Raw(execution)
    execution.door(Door.OPEN)  # of no effect
    with pytest.raises(ConnectionRefusedError):
        Raw(execution)


@pytest.mark.parametrize(
    ("fault", "end"), [(Fault.CONNECT_REFUSED, "rst"), (Fault.CONNECT_TIMEOUT, "open")]
)
def test_a_connect_fault_that_comes_too_late_is_approximated_and_says_so(server, fault, end):
    with server.open(Script(Reply(fault=fault))) as execution, Raw(execution) as client:
        seen = client.request().all(within=0.02)
        assert (seen.data, seen.end) == (b"", end)
        assert "has arrived" in (execution.close().exchanges[0].approximated or "")


# Heads and codings


@pytest.mark.parametrize(
    "headers", [(), (("content-type", "text/html"),), (("Content-Type", "application/json; x"),)]
)
def test_a_content_type_may_be_wrong_or_missing(server, headers):
    seen = played(server, Reply(response(b"{}", headers)))
    assert [
        line for line in seen.head.split(b"\r\n") if line.lower().startswith(b"content-type")
    ] == [f"{name}: {value}".encode() for name, value in headers]


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"\x00\x01\x02",
        b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    ],
)
def test_a_head_can_be_any_bytes(server, head):
    seen = played(server, faults.raw_head(TEXT, head))
    assert (seen.data, seen.end) == (head + b"0123456789", "fin")


def test_a_content_length_may_promise_less_than_is_sent(server):
    seen = played(server, faults.short_content_length(TEXT, 3))
    assert b"content-length: 7" in seen.head
    assert (seen.body, seen.end) == (b"0123456789", "fin")


def test_a_content_length_may_promise_more_than_is_sent(server):
    seen = played(server, faults.long_content_length(TEXT, 3))
    assert b"content-length: 13" in seen.head
    assert (seen.body, seen.end) == (b"0123456789", "fin")


def test_a_wrong_content_length_written_in_a_scenario_is_sent_as_written(server):
    seen = played(server, Reply(replace(TEXT, headers=(*JSON, ("content-length", "99")))))
    assert b"content-length: 99" in seen.head
    assert seen.end == "fin"


def test_a_chunk_may_begin_with_garbage_where_its_size_belongs(server):
    seen = played(server, faults.broken_chunk(STREAM))
    assert b"transfer-encoding: chunked" in seen.head
    first, _, rest = EVENTS.partition(b"\n\n")
    assert seen.body == b"%x\r\n%b\n\n\r\nXYZ not a size\r\n%b" % (len(first) + 2, first, rest)
    assert seen.end == "fin"


def test_a_chunk_may_announce_more_than_it_brings(server):
    seen = played(server, faults.short_chunk(response(b"abc")))
    assert (seen.body, seen.end) == (b"a\r\nabc\r\n0\r\n\r\n", "fin")


@pytest.mark.parametrize(
    ("fault", "tail"),
    [
        (Fault.BAD_CHUNK, b"XYZ not a size\r\n"),
        (Fault.SHORT_CHUNK, b"10\r\n"),
        (Fault.CUT_BODY, b""),
    ],
)
def test_a_chunked_coding_breaks_after_the_body(server, fault, tail):
    seen = played(
        server, Reply(response(b"abc", (("transfer-encoding", "chunked"),), length=False), fault)
    )
    assert (seen.body, seen.end) == (b"3\r\nabc\r\n" + tail, "fin")


def test_a_head_may_be_all_that_is_sent_of_an_answer(server):
    seen = played(server, Reply(None, Fault.CUT_BODY, Delivery(head=b"HTTP/1.1 200 OK\r\ncont")))
    assert (seen.data, seen.end) == (b"HTTP/1.1 200 OK\r\ncont", "fin")


def test_gzip_compresses_the_body_and_says_so(server):
    reply = faults.gzipped(TEXT)
    seen = played(server, reply)
    assert b"content-encoding: gzip" in seen.head
    assert gzip.decompress(seen.body) == b"0123456789"
    assert reply == faults.gzipped(TEXT)
    assert gzip.decompress(faults.gzipped(STREAM).response.body) == EVENTS


def test_a_redirect_leads_to_another_host_that_is_this_listener_too(server):
    player = Script()
    with server.open(player) as execution:
        player.replies = [faults.redirect(f"http://localhost:{execution.port}/there"), Reply(TEXT)]
        with Raw(execution) as client:
            seen = client.request().answer()
            assert seen.status == 307
            assert f"location: http://localhost:{execution.port}/there".encode() in seen.head
        with Raw(execution) as client:
            client.host = f"localhost:{execution.port}"
            assert client.request("/there").answer().status == 200
    assert player.requests[1].host == f"localhost:{execution.port}"


def test_the_other_host_may_be_shown_to_the_player_by_a_name_of_its_own(server):
    player = Script(Reply(TEXT), Reply(TEXT))
    with server.open(
        player, origin="https://service.example", elsewhere="https://elsewhere.example"
    ) as execution:
        for host in ("127.0.0.1", "localhost"):
            with Raw(execution) as client:
                client.host = f"{host}:{execution.port}"
                client.request("/there?a=b").answer()
    assert [request.url for request in player.requests] == [
        "https://service.example/there?a=b",
        "https://elsewhere.example/there?a=b",
    ]


# Times


def test_the_head_may_be_late(server):
    with server.open(Script(faults.delayed(TEXT, 0.02))) as execution, Raw(execution) as client:
        began = time.monotonic()
        assert client.request().answer().body == b"0123456789"
        assert time.monotonic() - began >= 0.0199


def test_pauses_between_pieces_are_kept_as_written(server):
    reply = faults.delivered(STREAM, STREAM.chunks, (0.0, 0.02, 0.01))
    with server.open(Script(reply)) as execution, Raw(execution) as client:
        seen = client.request().answer()
        (capture,) = execution.close().exchanges
    assert seen.unchunked() == EVENTS
    assert len(seen.reads) == 3
    gaps = [b.at - a.at for a, b in zip(capture.deliveries, capture.deliveries[1:], strict=False)]
    assert 0.015 <= gaps[0] < 1 and 0.005 <= gaps[1] < 1


def test_a_slow_drip_comes_a_few_bytes_at_a_time(server):
    with server.open(Script(faults.dripped(TEXT, 3, 0.004))) as execution, Raw(execution) as client:
        seen = client.request().answer()
        assert [d.size for d in execution.close().exchanges[0].deliveries] == [
            71 + n for n in (0, 3, 6, 9, 10)
        ]
    assert seen.body == b"0123456789"
    assert len(seen.reads) >= 4


def test_a_connection_may_stay_open_after_done(server):
    with server.open(Script(faults.held_open(STREAM, 0.03))) as execution, Raw(execution) as client:
        client.request()
        data = b""
        while not data.endswith(b"data: [DONE]\n\n\r\n"):
            data += client.read()
        began = time.monotonic()
        assert client.silent(0.01)
        assert client.read() == b"0\r\n\r\n"
        assert time.monotonic() - began >= 0.02
        assert client.request().answer().status == 200


def test_a_client_may_leave_while_the_connection_is_held_open(server):
    with server.open(Script(faults.held_open(STREAM, 30))) as execution:
        with Raw(execution) as client:
            client.request().all(within=0.01)
        wait_for(lambda: execution.capture().exchanges[0].aborted)


# Streams


@pytest.mark.parametrize("name", sorted(sse_shapes.DELIVERIES))
def test_a_stream_arrives_whole_in_every_delivery(server, name):
    chunks = sse_shapes.DELIVERIES[name](EVENTS)
    with (
        server.open(Script(faults.delivered(STREAM, chunks))) as execution,
        Raw(execution) as client,
    ):
        seen = client.request().answer()
        (capture,) = execution.close().exchanges
    assert seen.unchunked() == EVENTS
    assert len(capture.deliveries) == len(chunks)


def test_one_byte_at_a_time_leaves_room_for_others(server):
    body = b"x" * 3000
    with (
        server.open(Script(Reply(response(body, chunks=sse_shapes.per_byte(body))))) as execution,
        Raw(execution) as client,
    ):
        assert client.request().answer().body == body
        assert len(execution.close().exchanges[0].deliveries) == 3000


@pytest.mark.parametrize("name", sorted({**SPELLINGS, **BREAKAGES}))
def test_any_spelling_or_breakage_is_sent_byte_for_byte(server, name):
    body = {**SPELLINGS, **BREAKAGES}[name](EVENTS)
    with (
        server.open(Script(Reply(response(body, SSE, length=False)))) as execution,
        Raw(execution) as client,
    ):
        assert client.request().answer().unchunked() == body
