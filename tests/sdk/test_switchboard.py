"""The patches: what they answer, whom they leave alone, and that they go away without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import http.client
import importlib
import random
import socket
import sys
import time
import urllib.request
from dataclasses import replace
from typing import Any

import pytest

from conformance.errors import EnvironmentFault
from conformance.sdk.running import RunningCase
from conformance.sdk.switchboard import switchboard
from conformance.service.player import CasePlayer, ScriptedReply
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Delivery, Fault, Provenance, Reply, Request, Response, Source

LIBRARIES = [name for name in ("httpx", "httpx2") if importlib.util.find_spec(name)]
PLACE = Provenance(Source.SCRIPT)


class Echo:
    """Answers every request with one reply and keeps the requests."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.reply


def ok(body: bytes = b"hello", chunks: tuple[int, ...] = (), fault: Fault | None = None) -> Reply:
    headers = (("Content-Type", "text/plain"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    return Reply(Response(200, headers, body, PLACE, chunks), fault)


def slowly(*pauses: float) -> Reply:
    """The answer in two pieces, each after its pause."""
    reply = ok(b"hello", (2, 5))
    assert reply.response is not None
    return replace(reply, response=replace(reply.response, pauses=pauses))


def patched_places() -> dict[str, Any]:
    import urllib3.connectionpool

    found = {
        "connect": socket.socket.__dict__.get("connect"),
        "connect_ex": socket.socket.__dict__.get("connect_ex"),
        "socketpair": socket.socketpair,
        "https": http.client.HTTPSConnection,
        "pool": urllib3.connectionpool.HTTPSConnectionPool.ConnectionCls,
        "get_conn": urllib3.connectionpool.HTTPSConnectionPool._get_conn,
    }
    for name in LIBRARIES:
        module = importlib.import_module(name)
        found |= {
            f"{name}.sync": module.HTTPTransport.handle_request,
            f"{name}.async": module.AsyncHTTPTransport.handle_async_request,
            f"{name}.ssl": module._transports.default.create_ssl_context,
        }
    base = importlib.import_module("openai._base_client")
    return found | {name: getattr(base, name) for name in ("time", "anyio", "random", "asyncify")}


def test_leaving_restores_every_patch_exactly() -> None:
    before = patched_places()
    with switchboard() as board:
        board.cover_azure()
        inside = patched_places()
        assert [name for name in before if before[name] is inside[name]] == []
    assert patched_places() == before


def test_leaving_by_an_exception_restores_too() -> None:
    before = patched_places()
    with contextlib.suppress(ZeroDivisionError), switchboard():
        raise ZeroDivisionError
    assert patched_places() == before


def test_a_package_that_is_missing_is_named_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = patched_places()
    monkeypatch.setitem(sys.modules, "vcr.patch", None)
    with pytest.raises(EnvironmentFault, match="needs vcr"), switchboard():
        pass
    assert patched_places() == before


def test_nested_uses_share_the_outermost_patches() -> None:
    before = patched_places()
    with switchboard() as outer:
        inside = patched_places()
        with switchboard() as inner:
            assert inner is outer
            assert patched_places() == inside
        assert patched_places() == inside
    assert patched_places() == before


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_request_is_seen_as_sent_and_answered_as_written(library: str) -> None:
    module = importlib.import_module(library)
    echo = Echo(ok())
    with switchboard(), RunningCase(echo, VirtualClock(), "seed"), module.Client() as client:
        response = client.post(
            "https://host.example/a%2Fb?x=1&x=2", content=b"body", headers={"X-Odd-Case": "v"}
        )
    assert response.text == "hello"
    assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
    request = echo.requests[0]
    assert (request.method, request.url, request.body) == (
        "POST",
        "https://host.example/a%2Fb?x=1&x=2",
        b"body",
    )
    assert ("X-Odd-Case", "v") in request.headers


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_body_comes_in_its_pieces(library: str) -> None:
    module = importlib.import_module(library)

    async def pieces() -> list[bytes]:
        async with (
            module.AsyncClient() as client,
            client.stream("GET", "https://host.example/") as response,
        ):
            return [piece async for piece in response.aiter_raw()]

    with switchboard(), RunningCase(Echo(ok(b"hello", (1, 3))), VirtualClock(), "seed"):
        with module.Client() as client, client.stream("GET", "https://host.example/") as response:
            assert list(response.iter_raw()) == [b"h", b"el", b"lo"]
        assert asyncio.run(pieces()) == [b"h", b"el", b"lo"]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("reply", "name", "spent"),
    [
        (Reply(None, Fault.CONNECT_REFUSED), "ConnectError", 0.0),
        (Reply(None, Fault.CONNECT_TIMEOUT), "ConnectTimeout", 2.0),
        (Reply(None, Fault.READ_TIMEOUT), "ReadTimeout", 3.0),
        (Reply(None, Fault.CONNECTION_RESET), "ReadError", 0.0),
        (Reply(None, Fault.CUT_BODY), "RemoteProtocolError", 0.0),
        (ok(fault=Fault.CUT_BODY), "RemoteProtocolError", 0.0),
        (ok(fault=Fault.STALL_BODY), "ReadTimeout", 3.0),
        (ok(fault=Fault.BAD_CHUNK), "RemoteProtocolError", 0.0),
        (ok(fault=Fault.SHORT_CHUNK), "RemoteProtocolError", 0.0),
        (replace(ok(), delivery=Delivery(delay=3.5)), "ReadTimeout", 3.0),
        (replace(ok(), delivery=Delivery(linger=3.5)), "ReadTimeout", 3.0),
        (slowly(1.0, 3.5), "ReadTimeout", 4.0),
        (ok(fault=Fault.CONNECTION_RESET), "ReadError", 0.0),
    ],
)
def test_a_fault_is_the_librarys_own_exception(
    library: str, reply: Reply, name: str, spent: float
) -> None:
    module = importlib.import_module(library)
    clock = VirtualClock()
    limits = module.Timeout(1.0, connect=2.0, read=3.0)
    with (
        switchboard(),
        RunningCase(Echo(reply), clock, "seed"),
        module.Client(timeout=limits) as client,
        pytest.raises(getattr(module, name)) as caught,
    ):
        client.get("https://host.example/")
    assert caught.value.request.url.host == "host.example"
    assert (clock.now(), clock.waits) == (spent, [])


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("reply", "spent"),
    [
        (slowly(1.0, 2.5), 3.5),
        (slowly(2.5), 2.5),
        (replace(ok(), delivery=Delivery(delay=2.5)), 2.5),
        (replace(ok(), delivery=Delivery(delay=1.0, linger=2.5)), 3.5),
    ],
)
def test_a_slow_answer_takes_its_time_on_the_clock_of_the_case(
    library: str, reply: Reply, spent: float
) -> None:
    module = importlib.import_module(library)
    clock = VirtualClock()
    with (
        switchboard(),
        RunningCase(Echo(reply), clock, "seed"),
        module.Client(timeout=3.0) as client,
    ):
        assert client.get("https://host.example/").text == "hello"
    assert (round(clock.now(), 6), clock.slept()) == (spent, 0.0)


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(
    ("reply", "fault", "responded"),
    [
        (replace(ok(), delivery=Delivery(delay=9.0)), Fault.READ_TIMEOUT, False),
        (slowly(0.5, 9.0), Fault.STALL_BODY, True),
    ],
)
def test_an_answer_the_client_did_not_wait_for_is_recorded_as_a_time_out(
    library: str, reply: Reply, fault: Fault, responded: bool
) -> None:
    module = importlib.import_module(library)
    clock = VirtualClock()
    player = CasePlayer(clock, "host.example", None)
    player.begin_step((ScriptedReply(reply),))
    with (
        switchboard(),
        RunningCase(player, clock, "seed"),
        module.Client(timeout=3.0) as client,
        pytest.raises(module.ReadTimeout),
    ):
        client.get("https://host.example/")
    (met,) = player.exchanges
    assert (met.fault, met.response is not None) == (fault, responded)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_compressed_body_reaches_the_caller_as_it_was(library: str) -> None:
    module = importlib.import_module(library)
    reply = Reply(
        Response(200, (("content-encoding", "gzip"),), gzip.compress(b"hello"), PLACE, (3, 9))
    )
    with switchboard(), RunningCase(Echo(reply), VirtualClock(), "seed"), module.Client() as client:
        assert client.get("https://host.example/").text == "hello"


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_request_outside_any_case_fails_loudly(library: str) -> None:
    module = importlib.import_module(library)
    with (
        switchboard(),
        module.Client() as client,
        pytest.raises(EnvironmentFault, match="while no case was running"),
    ):
        client.get("https://host.example/")
    with switchboard(), pytest.raises(EnvironmentFault):
        urllib.request.urlopen("https://host.example/")


