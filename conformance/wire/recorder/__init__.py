"""The recorder: a peer's player that forwards to a service and keeps what passes, byte for byte (design section 8).

    with PeerServer() as server:
        forwarder = Forwarder(Upstream("https://..."))
        execution = server.open(forwarder, origin="https://conformance.openai.azure.com")
        ...  # drive a client at execution.url
        forwarder.settle()
        forwarder.exchanges  # not sanitised: nothing of it may be written as it stands
"""

from __future__ import annotations

from conformance.wire.recorder.forwarder import Budget, Forwarder, Patience
from conformance.wire.recorder.player import RecordingPlayer
from conformance.wire.recorder.upstream import Credentials, Timeouts, Upstream

__all__ = ["Budget", "Credentials", "Forwarder", "Patience", "RecordingPlayer", "Timeouts", "Upstream"]
