"""Planning: from scenarios, subjects and a selection to cases. Pure; runs nothing and opens no
cassette."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

from conformance.errors import InputError, UsageError
from conformance.plan.ability import (
    Decision,
    applicability,
    missing_client,
    missing_trait,
    not_run,
)
from conformance.plan.case import Case
from conformance.plan.fill import resolve
from conformance.plan.realtime import LIMIT, real_time
from conformance.plan.selection import Selection
from conformance.sdk.subject import SubjectUnderTest
from conformance.service.replay import REPLAY
from conformance.service.service import Service
from conformance.suite.case_id import CaseId, row_text
from conformance.suite.load import Suite
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.model import API_VERSIONS, Scenario
from conformance.suite.scenario.versions import select_versions
from conformance.wire.vocabulary import Surface


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be run: ``cases`` of ``subjects``, sorted by id, against ``service``."""

    cases: tuple[Case, ...]
    subjects: tuple[SubjectUnderTest, ...]
    service: Service
    selection: Selection
    longest_wait: float = LIMIT

    @property
    def is_whole_suite(self) -> bool:
        """Whether nothing of the suite was left out, and nothing run that usually is not."""
        return self.selection.is_everything and self.longest_wait == LIMIT

    def __iter__(self) -> Iterator[Case]:
        return iter(self.cases)

    def __len__(self) -> int:
        return len(self.cases)

    def require_cases(self) -> Plan:
        """The plan itself. Raises UsageError when there is nothing to run: an empty run is never
        green."""
        if self.subjects and all(subject.absent for subject in self.subjects):
            reasons = "; ".join(f"{item.sdk.name}: {item.absent}" for item in self.subjects)
            raise UsageError("sdk-absent", "no SDK can run here", reasons)
        if not self.cases:
            raise UsageError(
                "nothing-selected",
                "no case matches the selection",
                "see `conformance list` for what there is",
            )
        return self


def plan(
    suite: Suite,
    subjects: Iterable[SubjectUnderTest],
    selection: Selection,
    *,
    service: Service = REPLAY,
    longest_wait: float = LIMIT,
) -> Plan:
    """Every case of the selection against ``service``; one that would wait for more than
    ``longest_wait`` seconds of real time is not run. Raises InputError for a variable nobody
    defines."""
    expansion = _Expansion(
        tuple(subjects),
        selection,
        contracts=tuple(sdk.contract.traits("") for sdk in suite.sdks),
        service=service,
        longest_wait=longest_wait,
    )
    cases = [
        case
        for loaded in suite.scenarios
        if selection.selects(loaded)
        for case in expansion.cases_of(loaded)
    ]
    cases.sort(key=lambda case: case.id)
    for case, following in pairwise(cases):
        if case.identity == following.identity:
            raise InputError(
                "case-twice",
                f"two cases are called {case.id}",
                "make the matrix values tell them apart",
                case.loaded.document.where_key([], "matrix"),
            )
    return Plan(tuple(cases), expansion.subjects, service, selection, longest_wait=longest_wait)


@dataclass(frozen=True, slots=True)
class _Expansion:
    """From a scenario to its cases. ``contracts``: the traits of every contract of the suite."""

    subjects: tuple[SubjectUnderTest, ...]
    selection: Selection
    contracts: tuple[Mapping[str, Any], ...]
    service: Service
    longest_wait: float

    def cases_of(self, loaded: LoadedScenario) -> Iterator[Case]:
        """The selected cases of one scenario."""
        present = [subject for subject in self.subjects if not subject.absent]
        selected = self.selection.api_versions
        for subject, api_version in product(present, scenario_versions(loaded)):
            if selected and api_version not in selected:
                continue
            trait = missing_trait(loaded, subject, self.contracts)
            for row in matrix_rows(loaded.scenario):
                yield from self._cases_of_row(
                    loaded, subject, api_version=api_version, row=row, trait=trait
                )

    def _cases_of_row(
        self,
        loaded: LoadedScenario,
        subject: SubjectUnderTest,
        *,
        api_version: str,
        row: Mapping[str, Any],
        trait: Decision,
    ) -> Iterator[Case]:
        """A case for each surface; everything else is decided alike for them."""
        decision = applicability(loaded.scenario, subject, api_version)
        if decision.runs:
            decision = trait
        spec = loaded.scenario
        if decision.runs:
            spec = resolve(
                loaded,
                subject,
                api_version=api_version,
                row=row,
                deployments=self.service.deployments or {},
            )
            decision = missing_client(spec, subject, api_version)
        if decision.runs:
            decision = not_run(self.service.obstacle(spec, loaded.document.text))
            spec = self.service.adapt(spec)
        lane = subject.lane_of(loaded.scenario)
        waits = 0.0
        if decision.runs and lane.is_real_time:
            time = real_time(spec, subject.traits, self.longest_wait)
            decision, waits = not_run(time.obstacle), time.waits
        for surface in _surfaces(loaded.scenario, subject):
            identity = CaseId(
                scenario=loaded.id,
                row=row_text(row),
                api_version=api_version,
                sdk=subject.sdk.name,
                version=subject.version,
                surface=surface.value,
            )
            if self.selection.selects_case(identity):
                yield Case(
                    identity,
                    loaded,
                    spec,
                    subject,
                    surface=surface,
                    lane=lane,
                    status=decision.status,
                    reason=decision.reason,
                    row=row,
                    service=self.service,
                    waits=waits,
                )


def scenario_versions(loaded: LoadedScenario) -> tuple[str, ...]:
    """The api-versions a scenario runs on. Raises InputError for a range that names none."""
    try:
        versions = select_versions(loaded.scenario.api_versions, API_VERSIONS)
    except ValueError as error:
        raise InputError(
            "api-versions", str(error), "", loaded.document.where(["api_versions"])
        ) from None
    if not versions:
        raise InputError(
            "api-versions",
            f"{loaded.scenario.api_versions!r} names no known api-version",
            f"known: {', '.join(API_VERSIONS)}",
            loaded.document.where(["api_versions"]),
        )
    return versions


def matrix_rows(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """Each combination of the matrix parameters; one empty row when there is no matrix."""
    names = list(scenario.matrix)
    for values in product(*(scenario.matrix[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def _surfaces(scenario: Scenario, subject: SubjectUnderTest) -> list[Surface]:
    offered = subject.sdk.contract.contract.surfaces
    return [s for s in Surface if s in scenario.surfaces and s in offered]
