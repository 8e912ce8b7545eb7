"""The conversation of one case: its steps, performed one after the other through an open session.

Running and recording both walk it. It decides nothing: whoever walks it looks at each turn, and
goes on or leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.run.calls import build_call
from conformance.sdk.lane import Session
from conformance.service.player import CasePlayer
from conformance.service.script import compile_step
from conformance.suite.scenario.load import Fixtures
from conformance.suite.scenario.model import Step
from conformance.suite.scenario.variables import UnknownVariable, substitute
from conformance.wire.protocol import Call, Outcome


@dataclass(frozen=True, slots=True)
class Turn:
    """One step that was performed. ``step`` has the results of earlier steps filled in. What passed
    on the wire is the session's to tell, until the next turn."""

    index: int
    step: Step
    call: Call
    outcome: Outcome


class MissingResult(Exception):
    """A step needs a result that no earlier step gave. ``index``: the step's number, from 0;
    ``name``: the variable; ``known``: what the earlier steps gave."""

    def __init__(self, index: int, step: Step, variable: UnknownVariable) -> None:
        super().__init__(variable.name)
        self.index = index
        self.step = step
        self.name = variable.name
        self.known = variable.known


class Conversation:
    """The steps of a case. Iterating performs them; one conversation is walked once."""

    def __init__(
        self, steps: tuple[Step, ...], fixtures: Fixtures, session: Session, player: CasePlayer
    ) -> None:
        self._steps = steps
        self._fixtures = fixtures
        self._session = session
        self._player = player
        self._results: dict[str, Any] = {}

    def __iter__(self) -> Iterator[Turn]:
        """Each step as it was performed. Raises MissingResult, InputError for a fixture that is
        wrong, and what the session raises."""
        for index, step in enumerate(self._steps):
            filled = self._filled(index, step)
            self._player.begin_step(compile_step(filled, self._fixtures))
            call = build_call(filled, self._fixtures)
            outcome = self._session.call(call)
            self._results[step.name or str(index)] = {
                "result": outcome.result,
                "view": outcome.view,
            }
            yield Turn(index, filled, call, outcome)

    def _filled(self, index: int, step: Step) -> Step:
        if not self._results:
            return step
        written = step.model_dump(by_alias=True, exclude_unset=True)
        try:
            return Step.model_validate(substitute(written, {"steps": self._results}))
        except UnknownVariable as error:
            raise MissingResult(index, step, error) from None
