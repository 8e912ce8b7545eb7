"""The identity of a case as a value and as text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.suite.case_id import CaseId, is_case_id, row_named, row_text, scenario_named

WORDS = st.text("abcdefghij/-_.0123456789", min_size=1, max_size=8)
ROWS = st.dictionaries(
    st.text(max_size=4),
    st.none()
    | st.integers()
    | st.text(max_size=6)
    | st.fixed_dictionaries({"name": st.text(max_size=4)}),
    max_size=3,
)
PLAIN = CaseId("chat/founded", "", "2024-10-21", "python", "3.54.0", "async")
TEXT = "chat/founded::2024-10-21::python@3.54.0-async"


def test_it_is_written_as_scenario_row_api_version_and_subject() -> None:
    assert str(PLAIN) == TEXT
    row = row_text({"b": "x", "a": 1})
    assert str(CaseId("chat/matrix", row, "v1", "go", "1.0.0-beta.2", "sync")) == (
        "chat/matrix[a=1,b=x]::v1::go@1.0.0-beta.2-sync"
    )


@given(WORDS, ROWS, WORDS, WORDS)
def test_what_is_written_is_read_as_it_was(
    scenario: str, row: dict[str, Any], sdk: str, version: str
) -> None:
    identity = CaseId(scenario, row_text(row), "2024-10-21", sdk, version, "sync")
    assert CaseId.parse(str(identity)) == identity


@given(ROWS)
def test_a_row_does_not_depend_on_the_order_of_the_matrix(row: dict[str, Any]) -> None:
    assert row_text(row) == row_text(dict(reversed(row.items())))


def test_a_row_never_holds_the_separator() -> None:
    assert row_text({"a": "x::y"}) == "a=x:y"


@pytest.mark.parametrize("text", ["", "chat/founded", "chat::v1", "a::v1::python", "::v1::a@1-b"])
def test_what_names_no_case_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no case id"):
        CaseId.parse(text)


@pytest.mark.parametrize(
    "text", [TEXT, "chat/founded", "chat/founded[a=1]::v1::x@1-sync", "scenarios/chat/founded.yaml"]
)
def test_a_scenario_can_be_named_by_a_case_by_itself_and_by_its_file(text: str) -> None:
    assert scenario_named(text) == "chat/founded"
    assert is_case_id(text) is ("::" in text)


def test_the_row_of_a_case_is_read_from_its_text() -> None:
    assert row_named("chat/x[a=1]::v1::python@1-sync") == "a=1"
    assert row_named(TEXT) == row_named("chat/x[a=1]") == ""


def test_within_its_scenario_a_case_is_called_by_subject_version_and_row() -> None:
    assert PLAIN.item_name == "python@3.54.0-async-2024-10-21"
    rowed = CaseId("chat/matrix", "a=1", "v1", "python", "3", "sync")
    assert rowed.item_name == "python@3-sync-v1[a=1]"


def test_identities_sort_as_their_texts_do() -> None:
    texts = ["a[b=1]::v1::p@1-sync", "a::v1::p@1-sync", "a/b::v1::p@1-sync"]
    assert [str(i) for i in sorted(map(CaseId.parse, texts))] == sorted(texts)
