"""The Python SDK of this process, untouched, at a listener of its own: real HTTP in real time.

Recordings are made in this lane. A forwarding player needs a peer to play it, and what an SDK sends
to a socket is what a service would get.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from urllib.parse import urlsplit

from conformance.sdk.inprocess import call_dict, client_dict, outcome_from_dict
from conformance.sdk.lane import Traffic
from conformance.service.peer import PeerServer
from conformance.service.player import CasePlayer
from conformance.wire.clock import VirtualClock
from conformance.wire.protocol import Call, ClientConfig, Outcome
from conformance.wire.vocabulary import Surface


class DirectLane:
    """The lane. Its listeners stand on ``server``."""

    wait_slack = 0.0

    def __init__(self, server: PeerServer) -> None:
        self._server = server

    def open(
        self,
        config: ClientConfig,
        player: CasePlayer,
        clock: VirtualClock,  # noqa: ARG002 - time is real here
        seed: str,  # noqa: ARG002 - jitter is the SDK's own
        waits: float = 0.0,  # noqa: ARG002 - nobody watches the time of a call
    ) -> DirectSession:
        """A client and its listener. Raises what the SDK does about a client it cannot build."""
        return DirectSession(config, player, self._server)

    def close(self) -> None:
        """Nothing to do: every session has closed what it opened."""


class DirectSession:
    """One client of one case."""

    def __init__(self, config: ClientConfig, player: CasePlayer, server: PeerServer) -> None:
        from conformance.sdk.python import driver as python_driver

        self._driver = python_driver
        self._runner = asyncio.Runner() if config.surface == Surface.ASYNC else None
        place = urlsplit(config.endpoint)
        origin = f"{place.scheme}://{place.netloc}"
        self._execution = server.open(player, origin=origin)
        moved = replace(config, endpoint=self._execution.url + config.endpoint[len(origin) :])
        self._handle = python_driver.build_client(client_dict(moved))

    def call(self, call: Call) -> Outcome:
        """Perform ``call``."""
        message = call_dict(call)
        if self._runner is None:
            return outcome_from_dict(self._driver.perform(self._handle, message))
        coroutine = self._driver.perform_async(self._handle, message)
        return outcome_from_dict(self._runner.run(coroutine))

    def observed(self, player: CasePlayer) -> Traffic:
        """What the player itself answered; what it passed on is known to whom it passed it."""
        return Traffic(tuple(player.exchanges), player.waits, tuple(player.side_exchanges))

    def close(self) -> str:
        """Close the client and its listener. An SDK that cannot be closed is of no interest."""
        with contextlib.suppress(Exception):
            if self._runner is None:
                self._driver.close(self._handle)
            else:
                self._runner.run(self._driver.close_async(self._handle))
        if self._runner is not None:
            self._runner.close()
        self._execution.close()
        return ""
