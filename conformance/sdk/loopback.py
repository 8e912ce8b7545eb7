"""The loopback lane: an adapter process, pointed at a listener of its own for each case.

What arrives at that listener belongs to that case, so the observation is the listener's capture:
bytes and times as they were. Time is real here. A wait is what passed between the end of an answer
and the arrival of the next request, so it is never shorter than the SDK slept, and longer by what
the machine took (``wait_slack``).
"""

from __future__ import annotations

import contextlib
import itertools
import time
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from conformance.errors import EnvironmentFault
from conformance.sdk.lane import Traffic
from conformance.sdk.messages import call_message, close_message, outcome_of
from conformance.sdk.process import AdapterFault, AdapterProcess, Disturbed, Launch, ProcessLimits
from conformance.sdk.process_pool import Pools
from conformance.service.entra import AUTHORITY_HOST
from conformance.service.peer import CapturedExchange, PeerServer, ProblemCode
from conformance.service.peer.live import serve_of
from conformance.service.player import CasePlayer, given_up
from conformance.service.service import CALL_SECONDS
from conformance.wire.calendar import moved
from conformance.wire.clock import WALL_EPOCH, VirtualClock
from conformance.wire.exchange import Exchange, Fault, Reply, Request
from conformance.wire.protocol import Call, ClientConfig, Outcome
from conformance.wire.stand_ins import ELSEWHERE

PlainHttp = Literal["all", "keys", "none"]
"""Which credentials an SDK sends over plain http: every one, keys alone, or none."""

