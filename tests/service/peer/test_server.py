"""What the peer sends for a plain reply, and what it sees of a plain request."""

from __future__ import annotations

import gzip
import threading
import time
from pathlib import Path

import pytest

from conformance.errors import EnvironmentFault, UsageError
from conformance.service.peer import Arrival, Door, PeerLimits, PeerServer, ProblemCode
from conformance.wire.exchange import Delivery, Reply
from tests.service.peer.raw import JSON, SSE, Raw, Script, knock, response, wait_for


def test_a_response_is_sent_with_the_headers_it_was_given_in_their_order_and_case(server):
    headers = (
        ("X-Zed", "1"),
        ("content-Type", "text/plain"),
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
    )
    with (
        server.open(Script(Reply(response(b"hi", headers)))) as execution,
        Raw(execution) as client,
    ):
        seen = client.request().answer()
    assert seen.data == (
        b"HTTP/1.1 200 OK\r\nX-Zed: 1\r\ncontent-Type: text/plain\r\nSet-Cookie: a\r\n"
        b"Set-Cookie: b\r\ncontent-length: 2\r\n\r\nhi"
    )


def test_a_body_without_a_length_is_chunk_coded(server):
    with (
        server.open(Script(Reply(response(b"hello", length=False)))) as execution,
        Raw(execution) as client,
    ):
        seen = client.request().answer()
    assert b"transfer-encoding: chunked" in seen.head
    assert seen.body == b"5\r\nhello\r\n0\r\n\r\n"


def test_each_piece_of_a_body_is_a_chunk_of_its_own(server):
    reply = Reply(response(b"hello", length=False, chunks=(2, 5)))
    with server.open(Script(reply)) as execution, Raw(execution) as client:
        assert client.request().answer().body == b"2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"


def test_a_recorded_transfer_coding_is_applied_and_its_stray_length_left_out(server):
    reply = Reply(response(b"hello", (("Transfer-Encoding", "chunked"),)))
    with server.open(Script(reply)) as execution, Raw(execution) as client:
        seen = client.request().answer()
    assert b"content-length" not in seen.head
    assert seen.unchunked() == b"hello"


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_gets_none(server, status):
    with (
        server.open(Script(Reply(response(b"", (), status, length=False)))) as execution,
        Raw(execution) as client,
    ):
        seen = client.request().answer()
        assert seen.status == status
        assert b"transfer-encoding" not in seen.head
        assert client.request().answer().status == status


def test_head_gets_the_headers_of_get_and_no_body(server):
    with server.open(Script(Reply(response(b"hello")))) as execution, Raw(execution) as client:
        assert (
            client.request(method="HEAD")
            .all(within=0.02)
            .data.endswith(b"content-length: 5\r\n\r\n")
        )
        assert client.request().answer().body == b"hello"


def test_a_connection_serves_many_requests_and_their_reuse_is_seen(server):
    with server.open(Script(Reply(response()))) as execution:
        with Raw(execution) as client:
            for _ in range(3):
                client.request().answer()
        with Raw(execution) as client:
            client.request().answer()
        capture = execution.close()
    assert [(e.connection, e.sequence, e.reused) for e in capture.exchanges] == [
        (1, 1, False),
        (1, 2, True),
        (1, 3, True),
        (2, 1, False),
    ]
    assert [(c.number, c.requests) for c in capture.connections] == [(1, 3), (2, 1)]


def test_pipelined_requests_are_answered_in_their_order(server):
    replies = [
        Reply(response(b"%d" % n), delivery=Delivery(delay=0.01 if n == 0 else 0)) for n in range(4)
    ]
    with server.open(Script(*replies)) as execution, Raw(execution) as client:
        one = f"GET /%d HTTP/1.1\r\nHost: {client.host}\r\n\r\n"
        post = (
            f"POST /2 HTTP/1.1\r\nHost: {client.host}\r\ntransfer-encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n0\r\n\r\n"
        )
        client.send((one % 0 + one % 1 + post + one % 3).encode())
        data = b""
        while data.count(b"HTTP/1.1 200") < 4 or not data.endswith(b"3"):
            data += client.read()
        capture = execution.close()
    assert [part.rpartition(b"\r\n\r\n")[2] for part in data.split(b"HTTP/1.1 200")[1:]] == [
        b"0",
        b"1",
        b"2",
        b"3",
    ]
    assert [e.exchange.request.path for e in capture.exchanges] == ["/0", "/1", "/2", "/3"]
    assert capture.exchanges[2].exchange.request.body == b"abc"


