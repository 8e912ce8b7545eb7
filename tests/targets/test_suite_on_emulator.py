"""The project's own suite against the project's own emulator: whatever is red is wrong in one of the two."""

from __future__ import annotations

from collections import Counter

from corpus.overlay import CLOCK, PROJECT, load

from conformance.run.plan import Selection, plan
from conformance.run.results import Verdict
from conformance.run.runner import run_case
from conformance.run.subjects import subjects_of
from conformance.run.targets import EMULATOR
from conformance.sdk.inprocess import InProcessLane


def test_every_case_that_can_be_put_to_the_emulator_passes() -> None:
    suite = load(PROJECT)
    cases = plan(suite, subjects_of(suite, ("python",)), Selection(), target=EMULATOR)
    with InProcessLane() as lane:
        results = [run_case(case, suite, lane, CLOCK, traces=False).result for case in cases]
    counts = Counter(result.verdict for result in results)
    red = {result.id: result.findings for result in results if result.verdict in (Verdict.FAIL, Verdict.ERROR)}
    assert red == {}
    assert counts[Verdict.PASS] > 400
    assert all(result.rests_on == ("emulator",) for result in results if result.verdict is Verdict.PASS)
    assert all(result.reason for result in results if result.verdict is Verdict.NOT_RUN)
