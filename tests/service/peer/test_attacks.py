"""What becomes of those who mean it ill: refused clearly where they can read it, cut off where not,
and recorded."""

from __future__ import annotations

import errno
import socket
import ssl
import time

import pytest

from conformance.service.peer import Door, Execution, PeerLimits, PeerServer, ProblemCode
from conformance.wire.exchange import Delivery, Reply
from tests.service.peer import faults
from tests.service.peer.raw import Raw, Script, Seen, knock, response, wait_for

OK = Reply(response())
ESTABLISHED, CLOSED, CLOSE_WAIT = 1, 7, 8  # tcp_states.h


def refused(execution: Execution, data: bytes) -> Seen:
    with Raw(execution) as client:
        return client.send(data).all(within=1.0)


def only_problem(execution: Execution) -> ProblemCode:
    wait_for(lambda: execution.capture().problems)
    capture = execution.close()
    assert capture.exchanges == ()
    (problem,) = capture.problems
    return problem.code


# Who is asking


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:80",
        "127.0.0.1",
        "127.0.0.1:1",
        "localhost",
        "",
        "r.openai.azure.com",
        "127.0.0.1.evil.example",
        "[::1]:80",
    ],
)
def test_a_host_that_is_not_the_listeners_is_misdirected(server, host):
    player = Script(OK)
    execution = server.open(player)
    seen = refused(execution, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    assert (seen.status, seen.end) == (421, "fin")
    assert b"x-should-retry: false" in seen.head
    assert player.requests == []
    assert only_problem(execution) is ProblemCode.WRONG_HOST


def test_the_host_in_an_absolute_target_counts_and_not_the_header(server):
    player = Script(OK)
    with server.open(player) as execution, Raw(execution) as client:
        assert client.request(f"http://{client.host}/a?b=1").answer().status == 200
        assert client.request("http://evil.example/a").answer().status == 421
    assert [request.url for request in player.requests] == [execution.url + "/a?b=1"]


def test_hosts_may_be_named_that_are_taken_too(server):
    with (
        server.open(Script(OK), hosts=("Login.microsoftonline.com:80",)) as execution,
        Raw(execution) as client,
    ):
        client.host = "login.microsoftonline.com"
        assert client.request().answer().status == 200


@pytest.mark.parametrize("hosts", ["", "Host: a\r\nHost: b\r\n"])
def test_a_request_has_one_host(server, hosts):
    execution = server.open(Script(OK))
    assert refused(execution, f"GET / HTTP/1.1\r\n{hosts}\r\n".encode()).status == 400
    assert only_problem(execution) is ProblemCode.BAD_REQUEST


def test_a_web_page_is_not_served(server):
    with server.open(Script(OK)) as execution, Raw(execution) as client:
        seen = client.request(
            "/", "Origin: https://evil.example", method="POST", body=b"{}"
        ).answer()
        assert seen.status == 403
        assert b"access-control" not in seen.head.lower()
        assert only_problem(execution) is ProblemCode.BROWSER


def test_the_peer_is_no_proxy(server):
    execution = server.open(Script(OK))
    assert (
        refused(
            execution, b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"
        ).status
        == 400
    )


# Too much


def test_ten_thousand_headers_are_refused(server):
    execution = server.open(Script(OK))
    seen = refused(
        execution,
        b"GET / HTTP/1.1\r\n" + b"".join(b"x-%d: y\r\n" % n for n in range(10_000)) + b"\r\n",
    )
    assert (seen.status, seen.end) == (431, "fin")
    assert only_problem(execution) is ProblemCode.HEAD_TOO_LARGE


def test_a_hundred_headers_are_taken_and_one_more_is_not(server):
    with server.open(Script(OK)) as execution, Raw(execution) as client:
        assert client.request("/", *(f"x-{n}: y" for n in range(99))).answer().status == 200
        assert client.request("/", *(f"x-{n}: y" for n in range(100))).answer().status == 431


@pytest.mark.parametrize("end", [b"\r\n\r\n", b""])
def test_a_head_without_end_is_refused(server, end):
    execution = server.open(Script(OK))
    assert refused(execution, b"GET /" + b"a" * 70_000 + end).status == 431
    assert only_problem(execution) is ProblemCode.HEAD_TOO_LARGE


def test_a_gigabyte_announced_is_refused_before_it_is_sent(server):
    execution = server.open(Script(OK))
    with Raw(execution) as client:
        client.request("/", "Expect: 100-continue", "Content-Length: 1073741824", method="POST")
        seen = client.all()
    assert (seen.status, seen.end) == (413, "fin")
    assert only_problem(execution) is ProblemCode.BODY_TOO_LARGE


@pytest.mark.parametrize("how", ["length", "chunked"])
def test_a_client_that_sends_on_after_413_can_read_it_and_is_then_cut_off(how):
    limits = PeerLimits(body_bytes=100_000, drain_bytes=1_000_000)
    with (
        PeerServer(limits=limits) as server,
        server.open(Script(OK)) as execution,
        Raw(execution) as client,
    ):
        coding = "Content-Length: 1073741824" if how == "length" else "Transfer-Encoding: chunked"
        client.request("/", coding, method="POST")
        sent = 0
        piece = b"x" * 65_536 if how == "length" else b"10000\r\n" + b"x" * 65_536 + b"\r\n"
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            while sent < 1 << 30:
                client.send(piece)
                sent += 65_536
        assert sent < 100_000_000
        assert only_problem(execution) is ProblemCode.BODY_TOO_LARGE


def test_a_chunked_body_is_refused_by_its_count_and_the_answer_can_be_read():
    with (
        PeerServer(limits=PeerLimits(body_bytes=1000)) as server,
        server.open(Script(OK)) as execution,
        Raw(execution) as client,
    ):
        client.request("/", "Transfer-Encoding: chunked", method="POST")
        client.send(b"1f4\r\n" + b"x" * 500 + b"\r\n")
        client.send(b"1f5\r\n" + b"x" * 501 + b"\r\n0\r\n\r\n")
        assert client.all().status == 413


def test_an_execution_has_its_fill_of_requests_and_bytes():
    with (
        PeerServer(limits=PeerLimits(requests=2)) as server,
        server.open(Script(OK)) as execution,
        Raw(execution) as client,
    ):
        assert [client.request().answer().status for _ in range(3)] == [200, 200, 413]
    with (
        PeerServer(limits=PeerLimits(total_bytes=10)) as server,
        server.open(Script(OK)) as execution,
        Raw(execution) as client,
    ):
        assert [
            client.request(method="POST", body=b"123456").answer().status for _ in range(2)
        ] == [200, 413]


def test_connections_beyond_the_limit_are_reset(server):
    with PeerServer(limits=PeerLimits(connections=3)) as small, small.open(Script(OK)) as execution:
        standing = [Raw(execution) for _ in range(3)]
        for client in standing:
            client.request().answer()
        assert knock(execution) == "rst"
        standing.pop().sock.close()
        wait_for(lambda: sum(c.closed is None for c in execution.capture().connections) == 2)
        with Raw(execution) as client:
            assert client.request().answer().status == 200
        for client in standing:
            client.sock.close()
        assert execution.close().problems[0].code is ProblemCode.TOO_MANY


def test_pipelined_requests_pile_up_only_so_far():
    slow = Reply(response(), delivery=Delivery(delay=0.03))
    with (
        PeerServer(limits=PeerLimits(pipelined_bytes=2000)) as server,
        server.open(Script(slow, OK)) as execution,
    ):
        with Raw(execution) as client:
            one = f"GET /{'a' * 900} HTTP/1.1\r\nHost: {client.host}\r\n\r\n".encode()
            client.send(one * 20)
            data = b""
            while data.count(b"HTTP/1.1 200") < 20:
                data += client.read()
        assert len(execution.close().exchanges) == 20


# Too slow


@pytest.mark.parametrize(
    ("start", "part"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n", "head"),
        (b"G", "head"),
        (b"POST / HTTP/1.1\r\nHost: %b\r\nContent-Length: 10\r\n\r\nab", "body"),
        (b"POST / HTTP/1.1\r\nHost: %b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "body"),
    ],
)
def test_a_slowloris_is_shown_the_door(start, part):
    limits = PeerLimits(head_seconds=0.03, body_seconds=0.03, drain_seconds=0.03)
    with (
        PeerServer(limits=limits) as server,
        server.open(Script(OK)) as execution,
        Raw(execution) as client,
    ):
        client.send(start.replace(b"%b", client.host.encode()))
        began = time.monotonic()
        while client.silent(0.005):
            client.send(b"a")
        assert time.monotonic() - began < 1
        seen = client.all()
        assert (seen.status, seen.end) == (408, "fin")
        wait_for(lambda: execution.capture().connections[0].closed is not None)
        (problem,) = execution.close().problems
        assert problem.code is ProblemCode.TOO_SLOW
        assert part in problem.cause


def test_a_connection_that_never_speaks_is_closed():
    with (
        PeerServer(limits=PeerLimits(idle_seconds=0.03)) as server,
        server.open(Script(OK)) as execution,
    ):
        with Raw(execution) as client:
            assert client.all().end == "fin"
        assert execution.close().problems == ()


def test_a_client_that_will_not_leave_after_a_refusal_is_cut_off():
    with (
        PeerServer(limits=PeerLimits(drain_seconds=0.02)) as server,
        server.open(Script(OK)) as execution,
        Raw(execution) as client,
    ):
        assert client.send(b"\x00").answer().status == 400
        wait_for(lambda: execution.capture().connections[0].closed is not None)


def test_a_waiting_answer_has_no_deadline():
    limits = PeerLimits(head_seconds=0.01, body_seconds=0.01, idle_seconds=0.01)
    reply = Reply(response(), delivery=Delivery(delay=0.06))
    with (
        PeerServer(limits=limits) as server,
        server.open(Script(reply)) as execution,
        Raw(execution) as client,
    ):
        assert client.request().answer().status == 200


# Not HTTP


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\x01", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/1.1\nHost: x\n\n", 400),
        (b"GET / HTTP/1.1\r\nHo st: x\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ],
)
def test_what_is_not_http_is_told_so(server, data, status):
    execution = server.open(Script(OK))
    assert refused(execution, data).status == status
    assert only_problem(execution) in (ProblemCode.BAD_REQUEST, ProblemCode.NOT_HTTP)


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 1, 1",
        "Content-Length: +1",
        "Content-Length: -1",
        "Content-Length: 0x1",
        "Content-Length: 1 1",
        "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked\r\nContent-Length: 3",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: gzip, chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    ],
)
def test_two_readings_of_a_length_are_refused(server, headers):
    player = Script(OK)
    with server.open(player) as execution, Raw(execution) as client:
        assert client.request("/", headers, method="POST").all(within=1).status in (400, 413)
    assert player.requests == []


