"""What may be said of a run, and what may not."""

from __future__ import annotations

import pytest

from conformance.judge.results import Run, Tool, Verdict
from conformance.report.summary import SubjectStanding, Tone, summarize
from tests.report.builders import DOTNET, GO, PYTHON, full_run, small_run

P, F, W, U, N, E = (
    Verdict.PASS,
    Verdict.FAIL,
    Verdict.WAIVED,
    Verdict.UNSUPPORTED,
    Verdict.NOT_RUN,
    Verdict.ERROR,
)


def test_a_run_of_nothing_has_no_data_and_is_not_green() -> None:
    summary = summarize(Run(tool=Tool(version="0.1.0"), started=""))
    assert summary.sentence.startswith("No data")
    assert summary.tone is Tone.BAD


@pytest.mark.parametrize(
    ("verdicts", "standing", "tone"),
    [
        ((P, P), SubjectStanding.CONFORMS, Tone.GOOD),
        ((P, U), SubjectStanding.CONFORMS, Tone.GOOD),
        ((P, W), SubjectStanding.WITH_WAIVERS, Tone.GOOD),
        ((P, N), SubjectStanding.INCOMPLETE, Tone.CAUTION),
        ((P, F), SubjectStanding.FAILS, Tone.BAD),
        ((P, E), SubjectStanding.FAILS, Tone.BAD),
        ((U, U), SubjectStanding.NO_DATA, Tone.BAD),
        ((N, N), SubjectStanding.NO_DATA, Tone.BAD),
    ],
)
def test_a_subject_conforms_only_on_evidence(
    verdicts: tuple[Verdict, ...], standing: SubjectStanding, tone: Tone
) -> None:
    summary = summarize(small_run(*verdicts))
    assert [item.standing for item in summary.subjects] == [standing]
    assert summary.tone is tone


def test_a_subject_that_could_not_run_is_named_with_its_reason_and_keeps_the_run_from_green() -> (
    None
):
    summary = summarize(small_run(P, subjects=(PYTHON, DOTNET)))
    assert summary.sentence == "1 of 1 SDK conforms to Azure OpenAI 2024-10-21; 1 gave no data."
    assert (
        "dotnet 2.3.0: no data (The dotnet command was not found on this machine)."
        in summary.details
    )
    assert summary.tone is Tone.CAUTION


def test_an_interrupted_run_says_so_and_is_not_green() -> None:
    summary = summarize(small_run(P, interrupted=True))
    assert summary.sentence.startswith("So far, 1 of 1 SDK")
    assert "interrupted" in summary.details[0]
    assert summary.tone is Tone.CAUTION


def test_the_sentence_counts_musts_and_shoulds_by_rule_and_never_notes() -> None:
    details = summarize(full_run()).details
    assert "go 0.8.1 fails 1 SHOULD in 1 case." in details
    assert (
        "java 1.0.0-beta.16 fails 1 MUST in 1 case, ended 1 case in an error "
        "and has 1 case that did not run."
    ) in details


def test_a_problem_of_the_harness_or_a_waiver_to_mend_is_red_even_when_every_case_passes() -> None:
    stale = [item for item in full_run().waivers if item.state == "stale"]
    assert summarize(small_run(P, problems=("The peer left a socket open.",))).tone is Tone.BAD
    assert summarize(small_run(P, waivers=tuple(stale))).tone is Tone.BAD


def test_a_share_is_never_rounded_up_and_never_of_nothing() -> None:
    assert summarize(small_run(*[P] * 199, F)).tally.share == "99 %"
    assert summarize(small_run(U)).tally.share == "no data"
    assert summarize(small_run(N)).tally.share == "no data"
    assert summarize(small_run(F)).tally.share == "0 %"


def test_cases_of_a_subject_the_run_does_not_list_are_counted_all_the_same() -> None:
    summary = summarize(small_run(F, subject=GO, subjects=(PYTHON,)))
    assert [item.name for item in summary.subjects] == ["python 3.0.1", "go 0.8.1"]
    assert summary.sentence.startswith("0 of 1 SDK conform")
