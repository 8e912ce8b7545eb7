"""The budget of the page: which cases show their checks and traces, so that a page of thousands of
cases still opens at once.

A red case always shows everything. The others share a budget: first one case of each scenario, SDK
version and verdict, then one of each matrix row, then the rest, each in the order of the run. The
page says what it leaves out, and ``results.json`` has all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from conformance.judge.results import CaseResult, ExchangeTrace
from conformance.report.summary import BAD
from conformance.suite.case_id import row_named

BUDGET = 2_500_000
"""Characters of evidence that a page shows of cases that are not red."""

# Characters of markup around the texts, roughly: of a case, an exchange, a header and an event.
_CASE_MARKUP = 1_500
_EXCHANGE_MARKUP = 400
_HEADER_MARKUP = 40
_FRAME_MARKUP = 60


def shown_cases(cases: Sequence[CaseResult], budget: int = BUDGET) -> frozenset[str]:
    """The ids of the cases that show their checks and traces: every red one, and others as long as
    ``budget``, in characters, lasts."""
    shown = {case.id for case in cases if case.verdict in BAD}
    characters_left = budget
    for case in _by_rank(case for case in cases if case.verdict not in BAD):
        characters_left -= weight(case)
        if characters_left < 0:
            break
        shown.add(case.id)
    return frozenset(shown)


def _by_rank(cases: Iterable[CaseResult]) -> Iterator[CaseResult]:
    """First those that are the first of their kind, then the first of their kind in their matrix
    row, then the rest."""
    kinds: set[tuple[object, ...]] = set()
    first_of_row: list[CaseResult] = []
    rest: list[CaseResult] = []
    for case in cases:
        waivers = tuple(sorted({item.waived_by for item in case.findings if item.waived_by}))
        kind = (case.scenario, case.sdk, case.version, case.verdict, waivers)
        kind_in_row = (*kind, row_named(case.id))
        if kind not in kinds:
            yield case
        elif kind_in_row not in kinds:
            first_of_row.append(case)
        else:
            rest.append(case)
        kinds.update((kind, kind_in_row))
    yield from first_of_row
    yield from rest


def weight(case: CaseResult) -> int:
    """Roughly how many characters the evidence of ``case`` takes on the page."""
    return _CASE_MARKUP + sum(_weight(item) for step in case.steps for item in step.exchanges)


def _weight(item: ExchangeTrace) -> int:
    total = _EXCHANGE_MARKUP + len(item.request.body) + _header_weight(item.request.headers)
    if item.response is not None:
        total += len(item.response.body) + _header_weight(item.response.headers)
        total += sum(len(frame) + _FRAME_MARKUP for frame in item.response.frames)
    return total


def _header_weight(headers: Iterable[tuple[str, str]]) -> int:
    return sum(len(name) + len(value) + _HEADER_MARKUP for name, value in headers)
