"""Cases that were late in the crowd are run again among few before each is run alone."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from conformance.judge.judge import Judged
from conformance.judge.results import CaseResult, FindingResult, Verdict
from conformance.plan.plan import Case, Selection, plan
from conformance.plan.subjects import subjects_of
from conformance.run.ahead import FEW, RunAhead
from tests.corpus.overlay import load, make_root, scenario


def judged(case: Case, verdict: Verdict, *rules: str) -> Judged:
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
        return judged(case, Verdict.FAIL, "expect.delays") if first else judged(case, Verdict.PASS)

    with RunAhead(cases, lambda _, alone: alone, runner) as ahead:  # type: ignore[arg-type,return-value]
        assert {ahead.result(case).result.verdict for case in cases} == {Verdict.PASS}
    assert len(seen) == 2 * len(cases)
    assert not any(alone for _, alone in seen)
    assert 1 < most[0] <= FEW
