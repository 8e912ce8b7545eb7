"""A live player: one that speaks its answer piece by piece, as a forwarder does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from conformance.service.peer import LiveAnswer
from conformance.wire.exchange import Fault, Reply
from tests.service.peer.raw import JSON, PLACE, SSE, Raw, Script, response, wait_for

LENGTH = (*JSON, ("content-length", "4"))


class Live(Script):
    """Speaks by ``how``."""

    def __init__(self, how: Callable[[LiveAnswer], Awaitable[Reply | None]]) -> None:
        super().__init__()
        self._how = how

    async def serve(self, request, answer):
        self.requests.append(request)
        return await self._how(answer)


async def stream(answer: LiveAnswer) -> None:
    answer.begin(200, SSE, PLACE)
    for piece in (b"data: 1\n\n", b"", b"data: [DONE]\n\n"):
        await asyncio.sleep(0.004)
        await answer.send(piece)


async def plain(answer: LiveAnswer) -> None:
    answer.begin(200, LENGTH, PLACE)
    await answer.send(b"ab")
    await answer.send(b"cd")


def test_pieces_go_out_as_they_come_and_are_kept_with_their_times(server):
    with server.open(Live(stream)) as execution, Raw(execution) as client:
        seen = client.request().answer()
        (capture,) = execution.close().exchanges
    assert seen.body == b"9\r\ndata: 1\n\n\r\ne\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"
    served = capture.exchange.response
    assert (served.status, served.headers, served.body) == (
        200,
        SSE,
        b"data: 1\n\ndata: [DONE]\n\n",
    )
    assert served.chunks == (9, 23)
    assert len(served.pauses) == 2 and all(pause >= 0.0035 for pause in served.pauses)
    assert capture.finished is not None


def test_what_was_kept_replays_as_it_came(server):
    with server.open(Live(stream)) as execution, Raw(execution) as client:
        first = client.request().answer()
        (capture,) = execution.close().exchanges
    with (
        server.open(Script(Reply(capture.exchange.response))) as execution,
        Raw(execution) as client,
    ):
        assert client.request().answer().data == first.data


def test_a_connection_lives_on_after_a_spoken_answer(server):
    with server.open(Live(plain)) as execution, Raw(execution) as client:
        assert [client.request().answer().body for _ in range(2)] == [b"abcd", b"abcd"]
        one = f"GET / HTTP/1.1\r\nHost: {client.host}\r\n\r\n".encode()
        client.send(one * 3)
        data = b""
        while data.count(b"abcd") < 3:
            data += client.read()
        assert client.request("/", "Connection: close").all().end == "fin"
        assert len(execution.close().exchanges) == 6


def test_head_and_204_are_spoken_without_a_body(server):
    async def empty(answer: LiveAnswer) -> None:
        answer.begin(204, (), PLACE)
        await answer.send(b"lost")

    with server.open(Live(plain)) as execution, Raw(execution) as client:
        assert client.request(method="HEAD").all(within=0.02).body == b""
    with server.open(Live(empty)) as execution, Raw(execution) as client:
        assert client.request().all(within=0.02).body == b""


def test_a_reply_may_be_returned_instead_and_is_played_with_its_fault(server):
    async def reset(answer: LiveAnswer) -> Reply:
        return Reply(response(b"ab"), Fault.CONNECTION_RESET)

    with server.open(Live(reset)) as execution, Raw(execution) as client:
        seen = client.request().all()
        assert (seen.body, seen.end) == (b"ab", "rst")


async def silent(answer: LiveAnswer) -> None:
    return None


async def early(answer: LiveAnswer) -> None:
    raise OSError("no route")


async def unsendable(answer: LiveAnswer) -> None:
    answer.begin(200, (("x", "a\r\nb: c"),), PLACE)


async def headless(answer: LiveAnswer) -> None:
    await answer.send(b"x")


@pytest.mark.parametrize("how", [silent, early, unsendable, headless])
def test_a_failure_before_the_head_is_a_404(server, how):
    with server.open(Live(how)) as execution, Raw(execution) as client:
        assert [client.request().answer().status for _ in range(2)] == [404, 404]
        assert all(exchange.failure for exchange in execution.close().exchanges)


async def late(answer: LiveAnswer) -> None:
    answer.begin(200, LENGTH, PLACE)
    await answer.send(b"ab")
    raise OSError("upstream reset")


async def short(answer: LiveAnswer) -> None:
    answer.begin(200, LENGTH, PLACE)
    await answer.send(b"ab")


@pytest.mark.parametrize("how", [late, short])
def test_a_failure_after_the_head_is_a_reset_and_what_was_said_is_kept(server, how):
    with server.open(Live(how)) as execution, Raw(execution) as client:
        seen = client.request().all()
        assert (seen.body, seen.end) == (b"ab", "rst")
        (capture,) = execution.close().exchanges
    assert capture.failure
    assert capture.exchange.response.body == b"ab"


def test_a_live_player_is_cancelled_when_its_client_leaves(server):
    ended: list[str] = []

    async def patient(answer: LiveAnswer) -> None:
        answer.begin(200, SSE, PLACE)
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with server.open(Live(patient)) as execution:
        with Raw(execution) as client:
            client.request().all(within=0.01)
        wait_for(lambda: ended)
        wait_for(lambda: execution.capture().exchanges[0].aborted)
        assert execution.close().exchanges[0].exchange.response.status == 200


def test_a_live_player_is_cancelled_when_its_execution_closes(server):
    with server.open(Live(lambda answer: asyncio.sleep(30))) as execution, Raw(execution) as client:
        client.request()
        wait_for(lambda: execution.capture().exchanges)
        execution.close()
        assert client.all().end == "fin"


def test_a_live_player_waits_for_a_slow_reader(server):
    sent: list[int] = []

    async def large(answer: LiveAnswer) -> None:
        answer.begin(200, (("content-length", "20000000"),), PLACE)
        for _ in range(200):
            await answer.send(b"x" * 100_000)
            sent.append(100_000)

    with server.open(Live(large)) as execution, Raw(execution) as client:
        client.request()
        wait_for(lambda: sent)
        assert not client.silent(0.05) and sum(sent) < 20_000_000
        got = 0
        while got < 20_000_000:
            got += len(client.read(1_000_000))
        wait_for(lambda: execution.capture().exchanges[0].finished is not None)
    assert sum(sent) == 20_000_000
