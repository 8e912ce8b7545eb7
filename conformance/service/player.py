"""The service's side of one case: scripted replies and a cassette, played to whatever requests
arrive.

The player knows nothing of SDKs or expectations. It answers, keeps what passed, and says plainly
when it had nothing to answer with: a miss is a 404-class reply that no SDK retries
(``x-should-retry: false``), never a guess.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from conformance.suite.cassette import CassettePlayback
from conformance.wire.clock import Clock
from conformance.wire.exchange import Exchange, Fault, Provenance, Reply, Request, Response, Source
from conformance.wire.stand_ins import ELSEWHERE

CASSETTE: Literal["cassette"] = "cassette"


@dataclass(frozen=True, slots=True)
class ScriptedReply:
    """A reply written in a scenario; ``repeat`` lets it answer every later request of the step as
    well."""

    reply: Reply
    repeat: bool = False


Item = ScriptedReply | Literal["cassette"]
SideService = Callable[[Request], Reply | None]
"""Answers requests to hosts other than the service (a token endpoint); None when it does not know
the request."""


class CasePlayer:
    """Answers the requests of one case, step by step, and keeps every exchange.

    ``service_host`` is the host the SDK was told to call; requests to other hosts go to ``side``. A
    request to an unknown host is a miss: nothing leaves the machine.
    """

    def __init__(
        self,
        clock: Clock,
        service_host: str,
        playback: CassettePlayback | None,
        side: SideService | None = None,
    ) -> None:
        self._clock = clock
        self._host = service_host
        self._playback = playback
        self._side = side
        self._script: list[Item] = []
        self._cursor = 0
        self._slept: list[float] = []
        self.exchanges: list[Exchange] = []
        self.side_exchanges: list[Exchange] = []

    @property
    def waits(self) -> tuple[float, ...]:
        """Seconds slept between the exchanges of the step: one less than there are exchanges."""
        return tuple(round(b - a, 6) for a, b in zip(self._slept, self._slept[1:], strict=False))

    @property
    def unplayed(self) -> tuple[str, ...]:
        """The interactions of the cassette that nobody has asked for, each as ``METHOD path``."""
        if self._playback is None:
            return ()
        return tuple(f"{i.request.method} {i.request.path}" for i in self._playback.unplayed())

    def begin_step(self, script: tuple[Item, ...]) -> None:
        """Forget the exchanges of the step before; the cassette keeps its place across steps."""
        self._script = list(script)
        self._cursor = 0
        self._slept = []
        self.exchanges = []
        self.side_exchanges = []

    def answer(self, request: Request) -> Reply:
        """The reply to ``request``; never raises for a request it does not know."""
        at = self._clock.now()
        if request.host != self._host and not request.url.startswith(f"{ELSEWHERE}/"):
            return self._answer_side(request, at)
        reply, miss = self._next(request)
        self._slept.append(self._clock.slept())
        self.exchanges.append(Exchange(request, reply.response, at, fault=reply.fault, miss=miss))
        return reply

    def left(self, fault: Fault) -> None:
        """The client left before the last answer had come: what it met was ``fault``."""
        if self.exchanges:
            self.exchanges[-1] = given_up(self.exchanges[-1], fault)

    def _answer_side(self, request: Request, at: float) -> Reply:
        reply = self._side(request) if self._side else None
        miss = None
        if reply is None:
            self._slept.append(self._clock.slept())
            reply, miss = _miss(f"the SDK called another host: {request.method} {request.url}")
            self.exchanges.append(Exchange(request, reply.response, at, miss=miss))
        else:
            self.side_exchanges.append(Exchange(request, reply.response, at, reply.fault))
        return reply

    def _next(self, request: Request) -> tuple[Reply, str | None]:
        if self._cursor >= len(self._script):
            return _miss(
                f"the script has {len(self._script)} answers and all were used when "
                f"{request.method} {request.path} arrived"
            )
        item = self._script[self._cursor]
        if isinstance(item, ScriptedReply):
            self._cursor += 0 if item.repeat else 1
            return item.reply, None
        self._cursor += 1
        if self._playback is None:
            return _miss(
                "the scenario asks for its cassette but there is none for this api-version"
            )
        response = self._playback.take(request)
        return (Reply(response), None) if response else _miss(self._playback.explain_miss(request))


def given_up(exchange: Exchange, fault: Fault) -> Exchange:
    """``exchange`` as the client met it that left before a slow answer had come whole: without a
    response when it had not begun, as ``READ_TIMEOUT`` says."""
    return replace(
        exchange, response=None if fault is Fault.READ_TIMEOUT else exchange.response, fault=fault
    )


def no_answer(why: str) -> Reply:
    """The harness's own reply where nothing was recorded or scripted: no SDK retries it."""
    return _miss(why)[0]


class ServicePlayer(CasePlayer):
    """A case's player whose service answers by itself, however often it is asked: an emulator, or
    one far away."""

    def __init__(
        self,
        clock: Clock,
        service_host: str,
        service: Callable[[Request], Reply],
        side: SideService | None = None,
    ) -> None:
        super().__init__(clock, service_host, None, side)
        self._service = service

    def _next(self, request: Request) -> tuple[Reply, str | None]:
        return self._service(request), None


def _miss(why: str) -> tuple[Reply, str]:
    body = json.dumps(
        {"error": {"code": "conformance-miss", "message": f"The harness has no answer: {why}"}}
    ).encode()
    response = Response(
        404,
        (
            ("content-type", "application/json"),
            ("x-should-retry", "false"),
            ("content-length", str(len(body))),
        ),
        body,
        Provenance(Source.HARNESS, "no recorded or scripted answer"),
    )
    return Reply(response), why


def cut(response: Response, at: int, fault: Fault) -> Reply:
    """``response`` with its body ending after ``at`` bytes in ``fault``; the content-length still
    promises it all."""
    return Reply(replace(response, body=response.body[:at]), fault)
