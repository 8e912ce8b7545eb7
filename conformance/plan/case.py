"""A case: one scenario as one SDK version runs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from conformance.sdk.subject import SubjectUnderTest
from conformance.service.replay import REPLAY
from conformance.service.service import Service
from conformance.suite.case_id import CaseId
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.model import Scenario
from conformance.wire.vocabulary import LaneKind, Surface


class CaseStatus(StrEnum):
    """What planning decides about a case. The words are those of the verdicts that follow."""

    RUN = "run"
    UNSUPPORTED = "unsupported"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario x matrix row x SDK version x surface x api-version.

    ``spec`` has the matrix, contract, deployment and api-version variables filled in; only
    ``${steps...}`` are left. ``reason`` says why a case is not run. ``waits``: the seconds of real
    time it may spend waiting.
    """

    identity: CaseId
    loaded: LoadedScenario
    spec: Scenario
    subject: SubjectUnderTest
    surface: Surface
    lane: LaneKind = LaneKind.INPROCESS
    status: CaseStatus = CaseStatus.RUN
    reason: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    service: Service = REPLAY
    waits: float = 0.0

    @property
    def id(self) -> str:
        """The identity as results, reports and commands write it."""
        return str(self.identity)

    @property
    def api_version(self) -> str:
        return self.identity.api_version

    @property
    def runs(self) -> bool:
        """Whether it is to be run, as far as planning can say."""
        return self.status is CaseStatus.RUN

    @property
    def cassette(self) -> str:
        """The name of its cassette, whether there is one or not."""
        return cassette_name(self.spec, self.loaded.id, self.api_version)

    @property
    def reproduce(self) -> str:
        """A command that runs this case alone."""
        lane = self.lane.options(self.subject.sdk.name, self.subject.version)
        return f"conformance run{lane}{self.service.command_options} --case '{self.id}'"


def cassette_name(scenario: Scenario, identity: str, api_version: str) -> str:
    """Where the cassette of the scenario called ``identity`` stands below ``cassettes/``, without
    ``.yaml``."""
    return f"{api_version}/{scenario.cassette or identity}"
