"""One call of several SDKs compared: what is a difference, what is not, who agrees with whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.judge.results import ExchangeTrace, StepTrace
from conformance.report.canonical import canonical_call
from conformance.report.comparison import MemberDifference, Participant, compare
from tests.report.builders import CHAT, UNTIMED, exchange, step
from tests.report.calls import CHAT_URL, ONE, THREE, TWO, attempts, compared, refused, sent


def values(difference: MemberDifference) -> list[str | None]:
    return [group.value for group in difference.groups]


# --- requests


@pytest.mark.parametrize(
    ("one", "other", "pointer", "told"),
    [
        (sent(), sent(url=CHAT_URL + "&x=1"), "/query/x", [None, '"1"']),
        (
            sent(),
            sent(url=CHAT_URL.replace("gpt-4o", "other")),
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
        (sent(url=CHAT_URL + "&x=1"), sent(url=CHAT_URL.replace("?", "?x=1&"))),
        (
            sent(url=CHAT_URL),
            sent(url=CHAT_URL.replace("conformance.openai.azure.com", "127.0.0.1:40001")),
        ),
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


@UNTIMED
@given(made=STEPS)
def test_two_that_did_the_same_never_diverge(made: StepTrace) -> None:
    assert compared(made, made, made) == {}


@UNTIMED
@given(made=st.lists(STEPS, min_size=2, max_size=3), order=st.permutations([0, 1, 2]))
def test_the_order_of_those_compared_tells_nothing(made: list[StepTrace], order: list[int]) -> None:
    found = [
        Participant(subject, canonical_call(item))
        for subject, item in zip((ONE, TWO, THREE), made, strict=False)
    ]
    shuffled = [found[place] for place in order if place < len(found)]
    assert compare(shuffled) == compare(found)


@UNTIMED
@given(made=st.lists(STEPS, min_size=2, max_size=3))
def test_the_groups_of_a_difference_are_disjoint_and_at_least_two(made: list[StepTrace]) -> None:
    for difference in compared(*made).values():
        subjects = [subject for group in difference.groups for subject in group.subjects]
        assert len(difference.groups) > 1
        assert len(subjects) == len(set(subjects))
