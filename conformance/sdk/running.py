"""The case that is running in the in-process lane, as a context variable knows it."""

from __future__ import annotations

import random
from contextvars import ContextVar, Token
from types import TracebackType

from conformance.errors import EnvironmentFault
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Fault, Reply, Request
from conformance.wire.player import Player


class RunningCase:
    """A context in which requests go to ``player``, sleeps to ``clock``, and jitter comes from
    ``seed``.

    It is entered around each use of the SDK, and may be entered many times, one after the other.
    ``failure`` is what the player raised, if it ever did. It must be looked at here: SDKs before
    version 3 take any exception of a transport for a connection error.
    """

    __slots__ = ("_jitter", "_seed", "_token", "clock", "failure", "player")

    def __init__(self, player: Player, clock: VirtualClock, seed: str) -> None:
        self.player = player
        self.clock = clock
        self.failure: Exception | None = None
        self._seed = seed
        self._jitter: random.Random | None = None
        self._token: Token[RunningCase | None] | None = None

    def __enter__(self) -> RunningCase:
        self._token = _RUNNING.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _RUNNING.reset(self._token)
            self._token = None

    def answer(self, request: Request) -> Reply:
        """The player's answer to ``request``. What the player raises is kept in ``failure``."""
        try:
            return self.player.answer(request)
        except Exception as error:
            self.failure = error
            raise

    def left(self, fault: Fault) -> None:
        """The client has stopped waiting for the answer: its request met ``fault``."""
        tell = getattr(self.player, "left", None)  # only a player that keeps a record has it
        if tell is not None:
            tell(fault)

    def jitter(self) -> float:
        """The next of the case's reproducible numbers in [0, 1)."""
        if self._jitter is None:
            self._jitter = random.Random(self._seed)  # noqa: S311 - backoff jitter, not a secret
        return self._jitter.random()


_RUNNING: ContextVar[RunningCase | None] = ContextVar("conformance_running_case", default=None)

running_case = _RUNNING.get
"""Returns the running case, None when there is none."""


def case_for(method: str, url: str) -> RunningCase:
    """The running case, for a request that is about to be answered. Raises EnvironmentFault when
    there is none."""
    case = running_case()
    if case is None:
        raise EnvironmentFault(
            "request-outside-case",
            f"{method} {url} was sent while no case was running",
            "send requests of other parts before the in-process lane opens or after it closes",
        )
    return case
