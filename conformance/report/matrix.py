"""The overview at the top of the page: the matrix, the rules that broke, and the scenarios on which
subjects differ by verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from conformance.judge.results import CaseResult, FindingResult, Run, ScenarioInfo, Verdict
from conformance.judge.rules.finding import Level
from conformance.report.summary import BAD, SEVERITY, WORDS, SubjectSummary, Tally, red_findings
from conformance.report.text import listing

EVIDENCE = (Verdict.PASS, Verdict.FAIL, Verdict.WAIVED, Verdict.ERROR)
"""The verdicts of cases that ran."""


@dataclass(frozen=True, slots=True)
class VerdictMark:
    """A verdict in a cell, in words, with a link to the case; ``href`` is empty where no case
    is."""

    verdict: Verdict
    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the matrix: one mark when all its cases agree, else one for each case; none when
    there is no data. ``ratio`` is cases passed of those that apply."""

    entries: tuple[VerdictMark, ...]
    ratio: str = ""
    waived: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """A scenario in the matrix, with a cell for each subject. ``verdicts`` lists those of its
    cases."""

    scenario: ScenarioInfo
    cells: tuple[Cell, ...]
    verdicts: str


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability in the matrix, with a cell for each subject over all its scenarios; ``open``
    when one of its cases is red."""

    name: str
    cells: tuple[Cell, ...]
    rows: tuple[Row, ...]
    open: bool


@dataclass(frozen=True, slots=True)
class Split:
    """A scenario whose cases have different verdicts. ``groups`` are links by verdict;
    ``disagreements`` counts the cases that have another verdict than most. ``waivers`` are those
    that explain the whole difference (every case passes or is waived); empty when they do not.
    """

    scenario: ScenarioInfo
    disagreements: int
    groups: tuple[tuple[Verdict, tuple[tuple[str, str], ...]], ...]
    waivers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """Scenarios whose difference the same waivers explain: one deviation, however many scenarios
    show it."""

    waivers: tuple[str, ...]
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that made cases red, with the first of its findings, links to the cases, and whose
    they are."""

    rule: str
    level: Level
    finding: FindingResult
    cases: tuple[tuple[str, str], ...]
    subjects: str


_CellMaker = Callable[[list[CaseResult]], Cell]


