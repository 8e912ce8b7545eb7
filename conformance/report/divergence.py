"""Where SDKs part ways: every call of every scenario compared across SDKs, versions and surfaces.
Pure.

A comparison is one scenario, matrix row and api-version; all subjects that ran it take part.
Differences that come back in many scenarios (a library that never sends ``accept``) are habits:
told once, and left out of the order, which would otherwise tell nothing. The result does not depend
on the order of the run's cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from conformance.judge.results import CaseResult, Run, ScenarioInfo, StepTrace
from conformance.report.budget import row_of
from conformance.report.canonical import canonical_call
from conformance.report.cases import scenarios_of
from conformance.report.comparison import Difference, Facet, Participant, Subject, compare, shared

HABIT_SHARE = 10
HABIT_LEAST = 8
"""A member is a habit when it differs in a ``HABIT_SHARE``-th of the scenarios compared, and in
``HABIT_LEAST``."""

_NEVER_HABITS = frozenset({"/outcome", "/sent", "/path", "/method", "/attempts"})
_STEPS_THAT_RAN = frozenset({"ok", "error", "crash"})


@dataclass(frozen=True, slots=True)
class Seen:
    """A difference in one scenario: ``step`` counts from 1, ``where`` are the comparisons that show
    it. ``varies`` when its values are not the same in all of them; those shown are of the first."""

    step: int
    difference: Difference
    where: tuple[str, ...]
    varies: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """One step of one comparison, with all that took part: what a drawing or a list of what is
    shared needs."""

    step: int
    title: str
    where: str
    participants: tuple[Participant, ...]

    @property
    def shared(self) -> tuple[tuple[str, str], ...]:
        return shared(self.participants)

    @property
    def retried(self) -> bool:
        return any(len(item.call.attempts) > 1 for item in self.participants)


@dataclass(frozen=True, slots=True)
class ScenarioDivergence:
    """What a scenario shows. ``seen`` are its own differences, ``habits`` those told once for the
    whole run. ``calls`` are its comparisons in order; ``comparisons`` counts rows and
    api-versions."""

    scenario: ScenarioInfo
    columns: tuple[str, ...]
    seen: tuple[Seen, ...]
    habits: tuple[Seen, ...]
    calls: tuple[Comparison, ...]
    comparisons: int

    @property
    def dissenters(self) -> tuple[str, ...]:
        """The SDK versions that are outside the largest group somewhere, by column."""
        found = {column for item in self.seen for column in item.difference.dissenters}
        return tuple(column for column in self.columns if column in found)


@dataclass(frozen=True, slots=True)
class HabitEntry:
    """SDK versions that do otherwise than most, and in how many scenarios. ``value`` is what they
    have most often (None: the member is absent; empty: nothing in half of all), ``varies`` when
    that is not always so."""

    columns: tuple[str, ...]
    value: str | None
    varies: bool
    scenarios: int


@dataclass(frozen=True, slots=True)
class Habit:
    """A member that differs in many scenarios: ``usual`` is what most have, with ``varies`` as in
    `HabitEntry`."""

    facet: Facet
    pointer: str
    scenarios: int
    usual: str | None
    varies: bool
    entries: tuple[HabitEntry, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """A header that names the library or its machine: one value seen for each column, None where it
    is not sent."""

    name: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Divergences:
    """All of a run. ``scenarios`` are those that differ, most dissenters first; ``usual`` differ
    only by habits; ``equal`` do not differ; ``alone`` were run by fewer than two SDK versions or
    surfaces."""

    columns: tuple[str, ...]
    scenarios: tuple[ScenarioDivergence, ...]
    usual: tuple[ScenarioDivergence, ...]
    equal: tuple[ScenarioInfo, ...]
    alone: tuple[ScenarioInfo, ...]
    habits: tuple[Habit, ...]
    identities: tuple[Identity, ...]

    @property
    def compared(self) -> int:
        return len(self.scenarios) + len(self.usual) + len(self.equal)


def divergences(run: Run, wanted: Callable[[str], bool] = bool) -> Divergences:
    """Compare everything in ``run``; of scenarios that are not ``wanted`` only the habits are kept,
    so that a part of a run is told as it is in the whole."""
    infos = {info.id: info for info in scenarios_of(run)}
    grouped = _by_scenario(run.cases)
    found = {name: _scenario(infos[name], cases) for name, cases in grouped.items()}
    compared = [item for item in found.values() if item is not None]
    habitual = _habitual(compared)
    told = [_parted(item, habitual) for item in compared if wanted(item.scenario.id)]
    own = sorted((item for item in told if item.seen), key=_by_disagreement)
    return Divergences(
        columns=_columns(subject_of(case) for case in run.cases if case.steps),
        scenarios=tuple(own),
        usual=tuple(item for item in told if item.habits and not item.seen),
        equal=tuple(item.scenario for item in told if not item.seen and not item.habits),
        alone=tuple(infos[name] for name, item in found.items() if item is None and wanted(name)),
        habits=_habits(compared, habitual),
        identities=_identities(compared),
    )


def subject_of(case: CaseResult) -> Subject:
    """Who ran ``case``."""
    return Subject(case.sdk, case.version, case.surface)


def _columns(subjects: Iterable[Subject]) -> tuple[str, ...]:
    return tuple(
        dict.fromkeys(item.column for item in sorted(set(subjects), key=lambda item: item.order))
    )


def _by_scenario(cases: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    grouped: dict[str, list[CaseResult]] = {}
    for case in sorted(cases, key=lambda item: (item.scenario, subject_of(item).order, item.id)):
        if case.steps:
            grouped.setdefault(case.scenario, []).append(case)
    return grouped


def _scenario(info: ScenarioInfo, cases: list[CaseResult]) -> ScenarioDivergence | None:
    """All differences of one scenario, habits included; None when nobody can be compared with
    anybody."""
    places: dict[tuple[str, str], list[CaseResult]] = {}
    for case in cases:
        places.setdefault((row_of(case), case.api_version), []).append(case)
    calls = [call for place in sorted(places) for call in _calls(place, places[place])]
    if not calls:
        return None
    columns = _columns(item.subject for call in calls for item in call.participants)
    return ScenarioDivergence(
        info, columns, _seen(calls), (), tuple(calls), len({call.where for call in calls})
    )


def _calls(place: tuple[str, str], cases: list[CaseResult]) -> Iterable[Comparison]:
    where = ", ".join(part for part in place if part)
    for index in range(max(len(case.steps) for case in cases)):
        having = [
            (case, case.steps[index])
            for case in cases
            if index < len(case.steps) and case.steps[index].outcome in _STEPS_THAT_RAN
        ]
        if len({subject_of(case) for case, _ in having}) > 1:
            yield Comparison(
                index + 1,
                _title(having[0][1]),
                where,
                tuple(_participant(case, step) for case, step in having),
            )


def _title(step: StepTrace) -> str:
    return (
        step.operation
        if step.name.startswith("step ") or not step.name
        else f"{step.name}: {step.operation}"
    )


def _participant(case: CaseResult, step: StepTrace) -> Participant:
    origin = step.exchanges[0].at if step.exchanges else 0.0
    return Participant(
        subject_of(case),
        canonical_call(step),
        tuple(max(item.at - origin, 0.0) for item in step.exchanges),
        case.lane == "inprocess",
    )


def _seen(calls: Sequence[Comparison]) -> tuple[Seen, ...]:
    """The differences of all calls, those of the same subjects about the same member as one."""
    folded: dict[object, Seen] = {}
    for call in calls:
        for item in compare(call.participants):
            key = (call.step, item.facet, item.pointer, item.partition)
            known = folded.get(key)
            folded[key] = (
                Seen(call.step, item, (call.where,))
                if known is None
                else Seen(
                    known.step,
                    known.difference,
                    (*known.where, call.where),
                    known.varies
                    or [g.value for g in known.difference.groups] != [g.value for g in item.groups],
                )
            )
    return tuple(
        sorted(
            _absorbed(folded.values()),
            key=lambda seen: (
                seen.step,
                _FACETS.index(seen.difference.facet),
                seen.difference.pointer,
                seen.where,
            ),
        )
    )


def _absorbed(found: Iterable[Seen]) -> list[Seen]:
    """Where fewer took part but said the same (an SDK has no v1), the same difference is not told
    twice."""
    kept: dict[object, list[Seen]] = {}
    for seen in sorted(found, key=lambda seen: -sum(map(len, seen.difference.partition))):
        own = kept.setdefault((seen.step, *_key(seen)), [])
        place = next((place for place, wider in enumerate(own) if _within(seen, wider)), None)
        if place is None:
            own.append(seen)
        else:
            wider = own[place]
            own[place] = replace(wider, where=tuple(sorted((*wider.where, *seen.where))))
    return [seen for own in kept.values() for seen in own]


def _within(seen: Seen, wider: Seen) -> bool:
    if seen.varies or wider.varies:
        return False
    groups = {group.value: frozenset(group.subjects) for group in wider.difference.groups}
    return all(
        group.value in groups and groups[group.value].issuperset(group.subjects)
        for group in seen.difference.groups
    )


_FACETS: tuple[Facet, ...] = ("request", "answer", "pacing")
_Key = tuple[Facet, str]


def _key(seen: Seen) -> _Key:
    return seen.difference.facet, seen.difference.pointer


def _habitual(compared: Sequence[ScenarioDivergence]) -> frozenset[_Key]:
    counts = Counter(key for item in compared for key in {_key(seen) for seen in item.seen})
    least = max(HABIT_LEAST, -(-len(compared) // HABIT_SHARE))
    return frozenset(
        key
        for key, number in counts.items()
        if number >= least and key[1] not in _NEVER_HABITS and not key[1].startswith("/waits/")
    )


def _parted(item: ScenarioDivergence, habitual: frozenset[_Key]) -> ScenarioDivergence:
    own = tuple(seen for seen in item.seen if _key(seen) not in habitual)
    habits = tuple(seen for seen in item.seen if _key(seen) in habitual)
    return ScenarioDivergence(
        item.scenario, item.columns, own, habits, item.calls, item.comparisons
    )


def _by_disagreement(item: ScenarioDivergence) -> tuple[int, int, str]:
    return -len(item.dissenters), -len(item.seen), item.scenario.id


def _habits(compared: Sequence[ScenarioDivergence], habitual: frozenset[_Key]) -> tuple[Habit, ...]:
    found: dict[_Key, dict[str, list[Seen]]] = {}
    for item in compared:
        for seen in item.seen:
            if _key(seen) in habitual:
                found.setdefault(_key(seen), {}).setdefault(item.scenario.id, []).append(seen)
    habits = [_habit(key, scenarios) for key, scenarios in found.items()]
    return tuple(
        sorted(
            habits, key=lambda habit: (-habit.scenarios, _FACETS.index(habit.facet), habit.pointer)
        )
    )


def _habit(key: _Key, scenarios: dict[str, list[Seen]]) -> Habit:
    usual: list[str | None] = []
    values: dict[str, list[str | None]] = {}
    where: dict[str, set[str]] = {}
    for name, items in scenarios.items():
        for groups in (seen.difference.groups for seen in items):
            usual.append(groups[0].value)
            for column, value in (
                (column, group.value) for group in groups[1:] for column in group.columns
            ):
                values.setdefault(column, []).append(value)
                where.setdefault(column, set()).add(name)
    alike: dict[tuple[str | None, bool, int], list[str]] = {}
    for column in sorted(values):
        alike.setdefault((*_most(values[column]), len(where[column])), []).append(column)
    entries = sorted(
        (HabitEntry(tuple(columns), *told) for told, columns in alike.items()),
        key=lambda entry: (-entry.scenarios, entry.columns),
    )
    return Habit(*key, len(scenarios), *_most(usual), tuple(entries))


def _most(values: list[str | None]) -> tuple[str | None, bool]:
    """The commonest of ``values``, and whether there are others (empty when it is not half of
    all)."""
    counts = Counter(values)
    common = min(counts, key=lambda value: (-counts[value], value is None, value or ""))
    return (common if counts[common] * 2 >= len(values) else ""), len(counts) > 1


_PASSING = frozenset(
    {"/headers/host", "/headers/content-length", "/headers/date", "/headers/x-ms-client-request-id"}
)


def _identities(compared: Sequence[ScenarioDivergence]) -> tuple[Identity, ...]:
    """One value of each identity header for each column: the first seen, in the order of the
    scenarios."""
    found: dict[str, dict[str, str]] = {}
    participants = [
        item for scenario in compared for call in scenario.calls for item in call.participants
    ]
    for item in participants:
        for name, value in item.call.identity.items():
            if name.startswith("/headers/") and name not in _PASSING:
                found.setdefault(name, {}).setdefault(item.subject.column, value)
    columns = _columns(item.subject for item in participants)
    return tuple(
        Identity(
            name.removeprefix("/headers/"), tuple(found[name].get(column) for column in columns)
        )
        for name in sorted(found)
    )
