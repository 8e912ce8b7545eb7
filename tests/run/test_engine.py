"""The owner of a run: what it tells and when, and that pushing and pulling give the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import EnvironmentFault, UsageError
from conformance.judge.results import Verdict
from conformance.plan.selection import Selection
from conformance.run import engine as engines
from conformance.run.engine import (
    CaseAwaited,
    CaseJudged,
    Engine,
    Event,
    Finished,
    Interrupted,
    Started,
    follow,
)
from conformance.service.emulated import EMULATOR, EmulatorService
from conformance.suite.load import Suite
from conformance.wire.vocabulary import LaneKind
from tests.corpus.overlay import CLOCK, contract, load, make_root, scenario, step, waiver

HERE = LaneKind.INPROCESS
WRONG = scenario(step(expect="{result: {text: In 1976.}}"))


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return load(make_root(tmp_path))


def test_a_run_tells_of_its_plan_then_of_each_case_then_of_its_results(suite: Suite) -> None:
    with Engine(suite, clock=CLOCK) as engine:
        plan = engine.plan(sdks=("python",), lane=HERE)
        events = list(engine.events(plan, command="a test"))
    kinds = [type(event) for event in events]
    assert kinds == [Started, *[CaseAwaited, CaseJudged] * len(plan), Finished]
    awaited = [event.case.id for event in events if isinstance(event, CaseAwaited)]
    judged = [event.judged.result.id for event in events if isinstance(event, CaseJudged)]
    assert awaited == judged == [case.id for case in plan]
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.run.command, last.run.interrupted, len(last.run.cases)) == ("a test", False, 4)


def test_what_is_pulled_case_by_case_is_what_a_whole_run_gives(suite: Suite) -> None:
    with Engine(suite, clock=CLOCK) as engine:
        plan = engine.plan(sdks=("python",), lane=HERE)
        run = follow(engine.events(plan), lambda _event: None)
    with Engine(suite, clock=CLOCK) as engine:
        plan = engine.plan(sdks=("python",), lane=HERE)
        engine.prepare(plan)
        pulled = [engine.result(case) for case in reversed(plan.cases)]
        assert engine.assembled(plan, pulled) == run


def test_a_case_that_planning_decided_has_its_reason_and_opens_no_client(tmp_path: Path) -> None:
    files = {"scenarios/chat/socket.yaml": scenario(head="lane: loopback\n")}
    with Engine(load(make_root(tmp_path, files))) as engine:
        plan = engine.plan(Selection(patterns=("chat/socket",)), ("python",), lane=HERE)
        results = [engine.result(case).result for case in plan]
    assert {(result.verdict, result.reason) for result in results} == {
        (Verdict.NOT_RUN, "the scenario needs the loopback lane")
    }


@pytest.mark.parametrize("strikes", ["in a case", "in who hears of it"])
def test_an_interrupt_keeps_what_is_finished_and_ends_with_results(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, strikes: str
) -> None:
    heard: list[Event] = []
    real = engines.run_case

    def run_case(*arguments: object, **named: object) -> object:
        if strikes == "in a case" and len(heard) > 4:
            raise KeyboardInterrupt
        return real(*arguments, **named)  # type: ignore[arg-type]

    def hear(event: Event) -> None:
        heard.append(event)
        if strikes != "in a case" and len(heard) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(engines, "run_case", run_case)
    with Engine(suite, clock=CLOCK) as engine:
        run = follow(engine.events(engine.plan(sdks=("python",), lane=HERE)), hear)
    assert run.interrupted
    assert len(run.cases) == 2
    assert [type(event) for event in heard[-2:]] == [Interrupted, Finished]
    interrupted = heard[-2]
    assert isinstance(interrupted, Interrupted)
    assert not interrupted.ends_adapters, "nothing runs in another process"


def test_a_selection_or_an_sdk_that_names_nothing_is_refused(suite: Suite) -> None:
    engine = Engine(suite)
    with pytest.raises(UsageError, match="nothing-selected"):
        engine.plan(Selection(patterns=("chat/fonded",)))
    with pytest.raises(UsageError, match="sdk-unknown"):
        engine.plan(sdks=("nosuch",))


def test_a_service_out_of_reach_is_told_before_anything_runs_and_only_when_it_is_needed(
    suite: Suite,
) -> None:
    class Away(EmulatorService):
        def require_reachable(self) -> None:
            raise EnvironmentFault("target-unreachable", "nobody answers", "")

    with Engine(suite, Away()) as engine:
        plan = engine.plan(sdks=("python",), lane=HERE)
        with pytest.raises(EnvironmentFault, match="target-unreachable"):
            next(engine.events(plan))
        engine.prepare(case for case in plan if not case.runs)


def test_waivers_are_settled_for_a_replay_alone_and_by_all_they_cover(tmp_path: Path) -> None:
    files = {
        "adapters/python/contract.yaml": contract(),
        "adapters/python/waivers.yaml": waiver(),
        "scenarios/chat/wrong.yaml": WRONG.replace("In 1976.", "In 1975."),
    }
    suite = load(make_root(tmp_path, files))
    states = {}
    for name, service, selection in (
        ("whole", None, Selection()),
        ("part", None, Selection(surfaces=("sync",))),
        ("emulator", EMULATOR, Selection()),
    ):
        engine = Engine(suite, service, clock=CLOCK) if service else Engine(suite, clock=CLOCK)
        with engine:
            plan = engine.plan(selection, ("python",), lane=HERE)
            run = follow(engine.events(plan), lambda _event: None)
        states[name] = [use.state for use in run.waivers]
    assert states == {"whole": ["stale"], "part": ["unexercised"], "emulator": ["unexercised"]}
