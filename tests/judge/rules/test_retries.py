"""Which answers are retried, and which waits are judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.wire.exchange import Fault
from tests.judge.rules import bodies
from tests.judge.rules.builders import TRAITS, chat, json_answer, refused, throttled
from tests.judge.rules.judged import broken_rules


@pytest.mark.parametrize(
    ("hint", "waited", "held"),
    [
        ({"retry_after": "1"}, 1.0, True),
        ({"retry_after": "1"}, 0.5, False),
        ({"retry_after": "0.2"}, 0.2, True),
        ({"retry_after_ms": "0", "retry_after": "1"}, 0.5, True),
        ({"retry_after": "61"}, 0.4, True),
        ({"retry_after": "Wed, 21 Oct 2026 07:28:00 GMT"}, 0.1, True),
        ({"retry_after_ms": "50"}, 0.049, True),
        ({"retry_after_ms": "50"}, 0.048, False),
    ],
)
def test_hints(hint: dict[str, str], waited: float, held: bool) -> None:
    assert ("retries.honours-hint" not in broken_rules(throttled(hint, waits=(waited,)))) is held


@pytest.mark.parametrize(
    ("name", "value", "held"),
    [
        ("retry_after_ms", "1250.5", True),
        ("retry_after_ms", "1250", False),
        ("retry_after", "1.25", True),
        ("retry_after", "2", False),
    ],
)
def test_a_fraction_is_no_hint_to_whom_it_is_no_number(name: str, value: str, held: bool) -> None:
    whole = {**TRAITS, "retries.retry_after_forms": ["seconds", "date"]}
    ignored = throttled({name: value}, waits=(0.5,))
    assert "retries.honours-hint" in broken_rules(ignored)
    assert ("retries.honours-hint" not in broken_rules(replace(ignored, traits=whole))) is held


@pytest.mark.parametrize(
    ("fault", "waited", "held"),
    [
        (Fault.CONNECTION_RESET, 0.4, True),
        (Fault.CONNECTION_RESET, 1.0, False),
        (Fault.READ_TIMEOUT, 600.4, True),
        (Fault.READ_TIMEOUT, 0.1, False),
    ],
)
def test_a_pause_after_a_time_out_has_no_upper_bound(
    fault: Fault, waited: float, held: bool
) -> None:
    context = chat(served=(fault, json_answer(bodies.chat())), waits=(waited,))
    assert ("retries.backoff" not in broken_rules(context)) is held


@pytest.mark.parametrize(
    ("header", "status", "wanted"), [("true", 400, True), ("false", 429, False)]
)
def test_x_should_retry_is_read_where_the_contract_says_so(
    header: str, status: int, wanted: bool
) -> None:
    once = refused(
        bodies.rate_limit() if status == 429 else None,
        served=(json_answer(bodies.rate_limit(), status, x_should_retry=header),),
    )
    assert ("retries.persists" in broken_rules(once)) is wanted
    deaf = replace(once, traits={**TRAITS, "retries.should_retry_header": False})
    assert ("retries.persists" in broken_rules(deaf)) is not wanted
