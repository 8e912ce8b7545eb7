"""Whether an SDK can run a scenario, as far as its contract, its lane and the api-version say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.plan.case import CaseStatus
from conformance.sdk.subject import SubjectUnderTest
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.model import Scenario
from conformance.suite.scenario.variables import UnknownVariable, lookup
from conformance.suite.scenario.versions import at_least
from conformance.wire.operations import OPERATIONS

_CONTRACT = "contract."
_NO_V1 = "api.v1"
"""The ability of calling the v1 surface; an SDK whose contract lacks it runs on dated api-versions
alone."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What planning decides about a case, and why it is not run; ``reason`` is empty for one that
    is."""

    status: CaseStatus = CaseStatus.RUN
    reason: str = ""

    @property
    def runs(self) -> bool:
        return self.status is CaseStatus.RUN


RUNS = Decision()


def unsupported(reason: str) -> Decision:
    """``reason`` why the SDK does not offer it; none is no obstacle."""
    return Decision(CaseStatus.UNSUPPORTED, reason) if reason else RUNS


def not_run(reason: str) -> Decision:
    """``reason`` why it is not run here; none is no obstacle."""
    return Decision(CaseStatus.NOT_RUN, reason) if reason else RUNS


def applicability(scenario: Scenario, subject: SubjectUnderTest, api_version: str) -> Decision:
    """Whether ``subject`` offers what ``scenario`` calls, in a lane that can run it."""
    contract = subject.sdk.contract
    if not scenario.lane.admits(subject.lane_of(scenario)):
        return not_run(f"the scenario needs the {scenario.lane} lane")
    if api_version == "v1" and _NO_V1 in contract.contract.lacks:
        return unsupported(contract.contract.lacks[_NO_V1].reason)
    for ability in (*(step.call for step in scenario.steps), *scenario.needs):
        lack = contract.unsupported(ability, subject.version)
        if lack is not None:
            return Decision(CaseStatus.UNSUPPORTED, lack)
        operation = OPERATIONS.get(ability)
        if operation is not None and not at_least(api_version, operation.since):
            return not_run(f"{ability} is not part of api-version {api_version}")
    return RUNS


def missing_trait(
    loaded: LoadedScenario, subject: SubjectUnderTest, contracts: tuple[Mapping[str, Any], ...]
) -> Decision:
    """Whether the scenario asks nothing of the SDK: it names a trait that some of ``contracts``
    has, and the SDK's own has not. One that no contract has is a mistake, told when it is filled
    in."""
    traits = subject.traits
    for name in loaded.variables:
        trait = name.removeprefix(_CONTRACT)
        is_trait = trait != name
        if is_trait and not _has(traits, trait) and any(_has(each, trait) for each in contracts):
            return unsupported(f"the contract of {subject.sdk.name} does not say {trait}")
    return RUNS


def _has(traits: Mapping[str, Any], name: str) -> bool:
    try:
        lookup(name, traits)
    except UnknownVariable:
        return False
    return True


def missing_client(spec: Scenario, subject: SubjectUnderTest, api_version: str) -> Decision:
    """Whether the SDK has such a client: its contract may lack ``auth.<kind>``, ``auth.<kind>.v1``
    on the v1 route, ``client.deployment`` where the client is given one, or ``streaming`` where a
    call streams."""
    names = [f"auth.{spec.client.auth}"]
    if api_version == "v1":
        names.append(f"auth.{spec.client.auth}.v1")
    if spec.client.deployment is not None:
        names.append("client.deployment")
    if any(step.is_streamed for step in spec.steps):
        names.append("streaming")
    contract = subject.sdk.contract
    for name in names:
        if name in contract.contract.lacks:
            lack = contract.unsupported(name, subject.version)
            if lack is not None:
                return Decision(CaseStatus.UNSUPPORTED, lack)
    return RUNS
