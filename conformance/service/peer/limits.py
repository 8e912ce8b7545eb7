"""What a client may ask of the peer before it is refused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes, times in seconds. Whoever goes beyond one is answered 4xx where that can
    still be read, cut off where not, and in both cases recorded as a Problem.

    ``head_seconds``, ``body_seconds`` and ``handshake_seconds`` count from the first byte
    (handshake: from the connection) to the last: a client that drips bytes does not gain time.
    ``idle_seconds`` is how long a connection may wait for its next request. ``drain_*`` bound what
    is read and thrown away after a refusal, so that a client still sending gets to read why.
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
        """How often deadlines are looked at: often enough for the shortest of them."""
        shortest = min(self.head_seconds, self.body_seconds, self.idle_seconds, self.drain_seconds)
        return min(0.5, max(0.005, shortest / 4))
