"""Calls and runs made for the tests of divergences."""

from __future__ import annotations

import json
from typing import Any

from conformance.judge.results import ExchangeTrace, RequestTrace, Run, StepTrace, Subject, Verdict
from conformance.report.canonical import canonical_call
from conformance.report.comparison import ComparedSubject, MemberDifference, Participant, compare
from tests.report.builders import API, CHAT, case, exchange, scenario, small_run, step

CHAT_URL = (
    "https://conformance.openai.azure.com/openai/deployments/gpt-4o/chat/completions"
    f"?api-version={API}"
)
SUBJECTS = tuple(ComparedSubject(name, "1.0.0", "sync") for name in ("alpha", "beta", "gamma"))
ONE, TWO, THREE = SUBJECTS


def sent(
    body: Any = None, url: str = CHAT_URL, method: str = "POST", **headers: str
) -> ExchangeTrace:
    """An answered attempt whose request has ``body`` (JSON unless it is text) and ``headers``."""
    text = body if isinstance(body, str) else json.dumps(CHAT if body is None else body)
    request = RequestTrace(
        method=method,
        url=url,
        body=text,
        headers=tuple(
            (name.replace("_", "-"), value)
            for name, value in {"content_type": "application/json", **headers}.items()
        ),
    )
    return exchange().model_copy(update={"request": request})


def attempts(*statuses: int, waits: tuple[float, ...] = ()) -> StepTrace:
    """A call that was answered with ``statuses``, after ``waits`` in seconds."""
    at, exchanges = 0.0, []
    for place, status in enumerate(statuses):
        wait = waits[place - 1] if place else None
        at += wait or 0.0
        exchanges.append(exchange(status=status, at=at, waited=wait))
    return step(*exchanges)


def refused(**error: Any) -> StepTrace:
    """A call that raised."""
    return step(
        exchange(status=400),
        outcome="error",
        view=None,
        result=None,
        request_id=None,
        error={"type": "BadRequestError", "kind": "bad_request", "status": 400, **error},
    )


def compared(
    *steps: StepTrace, subjects: tuple[ComparedSubject, ...] = SUBJECTS
) -> dict[str, MemberDifference]:
    """The differences between subjects that made ``steps``, by pointer."""
    differences = compare(
        Participant(subject, canonical_call(item))
        for subject, item in zip(subjects, steps, strict=False)
    )
    return {item.pointer: item for item in differences}


def run_of(*kinds: tuple[Subject, StepTrace], scenarios: int = 1, name: str = "chat/case") -> Run:
    """A run in which every subject made its step in each of ``scenarios`` scenarios."""
    infos = [scenario(f"{name}-{number}", f"Case {number}") for number in range(scenarios)]
    cases = [case(info, subject, steps=(made,)) for info in infos for subject, made in kinds]
    subjects = tuple(dict.fromkeys(subject for subject, _ in kinds))
    return small_run(Verdict.PASS).model_copy(
        update={
            "subjects": subjects,
            "scenarios": tuple(infos),
            "cases": tuple(sorted(cases, key=lambda item: item.id)),
        }
    )
