"""What is judged of an answer, and what a scenario keeps from being judged."""

from __future__ import annotations

from dataclasses import replace

from tests.judge.rules import bodies
from tests.judge.rules.builders import chat
from tests.judge.rules.judged import broken, broken_rules


def test_what_is_wrong_on_purpose_is_not_judged() -> None:
    body = {
        **bodies.chat(),
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 9},
        "id": 5,
    }
    assert {"response.schema", "usage.totals"} <= broken_rules(chat(body=body))
    assert (
        broken(chat(body=body, expect={"response": {"schema": "none", "usage": "unchecked"}})) == []
    )


def test_strictness_turns_unknown_members_into_findings() -> None:
    unknown = chat(body={**bodies.chat(), "unheard_of": 1})
    assert broken(unknown) == [] and broken_rules(replace(unknown, strict=True)) == {
        "response.unknown-members"
    }
