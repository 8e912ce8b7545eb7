"""Rules about attempts: how many, how alike, how far apart, and for which answers (sdk-behaviour
section 3).

What differs by SDK is read from the contract: ``retries.max``, ``retries.statuses``,
``retries.should_retry_header``, ``retries.connection_errors``, ``retries.timeouts``,
``retries.honours``, ``retries.retry_after_forms``, ``retries.max_wait``, ``retries.backoff``,
``retries.count_header``. A rule whose trait is missing claims nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.retry_policy import asked_wait, is_after_timeout, should_retry
from conformance.judge.rules.seen import Attempt, Seen, parts_of, seen
from conformance.suite.retry_traits import Bounds, backoff_bounds
from conformance.wire.exchange import Exchange, Request

COUNT = Rule(
    "retries.count",
    "There are never more attempts than retries allowed plus one",
    Level.MUST,
    Blame.SDK,
    "Nested retry loops multiply the load on a service that is already failing.",
    "article, Retries; sdk-behaviour section 3.1",
)
PERSISTS = Rule(
    "retries.persists",
    "An answer the contract says is retried is retried while attempts are left",
    Level.MUST,
    Blame.SDK,
    "A documented retry that does not come fails calls that would have worked.",
    "article, Retries; sdk-behaviour section 3.1",
)
WANTED = Rule(
    "retries.wanted",
    "Only answers the contract says are retried are retried",
    Level.MUST,
    Blame.SDK,
    "Repeating a call that cannot succeed, or did succeed, costs quota and may act twice.",
    "article, Retries; sdk-behaviour section 3.1",
)
SAME_ROUTE = Rule(
    "retries.same-route",
    "Every attempt has the method, path and query of the first",
    Level.MUST,
    Blame.SDK,
    "A retry is the same call again.",
    "design section 5, universal checks; RFC 9110 section 9.2.2",
)
SAME_BODY = Rule(
    "retries.same-body",
    "Every attempt carries the body of the first; multipart is compared by its parts",
    Level.MUST,
    Blame.SDK,
    "A consumed stream or a rebuilt body silently sends something else.",
    "design section 5, universal checks",
)
COUNT_HEADER = Rule(
    "retries.count-header",
    "The header that counts retries counts up from 0",
    Level.MUST,
    Blame.SDK,
    "Operators tell first attempts from retries by it.",
    "sdk-behaviour section 3.3, retry-count header",
)
HONOURS = Rule(
    "retries.honours-hint",
    "A wait the service asks for is waited out, where the contract says it is honoured",
    Level.MUST,
    Blame.SDK,
    "Azure throttles per deployment; a client that does not wait makes it worse.",
    "sdk-behaviour section 3.2; wire-contract section 8, rate limits",
)
BACKOFF = Rule(
    "retries.backoff",
    "Without a hint, the wait lies within the backoff the contract documents",
    Level.MUST,
    Blame.SDK,
    "Too short hammers the service, too long stalls the caller.",
    "sdk-behaviour section 3.1, backoff",
)


def max_retries(context: StepContext) -> int | None:
    """How many retries this call may make: per-request, else the client's, else the contract's;
    None: nobody says."""
    for value in (
        context.call.options.max_retries,
        context.client.max_retries,
        seen(context).trait("retries.max"),
    ):
        if isinstance(value, int) and not isinstance(value, bool):
            return max(0, value)
    return None


def _repeated(context: StepContext) -> Seen | None:
    """The step when it was attempted more than once and every attempt had its answer."""
    view = seen(context)
    return view if view.answered and len(view.attempts) > 1 else None


def _pairs(view: Seen) -> Iterator[tuple[int, Exchange, Attempt]]:
    """(retry number from 0, what the earlier attempt met, the later attempt)."""
    for number, later in enumerate(view.attempts[1:]):
        yield number, view.attempts[number].exchange, later


@rule_check(COUNT)
def _count(context: StepContext) -> Iterable[Finding] | None:
    view, limit = seen(context), max_retries(context)
    if not view.answered or not view.attempts or limit is None:
        return None
    made = len(view.attempts)
    if made <= limit + 1:
        return ()
    return (
        finding(
            COUNT,
            f"{made} attempts were made; {limit} retries allow {limit + 1}.",
            pointer="/requests",
            expected=limit + 1,
            actual=made,
            step=context.index,
        ),
    )


@rule_check(PERSISTS)
def _persists(context: StepContext) -> Iterable[Finding] | None:
    view, limit = seen(context), max_retries(context)
    if not view.answered or not view.attempts or limit is None:
        return None
    last = view.attempts[-1].exchange
    wanted = should_retry(view, last)
    if wanted is None:
        return None
    if not wanted or len(view.attempts) > limit:
        return ()
    return (
        finding(
            PERSISTS,
            f"{_met(last)} after attempt {len(view.attempts)} of {limit + 1} was not retried.",
            pointer=f"/requests/{view.attempts[-1].position}",
            expected=limit + 1,
            actual=len(view.attempts),
            step=context.index,
        ),
    )


@rule_check(WANTED)
def _wanted(context: StepContext) -> Iterable[Finding] | None:
    view = _repeated(context)
    if view is None:
        return None
    decided = [(earlier, later, should_retry(view, earlier)) for _, earlier, later in _pairs(view)]
    if all(wanted is None for _, _, wanted in decided):
        return None
    return [
        finding(
            WANTED,
            f"{_met(earlier)} was retried; the contract does not list it.",
            pointer=f"/requests/{later.position}",
            step=context.index,
            actual=earlier.response.status if earlier.response else None,
        )
        for earlier, later, wanted in decided
        if wanted is False
    ]


def _met(exchange: Exchange) -> str:
    if exchange.response is not None and exchange.fault is None:
        return f"Status {exchange.response.status}"
    return f"The fault {exchange.fault}"


@rule_check(SAME_ROUTE)
def _same_route(context: StepContext) -> Iterable[Finding] | None:
    view = _repeated(context)
    if view is None:
        return None
    first = view.attempts[0].exchange.request
    return [
        finding(
            SAME_ROUTE,
            f"Attempt {number + 2} is {later.exchange.request.method} "
            f"{_target(later.exchange.request)}; the first was {first.method} {_target(first)}.",
            pointer=f"/requests/{later.position}",
            expected=_target(first),
            actual=_target(later.exchange.request),
            step=context.index,
        )
        for number, _, later in _pairs(view)
        if (later.exchange.request.method, later.exchange.request.url) != (first.method, first.url)
    ]


def _target(request: Request) -> str:
    _, _, rest = request.url.partition("://")
    return rest[len(request.host) :]


@rule_check(SAME_BODY)
def _same_body(context: StepContext) -> Iterable[Finding] | None:
    view = _repeated(context)
    if view is None:
        return None
    first = view.attempts[0].exchange.request
    return [
        finding(
            SAME_BODY,
            f"The body of attempt {number + 2} ({len(later.exchange.request.body)} bytes) is not "
            f"that of the first ({len(first.body)} bytes).",
            pointer=f"/requests/{later.position}/body",
            expected=len(first.body),
            actual=len(later.exchange.request.body),
            step=context.index,
        )
        for number, _, later in _pairs(view)
        if not _alike(view, first, later.exchange.request)
    ]


def _alike(view: Seen, first: Request, later: Request) -> bool:
    if first.body == later.body:
        return True
    parts = parts_of(first)
    if parts:
        return parts == parts_of(later)
    wanted = view.parse(first.body)
    return wanted is not None and bool(wanted == view.parse(later.body))


@rule_check(COUNT_HEADER)
def _count_header(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    trait = view.trait("retries.count_header")
    if not trait or not view.attempts:
        return None
    name = trait if isinstance(trait, str) else "x-stainless-retry-count"
    if any(
        key.lower() == name.lower()
        for key, _ in (*context.client.headers, *context.call.options.headers)
    ):
        return None
    found = []
    for number, attempt in enumerate(view.attempts):
        sent = attempt.exchange.request.header(name)
        if sent != str(number):
            found.append(
                finding(
                    COUNT_HEADER,
                    f"Attempt {number + 1} carries {name} {sent or 'not at all'}; expected "
                    f"{number}.",
                    pointer=f"/requests/{attempt.position}/headers/{name}",
                    expected=str(number),
                    actual=sent,
                    step=context.index,
                )
            )
    return found


@rule_check(HONOURS)
def _honours(context: StepContext) -> Iterable[Finding] | None:
    view = _repeated(context)
    if view is None:
        return None
    judged, found = False, []
    for number, earlier, later in _pairs(view):
        asked = asked_wait(view, earlier)
        if asked.seconds is None or later.waited is None:
            continue
        judged = True
        if later.waited < asked.seconds - 0.001:
            found.append(
                finding(
                    HONOURS,
                    f"The service asked for {asked.seconds:g} s ({asked.header}) before retry "
                    f"{number + 1}; it came after {later.waited:g} s.",
                    pointer=f"/waits/{number}",
                    expected=asked.seconds,
                    actual=later.waited,
                    step=context.index,
                )
            )
    return found if judged else None


@rule_check(BACKOFF)
def _backoff(context: StepContext) -> Iterable[Finding] | None:
    view = _repeated(context)
    trait = view.trait("retries.backoff") if view else None
    if view is None or not isinstance(trait, dict):
        return None
    judged, found = False, []
    for number, earlier, later in _pairs(view):
        bounds = backoff_bounds(trait, number)
        if bounds is None or later.waited is None or asked_wait(view, earlier).given:
            continue
        judged = True
        if not _within(bounds, later.waited, context.wait_slack, is_after_timeout(earlier)):
            found.append(
                finding(
                    BACKOFF,
                    f"Retry {number + 1} came after {later.waited:g} s; the documented backoff "
                    f"is {bounds.least:g} to {bounds.most:g} s.",
                    pointer=f"/waits/{number}",
                    expected=[bounds.least, bounds.most],
                    actual=later.waited,
                    step=context.index,
                )
            )
    return found if judged else None


def _within(bounds: Bounds, waited: float, slack: float, after_timeout: bool) -> bool:
    """Whether a wait lies within the bounds; a pause that includes a time-out has no upper
    bound."""
    return waited >= bounds.least - 0.001 and (
        after_timeout or waited <= bounds.most + 0.001 + slack
    )
