"""Executing one case: its client is opened through a lane, its conversation is held, and what was
seen is judged.

Observing decides nothing; an SDK that hangs, crashes or lies is an observation like any other.
"""

from __future__ import annotations

import time
from dataclasses import replace

from conformance.errors import HarnessError, InputError, Where
from conformance.judge.attribution import attribution_for
from conformance.judge.case_facts import CaseFacts, PlannedStep
from conformance.judge.judge import Judged, judge, judge_fault, judge_unrun
from conformance.judge.observation import CaseObservation
from conformance.judge.results import Verdict
from conformance.judge.rules.case_rules import BROKEN_HARNESS, UNUSABLE
from conformance.judge.rules.context import StepContext, StepObservation
from conformance.plan.case import Case
from conformance.run.calls import client_config
from conformance.run.clock import RunClock
from conformance.run.conversation import Conversation, MissingResult, Turn
from conformance.sdk.lane import Lane, Traffic
from conformance.sdk.process import Disturbed
from conformance.suite.cassette import Cassette
from conformance.suite.load import Cassettes, Suite
from conformance.wire.clock import VirtualClock
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import ClientConfig, Outcome


def run_case(
    case: Case,
    suite: Suite,
    lane: Lane,
    clock: RunClock,
    *,
    strict: bool = False,
    traces: bool = True,
) -> Judged:
    """Execute and judge one case. A fault of the suite or the harness becomes the case's ``error``
    verdict.

    With ``strict`` members unknown to the specification are findings; without ``traces`` the result
    tells no steps. Raises Disturbed when the case has to be run again, alone.
    """
    facts = facts_of(case)
    if not case.runs:
        return _as_shown(case, judge_unrun(facts, Verdict(case.status.value), case.reason))
    began = time.perf_counter()
    try:
        observation = observe(case, suite, lane, strict=strict)
        lack = facts.attribution.limitation(observation.steps)
        if lack:
            judged = judge_unrun(facts, Verdict.NOT_RUN, lack)
        else:
            judged = judge(
                facts,
                observation,
                clock.started.date(),
                clock.measure(began),
                traces=traces,
            )
    except InputError as error:
        judged = judge_fault(facts, str(error), UNUSABLE)
    except HarnessError as error:
        judged = judge_fault(facts, str(error), BROKEN_HARNESS)
    except Disturbed:
        raise
    except Exception as error:
        # A bug of ours costs its own case and says so, not the results of all others.
        reason = f"the harness failed: {type(error).__name__}: {error}"
        judged = judge_fault(facts, reason, BROKEN_HARNESS)
    return _as_shown(case, judged)


def unrun(case: Case) -> Judged:
    """The result of a case that planning has decided not to run."""
    return _as_shown(case, judge_unrun(facts_of(case), Verdict(case.status.value), case.reason))


def _as_shown(case: Case, judged: Judged) -> Judged:
    return replace(judged, result=case.service.redacted(judged.result))


def facts_of(case: Case) -> CaseFacts:
    """What judging must know of ``case``."""
    scenario = case.loaded.scenario
    return CaseFacts(
        identity=case.identity,
        capability=case.loaded.capability,
        level=scenario.level,
        lane=case.lane,
        steps=tuple(
            PlannedStep(step.name or f"step {number}", step.call)
            for number, step in enumerate(case.spec.steps, 1)
        ),
        waivers=tuple(
            waiver
            for waiver in case.subject.sdk.waivers
            if waiver.covers(case.loaded.id, case.subject.version, case.surface, case.api_version)
        ),
        attribution=attribution_for(case.service.answers),
        reproduce=case.reproduce,
    )


def observe(case: Case, suite: Suite, lane: Lane, *, strict: bool = False) -> CaseObservation:
    """Hold the conversation of ``case`` and observe it. Raises InputError when its cassette or a
    fixture is wrong."""
    config = client_config(case.spec.client, case.api_version, case.surface)
    clock = VirtualClock()
    player = case.service.player(config, clock, lambda: _cassette(case, suite.cassettes))
    session = lane.open(config, player, clock, case.id, waits=case.waits)
    steps: list[StepContext] = []
    try:
        for turn in Conversation(tuple(case.spec.steps), suite.fixtures, session, player):
            traffic = session.observed(player)
            context = _context(
                turn,
                traffic,
                case=case,
                config=config,
                suite=suite,
                strict=strict,
                wait_slack=lane.wait_slack,
            )
            steps.append(context)
            if turn.outcome.status != "ok" and turn.step.expect.error is None:
                break
    except MissingResult as missing:
        case.service.excuse(_mistake(case, missing))
    finally:
        wrong = session.close()
    if wrong and steps:
        steps[-1] = _belied(steps[-1], wrong)
    return CaseObservation(tuple(steps), len(case.spec.steps) - len(steps), player.unplayed)


def _context(
    turn: Turn,
    traffic: Traffic,
    *,
    case: Case,
    config: ClientConfig,
    suite: Suite,
    strict: bool,
    wait_slack: float,
) -> StepContext:
    return StepContext(
        index=turn.index,
        level=case.spec.level,
        api_version=case.api_version,
        operation=OPERATIONS[turn.step.call],
        client=config,
        call=turn.call,
        expect=turn.step.expect,
        observation=StepObservation(
            traffic.exchanges, turn.outcome, traffic.waits, traffic.side_exchanges
        ),
        traits=case.subject.traits,
        schemas=suite.schemas,
        strict=strict,
        wait_slack=wait_slack,
    )


def _belied(context: StepContext, wrong: str) -> StepContext:
    """``context`` with an outcome that can no longer be believed."""
    return replace(
        context, observation=replace(context.observation, outcome=Outcome("crash", reason=wrong))
    )


def _mistake(case: Case, missing: MissingResult) -> InputError:
    return InputError(
        "unknown-variable",
        f"${{{missing.name}}} has no value when the step runs",
        f"known: {', '.join(missing.known)}",
        case.loaded.document.where(["steps"]),
    )


def _cassette(case: Case, cassettes: Cassettes) -> Cassette | None:
    cassette = cassettes.get(case.cassette)
    if cassette is None:
        return None
    if cassette.api_version and cassette.api_version != case.api_version:
        raise InputError(
            "cassette-api-version",
            f"cassette {cassette.name} says it is of api-version "
            f"{cassette.api_version}, not {case.api_version}",
            "move it to the folder of its api-version",
            Where(f"cassettes/{cassette.name}.yaml"),
        )
    return cassette
