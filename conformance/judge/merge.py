"""Merging runs: several versions, machines or shards into one set of results. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from conformance.errors import InputError
from conformance.judge.results import CaseResult, RuleInfo, Run, ScenarioInfo, Subject, WaiverUse

_STRENGTH = ("expired", "mismatched", "stale", "used", "unexercised", "out-of-range")
Item = TypeVar("Item")


def merge_runs(runs: tuple[Run, ...], command: str = "") -> Run:
    """One run that holds the cases of all of ``runs``.

    The runs must be of the same scenarios, schemas and cassettes (their digests say so) and may not
    contradict each other about a case. Raises InputError naming what differs.
    """
    first = runs[0]
    for later in runs[1:]:
        if later.tool != first.tool:
            raise InputError(
                "merge-different-suites",
                f"the runs of {first.started} and {later.started} are not of "
                "the same harness version, scenarios, schemas and cassettes",
                "run them again from one checkout",
            )
    return Run(
        tool=first.tool,
        started=min(run.started for run in runs),
        duration=round(sum(r.duration for r in runs), 3),
        command=command or first.command,
        target=first.target,
        rules=_rules(runs),
        subjects=_subjects(runs),
        api_versions=tuple(sorted({version for run in runs for version in run.api_versions})),
        scenarios=_scenarios(runs),
        cases=_cases(runs),
        waivers=_waivers(runs),
        interrupted=any(run.interrupted for run in runs),
        problems=tuple(dict.fromkeys(problem for run in runs for problem in run.problems)),
    )


def _cases(runs: Iterable[Run]) -> tuple[CaseResult, ...]:
    merged: dict[str, CaseResult] = {}
    for run in runs:
        for case in run.cases:
            known = merged.setdefault(case.id, case)
            if known.verdict is not case.verdict:
                raise InputError(
                    "merge-contradiction",
                    f"case {case.id} is {known.verdict} in one run and {case.verdict} in another",
                    "merge runs of different versions or shards only",
                )
    return tuple(merged[name] for name in sorted(merged))


def _subjects(runs: Iterable[Run]) -> tuple[Subject, ...]:
    merged = {(s.sdk, s.version): s for run in runs for s in run.subjects}
    ran = {sdk for (sdk, _), subject in merged.items() if subject.status == "run"}
    kept = [s for s in merged.values() if s.status == "run" or s.sdk not in ran]
    return tuple(sorted(kept, key=lambda s: (s.sdk, _version_key(s.version))))


def _version_key(version: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in version.split("."))


def _scenarios(runs: Iterable[Run]) -> tuple[ScenarioInfo, ...]:
    merged = {info.id: info for run in runs for info in run.scenarios}
    return tuple(merged[name] for name in sorted(merged))


def _rules(runs: Iterable[Run]) -> tuple[RuleInfo, ...]:
    merged = {rule.id: rule for run in runs for rule in run.rules}
    return tuple(merged[name] for name in sorted(merged))


def _waivers(runs: Iterable[Run]) -> tuple[WaiverUse, ...]:
    """Each waiver once, in its gravest state: used in one version and out of range in another is
    used."""
    merged: dict[tuple[str, str], WaiverUse] = {}
    for run in runs:
        for use in run.waivers:
            known = merged.get((use.sdk, use.id))
            merged[use.sdk, use.id] = use if known is None else _stronger(known, use)
    return tuple(merged[key] for key in sorted(merged))


def _stronger(one: WaiverUse, other: WaiverUse) -> WaiverUse:
    state = min(one.state, other.state, key=_STRENGTH.index)
    return one.model_copy(
        update={"state": state, "cases": tuple(sorted({*one.cases, *other.cases}))}
    )
