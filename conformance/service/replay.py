"""The suite answers by itself, from its cassettes and from what its scenarios write."""

from __future__ import annotations

from collections.abc import Callable

from conformance.errors import InputError
from conformance.service.entra import token_endpoint
from conformance.service.player import CasePlayer
from conformance.service.service import AnswerSource, ServiceOfThisProcess
from conformance.suite.cassette import Cassette, CassettePlayback
from conformance.suite.scenario.model import Scenario
from conformance.wire.clock import Clock
from conformance.wire.protocol import ClientConfig


class Replay(ServiceOfThisProcess):
    """The suite itself as the service. It is the default of every command."""

    name = "replay"
    command_options = ""
    answers = AnswerSource.RECORDED
    plays_cassettes = True

    def obstacle(self, spec: Scenario, text: str) -> str:  # noqa: ARG002 - it plays every scenario
        """Empty: a scenario is written for it."""
        return ""

    def adapt(self, spec: Scenario) -> Scenario:
        """``spec`` as it is."""
        return spec

    def player(
        self, config: ClientConfig, clock: Clock, recording: Callable[[], Cassette | None]
    ) -> CasePlayer:
        """A player of the scenario's own answers and of its cassette."""
        cassette = recording()
        playback = None if cassette is None else CassettePlayback(cassette)
        return CasePlayer(clock, config.host, playback, token_endpoint(config.auth))

    def excuse(self, mistake: InputError) -> None:
        """Raises ``mistake``: every answer is known beforehand, so the scenario is wrong."""
        raise mistake


REPLAY = Replay()
