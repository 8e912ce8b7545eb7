"""Putting the results of a run together. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from conformance import __version__
from conformance.judge.judge import Judged
from conformance.judge.results import Run, Subject, Tool
from conformance.judge.rulebook import rule_infos
from conformance.judge.settle import WaivedSubject, settle_waivers
from conformance.plan.plan import Plan
from conformance.run.clock import RunClock
from conformance.run.scenario_infos import scenario_info
from conformance.sdk.subject import SubjectUnderTest
from conformance.suite.case_id import CaseId
from conformance.suite.load import Suite


def assemble(
    suite: Suite,
    plan: Plan,
    judged: Iterable[Judged],
    clock: RunClock,
    *,
    waived: tuple[CaseId, ...] | None,
    command: str = "",
    duration: float = 0.0,
    interrupted: bool = False,
) -> Run:
    """The results of a run, in an order that does not depend on the order of execution.
    ``waived``: the cases to be run of the scenarios that waivers name, whether selected or not;
    None where nobody knows."""
    ordered = tuple(sorted(judged, key=lambda item: item.result.id))
    cases = tuple(item.result for item in ordered)
    scenarios = {case.scenario for case in cases}
    return Run(
        tool=Tool(
            version=__version__,
            scenario_digest=suite.home.digest("scenarios"),
            schema_digest=suite.schemas.digest(),
            cassette_digest=suite.home.digest("cassettes"),
        ),
        started=clock.started.isoformat().replace("+00:00", "Z"),
        duration=0.0 if clock.fixed else round(duration, 3),
        command=plan.service.showing(command),
        target=plan.service.showing(plan.service.name),
        api_versions=tuple(sorted({case.api_version for case in cases})),
        subjects=tuple(listed_subject(subject) for subject in plan.subjects),
        cases=cases,
        interrupted=interrupted,
        scenarios=tuple(scenario_info(item) for item in suite.scenarios if item.id in scenarios),
        waivers=settle_waivers(
            tuple(
                WaivedSubject(subject.sdk.name, subject.version, subject.sdk.waivers)
                for subject in plan.subjects
            ),
            ordered,
            scenario_ids=tuple(item.id for item in suite.scenarios),
            planned=waived,
            today=clock.started.date(),
        ),
        rules=rule_infos(),
    )


def listed_subject(subject: SubjectUnderTest) -> Subject:
    """``subject`` as results list it; one that cannot run stands there with its reason."""
    contract = subject.sdk.contract.contract
    return Subject(
        sdk=contract.sdk,
        title=contract.title,
        language=contract.language,
        package=contract.package,
        version=subject.version,
        surfaces=tuple(surface.value for surface in contract.surfaces),
        runtime=subject.runtime,
        status="not-run" if subject.absent else "run",
        reason=subject.absent,
    )
