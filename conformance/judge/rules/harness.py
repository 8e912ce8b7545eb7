"""Rules about the harness's own side: a recording that had no answer, a driver that failed (design
section 8)."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check

MISS = Rule(
    "cassette.miss",
    "Every request has a recorded or scripted answer",
    Level.MUST,
    Blame.CASSETTE,
    "An answer the harness made up proves nothing about the SDK.",
    "design section 8, matching",
)
CRASH = Rule(
    "adapter.crash",
    "The adapter performs the call and reports an outcome",
    Level.MUST,
    Blame.ADAPTER,
    "A driver that fails has observed nothing.",
    "design section 6",
)
UNSUPPORTED = Rule(
    "adapter.unsupported",
    "The adapter performs what its contract says the SDK supports",
    Level.MUST,
    Blame.ADAPTER,
    "Otherwise a gap in the adapter passes for a gap in the SDK, and nobody looks.",
    "design sections 2 and 6",
)
NO_REQUEST = Rule(
    "adapter.no-request",
    "What the caller gets was asked for",
    Level.MUST,
    Blame.ADAPTER,
    "A result without a request comes from nowhere, and a case without a request proves nothing about the SDK.",
    "design section 12, honesty",
)


@rule_check(MISS)
def _miss(context: StepContext) -> Iterable[Finding] | None:
    exchanges = context.observation.exchanges
    if not exchanges:
        return None
    return [
        finding(
            MISS,
            f"Request {index} had no answer: {exchange.miss}",
            pointer=f"/requests/{index}",
            step=context.index,
        )
        for index, exchange in enumerate(exchanges)
        if exchange.miss is not None
    ]


@rule_check(CRASH)
def _crash(context: StepContext) -> Iterable[Finding] | None:
    outcome = context.observation.outcome
    if outcome.status != "crash":
        return ()
    return (
        finding(
            CRASH,
            f"The adapter failed: {outcome.reason or 'it gave no reason'}",
            pointer="/outcome",
            step=context.index,
        ),
    )


@rule_check(UNSUPPORTED)
def _unsupported(context: StepContext) -> Iterable[Finding] | None:
    outcome = context.observation.outcome
    if outcome.status != "unsupported":
        return ()
    return (
        finding(
            UNSUPPORTED,
            f"The contract claims {context.operation.id}, the adapter does not perform it: "
            f"{outcome.reason or 'it gave no reason'}",
            pointer="/outcome",
            step=context.index,
        ),
    )


@rule_check(NO_REQUEST)
def _no_request(context: StepContext) -> Iterable[Finding] | None:
    seen = context.observation
    if seen.outcome.status != "ok":
        return None
    return (
        ()
        if seen.exchanges
        else (
            finding(
                NO_REQUEST,
                "The call succeeded and no request was sent",
                pointer="/outcome",
                step=context.index,
            ),
        )
    )
