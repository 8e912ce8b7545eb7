"""Where SDKs part ways: what is compared, what is not, in which order it is told, and the page that
shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.judge.merge import merge_runs
from conformance.judge.results import ExchangeTrace, RequestTrace, Run, StepTrace, Subject, Verdict
from conformance.report.axis import axis, rows_of
from conformance.report.canonical import canonical_call
from conformance.report.comparison import ComparedSubject, MemberDifference, Participant, compare
from conformance.report.divergence import HABIT_LEAST, Divergences, divergences
from conformance.report.divergence_page import render_divergence
from conformance.report.divergence_text import names, texts
from tests.report.builders import (
    CHAT,
    GO,
    JAVA,
    OLD_PYTHON,
    PYTHON,
    case,
    exchange,
    full_run,
    scenario,
    small_run,
    step,
)
from tests.report.test_html import Page

URL = "https://conformance.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
ONE, TWO, THREE = (ComparedSubject(name, "1.0.0", "sync") for name in ("alpha", "beta", "gamma"))


def sent(body: Any = None, url: str = URL, method: str = "POST", **headers: str) -> ExchangeTrace:
    """An answered attempt whose request has ``body`` (JSON unless it is text) and ``headers``."""
    text = body if isinstance(body, str) else json.dumps(CHAT if body is None else body)
    request = RequestTrace(
        method=method,
        url=url,
        body=text,
        headers=tuple(
            (name.replace("_", "-"), value)
            for name, value in {"content_type": "application/json", **headers}.items()
        ),
    )
    return exchange().model_copy(update={"request": request})


def attempts(*statuses: int, waits: tuple[float, ...] = ()) -> StepTrace:
    """A call that was answered with ``statuses``, after ``waits`` in seconds."""
    at, exchanges = 0.0, []
    for place, status in enumerate(statuses):
        wait = waits[place - 1] if place else None
        at += wait or 0.0
        exchanges.append(exchange(status=status, at=at, waited=wait))
    return step(*exchanges)


def refused(**error: Any) -> StepTrace:
    """A call that raised."""
    return step(
        exchange(status=400),
        outcome="error",
        view=None,
        result=None,
        request_id=None,
        error={"type": "BadRequestError", "kind": "bad_request", "status": 400, **error},
    )


def compared(
    *steps: StepTrace, subjects: tuple[ComparedSubject, ...] = (ONE, TWO, THREE)
) -> dict[str, MemberDifference]:
    """The differences between subjects that made ``steps``, by pointer."""
    found = compare(
        Participant(subject, canonical_call(item))
        for subject, item in zip(subjects, steps, strict=False)
    )
    return {item.pointer: item for item in found}


def values(difference: MemberDifference) -> list[str | None]:
    return [group.value for group in difference.groups]


def run_of(*kinds: tuple[Subject, StepTrace], scenarios: int = 1, name: str = "chat/case") -> Run:
    """A run in which every subject made its step in each of ``scenarios`` scenarios."""
    infos = [scenario(f"{name}-{number}", f"Case {number}") for number in range(scenarios)]
    cases = [case(info, subject, steps=(made,)) for info in infos for subject, made in kinds]
    subjects = tuple(dict.fromkeys(subject for subject, _ in kinds))
    return small_run(Verdict.PASS).model_copy(
        update={
            "subjects": subjects,
            "scenarios": tuple(infos),
            "cases": tuple(sorted(cases, key=lambda item: item.id)),
        }
    )


def pointers(found: Divergences) -> list[str]:
    return [seen.difference.pointer for item in found.scenarios for seen in item.differences]


# --- requests


@pytest.mark.parametrize(
    ("one", "other", "pointer", "told"),
    [
        (sent(), sent(url=URL + "&x=1"), "/query/x", [None, '"1"']),
        (
            sent(),
            sent(url=URL.replace("gpt-4o", "other")),
            "/path",
            [
                '"/openai/deployments/gpt-4o/chat/completions"',
                '"/openai/deployments/other/chat/completions"',
            ],
        ),
        (sent(), sent(method="PUT"), "/method", ['"POST"', '"PUT"']),
        (sent(api_key="***"), sent(), "/headers/api-key", ['"***"', None]),
        (sent({"n": None}), sent({}), "/body/n", ["null", None]),
        (sent({"a": {"b/c": 1}}), sent({"a": {"b/c": 2}}), "/body/a/b~1c", ["1", "2"]),
        (sent({"prompt": "x"}), sent({"prompt": ["x"]}), "/body/prompt", ['"x"', None]),
        (sent({"n": True}), sent({"n": 1}), "/body/n", ["true", "1"]),
        (sent("not json"), sent("nor this"), "/body", ['"not json"', '"nor this"']),
    ],
    ids=[
        "query",
        "path",
        "method",
        "header",
        "null is sent",
        "escaped",
        "shape",
        "true is not 1",
        "not json",
    ],
)
def test_requests_differ_member_by_member(
    one: ExchangeTrace, other: ExchangeTrace, pointer: str, told: list[str | None]
) -> None:
    assert values(compared(step(one), step(other))[pointer]) == told


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (sent({"a": 1, "b": 2}), sent({"b": 2, "a": 1})),
        (sent({"n": 1}), sent({"n": 1.0})),
        (sent(X_Trace="a"), sent(x_trace="a")),
        (sent(url=URL + "&x=1"), sent(url=URL.replace("?", "?x=1&"))),
        (sent(url=URL), sent(url=URL.replace("conformance.openai.azure.com", "127.0.0.1:40001"))),
        (
            sent(user_agent="a/1"),
            sent(
                user_agent="b/2",
                x_stainless_lang="go",
                content_length="7",
                host="h",
                x_ms_client_request_id="7c0f",
            ),
        ),
    ],
    ids=[
        "order of members",
        "1 and 1.0",
        "case of header names",
        "order of the query",
        "host",
        "identity",
    ],
)
def test_what_is_the_same_request_is_not_a_difference(
    one: ExchangeTrace, other: ExchangeTrace
) -> None:
    assert compared(step(one), step(other)) == {}


def test_forms_differ_by_their_parts_whatever_bytes_a_file_holds() -> None:
    def form(kind: str) -> ExchangeTrace:
        parts = (
            ("name", "model", "", "whisper"),
            ("file", "a.wav", kind, "<42 bytes, sha256 00ff>"),
        )
        return sent(
            "".join(
                f'--boundary\r\nContent-Disposition: form-data; name="{field}"'
                + (f'; filename="{name}"\r\nContent-Type: {part}' if field == "file" else "")
                + f"\r\n\r\n{content}\r\n"
                for field, name, part, content in parts
            )
            + "--boundary--\r\n",
            content_type="multipart/form-data; boundary=boundary",
        )

    found = compared(step(form("audio/wav")), step(form("application/octet-stream")))
    assert list(found) == ["/body/file/content_type"]


def test_a_call_that_sent_nothing_is_one_difference_and_not_one_for_each_member() -> None:
    silent = refused(kind="configuration", status=None).model_copy(update={"exchanges": ()})
    assert list(compared(refused(), refused(), silent)) == ["/sent"]


def test_a_retry_that_sends_something_else_is_told() -> None:
    found = compared(step(sent(), sent()), step(sent(), sent({**CHAT, "model": "other"})))
    assert values(found["/later-attempts"]) == [None, '["/body/model"]']


# --- answers


def test_an_answer_and_an_error_differ_in_outcome_and_each_is_compared_with_its_like() -> None:
    found = compared(step(), step(), refused())
    assert list(found) == ["/outcome", "/attempts"]
    assert values(found["/outcome"]) == ['"ok"', '"error"']


def test_what_callers_made_of_different_answers_is_not_compared() -> None:
    missing = refused(status=404, code="conformance-miss").model_copy(
        update={
            "exchanges": (exchange(status=404).model_copy(update={"miss": "nothing recorded"}),)
        }
    )
    assert list(compared(step(), step(), missing)) == ["/attempts"]
    late = refused(kind="rate_limit", status=429).model_copy(
        update={"exchanges": (exchange(status=429),)}
    )
    assert list(compared(refused(), refused(), late)) == ["/attempts"]


def test_null_and_nothing_are_the_same_to_a_caller() -> None:
    assert compared(step(view={"text": "a", "role": None}), step(view={"text": "a"})) == {}
    assert values(compared(step(view={"text": "a"}), step(view={"text": None}))["/view/text"]) == [
        '"a"',
        None,
    ]


def test_the_class_and_wording_of_an_error_are_not_compared_but_its_kind_is() -> None:
    assert (
        compared(
            refused(message="Error code: 400", bases=["APIError"]),
            refused(type="*azcore.ResponseError"),
        )
        == {}
    )
    assert list(compared(refused(), refused(kind="other"))) == ["/error/kind"]


def test_a_branch_the_same_subjects_lack_is_one_difference() -> None:
    whole = step(
        view={"filter": {name: {"severity": "safe"} for name in ("hate", "sexual", "violence")}}
    )
    found = compared(whole, whole, step(view={"text": "x"}))
    assert found["/view/filter"].members == 3
    assert values(found["/view/filter"]) == ["3 members", None]


def test_members_that_others_lack_as_well_are_not_rolled_into_one_another() -> None:
    one = step(view={"filter": {"a": 1, "b": 1, "c": 1}})
    other = step(view={"filter": {"a": 1}})
    third = step(view={"filter": {"a": 1, "b": 1}})
    assert set(compared(one, other, third)) == {"/view/filter/b", "/view/filter/c"}


# --- attempts and waits


def test_waits_within_the_jitter_of_libraries_are_alike_and_others_are_not() -> None:
    assert compared(attempts(429, 200, waits=(0.4,)), attempts(429, 200, waits=(0.55,))) == {}
    found = compared(*(attempts(429, 200, waits=(wait,)) for wait in (0.4, 0.45, 0.9)))
    assert values(found["/waits/0"]) == ["400 ms to 450 ms", "900 ms"]
    assert found["/waits/0"].dissenters == ("gamma 1.0.0",)


def test_a_wait_shorter_than_asked_is_never_like_one_that_is_not() -> None:
    def waiting(wait: float) -> StepTrace:
        return step(exchange(status=429, asked=0.04), exchange(at=wait, waited=wait))

    assert compared(waiting(0.041), waiting(0.05)) == {}
    found = compared(waiting(0.041), waiting(0.042), waiting(0.03))
    assert values(found["/waits/0"]) == ["41 ms to 42 ms", "30 ms, less than asked"]


def test_attempts_differ_by_number_and_by_how_each_ended() -> None:
    found = compared(attempts(429, 200, waits=(0.4,)), attempts(429))
    assert values(found["/attempts"]) == ["2: 429, 200", "1: 429"]


def test_an_axis_shows_every_attempt_to_scale_and_says_which_clock_is_virtual() -> None:
    real = Participant(ONE, canonical_call(attempts(429, 200, waits=(1.0,))), (0.0, 1.0))
    virtual = Participant(
        TWO, canonical_call(attempts(429, 200, waits=(0.5,))), (0.0, 0.5), virtual=True
    )
    picture = axis([real, virtual])
    assert picture is not None
    slow, fast = picture.rows
    assert [row.words for row in picture.rows] == [
        "429, waited 1 s, 200",
        "429, waited 500 ms, 200",
    ]
    assert slow.gaps[0].width == pytest.approx(2 * fast.gaps[0].width, abs=0.2)
    assert (slow.virtual, fast.virtual) == (False, True)
    assert "beta 1.0.0 (virtual clock)" in picture.description


@pytest.mark.parametrize("broken", [float("inf"), float("nan"), -5.0, 1e300])
def test_a_broken_clock_breaks_no_axis(broken: float) -> None:
    step_ = step(exchange(status=429), exchange(at=broken, waited=broken))
    run = run_of((PYTHON, step_), (GO, step()))
    page = render_divergence(run)
    assert "NaN" not in page
    assert not any(value in ("nan", "inf") for value in Page(page).values("x", "x1", "x2", "width"))


def test_surfaces_share_a_row_when_they_behave_alike() -> None:
    both = tuple(ComparedSubject("alpha", "1.0.0", surface) for surface in ("async", "sync"))
    alike = [
        Participant(item, canonical_call(attempts(429, 200, waits=(0.4,))), (0.0, 0.4))
        for item in both
    ]
    apart = [alike[0], Participant(both[1], canonical_call(attempts(429)), (0.0,))]
    assert [name for name, _ in rows_of(alike)] == ["alpha 1.0.0"]
    assert [name for name, _ in rows_of(apart)] == ["alpha 1.0.0 async", "alpha 1.0.0 sync"]


# --- a whole run


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
    [refused(), step(sent(url=URL.replace("gpt-4o", "x"))), attempts(429, 200, waits=(1,))],
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


# --- words


def test_versions_stand_behind_the_name_of_their_sdk() -> None:
    assert (
        names(["javascript 4.1.0", "javascript 5.2.0", "python 3.0.1"])
        == "javascript 4.1.0, 5.2.0; python 3.0.1"
    )


def test_long_values_are_shown_from_where_they_part() -> None:
    one, other = ("x" * 500 + end for end in ("one", "other"))
    shown = texts(compared(step(view={"text": one}), step(view={"text": other}))["/view/text"])
    assert len(set(shown)) == 2
    assert all(len(text or "") < 150 for text in shown)


# --- properties

SOME = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
STEPS = st.builds(
    lambda body, view, waits, failed: (
        refused(code=view)
        if failed
        else step(
            *(
                sent(body).model_copy(update={"at": float(place), "waited": wait})
                for place, wait in enumerate([None, *waits])
            ),
            view={"text": view},
        )
    ),
    SOME,
    SOME,
    st.lists(st.floats(0, 60), max_size=3),
    st.booleans(),
)


@given(made=STEPS)
def test_two_that_did_the_same_never_diverge(made: StepTrace) -> None:
    assert compared(made, made, made) == {}


@given(made=st.lists(STEPS, min_size=2, max_size=3), order=st.permutations([0, 1, 2]))
def test_the_order_of_those_compared_tells_nothing(made: list[StepTrace], order: list[int]) -> None:
    found = [
        Participant(subject, canonical_call(item))
        for subject, item in zip((ONE, TWO, THREE), made, strict=False)
    ]
    shuffled = [found[place] for place in order if place < len(found)]
    assert compare(shuffled) == compare(found)


@given(made=st.lists(STEPS, min_size=2, max_size=3))
def test_the_groups_of_a_difference_are_disjoint_and_at_least_two(made: list[StepTrace]) -> None:
    for difference in compared(*made).values():
        subjects = [subject for group in difference.groups for subject in group.subjects]
        assert len(difference.groups) > 1
        assert len(subjects) == len(set(subjects))


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_same_cases_in_any_order_give_the_same_page(data: st.DataObject) -> None:
    run = full_run()
    cases = tuple(data.draw(st.permutations(run.cases)))
    subjects = tuple(data.draw(st.permutations(run.subjects)))
    shuffled = run.model_copy(update={"cases": cases, "subjects": subjects})
    assert render_divergence(shuffled) == render_divergence(run)