CLOSE_SECONDS = 10.0
PROCESSES = 2
_TIMEOUTS = frozenset({Fault.CONNECT_TIMEOUT, Fault.READ_TIMEOUT, Fault.STALL_BODY})
_HARMLESS = frozenset({ProblemCode.INCOMPLETE, ProblemCode.RESET_AT_DOOR})


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds an adapter has for a call, beside what the case waits by itself, and for closing a
    client."""

    call: float = CALL_SECONDS
    close: float = CLOSE_SECONDS


class LoopbackLane:
    """The lane of one SDK in one version. ``open`` may be called from many threads; ``close`` ends
    every process.

    With ``alone`` there is one process and one case at a time, and whatever the adapter does wrong
    is that case's.
    """

    wait_slack = 0.35

    def __init__(
        self,
        launch: Launch,
        server: PeerServer,
        *,
        plain_http: PlainHttp = "none",
        alone: bool = False,
        deadlines: Deadlines | None = None,
        limits: ProcessLimits | None = None,
    ) -> None:
        self._launch = launch
        self._server = server
        self._plain_http = plain_http
        self._alone = alone
        self._deadlines = deadlines or Deadlines()
        self._limits = limits
        self._pools = Pools(launch, 1 if alone else PROCESSES, limits)
        self._names = itertools.count(1)

    def alone(self) -> LoopbackLane:
        """A lane for cases that have to be seen by themselves; to be closed as well."""
        return LoopbackLane(
            self._launch,
            self._server,
            plain_http=self._plain_http,
            alone=True,
            deadlines=self._deadlines,
            limits=self._limits,
        )

    def close(self) -> None:
        """End every process of the lane."""
        self._pools.close()

    def open(
        self,
        config: ClientConfig,
        player: CasePlayer,
        clock: VirtualClock,  # noqa: ARG002 - time is real here
        seed: str,  # noqa: ARG002 - jitter is the SDK's own
        waits: float = 0.0,
    ) -> LoopbackSession:
        """A listener and a place in a process for one case. Raises Disturbed, and EnvironmentFault
        for want of ports."""
        deadlines = replace(self._deadlines, call=self._deadlines.call + waits)
        return LoopbackSession(
            config,
            player,
            server=self._server,
            pools=self._pools,
            name=f"s{next(self._names)}",
            deadlines=deadlines,
            tls=not self._plainly(config),
            alone=self._alone,
        )

    def _plainly(self, config: ClientConfig) -> bool:
        if config.endpoint.startswith("http://"):
            return True  # the scenario asks what the SDK does there
        by_key = config.auth.kind in ("api_key", "none")
        return self._plain_http == "all" or (self._plain_http == "keys" and by_key)


class LoopbackSession:
    """One client of one case. ``call`` raises Disturbed when the adapter failed and another case
    may be to blame."""

    def __init__(
        self,
        config: ClientConfig,
        player: CasePlayer,
        *,
        server: PeerServer,
        pools: Pools,
        name: str,
        deadlines: Deadlines,
        tls: bool,
        alone: bool,
    ) -> None:
        self._config = config
        self._player = player
        self._name = name
        self._deadlines = deadlines
        self._alone = alone
        self._process: AdapterProcess | None = None
        self._before = 0
        self._timeout = 0.0
        self._reads_all = True
        self._failed = False
        self._stack = contextlib.ExitStack()
        place = urlsplit(config.endpoint)
        self._netloc = place.netloc
        with contextlib.ExitStack() as undo:
            self._pool = pools.lend(config.environment)
            undo.callback(pools.give_back, config.environment)
            door = MovedService(player)
            self._execution = undo.enter_context(
                server.open(
                    player if serve_of(player) else door,
                    tls=tls,
                    origin=_origin(config.endpoint),
                    elsewhere=ELSEWHERE,
                )
            )  # a live player is the service of its listener itself
            door.elsewhere = f"{self._execution.scheme}://localhost:{self._execution.port}"
            self._authority = (
                self._open_authority(undo, server) if config.auth.kind == "credential" else None
            )
            self._stack = undo.pop_all()
        self._client = replace(config, endpoint=_moved(config.endpoint, self._execution.url))

    def _open_authority(self, undo: contextlib.ExitStack, server: PeerServer) -> str:
        """A token endpoint of the case's own. Over TLS always: identity libraries refuse plain
        http."""
        door = MovedAuthority(self._player)
        execution = undo.enter_context(
            server.open(door, tls=True, origin=f"https://{AUTHORITY_HOST}")
        )
        door.place = f"{execution.host}:{execution.port}"
        return execution.url

    def call(self, call: Call) -> Outcome:
        """Perform ``call``. An adapter that failed over it is an Outcome with status crash."""
        self._before = len(self._execution.capture().exchanges)
        self._timeout = call.options.timeout or self._config.timeout or 0.0
        self._reads_all = call.stream is None or call.stream.consume == "all"
        try:
            if self._process is None:
                self._process = self._pool.acquire()
            message = call_message(
                self._name,
                self._client,
                call,
                authority=self._authority,
                deadline=self._deadlines.call,
            )
            return outcome_of(self._process.ask(message, "outcome", self._deadlines.call))
        except AdapterFault as fault:
            return self._crashed(fault)
        except Disturbed as disturbed:
            if not self._alone:
                raise
            return self._crashed(disturbed.fault)

    def _crashed(self, fault: AdapterFault) -> Outcome:
        self._failed = True
        return Outcome("crash", reason=str(fault))

    def observed(self, player: CasePlayer) -> Traffic:
        """What passed in the running step: attempts, the waits between them, requests to the token
        endpoint.

        Raises EnvironmentFault when the listener refused something that arrived or could not answer
        it.
        """
        capture = self._execution.capture()
        for problem in capture.problems:
            if problem.code not in _HARMLESS:
                raise EnvironmentFault(
                    "peer-refused",
                    f"the peer refused what arrived: {problem.cause} ({problem.code.value})",
                    "",
                )
        captured = tuple(
            _as_met(item, self._reads_all) for item in capture.exchanges[self._before :]
        )
        failure = next((item.failure for item in captured if item.failure), None)
        if failure is not None:
            raise EnvironmentFault("player-failed", f"the peer had no answer: {failure}", "")
        misses = [exchange.miss for exchange in player.exchanges]
        misses += [None] * (len(captured) - len(misses))
        exchanges = tuple(
            replace(self._at_home(item.exchange), miss=miss)
            for item, miss in zip(captured, misses, strict=False)
        )
        waits = tuple(
            _wait(earlier, later, self._timeout) for earlier, later in itertools.pairwise(captured)
        )
        return Traffic(exchanges, waits, tuple(player.side_exchanges))

    def close(self) -> str:
        """Close the client, and wait until the adapter says so: what it had still to say has then
        been heard. Returns what it did wrong on the way; empty when nothing. Raises Disturbed as
        ``call`` does."""
        try:
            return self._close_client()
        finally:
            if self._process is not None:
                self._pool.release(self._process)
                self._process = None
            self._stack.close()

    def _close_client(self) -> str:
        if self._process is None or self._failed:
            return ""
        try:
            self._process.ask(close_message(self._name), "done", self._deadlines.close)
        except AdapterFault as fault:
            return str(fault)
        except Disturbed as disturbed:
            if not self._alone:
                raise
            return str(disturbed.fault)
        return ""

    def _at_home(self, exchange: Exchange) -> Exchange:
        """``exchange`` with the Host header the SDK would have sent to the scenario's endpoint: the
        port differs in every run and says nothing."""
        listener = f"{self._execution.host}:{self._execution.port}"
        headers = tuple(
            (name, self._netloc if name.lower() == "host" and value == listener else value)
            for name, value in exchange.request.headers
        )
        return replace(exchange, request=replace(exchange.request, headers=headers))


class MovedService:
    """The player of a case as the service of one listener. Where its answer redirects to the other
    host of a scenario (``ELSEWHERE``), this one redirects to ``elsewhere``: a name by which the
    client sees the same listener as another host."""

    def __init__(self, player: CasePlayer) -> None:
        self._player = player
        self.elsewhere = ELSEWHERE

    def answer(self, request: Request) -> Reply:
        """The player's reply, its location moved, and the date it asks to be waited for."""
        reply = self._player.answer(request)
        response = reply.response
        if response is None:
            return reply
        if response.status >= 400:
            dated = moved(response.headers, WALL_EPOCH, time.time())
            return replace(reply, response=replace(response, headers=dated))
        if not 300 <= response.status < 400:
            return reply
        headers = tuple(self._moved(name, value) for name, value in response.headers)
        return replace(reply, response=replace(response, headers=headers))

    def _moved(self, name: str, value: str) -> tuple[str, str]:
        if name.lower() == "location":
            value = value.replace(ELSEWHERE, self.elsewhere, 1)
        return name, value


