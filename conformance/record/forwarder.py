"""Forwarding with a memory: what an SDK asks goes to the service, what the service says goes to the
SDK, piece by piece as it comes, and both are kept."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from conformance.errors import EnvironmentFault, HarnessError, UsageError
from conformance.service.peer.live import LiveAnswer
from conformance.service.remote.passing import Outlet, carry
from conformance.service.remote.reading import ResponseHead
from conformance.service.remote.upstream import Answering, Upstream
from conformance.wire.exchange import (
    Exchange,
    Headers,
    Provenance,
    Reply,
    Request,
    Response,
    Source,
    header,
)
from conformance.wire.retry_hints import answer_time, retry_hints

_THROTTLED = frozenset({429, 503})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FIRST_WAIT = 1.0


@dataclass(frozen=True, slots=True)
class Patience:
    """With a service that throttles (429, 503): it is asked again after the wait that its headers
    ask for (``conformance.wire.retry_hints``), at most ``longest`` seconds each time and ``times``
    times a request."""

    longest: float = 60.0
    times: int = 5


class Budget:
    """How many requests may still be sent; None: as many as are needed. Safe for several
    threads."""

    def __init__(self, limit: int | None = None) -> None:
        self.limit = limit
        self.spent = 0
        self._lock = threading.Lock()

    def spend(self) -> None:
        """Count one request. Raises UsageError ``too-many-requests`` when none is left."""
        with self._lock:
            if self.limit is not None and self.spent >= self.limit:
                raise UsageError(
                    "too-many-requests",
                    f"all {self.limit} requests of --max-requests are used",
                    "raise it; what was recorded so far is kept",
                )
            self.spent += 1


@dataclass(frozen=True, slots=True)
class Recorded:
    """An exchange, and for each chunk of its response the seconds since its head."""

    exchange: Exchange
    times: tuple[float, ...] = ()


class Forwarder:
    """A player of the peer. ``serve`` runs on the peer's loop; all else may be called from any
    thread.

    After the first failure nothing is forwarded any more: the SDK gets an answer it does not retry,
    and ``failure`` says why. An SDK that leaves a stream early does not end it: the service is
    heard out, so that a recording is whole.
    """

    def __init__(
        self,
        upstream: Upstream,
        source: Source = Source.LIVE,
        ref: str = "",
        *,
        budget: Budget | None = None,
        patience: Patience | None = None,
        waiting: Callable[[float], None] | None = None,
    ) -> None:
        self._upstream = upstream
        self._provenance = Provenance(source, ref)
        self._budget = budget or Budget()
        self._patience = patience or Patience()
        self._waiting = waiting or (lambda _seconds: None)
        self._changed = threading.Condition()
        self._running: set[asyncio.Task[Reply | None]] = set()
        self._kept: dict[int, Recorded] = {}
        self._count = 0
        self.failure: HarnessError | None = None

    @property
    def recorded(self) -> tuple[Recorded, ...]:
        """What passed, in the order in which it was asked. Raw: to be sanitised before anything is
        written."""
        with self._changed:
            return tuple(self._kept[number] for number in sorted(self._kept))

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        return tuple(item.exchange for item in self.recorded)

    def settle(self, seconds: float = 60.0) -> None:
        """Wait until every answer under way has ended. Raises EnvironmentFault when that takes too
        long, and ``failure``, if there is one."""
        with self._changed:
            done = self._changed.wait_for(lambda: not self._running, timeout=seconds)
        if self.failure is not None:
            raise self.failure
        if not done:
            raise EnvironmentFault(
                "upstream-timeout",
                f"{self._upstream.origin} was still answering after {seconds:g} s",
                "",
            )

    def answer(self, request: Request) -> Reply:
        """Forwarding takes time, and only a peer gives it: see ``serve``."""
        raise NotImplementedError(f"{request.method}: a forwarder is played by a peer")

    async def serve(self, request: Request, answer: LiveAnswer) -> Reply | None:
        """Forward ``request`` and speak the answer as it comes. Raises what went wrong once it had
        begun."""
        if self.failure is not None:
            return refusal(self.failure)
        outlet = Outlet(answer)
        with self._changed:
            number, self._count = self._count, self._count + 1
            task = asyncio.get_running_loop().create_task(self._forward(number, request, outlet))
            self._running.add(task)
        task.add_done_callback(self._ended)
        try:
            return await asyncio.shield(task)
        except (
            asyncio.CancelledError
        ):  # the client has left, or the peer ends; the service is heard out
            outlet.leave()
            raise

    def _ended(self, task: asyncio.Task[Reply | None]) -> None:
        with self._changed:
            self._running.discard(task)
            self._changed.notify_all()
        if not task.cancelled():
            task.exception()  # so that it counts as seen; ``failure`` has it

    async def _forward(self, number: int, request: Request, outlet: Outlet) -> Reply | None:
        try:
            await self._patiently(number, request, outlet)
            return None
        except HarnessError as error:
            fault = error
        except Exception as error:
            fault = EnvironmentFault(
                "upstream-broken", f"forwarding failed: {type(error).__name__}: {error}", ""
            )
        self.failure = self.failure or fault
        if outlet.begun:
            raise fault
        return refusal(fault)

    async def _patiently(self, number: int, request: Request, outlet: Outlet) -> None:
        tries = 0
        while True:
            self._budget.spend()
            async with self._upstream.sent(request) as answering:
                status = answering.head.status
                self._refuse_redirect(answering.head)
                if status not in _THROTTLED:
                    await self._carry(number, request, answering, outlet)
                    return
                wait = advised(answering.head.headers, tries)
            tries += 1
            if wait > self._patience.longest or tries > self._patience.times:
                raise EnvironmentFault(
                    "upstream-throttled",
                    f"{self._upstream.origin} throttles ({status}) and asks for {wait:g} s more "
                    f"at try {tries}",
                    "record later, or fewer cases; what was recorded so far is kept",
                )
            self._waiting(wait)
            await asyncio.sleep(wait)

    async def _carry(
        self, number: int, request: Request, answering: Answering, outlet: Outlet
    ) -> None:
        began = asyncio.get_running_loop().time()
        head = answering.head
        headers, body, state = await carry(
            answering,
            request.method,
            outlet,
            provenance=self._provenance,
            idle=self._upstream.timeouts.idle,
        )
        response = Response(head.status, headers, body, self._provenance, chunks=tuple(state.ends))
        times = tuple(round(at - began, 3) for at in state.times)
        with self._changed:
            self._kept[number] = Recorded(Exchange(request, response, time.monotonic()), times)

    def _refuse_redirect(self, head: ResponseHead) -> None:
        if head.status in _REDIRECTS:
            where = urlsplit(header(head.headers, "location") or "").netloc or "another path"
            raise EnvironmentFault(
                "upstream-redirect",
                f"{self._upstream.origin} redirects ({head.status}) to {where}",
                "the recorder follows no redirect, as credentials would go along; give the address "
                "it leads to as the target",
            )


def advised(headers: Headers, tries: int) -> float:
    """Seconds the service asks to wait; doubling from one where it does not say."""
    now = answer_time(headers)
    hints = retry_hints(headers, time.time() if now is None else now)
    if not hints:
        return float(_FIRST_WAIT * 2**tries)
    most_exact = next(iter(hints.values()))
    return max(0.0, most_exact.seconds)


def refusal(error: HarnessError) -> Reply:
    """What an SDK is told when its request was not forwarded: nothing it would try again."""
    body = json.dumps(
        {
            "error": {
                "code": f"conformance-{error.code}",
                "message": f"The recorder did not forward this: {error.cause}",
            }
        }
    ).encode()
    headers = (
        ("content-type", "application/json"),
        ("x-should-retry", "false"),
        ("content-length", str(len(body))),
    )
    return Reply(Response(404, headers, body, Provenance(Source.HARNESS, "not forwarded")))


def at_home(exchange: Exchange, netloc: str) -> Exchange:
    """``exchange`` with the Host header the SDK would have sent to ``netloc``: a listener's port
    says nothing."""
    headers = tuple(
        (name, netloc if name.lower() == "host" else value)
        for name, value in exchange.request.headers
    )
    return replace(exchange, request=replace(exchange.request, headers=headers))
