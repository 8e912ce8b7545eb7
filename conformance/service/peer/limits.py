"""What a client may ask of the peer before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """Sizes in bytes, times in seconds, per execution where nothing else is said.

    A client that goes beyond a limit is answered 4xx where it can still read an answer, and is cut
    off where it cannot. Both are kept as a Problem.

    ``headers``, ``head_bytes`` and ``body_bytes`` bound one request, ``pipelined_bytes`` what a
    client sends while an earlier request is being answered. ``head_seconds``, ``body_seconds`` and
    ``handshake_seconds`` count from the first byte (handshake: from the connection) to the last, so
    that a client gains no time by sending a byte now and then. ``idle_seconds`` is how long a
    connection may wait for its next request. ``drain_seconds`` and ``drain_bytes`` bound what is
    read and thrown away after a refusal.
    """

    head_bytes: int = 65_536
    headers: int = 100
    body_bytes: int = 64 * 1024 * 1024
    total_bytes: int = 256 * 1024 * 1024
    requests: int = 10_000
    connections: int = 256
    pipelined_bytes: int = 1024 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    handshake_seconds: float = 10.0
    idle_seconds: float = 300.0
    drain_seconds: float = 2.0
    drain_bytes: int = 16 * 1024 * 1024

    @property
    def sweep_seconds(self) -> float:
        """Seconds between two looks at the deadlines: a quarter of the shortest limit, at most half
        a second."""
        shortest = min(self.head_seconds, self.body_seconds, self.idle_seconds, self.drain_seconds)
        return min(0.5, max(0.005, shortest / 4))
