"""What the rules expect of the error a caller meets."""

from __future__ import annotations

from tests.judge.rules.builders import HIDING, refused
from tests.judge.rules.judged import broken, broken_rules


def test_expected_errors_are_matched_on_every_member() -> None:
    wanted = {
        "kind": "bad_request",
        "status": 400,
        "code": "content_filter",
        "param": "prompt",
        "error_type": None,
        "headers": {"x-request-id": {"$present": True}},
        "body": {"innererror": {"content_filter_result": {"hate": {"filtered": True}}}},
    }
    assert broken(refused(expect={"error": wanted})) == []
    assert broken_rules(refused(expect={"error": {**wanted, "param": "messages"}})) == {
        "expect.error"
    }


def test_a_member_of_an_error_that_is_shown_is_expected_though_another_is_not() -> None:
    assert "expect.error" in broken_rules(
        refused(expect={"error": {"code": "odd", "param": "odd"}}, traits=HIDING)
    )
