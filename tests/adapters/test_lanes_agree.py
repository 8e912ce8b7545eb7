"""Python through its adapter over a socket, and in this process through vcrpy, gives the same
verdicts and requests.

By default one case of each scenario is compared; ``CONFORMANCE_EVERY_CASE=1`` compares all of them
(a minute).
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any
from zlib import crc32

from conformance.judge.results import CaseResult, Verdict
from conformance.plan.case import Case
from conformance.plan.plan import plan
from conformance.plan.realtime import TOO_LONG
from conformance.plan.selection import Selection
from conformance.plan.subjects import subjects_of
from conformance.run.engine import Engine
from conformance.suite.home import find_home
from conformance.suite.load import Suite, load_suite
from conformance.wire.vocabulary import LaneKind
from tests.corpus.overlay import CLOCK
from tests.places import PROJECT


@cache
def suite() -> Suite:
    return load_suite(find_home(PROJECT, PROJECT))


def cases_of(lane: str) -> dict[str, Case]:
    return {
        case.id: case
        for case in plan(suite(), subjects_of(suite(), ("python",), LaneKind(lane)), Selection())
    }


def chosen() -> list[str]:
    ids = sorted(cases_of("inprocess"))
    if os.environ.get("CONFORMANCE_EVERY_CASE"):
        return ids
    first: dict[str, str] = {}
    for identity in sorted(ids, key=lambda text: crc32(text.encode())):
        first.setdefault(identity.partition("::")[0].partition("[")[0], identity)
    return sorted(first.values())


def results_of(lane: str, ids: list[str]) -> dict[str, CaseResult]:
    cases = cases_of(lane)
    wanted = [cases[identity] for identity in ids]
    with Engine(suite(), clock=CLOCK) as engine:
        engine.prepare(wanted)
        return {case.id: engine.result(case).result for case in wanted}


def judged(result: CaseResult) -> Any:
    return result.verdict, sorted(
        (f.rule, f.step, f.waived_by or "") for f in result.findings if f.level != "may"
    )


def requests_of(result: CaseResult) -> list[Any]:
    """Requests without fragments, which a library carries along and no wire ever sees."""
    return [
        (
            step.name,
            exchange.request.method,
            exchange.request.url.partition("#")[0],
            exchange.request.body,
            exchange.fault,
        )
        for step in result.steps
        for exchange in step.exchanges
    ]


def outcomes_of(result: CaseResult) -> list[Any]:
    return [
        (step.name, step.outcome, step.view, (step.error or {}).get("kind"))
        for step in result.steps
    ]


def test_both_lanes_give_the_same_verdicts_requests_and_views() -> None:
    ids = chosen()
    here, there = results_of("inprocess", ids), results_of("loopback", ids)
    compared, different = 0, []
    for identity in ids:
        one, other = here[identity], there[identity]
        if other.verdict is Verdict.NOT_RUN and one.verdict is not Verdict.NOT_RUN:
            assert other.reason.startswith(TOO_LONG), (identity, other.reason)
            continue
        if one.verdict is Verdict.NOT_RUN:  # a scenario for sockets alone
            assert "needs the loopback lane" in one.reason or one.reason == other.reason
            continue
        compared += 1
        different += [
            (identity, part(one), part(other))
            for part in (judged, requests_of, outcomes_of)
            if part(one) != part(other)
        ]
    assert different == []
    assert compared > 0.85 * len(ids)
