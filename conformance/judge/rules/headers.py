"""Rules about what of the response headers a caller reaches (sdk-behaviour section 5, wire-contract
section 8)."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.expecting import mismatches
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import Seen, seen
from conformance.suite.scenario.match import show

REQUEST_ID = Rule(
    "headers.request-id",
    "The request id the SDK shows is the one the last response carried; none when it had none",
    Level.MUST,
    Blame.SDK,
    "Support finds a call by it; an id of another attempt finds another call.",
    "article, Request ids; sdk-behaviour section 5; wire-contract section 8",
)
EXPECTED = Rule(
    "expect.request-id",
    "The request id is as the scenario says",
    Level.MUST,
    Blame.SDK,
    "The scenario names what its sources document.",
    "the scenario's own sources",
)


def shown_request_id(view: Seen) -> str | None:
    """The request id the caller can read, from the result or from the error."""
    return (
        view.error.request_id
        if view.error is not None
        else view.context.observation.outcome.request_id
    )


def shows_no_request_id(view: Seen) -> bool:
    """Whether the contract says that the SDK has no accessor for a request id
    (``request_id.header: null``)."""
    return view.trait("request_id.header", "x-request-id") is None


@rule_check(REQUEST_ID)
def _request_id(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    name = view.trait("request_id.header", "x-request-id")
    if not isinstance(name, str) or not view.answered or view.response is None:
        return None
    if view.refusal is None and view.error is not None:
        return (
            None  # a success the SDK could not read, or a cut answer: nobody documents an id there
        )
    served, shown = view.response.header(name), shown_request_id(view)
    typed = context.operation.answer == "json" and isinstance(view.answer, dict)
    if shown is None and view.succeeded and (not typed or view.says_nothing):
        return None  # streams, texts and files: SDKs document the id on typed results and errors
    if served == shown:
        return ()
    return (
        finding(
            REQUEST_ID,
            f"The last response carried {name} {show(served)}; the caller reads {show(shown)}.",
            pointer="/request_id",
            expected=served,
            actual=shown,
            step=context.index,
        ),
    )


@rule_check(EXPECTED)
def _expected(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if context.expect.request_id is None or not view.answered or shows_no_request_id(view):
        return None
    served = view.response.header("x-request-id") if view.response is not None else None
    return mismatches(
        EXPECTED,
        context,
        context.expect.request_id,
        shown_request_id(view),
        "/request_id",
        lambda _origin, _pointer: served,
    )