class MovedAuthority:
    """The player of a case as a token endpoint that stands at ``place``: its answers name that
    place instead of the host of the real endpoint."""

    def __init__(self, player: CasePlayer) -> None:
        self._player = player
        self.place = AUTHORITY_HOST

    def answer(self, request: Request) -> Reply:
        """The player's reply, moved."""
        reply = self._player.answer(request)
        if reply.response is None:
            return reply
        body = reply.response.body.replace(AUTHORITY_HOST.encode(), self.place.encode())
        headers = tuple(
            (name, str(len(body)) if name.lower() == "content-length" else value)
            for name, value in reply.response.headers
        )
        return replace(reply, response=replace(reply.response, body=body, headers=headers))


def _as_met(item: CapturedExchange, reads_all: bool) -> CapturedExchange:
    """``item`` with the time-out a client met that left before a slow answer had begun, or had come
    whole."""
    exchange = item.exchange
    if not item.aborted or exchange.fault is not None or exchange.response is None:
        return item
    if item.answered is None:
        return replace(item, exchange=given_up(exchange, Fault.READ_TIMEOUT))
    if exchange.response.pauses and reads_all:
        return replace(item, exchange=given_up(exchange, Fault.STALL_BODY))
    return item


def _wait(earlier: CapturedExchange, later: CapturedExchange, timeout: float) -> float:
    """Seconds between the end of an answer and the next request; a time-out that had to run out
    first is left out."""
    ends = (
        earlier.finished,
        earlier.deliveries[-1].at if earlier.deliveries else None,
        earlier.complete,
    )
    end = next(at for at in ends if at is not None)
    if earlier.exchange.fault in _TIMEOUTS:
        # A client that left in the middle of a slow answer waited until then; otherwise its
        # time-out ran from the end of what it had.
        if earlier.client_left is not None and earlier.exchange.response is not None:
            end = max(end, earlier.client_left)
        else:
            end += timeout
    return round(max(0.0, later.arrived - end), 6)


def _origin(endpoint: str) -> str | None:
    place = urlsplit(endpoint)
    if not (place.scheme and place.netloc):
        return None
    return f"{place.scheme}://{place.netloc}"


def _moved(endpoint: str, url: str) -> str:
    """``endpoint`` at the listener, its path as written; what is no URL stays what it is."""
    origin = _origin(endpoint)
    return endpoint if origin is None else url + endpoint[len(origin) :]
