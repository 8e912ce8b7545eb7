"""A refusal tells where, what was expected and what was found, in one sentence each."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from conformance.suite.schema import SchemaProblem
from conformance.suite.schema.validate import ACTUAL_LIMIT
from tests.schemas.schema_corpus import corpus, put, registry


def explain(name: str, pointer: str, value: Any, title: str = "") -> tuple[SchemaProblem, ...]:
    valid = corpus("v1", name).valid
    body = copy.deepcopy(valid[title] if title else next(iter(valid.values())))
    return registry().validate(name, "v1", put(body, pointer, value))


@pytest.mark.parametrize(
    ("pointer", "value", "message"),
    [
        ("/usage", "<delete>", "The member `usage` is missing."),
        ("/created", "now", 'Expected integer, found string "now".'),
        ("/choices/0/index", -1, "Expected a number of at least 0, found -1."),
        ("/choices/0/message/role", "user", 'Expected "assistant", found "user".'),
        (
            "/choices/0/content_filter_results/hate/severity",
            "extreme",
            'Expected one of "safe", "low", "medium", "high", found "extreme".',
        ),
        ("/choices", [], "Expected an array of at least 1 item, found array."),
        ("/choices/0/content_filter_results/hate", None, "Expected object, found null."),
        ("/choices/0/message/content", [1], "Expected string or null, found array."),
        (
            "/prompt_filter_results/0/content_filter_results",
            "<delete>",
            "Expected one of the members `content_filter_results`, `content_filter_result`, "
            "found none of them.",
        ),
    ],
)
def test_a_problem_is_one_clear_sentence(pointer: str, value: Any, message: str) -> None:
    assert [problem.message for problem in explain("chat-completion", pointer, value)] == [message]


def test_a_problem_names_the_place_the_expectation_the_value_and_the_keyword() -> None:
    assert explain("chat-completion", "/usage/total_tokens", -1) == (
        SchemaProblem(
            "/usage/total_tokens",
            "Expected a number of at least 0, found -1.",
            "a number of at least 0",
            "-1",
            "minimum",
        ),
    )


def test_the_branch_that_came_closest_is_explained() -> None:
    (problem,) = explain("chat-chunk", "/usage/total_tokens", -2, "last, with usage and no choices")
    assert (problem.pointer, problem.keyword) == ("/usage/total_tokens", "minimum")


def test_a_value_of_no_alternative_type_is_explained_at_the_alternative() -> None:
    (problem,) = explain("error", "/error", 400)
    assert (problem.pointer, problem.keyword) == ("/error", "anyOf")


def test_all_problems_are_told_in_the_order_of_their_pointers() -> None:
    problems = registry().validate("usage-chat", "v1", {"total_tokens": -1})
    assert [(problem.pointer, problem.keyword) for problem in problems] == [
        ("", "required"),
        ("", "required"),
        ("/total_tokens", "minimum"),
    ]


def test_a_long_value_is_shortened() -> None:
    (problem,) = explain("chat-completion", "/object", "x" * 5000)
    assert len(problem.actual) == ACTUAL_LIMIT
    assert problem.actual.endswith("…")


def test_a_trailing_line_end_is_no_match_for_the_end_of_a_pattern() -> None:
    (problem,) = explain("embeddings", "/data/0/embedding", "AAAA\n", "base64")
    assert problem.keyword == "pattern"


def deep(levels: int) -> Any:
    whole: dict[str, Any] = {"code": 1}
    for _ in range(levels):
        whole = {"innererror": whole}
    return {"error": {"message": "m"} | whole}


@pytest.mark.parametrize(
    "body",
    [{"\ud800": 1}, {1: 2}, b"{}", float("nan"), {"error": {"message": b""}}, deep(900)],
    ids=[
        "half a surrogate pair",
        "number as a name",
        "bytes",
        "not a number",
        "bytes inside",
        "nested deeply",
    ],
)
def test_no_instance_makes_validation_raise(body: Any) -> None:
    assert registry().validate("error", "v1", body)
    registry().unknown_members("error", "v1", body)
