"""What a run asked of a service that is no recording: requests by operation, and what they were
answered with."""

from __future__ import annotations

from collections import Counter

from conformance.judge.results import Run, Verdict
from conformance.report.text import count, listing


def asked(run: Run) -> str:
    """One sentence; empty for a run on recordings. Requests are counted as they were sent, retries
    included."""
    if run.target == "replay":
        return ""
    requests: dict[str, Counter[str]] = {}
    for case in run.cases:
        for step in case.steps:
            for item in step.exchanges:
                ended = str(item.response.status) if item.response is not None else "no answer"
                requests.setdefault(step.operation, Counter())[ended] += 1
    withheld = sum(case.verdict is Verdict.NOT_RUN for case in run.cases)
    rest = (
        f" {count(withheld, 'case was', 'cases were')} not put to it, each with its reason."
        if withheld
        else ""
    )
    if not requests:
        return f"Nothing was asked of {run.target}.{rest}"
    total = sum(sum(ends.values()) for ends in requests.values())
    parts = [
        f"{name} {sum(ends.values())} ({_ends(ends)})" for name, ends in sorted(requests.items())
    ]
    return f"{run.target} was asked {count(total, 'request')}: {listing(parts)}.{rest}"


def _ends(ends: Counter[str]) -> str:
    return ", ".join(f"{number} x {end}" for end, number in sorted(ends.items()))