@pytest.mark.parametrize(
    "coding",
    [
        b"x\r\n",
        b"-1\r\n",
        b"3\r\nabcd\r\n",
        b"3\nabc\r\n",
        b"\r\n",
        b"1 1\r\n",
        b"ffffffffffffffff\r\n",
        b"1" * 5000,
        b"0\r\nno colon\r\n\r\n",
        b"0\r\n" + b"x: y\r\n" * 12_000,
    ],
)
def test_a_broken_chunked_coding_is_refused(server, coding):
    player = Script(OK)
    with server.open(player) as execution, Raw(execution) as client:
        seen = (
            client.request("/", "Transfer-Encoding: chunked", method="POST")
            .send(coding)
            .all(within=1)
        )
        assert seen.status in (400, 413, 431)
    assert player.requests == []


def test_a_request_that_breaks_off_is_recorded_with_what_came(server):
    execution = server.open(Script(OK))
    with Raw(execution) as client:
        client.send(b"POST /half HTTP/1.1\r\nHost:")
    assert only_problem(execution) is ProblemCode.INCOMPLETE
    assert execution.close().problems[0].start == b"POST /half HTTP/1.1\r\nHost:"


def test_tls_to_a_plain_port_is_closed_and_named(server):
    execution = server.open(Script(OK))
    with pytest.raises((ssl.SSLError, OSError)):
        context = ssl.create_default_context()
        with socket.create_connection((execution.host, execution.port)) as sock:
            context.wrap_socket(sock, server_hostname="localhost")
    assert only_problem(execution) is ProblemCode.NOT_HTTP


