"""The service's side of a case, as every lane and the peer see it."""

from __future__ import annotations

from typing import Protocol

from conformance.wire.exchange import Reply, Request


class Player(Protocol):
    """The service's side of a case. It keeps the record of what passed; ``answer`` may not fail."""

    def answer(self, request: Request) -> Reply: ...
