"""The peer: an HTTP(S) service on loopback. It sends what a player answers, byte for byte, and
keeps what clients sent.

with PeerServer() as server:
    execution = server.open(player)
    ...  # drive a client at execution.url, trusting execution.ca_file
    capture = execution.close()
"""

from __future__ import annotations

from conformance.service.peer.capture import (
    Arrival,
    Capture,
    CapturedConnection,
    CapturedExchange,
    Problem,
    ProblemCode,
)
from conformance.service.peer.limits import PeerLimits
from conformance.service.peer.listener import Door
from conformance.service.peer.live import LiveAnswer, LivePlayer
from conformance.service.peer.server import Execution, PeerServer

__all__ = [
    "Arrival",
    "Capture",
    "CapturedConnection",
    "CapturedExchange",
    "Door",
    "Execution",
    "LiveAnswer",
    "LivePlayer",
    "PeerLimits",
    "PeerServer",
    "Problem",
    "ProblemCode",
]
