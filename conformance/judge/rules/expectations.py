"""Written expectations about requests, attempts, pauses and token calls (design section 5)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.expecting import mismatches
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import Attempt, Seen, parts_of, seen
from conformance.suite.scenario.durations import seconds
from conformance.suite.scenario.model import RequestExpect
from conformance.wire.exchange import Request

_EARLY = 0.001
"""Seconds by which a real timer may fire too soon."""

_WHY = "The scenario names what its sources document."
_SOURCE = "the scenario's own sources"

REQUESTS = Rule(
    "expect.requests", "Requests are as the scenario says", Level.MUST, Blame.SDK, _WHY, _SOURCE
)
ATTEMPTS = Rule(
    "expect.attempts",
    "There are as many attempts as the scenario says",
    Level.MUST,
    Blame.SDK,
    _WHY,
    _SOURCE,
)
DELAYS = Rule(
    "expect.delays",
    "The pauses between attempts are as the scenario says",
    Level.MUST,
    Blame.SDK,
    _WHY,
    _SOURCE,
)
TOKEN_CALLS = Rule(
    "expect.token-calls",
    "The token provider is called as often as the scenario says",
    Level.MUST,
    Blame.SDK,
    _WHY,
    _SOURCE,
)


@rule_check(REQUESTS)
def _requests(context: StepContext) -> Iterable[Finding] | None:
    wanted, view = context.expect.requests, seen(context)
    if wanted is None or context.observation.outcome.status not in ("ok", "error"):
        return None
    if not isinstance(wanted, list):
        if not view.attempts:
            return [
                finding(
                    REQUESTS,
                    "No request was sent.",
                    pointer="/requests",
                    step=context.index,
                    level=context.level,
                )
            ]
        wanted = [wanted] * len(view.attempts)
    found = []
    if len(wanted) != len(view.attempts):
        found.append(
            finding(
                REQUESTS,
                f"{len(view.attempts)} requests were sent; the scenario describes {len(wanted)}.",
                pointer="/requests",
                expected=len(wanted),
                actual=len(view.attempts),
                step=context.index,
                level=context.level,
            )
        )
    for expect, attempt in zip(wanted, view.attempts, strict=False):
        found += _one(context, view, expect, attempt)
    return found


def _one(
    context: StepContext, view: Seen, expect: RequestExpect, attempt: Attempt
) -> list[Finding]:
    wanted: dict[str, Any] = {
        name: value
        for name in ("method", "path", "host", "body")
        if (value := getattr(expect, name)) is not None
    }
    for name in ("query", "parts"):
        if getattr(expect, name):
            wanted[name] = getattr(expect, name)
    if expect.headers:
        wanted["headers"] = {name.lower(): value for name, value in expect.headers.items()}
    actual = request_as_json(view, attempt.exchange.request, set(wanted))
    return mismatches(REQUESTS, context, wanted, actual, f"/requests/{attempt.position}")


def request_as_json(view: Seen, request: Request, wanted: set[str]) -> dict[str, Any]:
    """The ``wanted`` members of a request as a scenario names them.

    Names of headers are lower-case; a header or query member sent more than once is a list.
    ``parts`` maps a field to its text, or for a file to ``{filename, content_type, size}``; a field
    sent more than once is a list.
    """
    actual: dict[str, Any] = {"method": request.method, "path": request.path, "host": request.host}
    if "query" in wanted:
        actual["query"] = _grouped(request.query)
    if "headers" in wanted:
        actual["headers"] = _grouped((name.lower(), value) for name, value in request.headers)
    if "body" in wanted:
        body = view.parse(request.body)
        actual["body"] = request.body.decode("utf-8", "replace") if body is None else body
    if "parts" in wanted:
        actual["parts"] = _grouped(
            (
                part.name,
                part.content.decode("utf-8", "replace")
                if part.filename is None
                else {
                    "filename": part.filename,
                    "content_type": part.content_type,
                    "size": len(part.content),
                },
            )
            for part in parts_of(request)
        )
    return actual


def _grouped(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, list[Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


@rule_check(ATTEMPTS)
def _attempts(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if context.expect.attempts is None or not view.answered:
        return None
    return mismatches(ATTEMPTS, context, context.expect.attempts, len(view.attempts), "/attempts")


@rule_check(DELAYS)
def _delays(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if context.expect.delays is None or not view.answered:
        return None
    waited = [attempt.waited for attempt in view.attempts[1:]]
    wanted = context.expect.delays
    return mismatches(
        DELAYS,
        context,
        with_slack(wanted, context.wait_slack) if context.wait_slack else wanted,
        waited,
        "/delays",
    )


def with_slack(expected: Any, slack: float) -> Any:
    """``expected`` pauses as a clock that is real can show them: up to ``slack`` seconds longer, a
    millisecond shorter."""
    if isinstance(expected, list):
        return [with_slack(item, slack) for item in expected]
    if isinstance(expected, dict):
        return {name: _bound(name, value, slack) for name, value in expected.items()}
    exact = seconds(expected)
    return expected if exact is None else {"$gte": exact - _EARLY, "$lte": exact + slack}


def _bound(name: str, value: Any, slack: float) -> Any:
    limit = seconds(value)
    if limit is not None and name in ("$lte", "$lt", "$gte", "$gt"):
        return limit + slack if name in ("$lte", "$lt") else limit - _EARLY
    return (
        with_slack(value, slack)
        if name in ("$all", "$one_of", "$contains_item", "$unordered")
        else value
    )


@rule_check(TOKEN_CALLS)
def _token_calls(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if context.expect.token_calls is None or not view.answered:
        return None
    return mismatches(
        TOKEN_CALLS,
        context,
        context.expect.token_calls,
        context.observation.outcome.token_calls,
        "/token_calls",
    )