# TLS


@pytest.fixture(scope="module")
def tls():
    with PeerServer(tls=True, limits=PeerLimits(handshake_seconds=0.2)) as server:
        yield server
        assert server.faults == []


def test_tls_serves_whoever_trusts_the_bundle(tls):
    with tls.open(Script(OK)) as execution, Raw(execution, ca=execution.ca_file) as client:
        assert execution.url.startswith("https://127.0.0.1:")
        assert [client.request().answer().status for _ in range(2)] == [200, 200]
        capture = execution.close()
    assert capture.connections[0].tls == "TLSv1.3"
    assert capture.exchanges[0].exchange.request.url == execution.url + "/x"


def test_tls_and_plain_executions_live_side_by_side(tls):
    with tls.open(Script(OK), tls=False) as plain, Raw(plain) as client:
        assert plain.ca_file is None
        assert client.request().answer().status == 200


def test_one_authority_serves_every_execution(tls):
    with tls.open(Script(OK)) as one, tls.open(Script(OK)) as other:
        assert one.ca_file == other.ca_file
        assert b"BEGIN CERTIFICATE" in one.ca_file.read_bytes()
        assert b"PRIVATE" not in one.ca_file.read_bytes()


def test_whoever_does_not_trust_the_bundle_is_recorded_as_a_failed_handshake(tls):
    execution = tls.open(Script(OK))
    context = ssl.create_default_context()
    with (
        socket.create_connection((execution.host, execution.port)) as sock,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(sock, server_hostname="localhost")
    wait_for(lambda: execution.capture().problems)
    (problem,) = execution.close().problems
    assert problem.code is ProblemCode.TLS_HANDSHAKE


@pytest.mark.parametrize("data", [b"", b"\x16\x03\x01\x02\x00\x01"])
def test_a_handshake_that_stops_is_given_up(tls, data):
    execution = tls.open(Script(OK))
    with Raw(execution) as client:
        began = time.monotonic()
        assert client.send(data).all(within=2).end in ("fin", "rst")
        assert time.monotonic() - began < 1.5
    wait_for(lambda: execution.capture().problems)
    capture = execution.close()
    assert [problem.code for problem in capture.problems] == [ProblemCode.TLS_HANDSHAKE]
    assert [c for c in capture.connections if c.closed is None] == []


def test_plain_http_to_a_tls_port_is_named(tls):
    execution = tls.open(Script(OK))
    with Raw(execution) as client:
        client.request().all(within=2)
    wait_for(lambda: execution.capture().problems)
    assert "HTTP_REQUEST" in execution.close().problems[0].cause


def test_an_execution_closes_over_a_handshake_under_way(tls):
    execution = tls.open(Script(OK))
    with Raw(execution) as client:
        wait_for(lambda: execution.capture().connections)
        execution.door(Door.REFUSED)
        execution.close()
        assert client.all(within=2).end in ("fin", "rst")


@pytest.mark.parametrize("fault", [faults.cut_after, faults.reset_after, faults.stall_after])
def test_a_fault_under_tls_comes_after_all_the_bytes_before_it(tls, fault):
    reply = fault(response(b"0123456789" * 20_000), 150_000)
    with tls.open(Script(reply)) as execution, Raw(execution, ca=execution.ca_file) as client:
        assert len(client.request().all(within=0.1).body) == 150_000


@pytest.mark.skipif(not hasattr(socket, "TCP_INFO"), reason="asks Linux's TCP for its state")
@pytest.mark.parametrize(
    ("fault", "state", "error"),
    [
        (faults.cut_after, CLOSE_WAIT, 0),
        (faults.reset_after, CLOSED, errno.ECONNRESET),
        (faults.stall_after, ESTABLISHED, 0),
    ],
)
def test_a_fault_under_tls_ends_the_connection_as_it_does_without(tls, fault, state, error):
    with (
        tls.open(Script(fault(response(b"0123456789"), 5))) as execution,
        Raw(execution, ca=execution.ca_file) as client,
    ):
        client.request()
        # Below TLS, which reports an end without farewell in the same way whatever it was.
        wait_for(lambda: client.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == state)
        assert client.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == error


def test_many_answers_in_pieces_go_out_under_tls_each_to_its_end(tls):
    body = b"data: {}\n\n" * 51
    reply = faults.delivered(response(body, length=False), tuple(range(10, 511, 10)))
    with tls.open(Script(reply)) as execution, Raw(execution, ca=execution.ca_file) as client:
        for _ in range(20):
            assert client.request().answer().unchunked() == body
        assert all(exchange.finished is not None for exchange in execution.close().exchanges)


def test_a_slow_reader_is_waited_for_under_tls_too(tls):
    body = b"x" * 4_000_000
    with (
        tls.open(Script(Reply(response(body)))) as execution,
        Raw(execution, ca=execution.ca_file) as client,
    ):
        client.request()
        wait_for(lambda: execution.capture().exchanges)
        assert len(client.all(within=0.3).body) == len(body)
        assert client.request("/", "Connection: close", method="HEAD").all().end == "fin"
