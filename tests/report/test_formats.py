"""JUnit, markdown and results.json: shape, safety, and the files as they were approved."""

from __future__ import annotations

import json
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.judge.results import Run, Verdict
from conformance.report.html import render_html
from conformance.report.junit import render_junit
from conformance.report.markdown import render_markdown
from conformance.report.write import results_json
from tests.report.builders import (
    DOTNET,
    PYTHON,
    broken,
    full_run,
    hostile_small_run,
    small_run,
    with_text,
)

Golden = Callable[[str, str], None]
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def suites(run: Run) -> dict[str, ElementTree.Element]:
    return {suite.get("name", ""): suite for suite in ElementTree.fromstring(render_junit(run))}


@pytest.mark.parametrize(("name", "make"), [("full", full_run), ("hostile", hostile_small_run)])
def test_the_formats_are_as_approved(golden: Golden, name: str, make: Callable[[], Run]) -> None:
    run = make()
    golden(f"{name}.junit.xml", render_junit(run))
    golden(f"{name}.md", render_markdown(run))
    golden(f"{name}.results.json", results_json(run))


def test_junit_counts_agree_with_its_test_cases() -> None:
    root = ElementTree.fromstring(render_junit(full_run()))
    for name, tag in (
        ("failures", "failure"),
        ("errors", "error"),
        ("skipped", "skipped"),
        ("tests", "testcase"),
    ):
        assert int(root.get(name, "")) == len(root.findall(f".//{tag}"))


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [
        (Verdict.FAIL, "failure"),
        (Verdict.ERROR, "error"),
        (Verdict.UNSUPPORTED, "skipped"),
        (Verdict.NOT_RUN, "skipped"),
        (Verdict.PASS, None),
        (Verdict.WAIVED, None),
    ],
)
def test_junit_says_each_verdict_in_the_words_of_ci_systems(
    verdict: Verdict, tag: str | None
) -> None:
    case = suites(small_run(verdict))["python 3.0.1"].find("testcase")
    assert case is not None
    assert [child.tag for child in case if child.tag in ("failure", "error", "skipped")] == (
        [tag] if tag else []
    )


def test_junit_lets_a_waived_case_pass_and_names_the_waiver() -> None:
    case = suites(full_run())["python 1.99.0"].find("testcase[system-out]")
    assert case is not None
    assert "waived by python-old-waits" in (case.findtext("system-out") or "")
    assert case.find("failure") is None


def test_junit_shows_a_subject_that_could_not_run_with_its_reason() -> None:
    skipped = suites(small_run(Verdict.PASS, subjects=(PYTHON, DOTNET)))["dotnet 2.3.0"].find(
        "testcase/skipped"
    )
    assert skipped is not None
    assert "was not found" in skipped.get("message", "")


def test_junit_turns_red_for_harness_problems_and_waivers_to_mend() -> None:
    found = suites(full_run().model_copy(update={"problems": ("A fault.",)}))
    assert found["harness"].get("errors") == "1"
    assert found["waivers"].get("failures") == "1"


@settings(max_examples=40, deadline=None)
@given(text=ANY_TEXT)
def test_junit_is_well_formed_whatever_the_text(text: str) -> None:
    ElementTree.fromstring(render_junit(with_text(full_run(), lambda old: old + text)))


@settings(max_examples=40, deadline=None)
@given(text=ANY_TEXT)
def test_markdown_never_lets_text_open_markup_or_mention_anyone(text: str) -> None:
    finding = broken("a.rule", f"<b>{text}</b> @someone #12 [x](javascript:y) | `")
    run = small_run(Verdict.FAIL)
    run = run.model_copy(
        update={"cases": (run.cases[0].model_copy(update={"findings": (finding,)}),)}
    )
    line = next(line for line in render_markdown(run).splitlines() if "a.rule" in line)
    rest = line.split("`a.rule`", 1)[1]
    assert not set("<>@") & set(rest)
    assert "[x](" not in rest


def test_markdown_is_short_however_many_cases_are_red() -> None:
    text = render_markdown(small_run(*[Verdict.FAIL] * 300))
    assert len(text.splitlines()) < 60
    assert "and 280 more" in text


def test_results_json_is_sorted_and_ends_with_a_newline() -> None:
    text = results_json(full_run())
    assert text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_results_json_holds_what_json_and_utf8_cannot() -> None:
    run = small_run(Verdict.FAIL)
    odd = broken(
        "a.rule", "odd", expected=float("nan"), actual={"lone": "\ud800", "inf": [float("inf")]}
    )
    run = run.model_copy(update={"cases": (run.cases[0].model_copy(update={"findings": (odd,)}),)})
    text = results_json(run)
    text.encode("utf-8")
    found = json.loads(text, parse_constant=pytest.fail)["cases"][0]["findings"][0]
    assert found["expected"] == "nan"
    assert found["actual"] == {"lone": "\ud800", "inf": ["inf"]}


@pytest.mark.parametrize("render", [results_json, render_junit, render_html])
def test_a_value_nested_beyond_reason_does_not_lose_the_report(
    render: Callable[[Run], str],
) -> None:
    deep: object = 0
    for _ in range(5_000):
        deep = [deep]
    run = small_run(Verdict.FAIL)
    odd = broken("a.rule", "deep", expected=deep, actual=0)
    run = run.model_copy(update={"cases": (run.cases[0].model_copy(update={"findings": (odd,)}),)})
    assert "a.rule" in render(run)