def test_the_request_is_kept_exactly_as_sent(server):
    player = Script(Reply(response()))
    with server.open(player) as execution, Raw(execution) as client:
        head = (
            f"POST /a%2Fb//%7e?q=%20+&q= HTTP/1.1\r\nhOsT: {client.host}\r\n"
            "X-Two: b\r\nx-two:   a\r\nContent-Length: 2\r\n\r\n"
        ).encode()
        client.send(head + b"{}").answer()
        (seen,) = execution.close().exchanges
    assert seen.head == head
    assert seen.request_line == b"POST /a%2Fb//%7e?q=%20+&q= HTTP/1.1"
    assert player.requests[0].url == execution.url + "/a%2Fb//%7e?q=%20+&q="
    assert player.requests[0].headers == (
        ("hOsT", client.host),
        ("X-Two", "b"),
        ("x-two", "a"),
        ("Content-Length", "2"),
    )


def test_the_player_may_be_shown_another_origin(server):
    player = Script(Reply(response()))
    with (
        server.open(player, origin="https://r.openai.azure.com") as execution,
        Raw(execution) as client,
    ):
        client.request("/openai/x?api-version=1").answer()
    assert player.requests[0].url == "https://r.openai.azure.com/openai/x?api-version=1"


def test_a_chunked_request_body_is_put_together_and_its_pieces_remembered(server):
    player = Script(Reply(response()))
    with server.open(player) as execution, Raw(execution) as client:
        client.request("/x", "Transfer-Encoding: chunked", "Trailer: X-Sum", method="POST")
        for piece in (b'4;ext="a"\r\nab', b"cd\r", b"\n2\r\nef\r\n0\r\nX-Sum: 9\r\n", b"\r\n"):
            client.send(piece)
            time.sleep(0.003)
        client.answer()
        (seen,) = execution.close().exchanges
    assert player.requests[0].body == b"abcdef"
    assert seen.sent_chunks == (4, 6)
    assert seen.trailers == (("X-Sum", "9"),)
    assert [arrival.size for arrival in seen.arrivals] == [2, 4, 6]
    times = [arrival.at for arrival in seen.arrivals]
    assert times == sorted(times)
    assert seen.arrived <= times[0] < times[-1] < seen.complete


def test_a_client_that_expects_100_continue_gets_it_before_its_body(server):
    player = Script(Reply(response()))
    with server.open(player) as execution, Raw(execution) as client:
        client.request("/x", "Expect: 100-continue", "Content-Length: 3", method="POST")
        assert client.read() == b"HTTP/1.1 100 Continue\r\n\r\n"
        assert not player.requests
        assert client.send(b"abc").answer().status == 200
    assert player.requests[0].body == b"abc"


def test_an_offer_of_another_protocol_is_not_taken_up(server):
    with server.open(Script(Reply(response()))) as execution, Raw(execution) as client:
        client.request(
            "/x", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"
        )
        assert client.answer().status == 200
        assert client.request().answer().status == 200


def test_http_1_0_and_connection_close_end_the_connection(server):
    with server.open(Script(Reply(response(b"hi", length=False)))) as execution:
        with Raw(execution) as client:
            seen = client.send(f"GET / HTTP/1.0\r\nHost: {client.host}\r\n\r\n".encode()).all()
            assert seen.body == b"hi"
            assert b"transfer-encoding" not in seen.head
            assert seen.end == "fin"
        with Raw(execution) as client:
            assert client.request("/", "Connection: close").all().end == "fin"


def test_times_of_an_exchange_follow_each_other(server):
    reply = Reply(response(b"ab", chunks=(1, 2), pauses=(0.0, 0.01)), delivery=Delivery(delay=0.01))
    with server.open(Script(reply)) as execution, Raw(execution) as client:
        client.request(method="POST", body=b"x").answer()
        (seen,) = execution.close().exchanges
    assert seen.answered is not None and seen.finished is not None
    assert 0 <= seen.arrived <= seen.complete < seen.answered < seen.finished
    assert seen.answered - seen.complete >= 0.0099
    assert seen.deliveries[1].at - seen.deliveries[0].at >= 0.009
    assert seen.deliveries[-1] == Arrival(seen.deliveries[-1].at, seen.written)
    assert not seen.aborted


def test_a_slow_reader_is_waited_for_and_the_last_byte_counted_when_it_was_taken(server):
    body = b"x" * 8_000_000
    with server.open(Script(Reply(response(body)))) as execution, Raw(execution) as client:
        client.request()
        wait_for(lambda: execution.capture().exchanges)
        assert execution.capture().exchanges[0].finished is None
        got = 0
        while got < len(body):
            got += len(client.read(1_000_000))
        wait_for(lambda: execution.capture().exchanges[0].finished is not None)


