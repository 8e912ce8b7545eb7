"""What passes between an SDK and a service that is not ours: whole, at once, as it comes, and
without a secret."""

from __future__ import annotations

import asyncio
import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.service.peer import Execution, LiveAnswer, PeerServer
from conformance.service.remote.credentials import EntraTokens, StandIns, exchanger
from conformance.service.remote.passing import Substitution
from conformance.service.remote.relay import Relay
from conformance.service.remote.upstream import Remote
from conformance.wire.exchange import Fault, Provenance, Reply, Request, Response, Source
from conformance.wire.stand_ins import API_KEY
from tests.record.services import Paced

try:  # whichever the installed SDK brings along
    import httpx2 as httpx
except ImportError:
    import httpx

SECRET = "5ecre7" + "0123456789abcdef" * 2


GIVEN = StandIns(frozenset({"stand-in-key"}), frozenset({"stand-in-token"}))


def test_stand_ins_alone_are_exchanged() -> None:
    tokens = EntraTokens(lambda: Credential("real-token"))
    both = exchanger(GIVEN, "real-key", tokens)
    assert both.outward("Api-Key", "stand-in-key") == "real-key"
    assert both.outward("api-key", "made up by the SDK") == "made up by the SDK"
    assert both.outward("authorization", "Bearer stand-in-token") == "Bearer real-token"
    assert both.outward("Authorization", "Bearer stand-in-key") == "Bearer real-key"
    assert both.outward("authorization", "Bearer other") == "Bearer other"
    assert both.outward("x-other", "stand-in-key") == "stand-in-key"
    assert both.inward() == {"real-key": API_KEY, "real-token": "conformance-entra-token-1"}


class Credential:
    """A credential whose tokens live for ``seconds`` of a clock at 1000."""

    def __init__(self, *tokens: str, seconds: float = 3600) -> None:
        self.tokens, self.seconds, self.asked = list(tokens), seconds, 0

    def get_token(self, *scopes: str) -> Any:
        self.asked += 1
        value = self.tokens[min(self.asked, len(self.tokens)) - 1]
        return type("AccessToken", (), {"token": value, "expires_on": 1000 + self.seconds})


def test_tokens_are_kept_until_they_are_about_to_expire() -> None:
    credential = Credential("one", "two", seconds=100)
    clock = [1000.0]
    tokens = EntraTokens(lambda: credential, now=lambda: clock[0])
    assert [tokens(), tokens()] == ["one", "one"]
    clock[0] = 1050.0
    assert tokens() == "two"
    assert tokens.given == {"one", "two"}


