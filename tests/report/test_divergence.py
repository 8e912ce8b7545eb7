"""Where the SDKs of a run part ways: which scenarios, in which order, and what is a habit."""

from __future__ import annotations

import pytest

from conformance.judge.merge import merge_runs
from conformance.judge.results import StepTrace, Verdict
from conformance.report.divergence import HABIT_LEAST, Divergences, divergences
from tests.report.builders import GO, JAVA, OLD_PYTHON, PYTHON, small_run, step
from tests.report.calls import CHAT_URL, attempts, refused, run_of, sent


def pointers(found: Divergences) -> list[str]:
    return [seen.difference.pointer for item in found.scenarios for seen in item.differences]


def test_scenarios_come_in_the_order_of_how_many_disagree() -> None:
    plain, other = step(), step(view={"text": "something else"})
    few = run_of((PYTHON, plain), (GO, plain), (JAVA, other), name="chat/a-few")
    many = run_of((PYTHON, plain), (GO, other), (JAVA, refused()), name="chat/many")
    found = divergences(merge_runs((few, many)))
    assert [item.scenario.id for item in found.scenarios] == ["chat/many-0", "chat/a-few-0"]
    assert [len(item.dissenters) for item in found.scenarios] == [2, 1]


def test_results_of_single_sdks_that_are_merged_are_compared() -> None:
    found = divergences(merge_runs((run_of((PYTHON, step())), run_of((GO, refused())))))
    assert pointers(found) == ["/outcome", "/attempts"]
    assert found.columns == ("go 0.8.1", "python 3.0.1")


def test_every_version_is_a_column_and_surfaces_that_agree_are_one() -> None:
    cases = run_of((PYTHON, step()), (OLD_PYTHON, refused())).cases
    both = (
        *cases,
        *(item.model_copy(update={"id": f"{item.id}-async", "surface": "async"}) for item in cases),
    )
    found = divergences(small_run(Verdict.PASS).model_copy(update={"cases": both}))
    assert found.columns == ("python 1.99.0", "python 3.0.1")
    groups = found.scenarios[0].differences[0].difference.groups
    assert sorted(group.columns for group in groups) == [("python 1.99.0",), ("python 3.0.1",)]


def test_what_differs_in_many_scenarios_is_told_once_and_not_in_each() -> None:
    def told(scenarios: int) -> Divergences:
        return divergences(
            run_of((PYTHON, step(sent(accept="a"))), (JAVA, step(sent())), scenarios=scenarios)
        )

    assert (told(HABIT_LEAST - 1).habits, len(told(HABIT_LEAST - 1).scenarios)) == (
        (),
        HABIT_LEAST - 1,
    )
    many = told(HABIT_LEAST)
    assert [(habit.pointer, habit.scenarios) for habit in many.habits] == [
        ("/headers/accept", HABIT_LEAST)
    ]
    assert (len(many.scenarios), len(many.usual)) == (0, HABIT_LEAST)


@pytest.mark.parametrize(
    "made",
    [refused(), step(sent(url=CHAT_URL.replace("gpt-4o", "x"))), attempts(429, 200, waits=(1,))],
    ids=["outcome", "path", "attempts"],
)
def test_an_outcome_a_path_or_the_attempts_are_never_a_habit(made: StepTrace) -> None:
    found = divergences(run_of((PYTHON, step(sent())), (JAVA, made), scenarios=HABIT_LEAST * 3))
    assert len(found.scenarios) == HABIT_LEAST * 3


def test_the_habits_of_a_part_are_those_of_the_whole_run() -> None:
    run = run_of((PYTHON, step(sent(accept="a"))), (JAVA, step(sent())), scenarios=HABIT_LEAST)
    part = divergences(run, lambda name: name == "chat/case-3")
    assert part.habits == divergences(run).habits
    assert [item.scenario.id for item in part.usual] == ["chat/case-3"]


def test_the_same_difference_in_several_rows_is_told_once_even_where_fewer_took_part() -> None:
    other = step(view={"text": "something else"})
    cases = run_of((PYTHON, step()), (GO, step()), (JAVA, other)).cases
    narrow = tuple(
        item.model_copy(update={"api_version": "v1", "id": f"{item.id}-v1"})
        for item in cases
        if item.sdk != "go"
    )
    found = divergences(small_run(Verdict.PASS).model_copy(update={"cases": (*cases, *narrow)}))
    assert pointers(found).count("/view/text") == 1
    assert found.scenarios[0].differences[-1].where == ("2024-10-21", "v1")


def test_a_scenario_that_one_subject_ran_is_not_said_to_agree() -> None:
    found = divergences(run_of((PYTHON, step())))
    assert [item.id for item in found.alone] == ["chat/case-0"]
    assert found.compared == 0


def test_a_call_an_sdk_does_not_have_takes_no_part() -> None:
    lacking = step(outcome="unsupported", view=None).model_copy(update={"exchanges": ()})
    found = divergences(run_of((PYTHON, step()), (GO, step()), (JAVA, lacking)))
    assert len(found.equal) == 1
