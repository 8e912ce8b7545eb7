"""The forwarder: what goes to the service, what comes back, and what it says when the service is
not to be had."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.errors import EnvironmentFault, HarnessError, UsageError
from conformance.record.forwarder import Budget, Forwarder, Patience
from conformance.service.peer import Execution, PeerLimits, PeerServer
from conformance.service.remote.upstream import Credentials, Timeouts, Upstream
from conformance.wire.exchange import Exchange, Fault, Reply, Response
from tests.record.services import ORIGIN, PLACE, Paced, Script, response
from tests.service.peer.faults import cut_after, redirect, short_chunk

try:  # whichever the installed SDK brings along
    import httpx2 as httpx
except ImportError:
    import httpx

PATH = "/openai/deployments/conf-chat/chat/completions?api-version=2024-10-21&x=%2Fa%20b"
EVENTS = (b'data: {"n":1}\n\n', b'data: {"n":2}\n\n', b"data: [DONE]\n\n")
STREAM = response(
    b"".join(EVENTS), kind="text/event-stream", chunks=(15, 30, 44), pauses=(0.0, 0.15, 0.15)
)


class Case:
    """A client's side and a service's side with a forwarder between them."""

    def __init__(
        self,
        server: PeerServer,
        *replies: Reply | Response,
        budget: Budget | None = None,
        patience: Patience | None = None,
        credentials: Credentials | None = None,
        tls: bool = False,
        ca_file: Path | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.service = Script(*replies)
        self.upstream: Execution = server.open(self.service, tls=tls)
        self.waits: list[float] = []
        self.forwarder = Forwarder(
            Upstream(self.upstream.url, credentials, timeouts, ca_file),
            budget=budget,
            patience=patience,
            waiting=self.waits.append,
        )
        self.execution = server.open(self.forwarder, origin=ORIGIN)

    def kept(self) -> Exchange:
        """The one exchange that was kept."""
        self.forwarder.settle()
        (exchange,) = self.forwarder.exchanges
        assert exchange.response is not None
        return exchange

    def post(self, body: bytes = b'{"a":1}', **headers: str) -> httpx.Response:
        with httpx.Client() as client:
            return client.post(self.execution.url + PATH, content=body, headers=headers, timeout=10)

    def failure(self) -> HarnessError:
        with pytest.raises(HarnessError) as caught:
            self.forwarder.settle()
        return caught.value


def test_a_request_goes_out_to_the_byte_but_for_host_and_connection(server: PeerServer) -> None:
    case = Case(server, response(b"{}"))
    body = b'{ "b":  1,\n"a": "\xc3\xa9" }'
    case.post(
        body,
        **{
            "X-Odd-Case": "1",
            "Connection": "keep-alive, X-Hop",
            "X-Hop": "gone",
            "TE": "trailers",
            "Accept-Encoding": "gzip;q=0.5",
        },
    )
    (sent,) = case.service.requests
    assert sent.body == body
    assert sent.url == case.upstream.url + PATH
    assert ("X-Odd-Case", "1") in sent.headers
    assert sent.header("accept-encoding") == "gzip;q=0.5"
    assert sent.header("host") == f"127.0.0.1:{case.upstream.port}"
    assert {"x-hop", "te"}.isdisjoint({name.lower() for name, _ in sent.headers})
    kept = case.kept()
    assert kept.request.url == ORIGIN + PATH
    assert kept.request.body == body


def test_the_path_of_a_gateway_is_put_before(server: PeerServer) -> None:
    service = Script(response(b"{}"))
    upstream = server.open(service)
    execution = server.open(Forwarder(Upstream(upstream.url + "/azure/")), origin=ORIGIN)
    httpx.get(execution.url + "/openai/models?api-version=1")
    assert service.requests[0].url == upstream.url + "/azure/openai/models?api-version=1"


def test_a_stream_arrives_piece_by_piece_and_is_kept_with_its_chunks_and_times(
    server: PeerServer,
) -> None:
    service = Paced(*EVENTS)
    forwarder = Forwarder(Upstream(server.open(service).url))
    arrived = []
    with httpx.stream(
        "POST", server.open(forwarder, origin=ORIGIN).url + PATH, content=b"{}", timeout=30
    ) as answer:
        for piece in answer.iter_raw():
            arrived.append(piece)
            time.sleep(0.1)
            service.heard.release()
    assert arrived == list(EVENTS)
    forwarder.settle()
    (kept,) = forwarder.recorded
    assert kept.exchange.response is not None
    assert kept.exchange.response.chunks == (15, 30, 44)
    assert kept.exchange.response.body == STREAM.body
    assert all(later - earlier >= 0.09 for earlier, later in itertools.pairwise(kept.times))


def test_a_stream_the_client_leaves_is_heard_to_its_end(server: PeerServer) -> None:
    case = Case(server, STREAM)
    with httpx.stream("POST", case.execution.url + PATH, content=b"{}") as answer:
        next(answer.iter_raw())
    kept = case.kept()
    assert kept.response is not None
    assert kept.response.body == STREAM.body


def test_a_compressed_body_passes_as_it_is(server: PeerServer) -> None:
    packed = gzip.compress(b'{"a":1}', mtime=0)
    case = Case(server, response(packed, ("Content-Encoding", "gzip")))
    assert case.post().json() == {"a": 1}
    kept = case.kept()
    assert kept.response is not None
    assert kept.response.body == packed


def test_a_body_that_ends_with_its_connection_is_whole(server: PeerServer) -> None:
    class Plain:
        def answer(self, request: object) -> Reply:
            from conformance.wire.exchange import Delivery

            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
            return Reply(
                Response(200, (), b"to the end", PLACE), delivery=Delivery(head=head, close=True)
            )

    upstream = server.open(Plain())
    forwarder = Forwarder(Upstream(upstream.url))
    execution = server.open(forwarder, origin=ORIGIN)
    assert httpx.get(execution.url + "/x").text == "to the end"
    forwarder.settle()
    assert forwarder.exchanges[0].response is not None


def test_the_real_credential_is_put_in_behind_the_sdk_and_kept_nowhere(server: PeerServer) -> None:
    case = Case(server, response(b"{}"), credentials=Credentials("the-real-key"))
    case.post(**{"api-key": "a-stand-in"})
    case.post(Authorization="Bearer a-stand-in")
    case.post()
    assert [request.header("api-key") for request in case.service.requests] == [
        "the-real-key",
        "the-real-key",
        None,
    ]
    assert "the-real-key" not in repr(case.forwarder.exchanges) + repr(Credentials("the-real-key"))
    token = Case(server, response(b"{}"), credentials=Credentials(token=lambda: "a-token"))
    token.post(**{"api-key": "a-stand-in"})
    assert token.service.requests[0].header("authorization") == "Bearer a-token"
    assert token.service.requests[0].header("api-key") is None


def test_a_service_that_throttles_is_waited_for(server: PeerServer) -> None:
    busy = response(b"{}", ("retry-after-ms", "20"), status=429)
    case = Case(
        server, busy, response(b"{}", ("Retry-After", "0"), status=503), response(b'{"ok":1}')
    )
    assert case.post().json() == {"ok": 1}
    assert case.waits == [0.02, 0.0]
    kept = case.kept()
    assert kept.response is not None
    assert kept.response.status == 200


def test_patience_ends(server: PeerServer) -> None:
    case = Case(server, response(b"{}", ("retry-after", "3600"), status=429))
    answer = case.post()
    assert (answer.status_code, answer.headers["x-should-retry"]) == (404, "false")
    failure = case.failure()
    assert failure.code == "upstream-throttled"
    assert "3600 s" in failure.cause


def test_a_budget_is_never_passed_not_even_by_retries(server: PeerServer) -> None:
    case = Case(server, response(b"{}", ("retry-after-ms", "1"), status=429), budget=Budget(2))
    case.post()
    case.post()
    assert len(case.service.requests) == 2
    assert case.failure().code == "too-many-requests"


def test_a_redirect_is_not_followed_and_the_sdk_is_not_sent_there(server: PeerServer) -> None:
    case = Case(server, redirect("https://elsewhere.example/openai?sig=abc"))
    answer = case.post()
    assert answer.status_code == 404
    assert "location" not in answer.headers
    failure = case.failure()
    assert failure.code == "upstream-redirect"
    assert "elsewhere.example" in failure.cause
    assert "abc" not in str(failure)


def test_a_certificate_is_verified_always(server: PeerServer) -> None:
    distrusted = Case(server, response(b"{}"), tls=True)
    distrusted.post()
    assert distrusted.failure().code == "upstream-tls"
    assert distrusted.service.requests == []
    trusted = Case(server, response(b'{"ok":1}'), tls=True, ca_file=distrusted.upstream.ca_file)
    assert trusted.post().json() == {"ok": 1}
    plain = Case(server, response(b"{}"))
    other = Forwarder(Upstream(plain.upstream.url.replace("http:", "https:")))
    httpx.post(server.open(other, origin=ORIGIN).url + PATH)
    with pytest.raises(EnvironmentFault, match=r"upstream-(tls|unreachable)"):
        other.settle()


def test_a_service_that_is_not_there_is_one_message(server: PeerServer) -> None:
    free = socket.socket()
    free.bind(("127.0.0.1", 0))
    for url in (f"http://127.0.0.1:{free.getsockname()[1]}", "http://nobody.invalid"):
        forwarder = Forwarder(Upstream(url))
        execution = server.open(forwarder, origin=ORIGIN)
        for _ in range(2):
            assert httpx.get(execution.url + "/x").status_code == 404
        with pytest.raises(EnvironmentFault, match=r"cannot be reached.*\[upstream-unreachable\]"):
            forwarder.settle()
    free.close()


@pytest.mark.parametrize(
    "reply",
    [
        Reply(fault=Fault.CONNECTION_RESET),
        Reply(fault=Fault.CUT_BODY),
        cut_after(response(b"0123456789"), 4),
        short_chunk(STREAM),
    ],
)
def test_what_breaks_off_is_not_recorded(server: PeerServer, reply: Reply) -> None:
    case = Case(server, reply)
    with contextlib.suppress(
        httpx.TransportError
    ):  # an answer that had begun ends as the service's did
        assert case.post().status_code == 404
    assert case.failure().code == "upstream-broken"
    assert case.forwarder.exchanges == ()


def test_a_service_that_says_nothing_is_given_up(server: PeerServer) -> None:
    case = Case(server, Reply(fault=Fault.READ_TIMEOUT), timeouts=Timeouts(1.0, 0.1, 1.0))
    case.post()
    assert case.failure().code == "upstream-timeout"


@pytest.fixture
def noise() -> Iterator[str]:
    """A service that does not speak HTTP."""
    listener = socket.create_server(("127.0.0.1", 0))

    def speak() -> None:
        for _ in range(4):
            try:
                connection, _address = listener.accept()
            except OSError:
                return
            connection.sendall(b"220 mail.example ESMTP\r\n\r\n")
            connection.recv(65536)
            connection.close()

    threading.Thread(target=speak, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()


def test_what_is_no_http_is_said_to_be_none(server: PeerServer, noise: str) -> None:
    forwarder = Forwarder(Upstream(noise))
    answer = httpx.get(server.open(forwarder, origin=ORIGIN).url + "/x")
    assert json.loads(answer.text)["error"]["code"] == "conformance-upstream-broken"
    with pytest.raises(EnvironmentFault, match="does not speak HTTP"):
        forwarder.settle()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x",
        "x",
        "https://",
        "https://user:secret@host",
        "https://h?api-key=secret",
        "http://h:99999",
    ],
)
def test_a_target_that_is_none_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(UsageError, match="target-url") as caught:
        Upstream(url)
    assert "secret" not in str(caught.value)


def test_many_requests_at_once_are_kept_in_their_order(server: PeerServer) -> None:
    case = Case(server, response(b"{}"))
    bodies = [f'{{"n":{number}}}'.encode() for number in range(40)]
    threads = [threading.Thread(target=case.post, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    case.forwarder.settle()
    assert sorted(exchange.request.body for exchange in case.forwarder.exchanges) == sorted(bodies)
    assert PeerLimits().connections > 40
