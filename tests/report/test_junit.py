"""JUnit XML: its shape, the words of CI systems, and the files as they were approved."""

from __future__ import annotations

from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.judge.results import Run, Verdict
from conformance.report.junit import render_junit
from tests.report.builders import (
    DOTNET,
    PYTHON,
    deep_run,
    full_run,
    hostile_small_run,
    small_run,
    with_text,
)

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def suites(run: Run) -> dict[str, ElementTree.Element]:
    return {suite.get("name", ""): suite for suite in ElementTree.fromstring(render_junit(run))}


@pytest.mark.parametrize(("name", "make"), [("full", full_run), ("hostile", hostile_small_run)])
def test_junit_is_as_approved(
    golden: Callable[[str, str], None], name: str, make: Callable[[], Run]
) -> None:
    golden(f"{name}.junit.xml", render_junit(make()))


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
    suite = suites(full_run().model_copy(update={"problems": ("A fault.",)}))
    assert suite["harness"].get("errors") == "1"
    assert suite["waivers"].get("failures") == "1"


@settings(max_examples=40, deadline=None)
@given(text=ANY_TEXT)
def test_junit_is_well_formed_whatever_the_text(text: str) -> None:
    ElementTree.fromstring(render_junit(with_text(full_run(), lambda old: old + text)))


def test_junit_shows_a_value_nested_beyond_reason() -> None:
    assert "a.rule" in render_junit(deep_run())