@pytest.mark.parametrize("library", LIBRARIES)
def test_transports_without_network_are_left_alone(library: str) -> None:
    module = importlib.import_module(library)
    transport = module.MockTransport(lambda request: module.Response(204))
    with switchboard(), module.Client(transport=transport) as client:
        assert client.get("https://host.example/").status_code == 204


@pytest.mark.parametrize("library", LIBRARIES)
def test_clients_share_one_ssl_context_unless_they_bring_their_own(library: str) -> None:
    default = importlib.import_module(f"{library}._transports.default")
    with switchboard():
        assert default.create_ssl_context() is default.create_ssl_context(
            verify=True, trust_env=True
        )
        assert default.create_ssl_context(verify=False) is not default.create_ssl_context()
    assert default.create_ssl_context() is not default.create_ssl_context()


def test_sockets_cannot_leave_but_event_loops_work() -> None:
    with switchboard():
        with socket.socket() as plain, pytest.raises(RuntimeError, match="Network is disabled"):
            plain.connect(("127.0.0.1", 9))
        assert asyncio.run(asyncio.sleep(0, "fine")) == "fine"
        left, right = socket.socketpair()
        left.close()
        right.close()


def test_a_block_set_up_by_somebody_else_stays_after_leaving(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def blocked(self: Any, address: Any) -> None:
        raise RuntimeError("blocked by somebody else")

    monkeypatch.setattr(socket.socket, "connect", blocked)
    with switchboard():
        pass
    with socket.socket() as plain, pytest.raises(RuntimeError, match="somebody else"):
        plain.connect(("127.0.0.1", 9))


def test_sleeps_and_jitter_behave_as_ever_outside_a_case() -> None:
    base: Any = importlib.import_module("openai._base_client")
    with switchboard():
        random.seed(7)
        jitter = base.random()
        random.seed(7)
        assert jitter == random.random()
        began = time.monotonic()
        base.time.sleep(0.02)
        asyncio.run(base.anyio.sleep(0.02))
        assert time.monotonic() - began >= 0.04
        assert abs(base.time.time() - time.time()) < 5
        assert base.time.monotonic is time.monotonic


def test_cases_of_different_tasks_do_not_meet() -> None:
    module = importlib.import_module(LIBRARIES[0])
    echoes = [Echo(ok(str(number).encode())) for number in range(5)]

    async def one(echo: Echo) -> str:
        with RunningCase(echo, VirtualClock(), "seed"):
            async with module.AsyncClient() as client:
                await asyncio.sleep(0)
                return str((await client.get("https://host.example/")).text)

    async def together() -> list[str]:
        return list(await asyncio.gather(*(one(echo) for echo in echoes)))

    with switchboard():
        assert asyncio.run(together()) == ["0", "1", "2", "3", "4"]
    assert [len(echo.requests) for echo in echoes] == [1] * 5
