"""What is seen at a glance: the matrix, the rules that broke, and where subjects part ways."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from conformance.judge.results import CaseResult, FindingResult, Run, ScenarioInfo, Verdict
from conformance.judge.rules.finding import Level
from conformance.report.summary import BAD, SEVERITY, WORDS, SubjectSummary, Tally, red_findings
from conformance.report.text import listing

EVIDENCE = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED, Verdict.ERROR)


@dataclass(frozen=True, slots=True)
class Entry:
    """One linked mark in a cell: a verdict, its words, and the case it leads to."""

    verdict: Verdict
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the matrix; no entries means there is no data."""

    entries: tuple[Entry, ...]
    ratio: str = ""
    waived: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    scenario: ScenarioInfo
    cells: tuple[Cell, ...]
    verdicts: str


@dataclass(frozen=True, slots=True)
class Capability:
    name: str
    cells: tuple[Cell, ...]
    rows: tuple[Row, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Split:
    """A scenario on which cases disagree; ``disagreements`` counts those outside the largest group.
    ``waivers`` are the waivers that explain the whole difference (every case passes or is waived by
    them); empty when it is more than that.
    """

    scenario: ScenarioInfo
    disagreements: int
    groups: tuple[tuple[Verdict, tuple[tuple[str, str], ...]], ...]
    waivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """Scenarios that differ only by the same waivers: one deviation, however many scenarios show
    it."""

    waivers: tuple[str, ...]
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    rule: str
    level: Level
    finding: FindingResult
    cases: tuple[tuple[str, str], ...]
    subjects: str


_Maker = Callable[[list[CaseResult]], Cell]


class Glance:
    """The overview of ``run``; ``hrefs`` gives the link of each case by its place in
    ``run.cases``."""

    def __init__(
        self,
        run: Run,
        subjects: tuple[SubjectSummary, ...],
        scenarios: Sequence[ScenarioInfo],
        hrefs: Sequence[str],
    ) -> None:
        self._run = run
        self._subjects = subjects
        self._scenarios = scenarios
        self._hrefs = {id(case): href for case, href in zip(run.cases, hrefs, strict=True)}
        self._cases: dict[str, list[CaseResult]] = {}
        for case in run.cases:
            self._cases.setdefault(case.scenario, []).append(case)

    def capabilities(self) -> tuple[Capability, ...]:
        """The rows of the matrix, capabilities and their scenarios in order of name."""
        grouped: dict[str, list[ScenarioInfo]] = {}
        for scenario in self._scenarios:
            grouped.setdefault(scenario.capability, []).append(scenario)
        return tuple(self._capability(name, grouped[name]) for name in sorted(grouped))

    def _capability(self, name: str, scenarios: list[ScenarioInfo]) -> Capability:
        cases = [case for scenario in scenarios for case in self._cases.get(scenario.id, ())]
        rows = tuple(
            Row(
                scenario,
                self._cells(self._cases.get(scenario.id, ()), self._scenario_cell),
                " ".join(sorted({case.verdict for case in self._cases.get(scenario.id, ())})),
            )
            for scenario in scenarios
        )
        return Capability(
            name,
            self._cells(cases, self._group_cell),
            rows,
            any(case.verdict in BAD for case in cases),
        )

    def _cells(self, cases: Iterable[CaseResult], make: _Maker) -> tuple[Cell, ...]:
        by_subject: dict[tuple[str, str], list[CaseResult]] = {}
        for case in cases:
            by_subject.setdefault((case.sdk, case.version), []).append(case)
        return tuple(
            self._cell(item, by_subject.get((item.subject.sdk, item.subject.version), []), make)
            for item in self._subjects
        )

    def _cell(self, item: SubjectSummary, cases: list[CaseResult], make: _Maker) -> Cell:
        if cases:
            return make(cases)
        if item.subject.status == "not-run":
            return Cell((Entry(Verdict.NOT_RUN, "not run", ""),))
        return Cell(())

    def _group_cell(self, cases: list[CaseResult]) -> Cell:
        tally = Tally.of(cases)
        worst = tally.worst or Verdict.NOT_RUN
        first = next(case for case in cases if case.verdict is worst)
        ratio = f"{tally.passed}/{tally.applicable}" if tally.applicable else ""
        return Cell(
            (Entry(worst, WORDS[worst], self._hrefs[id(first)]),), ratio, tally[Verdict.WAIVED]
        )

    def _scenario_cell(self, cases: list[CaseResult]) -> Cell:
        if len({case.verdict for case in cases}) == 1:
            cell = self._group_cell(cases)
            return cell if len(cases) > 1 else Cell(cell.entries)
        name = _telling_apart(cases)
        return Cell(
            tuple(
                Entry(case.verdict, f"{name(case)} {WORDS[case.verdict]}", self._hrefs[id(case)])
                for case in cases
            )
        )

    def splits(self) -> tuple[Split, ...]:
        """The scenarios on which cases with evidence disagree, most disagreements first."""
        found = [split for scenario in self._scenarios if (split := self._split(scenario))]
        return tuple(sorted(found, key=lambda split: (-split.disagreements, split.scenario.id)))

    def _split(self, scenario: ScenarioInfo) -> Split | None:
        cases = [case for case in self._cases.get(scenario.id, ()) if case.verdict in EVIDENCE]
        counts = Counter(case.verdict for case in cases)
        if len(counts) < 2:
            return None
        groups = tuple(
            (verdict, self._by_subject([case for case in cases if case.verdict is verdict]))
            for verdict in SEVERITY
            if counts[verdict]
        )
        return Split(scenario, len(cases) - max(counts.values()), groups, _explaining(cases))

    def _by_subject(self, cases: list[CaseResult]) -> tuple[tuple[str, str], ...]:
        """One link a subject: its name, what of it (surface, api-version) where that is less than
        all, how many."""
        subjects: dict[str, list[CaseResult]] = {}
        for case in cases:
            subjects.setdefault(f"{case.sdk} {case.version}", []).append(case)
        return tuple(
            (f"{name}{_which(own)}", self._hrefs[id(own[0])]) for name, own in subjects.items()
        )

    def differences(self) -> tuple[tuple[Split, ...], tuple[Explained, ...]]:
        """``splits`` in two parts: those that need a look, and those the same waivers explain, most
        scenarios first."""
        explained: dict[tuple[str, ...], list[Split]] = {}
        rest: list[Split] = []
        for split in self.splits():
            (explained.setdefault(split.waivers, []) if split.waivers else rest).append(split)
        groups = sorted(explained.items(), key=lambda item: (-len(item[1]), item[0]))
        return tuple(rest), tuple(Explained(waivers, tuple(splits)) for waivers, splits in groups)

    def broken(self) -> tuple[BrokenRule, ...]:
        """The rules that made cases red, MUSTs first, then those that broke most often."""
        found: dict[tuple[str, Level], list[tuple[CaseResult, FindingResult]]] = {}
        for case in self._run.cases:
            for item in red_findings(case):
                found.setdefault((item.rule, item.level), []).append((case, item))
        rules = [self._broken_rule(*key, pairs) for key, pairs in found.items()]
        levels = list(Level)
        return tuple(
            sorted(rules, key=lambda item: (levels.index(item.level), -len(item.cases), item.rule))
        )

    def _broken_rule(
        self, rule: str, level: Level, pairs: list[tuple[CaseResult, FindingResult]]
    ) -> BrokenRule:
        cases = {self._hrefs[id(case)]: f"{_short(case)}: {case.scenario}" for case, _ in pairs}
        subjects = dict.fromkeys(f"{case.sdk} {case.version}" for case, _ in pairs)
        return BrokenRule(
            rule,
            level,
            pairs[0][1],
            tuple((text, href) for href, text in cases.items()),
            listing(subjects),
        )


def _explaining(cases: list[CaseResult]) -> tuple[str, ...]:
    """The waivers that explain why ``cases`` differ; none when some case fails for another
    reason."""
    if any(case.verdict not in (Verdict.PASS, Verdict.WAIVED) for case in cases):
        return ()
    return tuple(
        sorted({item.waived_by for case in cases for item in case.findings if item.waived_by})
    )


def _which(cases: list[CaseResult]) -> str:
    if len(cases) == 1:
        return f" {cases[0].surface} {cases[0].api_version}"
    surfaces = {case.surface for case in cases}
    only = f" {surfaces.pop()}" if len(surfaces) == 1 else ""
    return f"{only} ({len(cases)} cases)"


def _short(case: CaseResult) -> str:
    return f"{case.sdk} {case.version} {case.surface}"


def _telling_apart(cases: list[CaseResult]) -> Callable[[CaseResult], str]:
    """Names the cases of one cell by what tells them apart: surface, api-version, or both."""
    parts: list[Callable[[CaseResult], str]] = [
        lambda case: case.surface,
        lambda case: case.api_version,
    ]
    telling = [part for part in parts if len({part(case) for case in cases}) > 1]
    return lambda case: " ".join(part(case) for part in telling)
