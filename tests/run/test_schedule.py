"""Cases whose waits overlap: what is judged again in quiet, and what is believed at once."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.judge.judge import Judged
from conformance.judge.results import (
    CaseResult,
    ExchangeTrace,
    FindingResult,
    RequestTrace,
    StepTrace,
    Verdict,
)
from conformance.plan.case import Case
from conformance.plan.plan import plan
from conformance.plan.selection import Selection
from conformance.plan.subjects import subjects_of
from conformance.run.schedule import FEW, RunAhead, is_late, needs_quiet
from tests.corpus.overlay import load, make_root, scenario


def result_of(case: Case, *rules: str, verdict: Verdict = Verdict.FAIL) -> Judged:
    findings = tuple(
        FindingResult(rule=rule, level="must", blame="sdk", message="late") for rule in rules
    )
    return Judged(
        CaseResult(
            id=case.id,
            scenario=case.loaded.id,
            sdk="python",
            version="3",
            surface=case.surface,
            lane="loopback",
            api_version=case.api_version,
            capability="chat",
            level="must",
            verdict=verdict,
            findings=findings,
        )
    )


def test_what_was_late_in_the_crowd_alone_is_run_again_among_few_and_settled_there(
    tmp_path: Path,
) -> None:
    suite = load(
        make_root(tmp_path, {f"scenarios/chat/late{n}.yaml": scenario() for n in range(20)})
    )
    cases = plan(suite, subjects_of(suite, ("python",)), Selection())
    seen: list[tuple[str, bool]] = []
    under_way, most = [0], [0]
    lock = threading.Lock()

    def runner(case: Case, lane: Any) -> Judged:
        with lock:
            first = all(name != case.id for name, _ in seen)
            seen.append((case.id, lane))
            under_way[0] += 1
            most[0] = max(most[0], under_way[0]) if not first else most[0]
        time.sleep(0.01)
        with lock:
            under_way[0] -= 1
        return result_of(case, "expect.delays") if first else result_of(case, verdict=Verdict.PASS)

    with RunAhead(cases, lambda _, alone: alone, runner) as ahead:  # type: ignore[arg-type,return-value]
        assert {ahead.result(case).result.verdict for case in cases} == {Verdict.PASS}
    assert len(seen) == 2 * len(cases)
    assert not any(alone for _, alone in seen)
    assert 1 < most[0] <= FEW


def test_lateness_is_believed_only_when_it_comes_again_alone(tmp_path: Path) -> None:
    suite = load(
        make_root(
            tmp_path, {"scenarios/chat/one.yaml": scenario(), "scenarios/chat/two.yaml": scenario()}
        )
    )
    cases = plan(suite, subjects_of(suite, ("python",)), Selection())
    runs: list[tuple[str, bool]] = []

    def judge(broken_alone: bool) -> Any:
        def runner(case: Case, lane: Any) -> Judged:
            runs.append((case.id, lane))
            return (
                result_of(case, "retries.backoff")
                if not lane or broken_alone
                else result_of(case, verdict=Verdict.PASS)
            )

        return runner

    with RunAhead(cases, lambda _, alone: alone, judge(broken_alone=False)) as ahead:  # type: ignore[arg-type,return-value]
        assert {ahead.result(case).result.verdict for case in cases} == {Verdict.PASS}
    assert len(runs) == 3 * len(cases), "in the crowd, among few, alone"
    runs.clear()
    with RunAhead(cases, lambda _, alone: alone, judge(broken_alone=True)) as ahead:  # type: ignore[arg-type,return-value]
        assert {ahead.result(case).result.verdict for case in cases} == {Verdict.FAIL}
    alone = [name for name, by_itself in runs if by_itself]
    assert len(alone) == 3 * 3, "three cases are confirmed, three times each; the rest is believed"


def test_a_red_that_no_busy_machine_explains_is_not_run_twice(tmp_path: Path) -> None:
    suite = load(make_root(tmp_path))
    case = plan(suite, subjects_of(suite, ("python",)), Selection()).cases[0]
    assert not needs_quiet(result_of(case, "request.route"))
    assert needs_quiet(result_of(case, "request.route", "expect.delays"))
    assert is_late(result_of(case, "retries.backoff"))


@pytest.mark.parametrize(
    ("fault", "error", "quiet"),
    [
        ("cut_body", None, True),
        (None, {"kind": "timeout"}, True),
        (None, {"kind": "connection"}, False),
        (None, None, False),
    ],
)
def test_what_a_busy_machine_could_have_caused_is_judged_again_in_quiet(
    tmp_path: Path, fault: str | None, error: dict[str, str] | None, quiet: bool
) -> None:
    suite = load(make_root(tmp_path))
    (case, *_) = plan(suite, subjects_of(suite, ("python",)), Selection())
    asked = RequestTrace(method="GET", url="https://x.example", headers=())
    sent = ExchangeTrace(request=asked, response=None, fault=fault)
    step = StepTrace(
        name="one", operation="models.list", outcome="error", error=error, exchanges=(sent,)
    )
    for verdict, wanted in ((Verdict.FAIL, quiet), (Verdict.WAIVED, False), (Verdict.ERROR, True)):
        result = result_of(case, "expect.result", verdict=verdict).result.model_copy(
            update={"steps": (step,)}
        )
        assert needs_quiet(Judged(result)) is wanted


@pytest.mark.parametrize(
    ("alone", "verdict", "reason"),
    [
        ((), Verdict.PASS, "it failed among other cases, and not when it ran again alone"),
        (("request.route",), Verdict.FAIL, ""),
    ],
)
def test_what_is_red_is_believed_when_it_is_red_again_alone_and_says_so_when_it_is_not(
    tmp_path: Path, alone: tuple[str, ...], verdict: Verdict, reason: str
) -> None:
    suite = load(make_root(tmp_path))
    (case, *_) = plan(suite, subjects_of(suite, ("python",)), Selection())
    runs: list[bool] = []

    def runner(case: Case, lane: Any) -> Judged:
        runs.append(lane)
        rules = alone if lane else ("request.route",)
        return result_of(case, *rules, verdict=Verdict.FAIL if rules else Verdict.PASS)

    with RunAhead((case,), lambda _, alone: alone, runner) as ahead:  # type: ignore[arg-type,return-value]
        result = ahead.result(case).result
    assert (result.verdict, result.reason, runs) == (verdict, reason, [False, True])


def test_more_red_cases_than_an_accident_makes_are_believed_at_once(tmp_path: Path) -> None:
    suite = load(make_root(tmp_path))
    (case, *_) = plan(suite, subjects_of(suite, ("python",)), Selection())
    cases = [replace(case, identity=replace(case.identity, row=f"n={n}")) for n in range(100)]
    runs: list[bool] = []

    def runner(case: Case, lane: Any) -> Judged:
        runs.append(lane)
        return result_of(case, "request.route")

    with RunAhead(cases, lambda _, alone: alone, runner) as ahead:  # type: ignore[arg-type,return-value]
        assert {ahead.result(case).result.verdict for case in cases} == {Verdict.FAIL}
    assert runs.count(True) == 30
    with RunAhead(cases[:3], lambda _, alone: alone, runner, 1) as ahead:  # type: ignore[arg-type,return-value]
        assert {ahead.result(case).result.verdict for case in cases[:3]} == {Verdict.FAIL}
    assert runs.count(True) == 30, "a service far away is not asked twice"
