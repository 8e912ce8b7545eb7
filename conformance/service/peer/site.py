"""Where a connection stands: in its own course, and in its execution."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Protocol

from conformance.service.peer.capture import ProblemCode
from conformance.service.peer.limits import Limits
from conformance.service.peer.live import Serve
from conformance.service.peer.parsing import Head
from conformance.service.peer.record import Record
from conformance.wire.player import Player


class Phase(StrEnum):
    """``read``: waiting for a request or in the middle of one. ``answer``: one is being answered.
    ``hang``: a fault keeps silent. ``drain``: refused; what still comes is thrown away. ``gone``:
    closed."""

    READ = "read"
    ANSWER = "answer"
    HANG = "hang"
    DRAIN = "drain"
    GONE = "gone"


class Site(Protocol):
    """What a connection needs of the execution it belongs to."""

    limits: Limits
    player: Player
    serve: Serve | None
    opened: float
    records: list[Record]
    loop: asyncio.AbstractEventLoop

    def admit(self, head: Head) -> str:
        """The absolute URL ``head`` asks for. Raises Refusal when it is not for this execution."""
        ...

    def spend(self, size: int) -> None:
        """Count a request and ``size`` bytes of body. Raises Refusal beyond the limits."""
        ...

    def report(
        self, connection: int, code: ProblemCode, cause: str, start: bytes = b""
    ) -> None: ...

    def left(self, number: int) -> None:
        """Connection ``number`` is gone."""
        ...
