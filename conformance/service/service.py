"""Who answers the requests of a run: what every service offers to planning, running, judging and
recording. Nobody outside of this room needs to know which one it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import Protocol

from conformance.errors import InputError
from conformance.service.peer import PeerServer
from conformance.service.player import CasePlayer
from conformance.service.remote.upstream import Upstream
from conformance.service.shown import CaseModel
from conformance.suite.cassette import Cassette
from conformance.suite.scenario.model import Scenario
from conformance.wire.clock import Clock
from conformance.wire.exchange import Provenance
from conformance.wire.protocol import ClientConfig
from conformance.wire.vocabulary import LaneKind

CALL_SECONDS = 20.0
"""Seconds an SDK has for a call on this machine, beside what its case waits by itself."""


class AnswerSource(StrEnum):
    """Where a service has its answers from. Judging decides by it whose fault a wrong one is."""

    RECORDED = "recorded"
    EMULATED = "emulated"
    SERVED = "served"


class Service(Protocol):
    """Who answers the requests of a run.

    ``name`` is what commands take and reports show. ``command_options``: the options of a command
    that choose this service, each after a space. ``plays_cassettes``: what is recorded is what it
    answers. ``deployments``: its deployment for each
    capability; None: it has every deployment of the suite. ``most_at_once``: how many cases may be
    under way; None: as many as this machine can carry. ``call_seconds``: how long a call may take,
    beside what its case waits by itself.
    """

    @property
    def name(self) -> str: ...

    @property
    def command_options(self) -> str: ...

    @property
    def answers(self) -> AnswerSource: ...

    @property
    def plays_cassettes(self) -> bool: ...

    @property
    def deployments(self) -> Mapping[str, str] | None: ...

    @property
    def most_at_once(self) -> int | None: ...

    @property
    def call_seconds(self) -> float: ...

    def lane(self, asked: LaneKind | None) -> LaneKind | None:
        """The lane to reach it through, given the one that was ``asked`` for; None: whichever suits
        the SDK."""
        ...

    def obstacle(self, spec: Scenario, text: str) -> str:
        """Why the scenario ``spec`` (written as ``text``) cannot be put to it; empty when it
        can."""
        ...

    def adapt(self, spec: Scenario) -> Scenario:
        """``spec`` as it is put to it."""
        ...

    def player(
        self, config: ClientConfig, clock: Clock, recording: Callable[[], Cassette | None]
    ) -> CasePlayer:
        """Who answers the requests of one case. ``recording`` reads the cassette of the case: None
        when there is none; it raises InputError for one that cannot be used."""
        ...

    def excuse(self, mistake: InputError) -> None:
        """Decide about a step that needs a result which no earlier step gave: raises ``mistake``
        where every answer is known beforehand; else the step is not reached."""
        ...

    def require_reachable(self) -> None:
        """Raises EnvironmentFault when it cannot be reached: one message instead of one a case."""
        ...

    def showing(self, text: str) -> str:
        """``text`` as a log or a report may show it."""
        ...

    def redacted(self, result: CaseModel) -> CaseModel:
        """``result`` as a report may show it."""
        ...


class RecordableService(Service, Protocol):
    """A service whose answers can be recorded.

    ``recorded_as`` is what its cassettes say of themselves. ``is_far``: it is not part of this
    process, so that asking it may cost money. ``deployment_names``: its names for the suite's
    deployments, where they differ. ``shown_names``: what is written into a cassette in the place of
    what names the service. ``secrets``: every secret that goes to it, tokens given so far
    included.
    """

    @property
    def recorded_as(self) -> Provenance: ...

    @property
    def is_far(self) -> bool: ...

    @property
    def deployment_names(self) -> Mapping[str, str]: ...

    @property
    def shown_names(self) -> Mapping[str, str]: ...

    @property
    def secrets(self) -> tuple[str, ...]: ...

    def upstream(self, server: PeerServer) -> AbstractContextManager[Upstream]:
        """The way to it, for one recording. What is part of this process is served by
        ``server``."""
        ...


class ServiceOfThisProcess:
    """What services within this process have in common: there is nothing to reach, nothing to
    hide, and nobody's quota to spare."""

    plays_cassettes = False
    deployments: Mapping[str, str] | None = None
    most_at_once: int | None = None
    call_seconds: float = CALL_SECONDS

    def lane(self, asked: LaneKind | None) -> LaneKind | None:
        """Every lane reaches it."""
        return asked

    def require_reachable(self) -> None:
        """It is."""

    def showing(self, text: str) -> str:
        """``text``: there is nothing to hide."""
        return text

    def redacted(self, result: CaseModel) -> CaseModel:
        """``result``: there is nothing to hide."""
        return result
