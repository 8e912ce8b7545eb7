"""What a run comes to: the verdict sentence, and the numbers every format shows.

The rules of honesty live here once. A subject without evidence never conforms, whatever did not run
is said, a share is never given of nothing, and a run is green only when nothing at all is left to
look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from conformance.judge.results import CaseResult, FindingResult, Run, Subject, Verdict, WaiverUse
from conformance.judge.rules.finding import Level
from conformance.report.text import count, listing

RED_WAIVERS: Final[tuple[Literal["stale", "expired", "mismatched"], ...]] = (
    "stale",
    "expired",
    "mismatched",
)
BAD = (Verdict.FAIL, Verdict.ERROR)
# Worst first: what a group of cases is called by.
SEVERITY = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.NOT_RUN,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.UNSUPPORTED,
)

WORDS: Mapping[Verdict, str] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.WAIVED: "waived",
    Verdict.UNSUPPORTED: "unsupported",
    Verdict.NOT_RUN: "not run",
    Verdict.ERROR: "error",
}


class Standing(StrEnum):
    """What may be said of one subject."""

    CONFORMS = "conforms"
    WITH_WAIVERS = "conforms with waivers"
    INCOMPLETE = "incomplete"
    FAILS = "does not conform"
    NO_DATA = "no data"


class Tone(StrEnum):
    """The colour of the whole run."""

    GOOD = "good"
    CAUTION = "caution"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Tally:
    """Cases by verdict. ``applicable`` leaves out what the SDK's contract rules out; it is what a
    ratio is of."""

    counts: Mapping[Verdict, int]

    @classmethod
    def of(cls, cases: Iterable[CaseResult]) -> Tally:
        return cls(Counter(case.verdict for case in cases))

    def __getitem__(self, verdict: Verdict) -> int:
        return self.counts.get(verdict, 0)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def applicable(self) -> int:
        return self.total - self[Verdict.UNSUPPORTED]

    @property
    def passed(self) -> int:
        return self[Verdict.PASS]

    @property
    def bad(self) -> int:
        return sum(self[verdict] for verdict in BAD)

    @property
    def worst(self) -> Verdict | None:
        """The verdict a group is called by, or None for an empty group."""
        return next((verdict for verdict in SEVERITY if self[verdict]), None)

    @property
    def share(self) -> str:
        """The share of applicable cases that passed, or ``no data``; never rounded up to 100 %."""
        if not self.applicable or self[Verdict.NOT_RUN] == self.applicable:
            return "no data"
        return f"{self.passed * 100 // self.applicable} %"


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """One subject with its cases. ``broken`` counts the distinct unwaived rules broken, by
    level."""

    subject: Subject
    cases: tuple[CaseResult, ...]
    tally: Tally
    broken: Mapping[Level, int]
    standing: Standing

    @property
    def name(self) -> str:
        return f"{self.subject.sdk} {self.subject.version}".strip()


@dataclass(frozen=True, slots=True)
class Summary:
    """``sentence`` is the verdict; ``details`` are further sentences, the most important first."""

    tone: Tone
    sentence: str
    details: tuple[str, ...]
    subjects: tuple[SubjectSummary, ...]
    tally: Tally


def summarize(run: Run) -> Summary:
    """Judge ``run`` as a whole. Cases of a subject the run does not list are given one of their
    own."""
    subjects = _subjects(run)
    tally = Tally.of(run.cases)
    return Summary(
        _tone(run, subjects, tally),
        _sentence(run, subjects),
        tuple(_details(run, subjects, tally)),
        subjects,
        tally,
    )


def _subjects(run: Run) -> tuple[SubjectSummary, ...]:
    cases: dict[tuple[str, str], list[CaseResult]] = {
        (item.sdk, item.version): [] for item in run.subjects
    }
    for case in run.cases:
        cases.setdefault((case.sdk, case.version), []).append(case)
    listed = {(item.sdk, item.version): item for item in run.subjects}
    return tuple(
        _subject(listed.get(key) or _unlisted(*key), tuple(of)) for key, of in cases.items()
    )


def _unlisted(sdk: str, version: str) -> Subject:
    return Subject(sdk=sdk, title=sdk, language="", package="", version=version)


def _subject(subject: Subject, cases: tuple[CaseResult, ...]) -> SubjectSummary:
    tally = Tally.of(cases)
    rules = {(item.level, item.rule) for case in cases for item in red_findings(case)}
    broken = Counter(level for level, _ in rules)
    return SubjectSummary(subject, cases, tally, broken, _standing(subject, tally))


def _standing(subject: Subject, tally: Tally) -> Standing:
    if tally.bad:
        return Standing.FAILS
    if subject.status == "not-run" or not tally.passed + tally[Verdict.WAIVED]:
        return Standing.NO_DATA
    if tally[Verdict.NOT_RUN]:
        return Standing.INCOMPLETE
    return Standing.WITH_WAIVERS if tally[Verdict.WAIVED] else Standing.CONFORMS


def red_findings(case: CaseResult) -> tuple[FindingResult, ...]:
    """What makes a red case red, MUSTs first: its findings that are neither waived nor mere notes
    (``may``)."""
    if case.verdict not in BAD:
        return ()
    binding = [
        item for item in case.findings if item.waived_by is None and item.level is not Level.MAY
    ]
    return tuple(sorted(binding, key=lambda item: item.level is not Level.MUST))


def red_waivers(run: Run) -> tuple[WaiverUse, ...]:
    """The waivers that must be mended: stale, expired or mismatched."""
    return tuple(item for item in run.waivers if item.state in RED_WAIVERS)


def _tone(run: Run, subjects: tuple[SubjectSummary, ...], tally: Tally) -> Tone:
    if tally.bad or red_waivers(run) or run.problems or not tally.passed + tally[Verdict.WAIVED]:
        return Tone.BAD
    whole = all(item.standing in (Standing.CONFORMS, Standing.WITH_WAIVERS) for item in subjects)
    return Tone.GOOD if whole and not run.interrupted else Tone.CAUTION


def _sentence(run: Run, subjects: tuple[SubjectSummary, ...]) -> str:
    if not any(item.tally.total - item.tally[Verdict.NOT_RUN] for item in subjects):
        return "No data: no case was run, so nothing can be said about any SDK."
    ran = [item for item in subjects if item.standing is not Standing.NO_DATA]
    names = [item.subject.sdk for item in ran]
    noun = "SDK" if len(set(names)) == len(names) else "SDK version"
    good = sum(item.standing in (Standing.CONFORMS, Standing.WITH_WAIVERS) for item in subjects)
    versions = run.api_versions
    # Beyond two, a list of dates hides the verdict; the strip below the sentence has them all.
    shown = listing(versions) if len(versions) <= 2 else f"in {count(len(versions), 'api-version')}"
    what = f"Azure OpenAI {shown}".strip()
    verb = "conforms" if good == 1 else "conform"
    lead = "So far, " if run.interrupted else ""
    partly = sum(item.standing is Standing.INCOMPLETE for item in ran)
    left = f"; {partly} did not fail and left cases out" if partly else ""
    rest = f"{left}; {len(subjects) - len(ran)} gave no data" if len(ran) < len(subjects) else left
    return f"{lead}{good} of {count(len(ran), noun)} {verb} to {what}{rest}."


def _details(run: Run, subjects: tuple[SubjectSummary, ...], tally: Tally) -> Iterable[str]:
    if run.interrupted:
        yield "The run was interrupted: only the cases that finished are counted."
    for item in subjects:
        yield from _about(item)
    if tally[Verdict.WAIVED]:
        waived = count(tally[Verdict.WAIVED], "case")
        yield f"{waived} deviated as a waiver allows and counted as waived, not as passed."
    if red := red_waivers(run):
        states = Counter(item.state for item in red)
        named = listing(f"{states[state]} {state}" for state in RED_WAIVERS if states[state])
        yield f"{count(len(red), 'waiver needs', 'waivers need')} attention: {named}."
    if run.problems:
        yield f"The harness itself reported {count(len(run.problems), 'problem')}."


def _about(item: SubjectSummary) -> Iterable[str]:
    """What keeps one subject from being plainly green, in at most one sentence."""
    tally = item.tally
    if item.standing is Standing.NO_DATA:
        reason = item.subject.reason or (
            "not run" if item.subject.status == "not-run" else "no case gave evidence"
        )
        yield f"{item.name}: no data ({reason.rstrip('.')})."
        return
    parts = []
    levels = [
        f"{item.broken[level]} {level.upper()}{'s' if item.broken[level] != 1 else ''}"
        for level in (Level.MUST, Level.SHOULD)
        if item.broken.get(level)
    ]
    if tally[Verdict.FAIL]:
        parts.append(
            f"fails {listing(levels) or 'no rule by name'} in {count(tally[Verdict.FAIL], 'case')}"
        )
    if tally[Verdict.ERROR]:
        parts.append(f"ended {count(tally[Verdict.ERROR], 'case')} in an error")
    if tally[Verdict.NOT_RUN]:
        parts.append(f"has {count(tally[Verdict.NOT_RUN], 'case')} that did not run")
    if parts:
        yield f"{item.name} {listing(parts)}."