def test_a_client_that_leaves_in_the_middle_is_seen_to_have_left(server):
    reply = Reply(response(b"ab", SSE, length=False, chunks=(1, 2), pauses=(0.0, 5.0)))
    with server.open(Script(reply)) as execution:
        with Raw(execution) as client:
            client.request()
            assert client.read().endswith(b"1\r\na\r\n")
        wait_for(lambda: execution.capture().exchanges[0].aborted)
        (seen,) = execution.close().exchanges
    assert seen.client_left is not None and seen.finished is None


def test_a_player_that_raises_makes_a_404_that_nobody_retries_and_is_recorded(server):
    with (
        server.open(Script(KeyError("oops"), Reply(response()))) as execution,
        Raw(execution) as client,
    ):
        seen = client.request().answer()
        assert seen.status == 404
        assert b"x-should-retry: false" in seen.head
        assert client.request().answer().status == 200
        capture = execution.close()
    assert capture.exchanges[0].failure == "KeyError: 'oops'"
    assert capture.exchanges[1].failure is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(),
        Reply(response(headers=(("X", "a\r\nX-Evil: 1"),))),
        Reply(response(headers=(("X", "\u20ac"),))),
    ],
    ids=["nothing", "injection", "text"],
)
def test_a_reply_that_cannot_be_sent_is_the_players_failure(server, reply):
    with server.open(Script(reply)) as execution, Raw(execution) as client:
        seen = client.request().answer()
        assert seen.status == 404
        assert b"Evil" not in seen.head
        assert execution.close().exchanges[0].failure


def test_two_hundred_listeners_stand_open_and_keep_apart(server):
    executions = [server.open(Script(Reply(response(b"%d" % n)))) for n in range(200)]
    assert len({execution.port for execution in executions}) == 200
    for number in range(0, 200, 17):
        with Raw(executions[number]) as client:
            assert client.request().answer().body == b"%d" % number
    captures = [execution.close() for execution in executions]
    assert sum(len(capture.exchanges) for capture in captures) == len(range(0, 200, 17))
    with pytest.raises(ConnectionRefusedError):
        Raw(executions[5])


def test_executions_leave_nothing_behind(server):
    fds = Path("/proc/self/fd")
    server.open(Script(Reply(response()))).close()
    before = len(list(fds.iterdir())) if fds.exists() else 0
    for _ in range(200):
        with server.open(Script(Reply(response()))) as execution, Raw(execution) as client:
            client.request().answer()
    time.sleep(0.02)
    assert not fds.exists() or len(list(fds.iterdir())) <= before + 2


def test_executions_run_at_the_same_time(server):
    executions = [
        server.open(Script(Reply(response(), delivery=Delivery(delay=0.1)))) for _ in range(20)
    ]

    def drive(index: int) -> None:
        with Raw(executions[index]) as client:
            client.request().answer()

    began = time.monotonic()
    threads = [threading.Thread(target=drive, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < 1.0
    assert all(len(execution.close().exchanges) == 1 for execution in executions)


def test_closing_twice_gives_the_same_capture_and_ends_the_connections(server):
    execution = server.open(Script(Reply(response())))
    with Raw(execution) as client:
        client.request().answer()
        first = execution.close()
        assert client.all().end == "fin"
    assert execution.close() is first
    assert execution.capture() is first


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "", "192.0.2.1", "::", "::1", "example.com", "localhost"]
)
def test_the_peer_binds_loopback_addresses_only(host):
    with pytest.raises(UsageError, match="does not listen"):
        PeerServer(host=host)


def test_a_server_that_does_not_run_says_so():
    with pytest.raises(EnvironmentFault, match="does not run"):
        PeerServer().open(Script())


def test_leaving_the_server_closes_everything():
    with PeerServer() as server:
        execution = server.open(Script(Reply(response())))
        client = Raw(execution)
        client.request().answer()
    assert client.all().end == "fin"
    client.sock.close()
    assert len(execution.close().exchanges) == 1


def test_a_player_may_close_the_door_while_it_answers(server):
    class Player(Script):
        def answer(self, request):
            execution.door(Door.RESET, connections=1)
            return super().answer(request)

    execution = server.open(Player(Reply(response())))
    with Raw(execution) as client:
        seen = client.request().all()
    assert seen.status == 200 and seen.end == "fin"
    assert knock(execution) == "rst"
    with Raw(execution) as client:
        assert client.request().answer().status == 200
    assert [p.code for p in execution.close().problems] == [ProblemCode.RESET_AT_DOOR]


def test_a_gzip_body_is_left_alone(server):
    body = gzip.compress(b"hello", mtime=0)
    reply = Reply(response(body, (*JSON, ("content-encoding", "gzip"))))
    with server.open(Script(reply)) as execution, Raw(execution) as client:
        assert gzip.decompress(client.request().answer().body) == b"hello"


def test_limits_tell_how_often_to_look():
    assert PeerLimits().sweep_seconds == 0.5
    assert PeerLimits(head_seconds=0.04).sweep_seconds == 0.01
