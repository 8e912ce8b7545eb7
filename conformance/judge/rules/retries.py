"""Rules about attempts: how many, how alike, how far apart, and for which answers.

What differs by SDK is read from the contract: ``retries.max``, ``retries.statuses``,
``retries.should_retry_header``, ``retries.connection_errors``, ``retries.timeouts``,
``retries.honours``, ``retries.retry_after_forms``, ``retries.max_wait``, ``retries.backoff``,
``retries.count_header``. A rule whose trait is missing claims nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.retry_policy import asked_wait, is_after_timeout, should_retry
from conformance.judge.rules.rule import About, article, fact, rfc, rule
from conformance.judge.rules.served import parts_of
from conformance.judge.rules.step import Attempt, ObservedStep
from conformance.suite.retry_traits import Bounds, backoff_bounds
from conformance.wire.exchange import Exchange, Request

_EARLY = 0.001
"""Seconds by which a real timer may fire too soon."""


@dataclass(frozen=True, slots=True)
class Retry:
    """One retry: its number from 0, what the earlier attempt met, and the later attempt."""

    number: int
    earlier: Exchange
    later: Attempt


def max_retries(step: ObservedStep) -> int | None:
    """How many retries this call may make: per-request, else the client's, else the contract's;
    None: nobody says."""
    for value in (
        step.call.options.max_retries,
        step.client.max_retries,
        step.trait("retries.max"),
    ):
        if isinstance(value, int) and not isinstance(value, bool):
            return max(0, value)
    return None


def _limit(step: ObservedStep) -> int | None:
    """``max_retries`` of a step that was attempted and answered."""
    if not step.answered or not step.attempts:
        return None
    return max_retries(step)


def _retries(step: ObservedStep) -> list[Retry] | None:
    """The retries of a step that was attempted more than once and whose every attempt had its
    answer."""
    if not step.answered or len(step.attempts) < 2:
        return None
    return [
        Retry(number, step.attempts[number].exchange, later)
        for number, later in enumerate(step.attempts[1:])
    ]


@rule(
    "retries.count",
    Level.MUST,
    Blame.SDK,
    about=About.ATTEMPTS,
    sources=[article("Retries"), fact("sdks#retry-defaults")],
    on=_limit,
)
def no_more_attempts_than_allowed(step: ObservedStep, limit: int) -> Breaches:
    """There are never more attempts than retries allowed plus one.

    Nested retry loops multiply the load on a service that is already failing.
    """
    made = len(step.attempts)
    if made > limit + 1:
        yield Breach(
            "/requests",
            f"{made} attempts were made; {limit} retries allow {limit + 1}.",
            expected=limit + 1,
            actual=made,
        )


@rule(
    "retries.persists",
    Level.MUST,
    Blame.SDK,
    about=About.ATTEMPTS,
    sources=[article("Retries"), fact("sdks#retry-defaults")],
    on=_limit,
)
def documented_retries_come(step: ObservedStep, limit: int) -> Breaches | None:
    """An answer the contract says is retried is retried while attempts are left.

    A documented retry that does not come fails calls that would have worked.
    """
    made, last = len(step.attempts), step.attempts[-1]
    retried = should_retry(step, last.exchange)
    if retried is None:
        return None
    if not retried or made > limit:
        return ()
    return [
        Breach(
            f"/requests/{last.position}",
            f"{_met(last.exchange)} after attempt {made} of {limit + 1} was not retried.",
            expected=limit + 1,
            actual=made,
        )
    ]


@rule(
    "retries.wanted",
    Level.MUST,
    Blame.SDK,
    about=About.ATTEMPTS,
    sources=[article("Retries"), fact("sdks#retry-defaults")],
    on=_retries,
)
def only_documented_retries_come(step: ObservedStep, retries: list[Retry]) -> Breaches | None:
    """Only answers the contract says are retried are retried.

    Repeating a call that cannot succeed, or did succeed, costs quota and may act twice.
    """
    decided = [(retry, should_retry(step, retry.earlier)) for retry in retries]
    if all(listed is None for _, listed in decided):
        return None
    return [
        Breach(
            f"/requests/{retry.later.position}",
            f"{_met(retry.earlier)} was retried; the contract does not list it.",
            actual=_status(retry.earlier),
        )
        for retry, listed in decided
        if listed is False
    ]


def _status(exchange: Exchange) -> int | None:
    if exchange.response is None:
        return None
    return exchange.response.status


def _met(exchange: Exchange) -> str:
    """What an attempt met, as the beginning of a sentence."""
    if exchange.response is not None and exchange.fault is None:
        return f"Status {exchange.response.status}"
    return f"The fault {exchange.fault}"


@rule(
    "retries.same-route",
    Level.MUST,
    Blame.SDK,
    about=About.ATTEMPTS,
    sources=[rfc(9110, "9.2.2")],
    on=_retries,
)
def attempts_have_one_route(step: ObservedStep, retries: list[Retry]) -> Breaches:
    """Every attempt has the method, path and query of the first.

    A retry is the same call again.
    """
    first = step.attempts[0].exchange.request
    for retry in retries:
        request = retry.later.exchange.request
        if (request.method, request.url) != (first.method, first.url):
            yield Breach(
                f"/requests/{retry.later.position}",
                f"Attempt {retry.number + 2} is {request.method} {_target(request)}; "
                f"the first was {first.method} {_target(first)}.",
                expected=_target(first),
                actual=_target(request),
            )


def _target(request: Request) -> str:
    """The path and query of a request, as sent."""
    _, _, rest = request.url.partition("://")
    return rest[len(request.host) :]


@rule(
    "retries.same-body",
    Level.MUST,
    Blame.SDK,
    about=About.ATTEMPTS,
    sources=[rfc(9110, "9.2.2")],
    on=_retries,
)
def attempts_have_one_body(step: ObservedStep, retries: list[Retry]) -> Breaches:
    """Every attempt carries the body of the first; multipart is compared by its parts.

    A consumed stream or a rebuilt body silently sends something else.
    """
    first = step.attempts[0].exchange.request
    for retry in retries:
        request = retry.later.exchange.request
        if not _same_body(step, first, request):
            yield Breach(
                f"/requests/{retry.later.position}/body",
                f"The body of attempt {retry.number + 2} ({len(request.body)} bytes) is not "
                f"that of the first ({len(first.body)} bytes).",
                expected=len(first.body),
                actual=len(request.body),
            )


def _same_body(step: ObservedStep, first: Request, later: Request) -> bool:
    if first.body == later.body:
        return True
    parts = parts_of(first)
    if parts:
        return parts == parts_of(later)
    value = step.parse(first.body)
    return value is not None and bool(value == step.parse(later.body))


def _counting_header(step: ObservedStep) -> str | None:
    """The header in which the SDK counts retries, where the caller does not set it by hand."""
    name = step.trait("retries.count_header")
    if not name or not step.attempts:
        return None
    if not isinstance(name, str):
        name = "x-stainless-retry-count"
    by_hand = (*step.client.headers, *step.call.options.headers)
    if any(key.lower() == name.lower() for key, _ in by_hand):
        return None
    return name


@rule(
    "retries.count-header",
    Level.MUST,
    Blame.SDK,
    about=About.ATTEMPTS,
    sources=[fact("sdks#retry-count")],
    on=_counting_header,
)
def attempts_are_counted(step: ObservedStep, name: str) -> Breaches:
    """The header that counts retries counts up from 0.

    Operators tell first attempts from retries by it.
    """
    for number, attempt in enumerate(step.attempts):
        sent = attempt.exchange.request.header(name)
        if sent != str(number):
            yield Breach(
                f"/requests/{attempt.position}/headers/{name}",
                f"Attempt {number + 1} carries {name} {sent or 'not at all'}; expected {number}.",
                expected=str(number),
                actual=sent,
            )


@rule(
    "retries.honours-hint",
    Level.MUST,
    Blame.SDK,
    about=About.TIME,
    sources=[
        fact("sdks#retry-headers"),
        fact("service#retry-headers"),
    ],
    on=_retries,
)
def hints_are_waited_out(step: ObservedStep, retries: list[Retry]) -> Breaches | None:
    """A wait the service asks for is waited out, where the contract says it is honoured.

    Azure throttles per deployment; a client that does not wait makes it worse.
    """
    judged, breaches = False, []
    for retry in retries:
        asked, waited = asked_wait(step, retry.earlier), retry.later.waited
        if asked.seconds is None or waited is None:
            continue
        judged = True
        if waited < asked.seconds - _EARLY:
            breaches.append(
                Breach(
                    f"/waits/{retry.number}",
                    f"The service asked for {asked.seconds:g} s ({asked.header}) before retry "
                    f"{retry.number + 1}; it came after {waited:g} s.",
                    expected=asked.seconds,
                    actual=waited,
                )
            )
    if not judged:
        return None
    return breaches


@rule(
    "retries.backoff",
    Level.MUST,
    Blame.SDK,
    about=About.TIME,
    sources=[fact("sdks#retry-defaults")],
    on=_retries,
)
def waits_lie_within_the_backoff(step: ObservedStep, retries: list[Retry]) -> Breaches | None:
    """Without a hint, the wait lies within the backoff the contract documents.

    Too short hammers the service, too long stalls the caller.
    """
    trait = step.trait("retries.backoff")
    if not isinstance(trait, dict):
        return None
    judged, breaches = False, []
    for retry in retries:
        bounds, waited = backoff_bounds(trait, retry.number), retry.later.waited
        if bounds is None or waited is None or asked_wait(step, retry.earlier).hinted:
            continue
        judged = True
        if not _within(step, bounds, retry):
            breaches.append(
                Breach(
                    f"/waits/{retry.number}",
                    f"Retry {retry.number + 1} came after {waited:g} s; the documented backoff "
                    f"is {bounds.least:g} to {bounds.most:g} s.",
                    expected=[bounds.least, bounds.most],
                    actual=waited,
                )
            )
    if not judged:
        return None
    return breaches


def _within(step: ObservedStep, bounds: Bounds, retry: Retry) -> bool:
    """Whether the wait before a retry lies within the bounds; a pause that includes a time-out has
    no upper bound."""
    waited = retry.later.waited or 0.0
    if waited < bounds.least - _EARLY:
        return False
    if is_after_timeout(retry.earlier):
        return True
    return waited <= bounds.most + _EARLY + step.context.wait_slack
