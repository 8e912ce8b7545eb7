"""The player: answers in the order of the script, keeps what passed, and never guesses."""

from __future__ import annotations

import pytest

from conformance.service.player import CASSETTE, CasePlayer, ScriptedReply, SideService, cut
from conformance.suite.cassette import Cassette, CassettePlayback, Interaction
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Fault, Provenance, Reply, Request, Response, Source

HOST = "contoso.openai.azure.com"
HERE = Provenance(Source.SCRIPT)


def request(path: str = "/a", host: str = HOST) -> Request:
    return Request("GET", f"https://{host}{path}", ())


def scripted(text: str, *, repeat: bool = False) -> ScriptedReply:
    return ScriptedReply(Reply(Response(200, (), text.encode(), HERE)), repeat)


def player(*paths: str, side: SideService | None = None) -> tuple[CasePlayer, VirtualClock]:
    clock = VirtualClock()
    cassette = Cassette(
        "test",
        tuple(Interaction(request(path), Response(200, (), path.encode(), HERE)) for path in paths),
        HERE,
        "",
    )
    return CasePlayer(clock, HOST, CassettePlayback(cassette) if paths else None, side), clock


def body(reply: Reply) -> str:
    assert reply.response is not None
    return reply.response.body.decode()


def test_the_nth_request_gets_the_nth_answer() -> None:
    playing, _ = player("/recorded")
    playing.begin_step((scripted("one"), CASSETTE, scripted("three")))
    assert [body(playing.answer(request(path))) for path in ("/x", "/recorded", "/x")] == [
        "one",
        "/recorded",
        "three",
    ]


def test_a_reply_that_repeats_answers_for_ever() -> None:
    playing, _ = player()
    playing.begin_step((scripted("one"), scripted("again", repeat=True), scripted("never")))
    assert [body(playing.answer(request())) for _ in range(4)] == ["one", "again", "again", "again"]


def test_a_fault_is_answered_in_place_of_a_response_and_kept() -> None:
    playing, _ = player()
    playing.begin_step((ScriptedReply(Reply(None, Fault.CONNECTION_RESET)),))
    assert playing.answer(request()) == Reply(None, Fault.CONNECTION_RESET)
    (exchange,) = playing.exchanges
    assert (exchange.response, exchange.fault, exchange.miss) == (
        None,
        Fault.CONNECTION_RESET,
        None,
    )


@pytest.mark.parametrize(
    ("script", "sent", "why"),
    [
        ((), request(), "all were used"),
        ((CASSETTE,), request("/other"), "no such request"),
        ((scripted("x"),), request(host="evil.example"), "another host"),
    ],
)
def test_a_miss_is_a_404_that_is_not_retried_and_says_why(
    script: tuple[ScriptedReply, ...], sent: Request, why: str
) -> None:
    playing, _ = player("/recorded")
    playing.begin_step(script)
    response = playing.answer(sent).response
    assert response is not None
    assert (response.status, response.header("x-should-retry")) == (404, "false")
    assert response.header("content-length") == str(len(response.body))
    assert response.provenance.source is Source.HARNESS
    assert why in (playing.exchanges[-1].miss or "")
    assert why in response.json()["error"]["message"]


def test_asking_for_a_cassette_that_is_not_there_is_a_miss() -> None:
    playing, _ = player()
    playing.begin_step((CASSETTE,))
    playing.answer(request())
    assert "there is none" in (playing.exchanges[0].miss or "")


def test_the_cassette_keeps_its_place_across_steps_and_the_exchanges_do_not() -> None:
    playing, _ = player("/a", "/a")
    for _ in range(2):
        playing.begin_step((CASSETTE,))
        assert body(playing.answer(request("/a"))) == "/a"
        assert len(playing.exchanges) == 1
    playing.begin_step((CASSETTE,))
    playing.answer(request("/a"))
    assert "already used" in (playing.exchanges[0].miss or "")


def test_waits_are_what_was_slept_between_requests_and_not_what_a_slow_answer_took() -> None:
    playing, clock = player()
    playing.begin_step((scripted("x", repeat=True),))
    playing.answer(request())
    clock.sleep(0.5)
    clock.advance(60)
    playing.answer(request())
    clock.sleep(0.25)
    clock.sleep(0.25)
    playing.answer(request())
    assert playing.waits == (0.5, 0.5)
    assert [exchange.at for exchange in playing.exchanges] == [0.0, 60.5, 61.0]
    playing.begin_step(())
    assert playing.waits == ()


def test_other_hosts_are_answered_by_the_side_service_and_kept_apart() -> None:
    def side(sent: Request) -> Reply | None:
        return scripted("token").reply if sent.host == "login.example" else None

    playing, _ = player(side=side)
    playing.begin_step((scripted("x"),))
    assert body(playing.answer(request(host="login.example"))) == "token"
    assert body(playing.answer(request())) == "x"
    assert (len(playing.exchanges), len(playing.side_exchanges)) == (1, 1)
    playing.answer(request(host="elsewhere.example"))
    assert "another host" in (playing.exchanges[-1].miss or "")


def test_a_body_that_is_cut_keeps_the_headers_that_promised_it_all() -> None:
    whole = Response(200, (("content-length", "6"),), b"abcdef", HERE)
    reply = cut(whole, 2, Fault.CUT_BODY)
    assert reply.response is not None
    assert (reply.response.body, reply.response.header("content-length"), reply.fault) == (
        b"ab",
        "6",
        Fault.CUT_BODY,
    )
