"""The project's own suite against the project's own emulator: whatever is red is wrong in one of
the two."""

from __future__ import annotations

from collections import Counter

from conformance.judge.results import Verdict
from conformance.plan.plan import plan
from conformance.plan.selection import Selection
from conformance.plan.subjects import subjects_of
from conformance.run.execution import run_case
from conformance.sdk.inprocess import InProcessLane
from conformance.service.emulated import EMULATOR
from tests.corpus.overlay import CLOCK, PROJECT, load


def test_every_case_that_can_be_put_to_the_emulator_passes() -> None:
    suite = load(PROJECT)
    cases = plan(suite, subjects_of(suite, ("python",)), Selection(), service=EMULATOR)
    with InProcessLane() as lane:
        results = [run_case(case, suite, lane, CLOCK, traces=False).result for case in cases]
    counts = Counter(result.verdict for result in results)
    red = {
        result.id: result.findings
        for result in results
        if result.verdict in (Verdict.FAIL, Verdict.ERROR)
    }
    assert red == {}
    assert counts[Verdict.PASS] > 400
    assert all(
        result.rests_on == ("emulator",) for result in results if result.verdict is Verdict.PASS
    )
    assert all(result.reason for result in results if result.verdict is Verdict.NOT_RUN)
