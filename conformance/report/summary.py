"""What a run comes to: the verdict in a sentence, and the numbers that every format shows.

The rules of honesty are here, once. A subject without evidence never conforms. Whatever did not run
is mentioned. No share is given of nothing. A run is green only when there is nothing left to look
at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from conformance.judge.results import (
    RED_WAIVERS,
    CaseResult,
    FindingResult,
    Run,
    Subject,
    Verdict,
    WaiverUse,
)
from conformance.judge.rules.finding import Level
from conformance.report.text import count, listing

BAD = (Verdict.FAIL, Verdict.ERROR)
"""The verdicts of a red case."""

SEVERITY = (
    Verdict.ERROR,
    Verdict.FAIL,
    Verdict.NOT_RUN,
    Verdict.WAIVED,
    Verdict.PASS,
    Verdict.UNSUPPORTED,
)
"""All verdicts, worst first: a group of cases is called by the worst of its own."""

WORDS: Mapping[Verdict, str] = {
    Verdict.PASS: "pass",
    Verdict.FAIL: "fail",
    Verdict.WAIVED: "waived",
    Verdict.UNSUPPORTED: "unsupported",
    Verdict.NOT_RUN: "not run",
    Verdict.ERROR: "error",
}


class SubjectStanding(StrEnum):
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
    """How many cases have each verdict."""

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
        """The cases that the contract of the SDK does not rule out: what a share is of."""
        return self.total - self[Verdict.UNSUPPORTED]

    @property
    def passed(self) -> int:
        return self[Verdict.PASS]

    @property
    def bad(self) -> int:
        return sum(self[verdict] for verdict in BAD)

    @property
    def worst(self) -> Verdict | None:
        """The worst verdict of all cases; None when there are none."""
        return next((verdict for verdict in SEVERITY if self[verdict]), None)

    @property
    def share(self) -> str:
        """The share of applicable cases that passed, rounded down, so that 100 % means all; ``no
        data`` when none of them ran."""
        if not self.applicable or self[Verdict.NOT_RUN] == self.applicable:
            return "no data"
        return f"{self.passed * 100 // self.applicable} %"


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """A subject and its cases. ``broken`` counts for each level the rules that made a case red, a
    rule once however many cases broke it."""

    subject: Subject
    cases: tuple[CaseResult, ...]
    tally: Tally
    broken: Mapping[Level, int]
    standing: SubjectStanding

    @property
    def name(self) -> str:
        """The SDK in its version."""
        return f"{self.subject.sdk} {self.subject.version}".strip()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run comes to. ``sentence`` is the verdict; ``details`` are further sentences, the most
    important first."""

    tone: Tone
    sentence: str
    details: tuple[str, ...]
    subjects: tuple[SubjectSummary, ...]
    tally: Tally


def summarize(run: Run) -> Summary:
    """What ``run`` comes to. A subject that the run does not list is added when it has cases."""
    subjects = _subjects(run)
    tally = Tally.of(run.cases)
    return Summary(
        tone=_tone(run, subjects, tally),
        sentence=_sentence(run, subjects),
        details=tuple(_details(run, subjects, tally)),
        subjects=subjects,
        tally=tally,
    )


def _subjects(run: Run) -> tuple[SubjectSummary, ...]:
    cases: dict[tuple[str, str], list[CaseResult]] = {
        (item.sdk, item.version): [] for item in run.subjects
    }
    for case in run.cases:
        cases.setdefault((case.sdk, case.version), []).append(case)
    listed = {(item.sdk, item.version): item for item in run.subjects}
    return tuple(
        _subject(listed.get(key) or _unlisted(*key), tuple(subject_cases))
        for key, subject_cases in cases.items()
    )


def _unlisted(sdk: str, version: str) -> Subject:
    return Subject(sdk=sdk, title=sdk, language="", package="", version=version)


