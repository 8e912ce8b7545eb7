"""What a missing answer and a failing driver leave to be said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.judge.rules import Blame, apply_checks
from conformance.wire.protocol import Outcome
from tests.judge.rules import bodies
from tests.judge.rules.builders import chat, refused, with_exchange, with_outcome
from tests.judge.rules.judged import broken_rules


def test_a_miss_is_blamed_on_the_cassette_and_on_nobody_else() -> None:
    missed = with_exchange(refused(bodies.rate_limit(), 429), 0, miss="no interaction fits")
    missed = replace(missed, expect=chat(expect={"attempts": 2, "result": {"text": "x"}}).expect)
    assert {finding.blame for finding in apply_checks(missed)[1]} == {Blame.CASSETTE}
    assert broken_rules(missed) == {"cassette.miss"}


@pytest.mark.parametrize("status", ["crash", "unsupported"])
def test_a_driver_that_fails_says_nothing_about_the_sdk(status: str) -> None:
    failed = with_outcome(chat(), Outcome(status, reason="why"))  # type: ignore[arg-type]
    assert broken_rules(failed) == {f"adapter.{status}"}