class Echo:
    """A service that repeats what it was sent, as some do in their error messages."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.seen.append(request)
        body = json.dumps({"you": [list(pair) for pair in request.headers]}).encode()
        headers = (
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("x-echo", request.header("api-key") or ""),
            ("location", "https://elsewhere.example/"),
        )
        return Reply(Response(307, headers, body, Provenance(Source.SCRIPT)))


def asked_through(
    server: PeerServer,
    service: object,
    *,
    tls: bool = False,
    trusted: bool = True,
    prefix: str = "",
) -> tuple[Execution, Execution]:
    """A service, and the listener whose requests are relayed to it."""
    upstream = server.open(service, tls=tls)  # type: ignore[arg-type]
    remote = Remote(upstream.url + prefix, upstream.ca_file if trusted else None)
    relay = Relay(remote, Provenance(Source.LIVE), exchanger(GIVEN, SECRET, None))
    return upstream, server.open(relay, origin="https://conformance.openai.azure.com")


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_what_a_service_echoes_holds_no_secret_and_leads_nowhere(
    server: PeerServer, tls: bool
) -> None:
    echo = Echo()
    upstream, execution = asked_through(server, echo, tls=tls, prefix="/prefix")
    reply = httpx.post(
        execution.url + "/openai/x?api-version=v",
        content=b"{}",
        follow_redirects=True,
        headers={"Api-Key": "stand-in-key", "X-Case": "Kept", "Accept-Encoding": "gzip"},
    )
    assert reply.status_code == 307
    assert echo.seen[0].header("api-key") == SECRET
    assert echo.seen[0].header("accept-encoding") == "identity"
    assert echo.seen[0].url == upstream.url + "/prefix/openai/x?api-version=v"
    assert ("X-Case", "Kept") in echo.seen[0].headers
    assert "location" not in reply.headers
    assert reply.headers["content-length"] == str(len(reply.content))
    (captured,) = execution.capture().exchanges
    assert SECRET not in repr(captured) + repr(reply.headers) + reply.text


def test_a_certificate_that_is_not_trusted_is_a_fault_before_a_credential_is_sent(
    server: PeerServer,
) -> None:
    echo = Echo()
    _, execution = asked_through(server, echo, tls=True, trusted=False)
    httpx.get(execution.url + "/x", headers={"api-key": "stand-in-key"})
    (captured,) = execution.capture().exchanges
    assert captured.failure is not None
    assert "certificate" in captured.failure
    assert SECRET not in captured.failure
    assert echo.seen == []


class Streams:
    """A service that answers with an event stream in chunks that cut its secrets in two."""

    def __init__(self, body: bytes, chunks: tuple[int, ...], fault: Fault | None = None) -> None:
        pauses = (0.0, *(0.15 for _ in chunks[1:]))
        headers = (("content-type", "text/event-stream"),)
        self.reply = Reply(
            Response(200, headers, body, Provenance(Source.SCRIPT), chunks, pauses), fault
        )

    def answer(self, request: Request) -> Reply:
        return self.reply


def test_a_stream_reaches_the_sdk_as_it_comes_with_its_times_and_without_a_secret_cut_in_two(
    server: PeerServer,
) -> None:
    half = len(SECRET) // 2
    pieces = (
        b"data: {}\n\n",
        f"data: {SECRET[:half]}".encode(),
        f"{SECRET[half:]}\n\n".encode(),
        b"data: [DONE]\n\n",
    )
    service = Paced(*pieces)
    _, execution = asked_through(server, service)
    arrived = []
    with httpx.stream("POST", execution.url + "/x", content=b"{}", timeout=30) as answer:
        for piece in answer.iter_raw():
            arrived.append(piece)
            time.sleep(0.1)
            service.heard.release()
    assert arrived == [pieces[0], b"data: ", f"{API_KEY}\n\n".encode(), pieces[3]]
    response = execution.capture().exchanges[0].exchange.response
    assert response is not None
    assert response.body == b"".join(arrived)
    assert response.chunks == tuple(itertools.accumulate(map(len, arrived)))
    assert all(pause >= 0.09 for pause in response.pauses[1:])


@pytest.mark.parametrize(
    "service",
    [
        Streams(b"data: {}\n\n" * 2, (10, 20), Fault.CUT_BODY),
        Streams(b"data: {}\n\n" * 2, (10, 20), Fault.CONNECTION_RESET),
    ],
    ids=["cut", "reset"],
)
def test_an_answer_that_breaks_off_breaks_off_for_the_sdk_and_is_nobodys_mistake_here(
    server: PeerServer, service: Streams
) -> None:
    _, execution = asked_through(server, service)
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(execution.url + "/x", content=b"{}")
    (captured,) = execution.capture().exchanges
    assert captured.failure is None
    assert captured.exchange.fault is Fault.CUT_BODY
    assert captured.exchange.response is not None
    assert captured.exchange.response.body.startswith(b"data: {}")


def test_an_announced_body_that_breaks_off_is_told_as_far_as_it_came(server: PeerServer) -> None:
    headers = (("content-type", "application/json"), ("content-length", "400"))

    class Short:
        def answer(self, request: Request) -> Reply:
            return Reply(
                Response(200, headers, SECRET.encode() + b"{", Provenance(Source.SCRIPT)),
                Fault.CUT_BODY,
            )

    _, execution = asked_through(server, Short())
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(execution.url + "/x", content=b"{}")
    (captured,) = execution.capture().exchanges
    assert captured.exchange.fault is Fault.CUT_BODY
    assert captured.exchange.response is not None
    assert captured.exchange.response.body == API_KEY.encode() + b"{"


def test_requests_of_one_client_are_relayed_at_the_same_time(server: PeerServer) -> None:
    together = threading.Barrier(4, timeout=20)

    class Slow:
        async def serve(self, request: Request, answer: LiveAnswer) -> Reply:
            await asyncio.to_thread(
                together.wait
            )  # nobody is answered before all four have been heard
            return Reply(
                Response(200, (("content-length", "2"),), b"{}", Provenance(Source.SCRIPT))
            )

    _, execution = asked_through(server, Slow())
    with ThreadPoolExecutor(4) as threads:
        assert [
            reply.status_code
            for reply in threads.map(lambda _: httpx.get(execution.url + "/x"), range(4))
        ] == [200] * 4


@given(st.data())
def test_texts_are_exchanged_wherever_a_body_is_cut(data: st.DataObject) -> None:
    letters = st.text("ab", min_size=1, max_size=5)
    texts = data.draw(st.dictionaries(letters, st.sampled_from(["X", "", "YZ"]), max_size=4))
    body = data.draw(st.text("abc", max_size=40)).encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=10)))
    exchanged = Substitution(texts)
    pieces = [body[start:end] for start, end in itertools.pairwise([0, *cuts, len(body)])]
    told = b"".join(exchanged.feed(piece) for piece in pieces) + exchanged.rest()
    assert told == Substitution(texts).whole(body)
