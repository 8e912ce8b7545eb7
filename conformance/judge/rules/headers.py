"""Rules about what of the response headers a caller reaches: the request id."""

from __future__ import annotations

from typing import Any

from conformance.judge.rules.compare import mismatches
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, article, expectation, fact, rule
from conformance.judge.rules.step import ObservedStep
from conformance.suite.scenario.match import show


def _documented_header(step: ObservedStep) -> str | None:
    """The header whose value the SDK documents to show as request id, where it documents to show
    one for what became of this call."""
    name = step.trait("request_id.header", "x-request-id")
    if not isinstance(name, str) or not step.answered or step.served.response is None:
        return None
    if step.served.refusal is None and step.error is not None:
        return (
            None  # a success the SDK could not read, or a cut answer: nobody documents an id there
        )
    typed = step.operation.answer == "json" and isinstance(step.served.answer, dict)
    if step.request_id is None and step.succeeded and (not typed or step.returns_nothing):
        return None  # streams, texts and files: SDKs document the id on typed results and errors
    return name


@rule(
    "headers.request-id",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST_ID,
    sources=[article("Request ids"), fact("sdks#request-ids"), fact("service#headers")],
    on=_documented_header,
)
def request_id_is_of_the_last_response(step: ObservedStep, name: str) -> Breaches:
    """The request id the SDK shows is the one the last response carried; none when it had none.

    Support finds a call by it; an id of another attempt finds another call.
    """
    assert step.served.response is not None  # _documented_header has looked
    served, shown = step.served.response.header(name), step.request_id
    if served != shown:
        yield Breach(
            "/request_id",
            f"The last response carried {name} {show(served)}; the caller reads {show(shown)}.",
            expected=served,
            actual=shown,
        )


def _expected_request_id(step: ObservedStep) -> Any:
    if not step.answered or step.shows_no_request_id:
        return None
    return step.expect.request_id


@expectation("expect.request-id", Blame.SDK, about=About.OUTCOME, on=_expected_request_id)
def request_id_is_as_expected(step: ObservedStep, expected: Any) -> Breaches:
    """The request id is as the scenario says.

    The scenario names what its sources document.
    """
    response = step.served.response
    served = None
    if response is not None:
        served = response.header("x-request-id")
    return mismatches(
        expected, step.request_id, "/request_id", resolve=lambda _origin, _pointer: served
    )
