"""The steps of a case, walked one after the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.run.conversation import Conversation, MissingResult
from conformance.sdk.lane import Traffic
from conformance.service.player import CasePlayer
from conformance.suite.scenario.load import Fixtures
from conformance.suite.scenario.model import Step
from conformance.wire.clock import VirtualClock
from conformance.wire.protocol import Call, Outcome

FIXTURES = Fixtures(Path("nowhere"))


class Parrot:
    """A session whose SDK says what it was asked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def call(self, call: Call) -> Outcome:
        self.calls.append(call)
        return Outcome("ok", result={"said": call.arguments["say"]}, view={"length": 3})

    def observed(self, player: CasePlayer) -> Traffic:
        return Traffic(tuple(player.exchanges))

    def close(self) -> str:
        return ""


def steps(*texts: str) -> tuple[Step, ...]:
    return tuple(Step.model_validate({"call": "parrot.talk", "with": {"say": t}}) for t in texts)


def conversation(session: Parrot, *texts: str) -> Conversation:
    player = CasePlayer(VirtualClock(), "service.example", None)
    return Conversation(steps(*texts), FIXTURES, session, player)


def test_each_step_is_performed_with_what_earlier_ones_gave() -> None:
    session = Parrot()
    turns = list(conversation(session, "one", "${steps.0.result.said} and ${steps.0.view.length}"))
    assert [call.arguments for call in session.calls] == [{"say": "one"}, {"say": "one and 3"}]
    assert [(turn.index, turn.call) for turn in turns] == list(enumerate(session.calls))
    assert turns[1].step.with_ == {"say": "one and 3"}


def test_who_leaves_early_has_later_steps_unperformed() -> None:
    session = Parrot()
    for _turn in conversation(session, "one", "two"):
        break
    assert len(session.calls) == 1


def test_a_result_that_no_step_gave_is_named_with_what_there_is() -> None:
    session = Parrot()
    with pytest.raises(MissingResult) as caught:
        list(conversation(session, "one", "${steps.0.result.sung}"))
    missing: Any = caught.value
    assert (missing.index, missing.name) == (1, "steps.0.result.sung")
    assert missing.known
    assert len(session.calls) == 1
