"""Rules about the harness's own side: a recording that had no answer, a driver that failed."""

from __future__ import annotations

from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, docs, rule
from conformance.judge.rules.step import ObservedStep


@rule(
    "cassette.miss",
    Level.MUST,
    Blame.CASSETTE,
    about=About.RECORDING,
    sources=[docs("results#provenance")],
    when=lambda step: bool(step.observation.exchanges),
)
def every_request_has_an_answer(step: ObservedStep) -> Breaches:
    """Every request has a recorded or scripted answer.

    An answer the harness made up proves nothing about the SDK.
    """
    for index, exchange in enumerate(step.observation.exchanges):
        if exchange.miss is not None:
            yield Breach(f"/requests/{index}", f"Request {index} had no answer: {exchange.miss}")


@rule(
    "adapter.crash",
    Level.MUST,
    Blame.ADAPTER,
    about=About.HARNESS,
    sources=[docs("adapters#the-protocol")],
)
def the_adapter_reports_an_outcome(step: ObservedStep) -> Breaches:
    """The adapter performs the call and reports an outcome.

    A driver that fails has observed nothing.
    """
    if step.outcome.status == "crash":
        yield Breach("/outcome", f"The adapter failed: {_reason(step)}")


@rule(
    "adapter.unsupported",
    Level.MUST,
    Blame.ADAPTER,
    about=About.HARNESS,
    sources=[docs("results#blame")],
)
def the_adapter_performs_what_the_contract_claims(step: ObservedStep) -> Breaches:
    """The adapter performs what its contract says the SDK supports.

    Otherwise a gap in the adapter passes for a gap in the SDK, and nobody looks.
    """
    if step.outcome.status == "unsupported":
        yield Breach(
            "/outcome",
            f"The contract claims {step.operation.id}, the adapter does not perform it: "
            f"{_reason(step)}",
        )


def _reason(step: ObservedStep) -> str:
    return step.outcome.reason or "it gave no reason"


@rule(
    "adapter.no-request",
    Level.MUST,
    Blame.ADAPTER,
    about=About.HARNESS,
    sources=[docs("results#exit-codes")],
    when=lambda step: step.outcome.status == "ok",
)
def a_result_comes_from_a_request(step: ObservedStep) -> Breaches:
    """What the caller gets was asked for.

    A result without a request comes from nowhere, and a case without a request proves nothing about
    the SDK.
    """
    if not step.observation.exchanges:
        yield Breach("/outcome", "The call succeeded and no request was sent")
