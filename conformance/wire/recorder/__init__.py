"""The recorder: a peer's player that forwards to a service and keeps what passes, byte for byte (design section 8). A
run against a live resource or a gateway forwards the same way and keeps nothing: ``Relay``.

    with PeerServer() as server:
        forwarder = Forwarder(Upstream("https://..."))
        execution = server.open(forwarder, origin="https://conformance.openai.azure.com")
        ...  # drive a client at execution.url
        forwarder.settle()
        forwarder.exchanges  # not sanitised: nothing of it may be written as it stands
"""

from __future__ import annotations

from conformance.wire.recorder.forwarder import Budget, Forwarder, Patience
from conformance.wire.recorder.player import RecordingPlayer, TargetPlayer
from conformance.wire.recorder.proxy import Proxy, proxy_for
from conformance.wire.recorder.relay import Exchanger, Relay
from conformance.wire.recorder.upstream import Credentials, Remote, Timeouts, Upstream

__all__ = ["Budget", "Credentials", "Exchanger", "Forwarder", "Patience", "Proxy", "RecordingPlayer", "Relay", "Remote",
           "TargetPlayer", "Timeouts", "Upstream", "proxy_for"]
