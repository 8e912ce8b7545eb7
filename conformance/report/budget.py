"""Which cases show their whole evidence on the page, so that a page of thousands of cases still
opens at once.

What is red always shows everything. Beyond that the page has a budget: first one case of each
scenario, SDK version and verdict, then one of each matrix row, then the rest, in the order of the
run. What is left out is said on the page, and ``results.json`` has all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.judge.results import CaseResult
from conformance.report.summary import BAD
from conformance.suite.case_id import row_named

BUDGET = 2_500_000
"""Characters of evidence a page shows beyond what is red."""

_MARKUP = 1_500
"""What a case costs beside its texts."""


def shown_cases(cases: Sequence[CaseResult], budget: int = BUDGET) -> frozenset[str]:
    """The ids of the cases that show their checks and traces."""
    ranked = sorted(zip(_ranks(cases), range(len(cases)), strict=True))
    shown: set[str] = set()
    left = budget
    for rank, place in ranked:
        case = cases[place]
        left -= weight(case) if rank else 0
        if rank and left < 0:
            break
        shown.add(case.id)
    return frozenset(shown)


def _ranks(cases: Sequence[CaseResult]) -> list[int]:
    seen: set[tuple[object, ...]] = set()
    ranks = []
    for case in cases:
        waived = tuple(sorted({item.waived_by for item in case.findings if item.waived_by}))
        kind = (case.scenario, case.sdk, case.version, case.verdict, waived)
        row = (*kind, row_of(case))
        ranks.append(
            0 if case.verdict in BAD else 1 if kind not in seen else 2 if row not in seen else 3
        )
        seen.update((kind, row))
    return ranks


def row_of(case: CaseResult) -> str:
    """The matrix row of a case as its id writes it; empty when the scenario has no matrix."""
    return row_named(case.id)


def weight(case: CaseResult) -> int:
    """Roughly how many characters the evidence of ``case`` takes."""
    total = _MARKUP
    for step in case.steps:
        for item in step.exchanges:
            total += (
                len(item.request.body)
                + 400
                + sum(len(n) + len(v) + 40 for n, v in item.request.headers)
            )
            if item.response is not None:
                total += len(item.response.body) + sum(
                    len(frame) + 60 for frame in item.response.frames
                )
                total += sum(len(n) + len(v) + 40 for n, v in item.response.headers)
    return total
