"""Where SDKs part ways in a run: every call of every scenario compared across SDKs, versions and
surfaces. Pure.

One comparison is one scenario, matrix row and api-version; every subject that ran it takes part. A
difference that comes back in many scenarios (a library that never sends ``accept``) is a habit: it
is told once for the run and left out of the scenarios, where it would hide what is theirs. The
result does not depend on the order of the run's cases.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.judge.results import CaseResult, Run, ScenarioInfo, StepTrace
from conformance.report.canonical import canonical_call
from conformance.report.cases import scenarios_of
from conformance.report.comparison import (
    FACETS,
    ComparedSubject,
    Facet,
    MemberDifference,
    Participant,
    compare,
    shared,
)
from conformance.suite.case_id import row_named
from conformance.wire.vocabulary import LaneKind

HABIT_SHARE = 10
HABIT_LEAST = 8
"""A difference is a habit when it comes back in a ``HABIT_SHARE``-th of the scenarios compared, and
in ``HABIT_LEAST`` of them at least."""

# These decide what became of a call, so each is told in its scenario however often it comes back.
_NEVER_HABITS = frozenset({"/outcome", "/sent", "/path", "/method", "/attempts"})
_STEPS_THAT_RAN = frozenset({"ok", "error", "crash"})


@dataclass(frozen=True, slots=True)
class SeenDifference:
    """A difference in a scenario, and where it was seen."""

    step: int
    """The step of the scenario, counted from 1."""
    difference: MemberDifference
    where: tuple[str, ...]
    """The comparisons that show it, by matrix row and api-version."""
    varies: bool = False
    """Whether the values differ between these comparisons; those of the first are shown."""

    @property
    def member(self) -> Member:
        """What the difference is about."""
        return self.difference.facet, self.difference.pointer

    @property
    def order(self) -> tuple[object, ...]:
        """A key that sorts as a reader follows a scenario: by step, facet and pointer."""
        facet, pointer = self.member
        return self.step, FACETS.index(facet), pointer, self.where


Member = tuple[Facet, str]


@dataclass(frozen=True, slots=True)
class ComparedCall:
    """One step of one comparison, with everybody who took part in it."""

    step: int
    title: str
    where: str
    participants: tuple[Participant, ...]

    @property
    def shared(self) -> tuple[tuple[str, str], ...]:
        """The members of the request that everybody sent alike."""
        return shared(self.participants)

    @property
    def retried(self) -> bool:
        """Whether anybody tried more than once."""
        return any(len(item.call.attempts) > 1 for item in self.participants)


@dataclass(frozen=True, slots=True)
class ScenarioDivergence:
    """What the comparisons of one scenario show."""

    scenario: ScenarioInfo
    columns: tuple[str, ...]
    """The SDK versions that took part."""
    differences: tuple[SeenDifference, ...]
    """Those of the scenario itself, without habits."""
    habits: tuple[SeenDifference, ...]
    calls: tuple[ComparedCall, ...]
    comparisons: int
    """How many matrix rows and api-versions were compared."""

    @property
    def dissenters(self) -> tuple[str, ...]:
        """The SDK versions that are outside the largest group somewhere, in the order of the
        columns."""
        outside = {column for item in self.differences for column in item.difference.dissenters}
        return tuple(column for column in self.columns if column in outside)


@dataclass(frozen=True, slots=True)
class HabitEntry:
    """SDK versions that do otherwise than most, and in how many scenarios they do."""

    columns: tuple[str, ...]
    value: str | None
    """What they have most often: None when they lack the member, empty when nothing they have makes
    up half of all."""
    varies: bool
    """Whether they have other values too."""
    scenarios: int


@dataclass(frozen=True, slots=True)
class Habit:
    """A member that differs in many scenarios. ``usual`` and ``varies`` are to most SDK versions
    what ``value`` and ``varies`` of a `HabitEntry` are to the others."""

    facet: Facet
    pointer: str
    scenarios: int
    usual: str | None
    varies: bool
    entries: tuple[HabitEntry, ...]


@dataclass(frozen=True, slots=True)
class Identity:
    """A header that names the library or its machine: for each column one value that was sent, None
    where the header was not."""

    name: str
    values: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Divergences:
    """Where the SDKs of a run part ways."""

    columns: tuple[str, ...]
    scenarios: tuple[ScenarioDivergence, ...]
    """Those that differ by more than habits, the one with most dissenters first."""
    usual: tuple[ScenarioDivergence, ...]
    """Those that differ by habits only."""
    equal: tuple[ScenarioInfo, ...]
    """Those that do not differ."""
    alone: tuple[ScenarioInfo, ...]
    """Those that fewer than two subjects ran, so that nothing could be compared."""
    habits: tuple[Habit, ...]
    identities: tuple[Identity, ...]

    @property
    def compared(self) -> int:
        """How many scenarios could be compared."""
        return len(self.scenarios) + len(self.usual) + len(self.equal)


def divergences(run: Run, is_selected: Callable[[str], bool] = bool) -> Divergences:
    """Compare everything in ``run`` and keep the scenarios whose id ``is_selected`` (all by
    default). Habits are those of the whole run, so that a part of it is told as it is in the
    whole."""
    infos = {info.id: info for info in scenarios_of(run)}
    grouped = _by_scenario(run.cases)
    by_id = {name: _scenario(infos[name], cases) for name, cases in grouped.items()}
    compared = [item for item in by_id.values() if item is not None]
    habitual = _habitual(compared)
    selected = [_parted(item, habitual) for item in compared if is_selected(item.scenario.id)]
    differing = [item for item in selected if item.differences]
    alike = [item for item in selected if not item.differences]
    return Divergences(
        columns=_columns(subject_of(case) for case in run.cases if case.steps),
        scenarios=tuple(sorted(differing, key=_by_disagreement)),
        usual=tuple(item for item in alike if item.habits),
        equal=tuple(item.scenario for item in alike if not item.habits),
        alone=tuple(
            infos[name] for name, item in by_id.items() if item is None and is_selected(name)
        ),
        habits=_habits(compared, habitual),
        identities=_identities(compared),
    )


def subject_of(case: CaseResult) -> ComparedSubject:
    """Who ran ``case``."""
    return ComparedSubject(case.sdk, case.version, case.surface)


def _columns(subjects: Iterable[ComparedSubject]) -> tuple[str, ...]:
    ordered = sorted(set(subjects), key=lambda item: item.order)
    return tuple(dict.fromkeys(item.column for item in ordered))


def _by_scenario(cases: Iterable[CaseResult]) -> dict[str, list[CaseResult]]:
    """The cases that ran, by scenario. Sorted, so that their order in the run means nothing."""
    grouped: dict[str, list[CaseResult]] = {}
    for case in sorted(cases, key=lambda item: (item.scenario, subject_of(item).order, item.id)):
        if case.steps:
            grouped.setdefault(case.scenario, []).append(case)
    return grouped


def _scenario(info: ScenarioInfo, cases: list[CaseResult]) -> ScenarioDivergence | None:
    """All differences of one scenario, habits among them; None when no two subjects can be
    compared."""
    comparisons: dict[tuple[str, str], list[CaseResult]] = {}
    for case in cases:
        comparisons.setdefault((row_named(case.id), case.api_version), []).append(case)
    calls = [call for place in sorted(comparisons) for call in _calls(place, comparisons[place])]
    if not calls:
        return None
    return ScenarioDivergence(
        scenario=info,
        columns=_columns(item.subject for call in calls for item in call.participants),
        differences=_differences(calls),
        habits=(),
        calls=tuple(calls),
        comparisons=len({call.where for call in calls}),
    )


def _calls(place: tuple[str, str], cases: list[CaseResult]) -> Iterator[ComparedCall]:
    """The steps of one comparison that at least two subjects ran. ``place`` is its matrix row and
    api-version."""
    for index in range(max(len(case.steps) for case in cases)):
        ran = [
            (case, case.steps[index])
            for case in cases
            if index < len(case.steps) and case.steps[index].outcome in _STEPS_THAT_RAN
        ]
        if len({subject_of(case) for case, _ in ran}) > 1:
            yield ComparedCall(
                step=index + 1,
                title=_title(ran[0][1]),
                where=", ".join(part for part in place if part),
                participants=tuple(_participant(case, step) for case, step in ran),
            )


def _title(step: StepTrace) -> str:
    # A step without a name of its own is called "step 1": its operation says more.
    if not step.name or step.name.startswith("step "):
        return step.operation
    return f"{step.name}: {step.operation}"


def _participant(case: CaseResult, step: StepTrace) -> Participant:
    starts = [item.at for item in step.exchanges]
    return Participant(
        subject=subject_of(case),
        call=canonical_call(step),
        # A clock that runs backwards must not put an attempt before the first.
        at=tuple(max(at - starts[0], 0.0) for at in starts),
        virtual=_is_virtual(case.lane),
    )


def _is_virtual(lane: str) -> bool:
    """Whether waits in ``lane`` passed on a virtual clock."""
    try:
        return not LaneKind(lane).is_real_time
    except ValueError:
        # Results may be another version's, with a lane that this one does not know.
        return False


def _differences(calls: Sequence[ComparedCall]) -> tuple[SeenDifference, ...]:
    """The differences of all calls; those of the same subjects about the same member are one."""
    merged: dict[object, SeenDifference] = {}
    for call in calls:
        for item in compare(call.participants):
            key = (call.step, item.facet, item.pointer, item.partition)
            if key in merged:
                merged[key] = _also_seen(merged[key], item, call.where)
            else:
                merged[key] = SeenDifference(call.step, item, (call.where,))
    return tuple(sorted(_absorbed(merged.values()), key=lambda seen: seen.order))


def _also_seen(seen: SeenDifference, again: MemberDifference, where: str) -> SeenDifference:
    values = [group.value for group in seen.difference.groups]
    same_values = values == [group.value for group in again.groups]
    return replace(seen, where=(*seen.where, where), varies=seen.varies or not same_values)


def _absorbed(differences: Iterable[SeenDifference]) -> list[SeenDifference]:
    """``differences`` without those that say less than another: the same values, but of fewer
    subjects (an SDK has no v1). The other is then seen in their comparisons too."""
    kept: dict[object, list[SeenDifference]] = {}
    for seen in sorted(differences, key=lambda seen: -sum(map(len, seen.difference.partition))):
        same_member = kept.setdefault((seen.step, *seen.member), [])
        for place, wider in enumerate(same_member):
            if _says_less(seen, wider):
                where = tuple(sorted((*wider.where, *seen.where)))
                same_member[place] = replace(wider, where=where)
                break
        else:
            same_member.append(seen)
    return [seen for same_member in kept.values() for seen in same_member]


def _says_less(seen: SeenDifference, wider: SeenDifference) -> bool:
    """Whether every group of ``seen`` is, with the same value, part of a group of ``wider``."""
    if seen.varies or wider.varies:
        return False
    groups = {group.value: frozenset(group.subjects) for group in wider.difference.groups}
    return all(
        group.value in groups and groups[group.value].issuperset(group.subjects)
        for group in seen.difference.groups
    )


def _habitual(compared: Sequence[ScenarioDivergence]) -> frozenset[Member]:
    """The members that differ in so many scenarios that it is a habit."""
    scenarios = Counter(
        member for item in compared for member in {seen.member for seen in item.differences}
    )
    share = -(-len(compared) // HABIT_SHARE)  # rounded up
    return frozenset(
        (facet, pointer)
        for (facet, pointer), number in scenarios.items()
        if number >= max(HABIT_LEAST, share)
        and pointer not in _NEVER_HABITS
        and not pointer.startswith("/waits/")
    )


def _parted(item: ScenarioDivergence, habitual: frozenset[Member]) -> ScenarioDivergence:
    """``item`` with its habits taken out of its differences."""
    return replace(
        item,
        differences=tuple(seen for seen in item.differences if seen.member not in habitual),
        habits=tuple(seen for seen in item.differences if seen.member in habitual),
    )


def _by_disagreement(item: ScenarioDivergence) -> tuple[int, int, str]:
    return -len(item.dissenters), -len(item.differences), item.scenario.id


def _habits(
    compared: Sequence[ScenarioDivergence], habitual: frozenset[Member]
) -> tuple[Habit, ...]:
    """The habits of a run, those of most scenarios first."""
    seen_by_member: dict[Member, dict[str, list[SeenDifference]]] = {}
    for item in compared:
        for seen in item.differences:
            if seen.member in habitual:
                scenarios = seen_by_member.setdefault(seen.member, {})
                scenarios.setdefault(item.scenario.id, []).append(seen)
    habits = [_habit(member, scenarios) for member, scenarios in seen_by_member.items()]
    return tuple(
        sorted(
            habits, key=lambda habit: (-habit.scenarios, FACETS.index(habit.facet), habit.pointer)
        )
    )


def _habit(member: Member, scenarios: dict[str, list[SeenDifference]]) -> Habit:
    """The habit that shows in ``scenarios``, which are the differences in ``member`` by scenario
    id."""
    facet, pointer = member
    usual_values: list[str | None] = []
    values: dict[str, list[str | None]] = {}
    differs_in: dict[str, set[str]] = {}
    for name, differences in scenarios.items():
        for seen in differences:
            largest, *others = seen.difference.groups
            usual_values.append(largest.value)
            for group in others:
                for column in group.columns:
                    values.setdefault(column, []).append(group.value)
                    differs_in.setdefault(column, set()).add(name)
    usual, varies = _most_common(usual_values)
    return Habit(
        facet=facet,
        pointer=pointer,
        scenarios=len(scenarios),
        usual=usual,
        varies=varies,
        entries=_entries(values, {column: len(names) for column, names in differs_in.items()}),
    )


def _entries(
    values: dict[str, list[str | None]], scenarios: dict[str, int]
) -> tuple[HabitEntry, ...]:
    """What each column has otherwise than most, and in how many scenarios; columns that have the
    same are told as one."""
    alike: dict[tuple[str | None, bool, int], list[str]] = {}
    for column in sorted(values):
        alike.setdefault((*_most_common(values[column]), scenarios[column]), []).append(column)
    entries = [
        HabitEntry(columns=tuple(columns), value=value, varies=varies, scenarios=number)
        for (value, varies, number), columns in alike.items()
    ]
    return tuple(sorted(entries, key=lambda entry: (-entry.scenarios, entry.columns)))


def _most_common(values: list[str | None]) -> tuple[str | None, bool]:
    """The most common of ``values``, empty when it is less than half of them; and whether there are
    others."""
    counts = Counter(values)
    # Of equally common values the first by the alphabet, so that the order of cases means nothing.
    common = min(counts, key=lambda value: (-counts[value], value is None, value or ""))
    if counts[common] * 2 < len(values):
        common = ""
    return common, len(counts) > 1


# Identity headers that name neither library nor machine, but this one request.
_OF_ONE_REQUEST = frozenset(
    {"/headers/host", "/headers/content-length", "/headers/date", "/headers/x-ms-client-request-id"}
)


def _identities(compared: Sequence[ScenarioDivergence]) -> tuple[Identity, ...]:
    """The identity headers, each with the first value of each column in the order of the
    scenarios."""
    first_values: dict[str, dict[str, str]] = {}
    participants = [
        item for scenario in compared for call in scenario.calls for item in call.participants
    ]
    for item in participants:
        for name, value in item.call.identity.items():
            if name.startswith("/headers/") and name not in _OF_ONE_REQUEST:
                first_values.setdefault(name, {}).setdefault(item.subject.column, value)
    columns = _columns(item.subject for item in participants)
    return tuple(
        Identity(
            name=name.removeprefix("/headers/"),
            values=tuple(first_values[name].get(column) for column in columns),
        )
        for name in sorted(first_values)
    )
