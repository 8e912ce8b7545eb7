"""What contracts say of answers that broke off: nothing is expected to be retried."""

from __future__ import annotations

import pytest

from conformance.judge.rules.retry_policy import should_retry
from conformance.judge.rules.step import ObservedStep
from conformance.wire.exchange import Exchange, Fault
from tests.judge.rules import bodies
from tests.judge.rules.builders import chat, json_answer


@pytest.mark.parametrize(
    "fault",
    [Fault.CUT_BODY, Fault.CONNECTION_RESET, Fault.STALL_BODY, Fault.BAD_CHUNK, Fault.SHORT_CHUNK],
)
@pytest.mark.parametrize("status", [200, 429])
def test_no_contract_says_what_becomes_of_an_answer_that_broke_off(
    fault: Fault, status: int
) -> None:
    step = ObservedStep(chat())
    met = Exchange(step.exchanges[0].request, json_answer(bodies.chat(), status), 0.0, fault)
    assert should_retry(step, met) is None


def test_a_connection_closed_before_the_answer_is_retried_like_any_other() -> None:
    step = ObservedStep(chat())
    assert (
        should_retry(step, Exchange(step.exchanges[0].request, None, 0.0, Fault.CUT_BODY)) is True
    )