class Glance:
    """The overview of ``run``. ``hrefs`` are links to the cases, in the order of ``run.cases``."""

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
        """The matrix: capabilities by name, with their scenarios in the order given."""
        grouped: dict[str, list[ScenarioInfo]] = {}
        for scenario in self._scenarios:
            grouped.setdefault(scenario.capability, []).append(scenario)
        return tuple(self._capability(name, grouped[name]) for name in sorted(grouped))

    def _capability(self, name: str, scenarios: list[ScenarioInfo]) -> Capability:
        cases = [case for scenario in scenarios for case in self._cases.get(scenario.id, ())]
        return Capability(
            name=name,
            cells=self._cells(cases, self._group_cell),
            rows=tuple(map(self._row, scenarios)),
            open=any(case.verdict in BAD for case in cases),
        )

    def _row(self, scenario: ScenarioInfo) -> Row:
        cases = self._cases.get(scenario.id, [])
        return Row(
            scenario=scenario,
            cells=self._cells(cases, self._scenario_cell),
            verdicts=" ".join(sorted({case.verdict for case in cases})),
        )

    def _cells(self, cases: Iterable[CaseResult], make: _CellMaker) -> tuple[Cell, ...]:
        """A cell for each subject, made from those of ``cases`` that are its own."""
        by_subject: dict[tuple[str, str], list[CaseResult]] = {}
        for case in cases:
            by_subject.setdefault((case.sdk, case.version), []).append(case)
        return tuple(
            self._cell(item, by_subject.get((item.subject.sdk, item.subject.version), []), make)
            for item in self._subjects
        )

    def _cell(self, item: SubjectSummary, cases: list[CaseResult], make: _CellMaker) -> Cell:
        if cases:
            return make(cases)
        if item.subject.status == "not-run":
            return Cell((VerdictMark(Verdict.NOT_RUN, "not run", ""),))
        return Cell(())

    def _group_cell(self, cases: list[CaseResult]) -> Cell:
        """One mark for all ``cases``: the worst of them."""
        tally = Tally.of(cases)
        worst = tally.worst or Verdict.NOT_RUN
        first = next(case for case in cases if case.verdict is worst)
        mark = VerdictMark(worst, WORDS[worst], self._hrefs[id(first)])
        ratio = f"{tally.passed}/{tally.applicable}" if tally.applicable else ""
        return Cell((mark,), ratio, tally[Verdict.WAIVED])

    def _scenario_cell(self, cases: list[CaseResult]) -> Cell:
        if len({case.verdict for case in cases}) == 1:
            cell = self._group_cell(cases)
            # Of a single case the mark says everything.
            return cell if len(cases) > 1 else Cell(cell.entries)
        name = _telling_apart(cases)
        return Cell(
            tuple(
                VerdictMark(
                    verdict=case.verdict,
                    label=f"{name(case)} {WORDS[case.verdict]}",
                    href=self._hrefs[id(case)],
                )
                for case in cases
            )
        )

    def splits(self) -> tuple[Split, ...]:
        """The scenarios whose cases ran with different verdicts, most disagreements first."""
        splits = [split for scenario in self._scenarios if (split := self._split(scenario))]
        return tuple(sorted(splits, key=lambda split: (-split.disagreements, split.scenario.id)))

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
        """For each subject words for its cases and a link to the first of them."""
        cases_by_subject: dict[str, list[CaseResult]] = {}
        for case in cases:
            cases_by_subject.setdefault(f"{case.sdk} {case.version}", []).append(case)
        return tuple(
            (f"{name}{_which(subject_cases)}", self._hrefs[id(subject_cases[0])])
            for name, subject_cases in cases_by_subject.items()
        )

    def differences(self) -> tuple[tuple[Split, ...], tuple[Explained, ...]]:
        """The splits in two parts: those that somebody has to look at, and those that waivers
        explain, grouped by waivers, most scenarios first."""
        by_waivers: dict[tuple[str, ...], list[Split]] = {}
        for split in self.splits():
            by_waivers.setdefault(split.waivers, []).append(split)
        unexplained = by_waivers.pop((), [])
        groups = sorted(by_waivers.items(), key=lambda item: (-len(item[1]), item[0]))
        explained = (Explained(waivers, tuple(splits)) for waivers, splits in groups)
        return tuple(unexplained), tuple(explained)

    def broken(self) -> tuple[BrokenRule, ...]:
        """The rules that made cases red, MUSTs first, then those that broke most often."""
        pairs_by_rule: dict[tuple[str, Level], list[tuple[CaseResult, FindingResult]]] = {}
        for case in self._run.cases:
            for item in red_findings(case):
                pairs_by_rule.setdefault((item.rule, item.level), []).append((case, item))
        rules = [self._broken_rule(*key, pairs) for key, pairs in pairs_by_rule.items()]
        levels = list(Level)
        return tuple(
            sorted(rules, key=lambda item: (levels.index(item.level), -len(item.cases), item.rule))
        )

    def _broken_rule(
        self, rule: str, level: Level, pairs: list[tuple[CaseResult, FindingResult]]
    ) -> BrokenRule:
        # By link, because a case may break a rule more than once.
        words_by_href = {
            self._hrefs[id(case)]: f"{_short(case)}: {case.scenario}" for case, _ in pairs
        }
        subjects = dict.fromkeys(f"{case.sdk} {case.version}" for case, _ in pairs)
        return BrokenRule(
            rule=rule,
            level=level,
            finding=pairs[0][1],
            cases=tuple((words, href) for href, words in words_by_href.items()),
            subjects=listing(subjects),
        )


def _explaining(cases: list[CaseResult]) -> tuple[str, ...]:
    """The waivers that explain why ``cases`` have different verdicts; none when a case neither
    passed nor was waived."""
    if any(case.verdict not in (Verdict.PASS, Verdict.WAIVED) for case in cases):
        return ()
    return tuple(
        sorted({item.waived_by for case in cases for item in case.findings if item.waived_by})
    )


def _which(cases: list[CaseResult]) -> str:
    """Which cases of a subject these are: surface and api-version of a single one, else the surface
    if they share it, and how many there are. Begins with a space."""
    if len(cases) == 1:
        return f" {cases[0].surface} {cases[0].api_version}"
    surfaces = {case.surface for case in cases}
    if len(surfaces) == 1:
        return f" {surfaces.pop()} ({len(cases)} cases)"
    return f" ({len(cases)} cases)"


def _short(case: CaseResult) -> str:
    return f"{case.sdk} {case.version} {case.surface}"


def _telling_apart(cases: list[CaseResult]) -> Callable[[CaseResult], str]:
    """A function that names each of ``cases`` by what tells them apart: surface, api-version, or
    both."""
    parts: list[Callable[[CaseResult], str]] = [
        lambda case: case.surface,
        lambda case: case.api_version,
    ]
    telling = [part for part in parts if len({part(case) for case in cases}) > 1]
    return lambda case: " ".join(part(case) for part in telling)
