"""The emulator as the service of a run, and of a recording."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from conformance.errors import InputError
from conformance.service.asking import adapt, obstacle
from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.service.entra import token_endpoint
from conformance.service.peer import PeerServer
from conformance.service.player import CasePlayer, ServicePlayer
from conformance.service.remote.credentials import stand_ins_of
from conformance.service.remote.upstream import Upstream
from conformance.service.service import AnswerSource, ServiceOfThisProcess
from conformance.suite.cassette import Cassette
from conformance.suite.scenario.model import Scenario
from conformance.wire.clock import Clock
from conformance.wire.exchange import Provenance, Source
from conformance.wire.protocol import ClientConfig
from conformance.wire.stand_ins import SERVICE_ENDPOINT

_RECORDING_PACE = 10.0
"""Seconds a job of the recorded emulator stays in a state, and that pass with each request: a poll
sees the next state."""


class EmulatorService(ServiceOfThisProcess):
    """A new emulator for each case, and for each recording."""

    name = "emulator"
    command_options = " --target emulator"
    answers = AnswerSource.EMULATED
    recorded_as = Provenance(Source.EMULATOR, "conformance.service.emulator")
    is_far = False
    deployment_names: Mapping[str, str] = {}
    shown_names: Mapping[str, str] = {}
    secrets: tuple[str, ...] = ()

    def obstacle(self, spec: Scenario, text: str) -> str:
        """Why ``spec`` cannot be put to it; empty when it can."""
        return obstacle(spec, text)

    def adapt(self, spec: Scenario) -> Scenario:
        """``spec`` without what only a recording can promise."""
        return adapt(spec)

    def player(
        self,
        config: ClientConfig,
        clock: Clock,
        recording: Callable[[], Cassette | None],  # noqa: ARG002 - it has answers of its own
    ) -> CasePlayer:
        """A player whose answers are those of an emulator that knows the credentials of
        ``config``."""
        known = stand_ins_of(config)
        emulator = Emulator(
            EmulatorConfig(
                keys=tuple(sorted(filter(None, known.keys))),
                tokens=tuple(sorted(filter(None, known.tokens))),
                clock=clock,
                pace=0.0,
            )
        )
        return ServicePlayer(clock, config.host, emulator.answer, token_endpoint(config.auth))

    def excuse(self, mistake: InputError) -> None:
        """Let it be: the emulator need not give the result that the recording has."""

    @contextmanager
    def upstream(self, server: PeerServer) -> Iterator[Upstream]:
        """A new emulator at a listener of its own on ``server``."""
        pace = EmulatorConfig(pace=_RECORDING_PACE, seconds_per_request=_RECORDING_PACE)
        with server.open(Emulator(pace), origin=SERVICE_ENDPOINT) as execution:
            yield Upstream(execution.url)


EMULATOR = EmulatorService()
