"""A page of thousands of cases stays small, and says what it leaves out."""

from __future__ import annotations

import re

from conformance.judge.results import CaseResult, Verdict
from conformance.report.budget import shown_cases, weight
from conformance.report.html import render_html
from tests.report.builders import PYTHON, big_run, broken, case, full_run, scenario


def rows(count: int, verdict: Verdict = Verdict.PASS) -> tuple[CaseResult, ...]:
    of = scenario("retries/rows", "A scenario with a matrix")
    base = case(of, PYTHON, verdict)
    return tuple(
        base.model_copy(update={"id": f"retries/rows[n={n}]::2024-10-21::python@3.0.1-sync"})
        for n in range(count)
    )


def test_what_is_red_always_shows_its_evidence() -> None:
    cases = rows(50, Verdict.FAIL)
    assert shown_cases(cases, budget=0) == {item.id for item in cases}


def test_within_the_budget_everything_shows_its_evidence() -> None:
    cases = full_run().cases
    assert shown_cases(cases) == {item.id for item in cases}


def test_beyond_the_budget_one_case_of_each_scenario_and_verdict_comes_first() -> None:
    cases = rows(10)
    assert shown_cases(cases, budget=weight(cases[0])) == {cases[0].id}


def test_two_waivers_of_one_scenario_are_two_kinds_of_evidence() -> None:
    first, second = rows(2, Verdict.WAIVED)
    one = first.model_copy(update={"findings": (broken("r", "m", waived_by="one"),)})
    two = second.model_copy(update={"findings": (broken("r", "m", waived_by="two"),)})
    assert shown_cases((one, two), budget=weight(one) + weight(two)) == {one.id, two.id}


def test_a_case_without_its_evidence_says_where_that_is() -> None:
    run = big_run(60)
    many = run.model_copy(
        update={
            "cases": tuple(
                item.model_copy(update={"id": f"{item.id}-{copy}"})
                for copy in range(20)
                for item in run.cases
            )
        }
    )
    page = render_html(many)
    assert "Checks and wire trace are left out here" in page
    assert len(re.findall('<details class="case', page)) == len(many.cases)


def test_a_case_without_its_evidence_shows_one_finding_of_each_rule_and_waiver() -> None:
    findings = (
        broken("r", "first", waived_by="one"),
        broken("r", "second", waived_by="one"),
        broken("r", "third", waived_by="two"),
        broken("q", "fourth", waived_by="one"),
    )
    steps = next(item.steps for item in full_run().cases if item.steps)
    base = rows(1, Verdict.WAIVED)[0].model_copy(update={"findings": findings, "steps": steps})
    cases = tuple(
        base.model_copy(update={"id": f"retries/rows[n={n}]::2024-10-21::python@3.0.1-sync"})
        for n in range(2000)
    )
    last = render_html(full_run().model_copy(update={"cases": cases})).split(
        '<details class="case'
    )[2000]
    assert re.findall('<p class="say">([a-z]+)</p>', last) == ["first", "third", "fourth"]
    assert "1 further finding of the same rules, checks and wire trace are left out here" in last
