"""The checks and the Python SDK agree on the same bodies: the wire's view was not copied from the
SDK's."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from conformance.judge.rules import StepObservation
from conformance.sdk.inprocess import InProcessLane
from conformance.service.player import CasePlayer, ScriptedReply
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Reply
from tests.judge.rules.builders import CONFORMANT, ENDPOINT, with_outcome
from tests.judge.rules.judged import broken

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("openai") is None, reason="openai is not installed"
)


@pytest.fixture(scope="module")
def lane() -> Iterator[InProcessLane]:
    with InProcessLane() as opened:
        yield opened


@pytest.mark.parametrize("kind", CONFORMANT)
def test_the_python_sdk_conforms(kind: str, lane: InProcessLane) -> None:
    context = CONFORMANT[kind]()
    clock = VirtualClock()
    player = CasePlayer(clock, ENDPOINT.removeprefix("https://"), None)
    player.begin_step(
        tuple(ScriptedReply(Reply(e.response, e.fault)) for e in context.observation.exchanges)
    )
    outcome = lane.perform(context.client, context.call, player, clock, "seed")
    exchanges = tuple(player.exchanges)
    waits = tuple(later.at - earlier.at for earlier, later in pairwise(exchanges))
    seen = StepObservation(exchanges, outcome, waits)
    assert broken(with_outcome(replace(context, observation=seen), outcome)) == []
