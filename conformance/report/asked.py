"""What a run asked of a service that answers for itself: how many requests of each operation, and
how they were answered."""

from __future__ import annotations

from collections import Counter

from conformance.judge.results import ExchangeTrace, Run, Verdict
from conformance.report.text import count, listing
from conformance.service.targets import plays_recordings


def asked(run: Run) -> str:
    """One or two sentences; empty for a run on recordings. Every request that was sent counts,
    retries too."""
    if plays_recordings(run.target):
        return ""
    requests: dict[str, Counter[str]] = {}
    for case in run.cases:
        for step in case.steps:
            for item in step.exchanges:
                requests.setdefault(step.operation, Counter())[_answer(item)] += 1
    withheld = _withheld(run)
    if not requests:
        return f"Nothing was asked of {run.target}.{withheld}"
    total = sum(answers.total() for answers in requests.values())
    parts = [
        f"{name} {answers.total()} ({_answers(answers)})"
        for name, answers in sorted(requests.items())
    ]
    return f"{run.target} was asked {count(total, 'request')}: {listing(parts)}.{withheld}"


def _answer(item: ExchangeTrace) -> str:
    if item.response is None:
        return "no answer"
    return str(item.response.status)


def _answers(answers: Counter[str]) -> str:
    return ", ".join(f"{number} x {answer}" for answer, number in sorted(answers.items()))


def _withheld(run: Run) -> str:
    """How many cases were kept from the service, as a sentence; empty when none was."""
    number = sum(case.verdict is Verdict.NOT_RUN for case in run.cases)
    if not number:
        return ""
    return f" {count(number, 'case was', 'cases were')} not put to it, each with its reason."
