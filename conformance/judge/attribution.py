"""Whose fault a finding is, by where the answers came from. Pure.

In replay a wrong answer is the cassette's fault. Where somebody serves it, a finding
on the response is the service's, and so is an outcome other than expected, as long as the SDK told
its caller faithfully what was served (which rules of their own decide).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from conformance.judge.rules import About, rules_about
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level
from conformance.judge.rules.response import bodies_satisfy_their_schema
from conformance.service.service import AnswerSource
from conformance.wire.exchange import Response

_OUTCOMES = rules_about(About.OUTCOME)
"""Rules about what came of a call: what was served and what the SDK made of it."""
_FAITHFULNESS = rules_about(About.ERROR, About.RESULT, About.STREAM, About.REQUEST_ID)
"""Rules about the SDK's part of it, given what was served."""
LIMITATION = "conformance_emulator_limitation"
"""The code of the emulator's refusal to do what the service can."""
_NOT_SERVED = rules_about(About.RECORDING)
"""Rules about whether anything was served at all."""


class Attribution(Protocol):
    """How findings are attributed. ``settles_waivers``: waivers were written for such answers, so
    that one which is not needed is stale and one which does not fit is mismatched; elsewhere other
    things break."""

    settles_waivers: bool

    def attribute(
        self, findings: tuple[Finding, ...], steps: tuple[StepContext, ...]
    ) -> tuple[Finding, ...]:
        """``findings`` of a case, each with the blame it deserves."""
        ...

    def limitation(self, steps: tuple[StepContext, ...]) -> str:
        """What the service said it cannot do, when that kept a case from being run; empty when
        nothing did."""
        ...


class RecordedAnswers:
    """Every answer is the suite's own: findings keep the blame of their rules."""

    settles_waivers = True

    def attribute(
        self,
        findings: tuple[Finding, ...],
        steps: tuple[StepContext, ...],  # noqa: ARG002 - whatever was answered
    ) -> tuple[Finding, ...]:
        """``findings`` as they are."""
        return findings

    def limitation(self, steps: tuple[StepContext, ...]) -> str:  # noqa: ARG002 - it can be played
        """Empty."""
        return ""


class ServedAnswers:
    """A service answered by itself, and is to blame for what is its own."""

    settles_waivers = False

    def attribute(
        self, findings: tuple[Finding, ...], steps: tuple[StepContext, ...]
    ) -> tuple[Finding, ...]:
        """``findings``, the service's own among them attributed to it."""
        return attribute(findings, steps)

    def limitation(self, steps: tuple[StepContext, ...]) -> str:  # noqa: ARG002 - it may refuse
        """Empty: what a real service refuses is a finding like any other."""
        return ""


class EmulatedAnswers(ServedAnswers):
    """The emulator answered, and says of itself what it cannot do."""

    def limitation(self, steps: tuple[StepContext, ...]) -> str:
        """What the emulator said it cannot do; empty when it said nothing of the kind."""
        return limitation(steps)


RECORDED = RecordedAnswers()
_BY_ANSWERS: dict[AnswerSource, Attribution] = {
    AnswerSource.RECORDED: RECORDED,
    AnswerSource.EMULATED: EmulatedAnswers(),
    AnswerSource.SERVED: ServedAnswers(),
}


def attribution_for(answers: AnswerSource) -> Attribution:
    """How findings about a service with such ``answers`` are attributed."""
    return _BY_ANSWERS[answers]


def attribute(findings: tuple[Finding, ...], steps: tuple[StepContext, ...]) -> tuple[Finding, ...]:
    """``findings`` of a case on a target, with the service blamed for what is its own."""
    unfaithful = {
        item.step
        for item in findings
        if item.blame is Blame.SDK and item.level is not Level.MAY and item.rule in _FAITHFULNESS
    }
    malformed = {item.step for item in findings if item.rule == bodies_satisfy_their_schema.id}
    answered = {
        context.index: context.index in malformed or _answered(context) for context in steps
    }
    return tuple(_attributed(item, unfaithful, answered) for item in findings)


def limitation(steps: tuple[StepContext, ...]) -> str:
    """What the emulator said it cannot do, when that kept a case from being run; empty when nothing
    did."""
    return next(
        (
            lack
            for context in steps
            for exchange in context.observation.exchanges
            if (lack := refused_as_limitation(exchange.response))
        ),
        "",
    )


def refused_as_limitation(response: Response | None) -> str:
    """What the emulator says in ``response`` it cannot do; empty when that is no such refusal."""
    body = response.json() if response is not None else None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict) and error.get("code") == LIMITATION:
        return str(error.get("message"))
    return ""


def _attributed(item: Finding, unfaithful: set[int], answered: dict[int, bool]) -> Finding:
    if item.blame is Blame.CASSETTE and item.rule not in _NOT_SERVED:
        return replace(item, blame=Blame.SERVICE)
    served = answered.get(item.step, False)
    if (
        item.blame is Blame.SDK
        and item.rule in _OUTCOMES
        and served
        and item.step not in unfaithful
    ):
        return replace(item, blame=Blame.SERVICE)
    return item


def _answered(context: StepContext) -> bool:
    """Whether the outcome follows from what the service did: it failed, or answered other than the
    scenario expects.

    An SDK that fails over a good answer, and one that sent nothing, has only itself to blame.
    """
    exchanges = context.observation.exchanges
    if not exchanges:
        return False
    last = exchanges[-1].response
    failed = last is None or last.status >= 300 or exchanges[-1].fault is not None
    return failed or context.observation.outcome.status == "ok"