def _subject(subject: Subject, cases: tuple[CaseResult, ...]) -> SubjectSummary:
    tally = Tally.of(cases)
    rules = {(item.level, item.rule) for case in cases for item in red_findings(case)}
    return SubjectSummary(
        subject=subject,
        cases=cases,
        tally=tally,
        broken=Counter(level for level, _ in rules),
        standing=_standing(subject, tally),
    )


def _standing(subject: Subject, tally: Tally) -> SubjectStanding:
    if tally.bad:
        return SubjectStanding.FAILS
    if subject.status == "not-run" or not tally.passed + tally[Verdict.WAIVED]:
        return SubjectStanding.NO_DATA
    if tally[Verdict.NOT_RUN]:
        return SubjectStanding.INCOMPLETE
    if tally[Verdict.WAIVED]:
        return SubjectStanding.WITH_WAIVERS
    return SubjectStanding.CONFORMS


def red_findings(case: CaseResult) -> tuple[FindingResult, ...]:
    """The findings that make ``case`` red, MUSTs first: those that are neither waived nor of level
    ``may``. None when the case is not red."""
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
    if run.interrupted or not all(map(_conforms, subjects)):
        return Tone.CAUTION
    return Tone.GOOD


def _conforms(item: SubjectSummary) -> bool:
    return item.standing in (SubjectStanding.CONFORMS, SubjectStanding.WITH_WAIVERS)


def _sentence(run: Run, subjects: tuple[SubjectSummary, ...]) -> str:
    if not any(item.tally.total - item.tally[Verdict.NOT_RUN] for item in subjects):
        return "No data: no case was run, so nothing can be said about any SDK."
    ran = [item for item in subjects if item.standing is not SubjectStanding.NO_DATA]
    names = [item.subject.sdk for item in ran]
    noun = "SDK" if len(set(names)) == len(names) else "SDK version"
    conforming = sum(map(_conforms, subjects))
    verb = "conforms" if conforming == 1 else "conform"
    verdict = f"{conforming} of {count(len(ran), noun)} {verb} to {_service(run)}"
    if run.interrupted:
        verdict = f"So far, {verdict}"
    parts = [verdict]
    incomplete = sum(item.standing is SubjectStanding.INCOMPLETE for item in ran)
    if incomplete:
        parts.append(f"{incomplete} did not fail and left cases out")
    if len(ran) < len(subjects):
        parts.append(f"{len(subjects) - len(ran)} gave no data")
    return f"{'; '.join(parts)}."


def _service(run: Run) -> str:
    """The service with the api-versions that were asked of it."""
    versions = run.api_versions
    # Beyond two, a list of dates hides the verdict; the strip below the sentence has them all.
    if len(versions) > 2:
        return f"Azure OpenAI in {count(len(versions), 'api-version')}"
    return f"Azure OpenAI {listing(versions)}".strip()


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
    """What keeps a subject from being plainly green, in at most one sentence."""
    tally = item.tally
    if item.standing is SubjectStanding.NO_DATA:
        yield f"{item.name}: no data ({_absence(item.subject).rstrip('.')})."
        return
    parts = []
    if tally[Verdict.FAIL]:
        rules = listing(
            count(item.broken[level], level.upper())
            for level in (Level.MUST, Level.SHOULD)
            if item.broken.get(level)
        )
        failed = count(tally[Verdict.FAIL], "case")
        parts.append(f"fails {rules or 'no rule by name'} in {failed}")
    if tally[Verdict.ERROR]:
        parts.append(f"ended {count(tally[Verdict.ERROR], 'case')} in an error")
    if tally[Verdict.NOT_RUN]:
        parts.append(f"has {count(tally[Verdict.NOT_RUN], 'case')} that did not run")
    if parts:
        yield f"{item.name} {listing(parts)}."


def _absence(subject: Subject) -> str:
    """Why there is no data of ``subject``."""
    if subject.reason:
        return subject.reason
    return "not run" if subject.status == "not-run" else "no case gave evidence"
