"""Rules that hold requests, attempts, pauses and token calls to what a scenario writes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.judge.rules.compare import mismatches
from conformance.judge.rules.finding import Blame, Breach, Breaches
from conformance.judge.rules.rule import About, expectation
from conformance.judge.rules.served import parts_of
from conformance.judge.rules.step import Attempt, ObservedStep
from conformance.suite.scenario.durations import seconds
from conformance.suite.scenario.model import RequestExpect
from conformance.wire.exchange import Request
from conformance.wire.multipart import FormPart

_EARLY = 0.001
"""Seconds by which a real timer may fire too soon."""

_LOWER_BOUNDS = ("$gte", "$gt")
_UPPER_BOUNDS = ("$lte", "$lt")
_OPERATORS_OVER_PAUSES = ("$all", "$one_of", "$contains_item", "$unordered")

ExpectedRequests = RequestExpect | list[RequestExpect]


def _expected_requests(step: ObservedStep) -> Any:
    # A missing answer does not matter here: what was sent can be judged all the same.
    if step.outcome.status not in ("ok", "error"):
        return None
    return step.expect.requests


@expectation("expect.requests", Blame.SDK, about=About.WISH, on=_expected_requests)
def requests_are_as_expected(step: ObservedStep, expected: ExpectedRequests) -> Breaches:
    """Requests are as the scenario says.

    The scenario names what its sources document.
    """
    sent = len(step.attempts)
    if not isinstance(expected, list):
        if not sent:
            yield Breach("/requests", "No request was sent.")
        expected = [expected] * sent
    if len(expected) != sent:
        yield Breach(
            "/requests",
            f"{sent} requests were sent; the scenario describes {len(expected)}.",
            expected=len(expected),
            actual=sent,
        )
    for expected_request, attempt in zip(expected, step.attempts, strict=False):
        yield from _request_mismatches(step, expected_request, attempt)


def _request_mismatches(
    step: ObservedStep, expected_request: RequestExpect, attempt: Attempt
) -> Iterator[Breach]:
    expected: dict[str, Any] = {
        name: value
        for name in ("method", "path", "host", "body")
        if (value := getattr(expected_request, name)) is not None
    }
    for name in ("query", "parts"):
        if getattr(expected_request, name):
            expected[name] = getattr(expected_request, name)
    if expected_request.headers:
        expected["headers"] = {
            name.lower(): value for name, value in expected_request.headers.items()
        }
    actual = request_as_json(step, attempt.exchange.request, set(expected))
    return mismatches(expected, actual, f"/requests/{attempt.position}")


def request_as_json(step: ObservedStep, request: Request, members: set[str]) -> dict[str, Any]:
    """The ``members`` of a request as a scenario names them.

    Names of headers are lower-case; a header or query member sent more than once is a list.
    ``parts`` maps a field to its text, or for a file to ``{filename, content_type, size}``; a field
    sent more than once is a list.
    """
    actual: dict[str, Any] = {"method": request.method, "path": request.path, "host": request.host}
    if "query" in members:
        actual["query"] = _grouped(request.query)
    if "headers" in members:
        actual["headers"] = _grouped((name.lower(), value) for name, value in request.headers)
    if "body" in members:
        actual["body"] = step.parse(request.body)
        if actual["body"] is None:
            actual["body"] = request.body.decode("utf-8", "replace")
    if "parts" in members:
        actual["parts"] = _grouped((part.name, _part_as_json(part)) for part in parts_of(request))
    return actual


def _part_as_json(part: FormPart) -> Any:
    if part.filename is None:
        return part.content.decode("utf-8", "replace")
    return {
        "filename": part.filename,
        "content_type": part.content_type,
        "size": len(part.content),
    }


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """``pairs`` by name; a name that stands more than once has a list."""
    values_of: dict[str, list[Any]] = {}
    for name, value in pairs:
        values_of.setdefault(name, []).append(value)
    grouped: dict[str, Any] = {}
    for name, values in values_of.items():
        grouped[name] = values
        if len(values) == 1:
            grouped[name] = values[0]
    return grouped


def _expected_of_answered(name: str) -> Any:
    """A guard: what the scenario expects of ``name`` in a step that was answered, else None."""

    def written(step: ObservedStep) -> Any:
        if not step.answered:
            return None
        return getattr(step.expect, name)

    return written


@expectation(
    "expect.attempts", Blame.SDK, about=About.OUTCOME, on=_expected_of_answered("attempts")
)
def attempts_are_as_expected(step: ObservedStep, expected: Any) -> Breaches:
    """There are as many attempts as the scenario says.

    The scenario names what its sources document.
    """
    return mismatches(expected, len(step.attempts), "/attempts")


@expectation("expect.delays", Blame.SDK, about=About.TIME, on=_expected_of_answered("delays"))
def pauses_are_as_expected(step: ObservedStep, expected: Any) -> Breaches:
    """The pauses between attempts are as the scenario says.

    The scenario names what its sources document.
    """
    if step.context.wait_slack:
        expected = with_slack(expected, step.context.wait_slack)
    return mismatches(expected, [attempt.waited for attempt in step.attempts[1:]], "/delays")


def with_slack(expected: Any, slack: float) -> Any:
    """``expected`` pauses as a clock that is real can show them: up to ``slack`` seconds longer, a
    millisecond shorter."""
    if isinstance(expected, list):
        return [with_slack(item, slack) for item in expected]
    if isinstance(expected, dict):
        return {name: _bound(name, value, slack) for name, value in expected.items()}
    exact = seconds(expected)
    if exact is None:
        return expected
    return {"$gte": exact - _EARLY, "$lte": exact + slack}


def _bound(operator: str, value: Any, slack: float) -> Any:
    """The operand ``value`` of a matching ``operator`` on pauses, with slack."""
    limit = seconds(value)
    if limit is not None and operator in _UPPER_BOUNDS:
        return limit + slack
    if limit is not None and operator in _LOWER_BOUNDS:
        return limit - _EARLY
    if operator in _OPERATORS_OVER_PAUSES:
        return with_slack(value, slack)
    return value


@expectation(
    "expect.token-calls", Blame.SDK, about=About.WISH, on=_expected_of_answered("token_calls")
)
def token_calls_are_as_expected(step: ObservedStep, expected: Any) -> Breaches:
    """The token provider is called as often as the scenario says.

    The scenario names what its sources document.
    """
    return mismatches(expected, step.outcome.token_calls, "/token_calls")
