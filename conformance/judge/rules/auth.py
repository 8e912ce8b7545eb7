"""Rules about credentials: the right one, once, in its own header and nowhere else (sdk-behaviour
section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from conformance.judge.rules.compare import dig
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import Seen, seen
from conformance.wire.exchange import Request, header_values

API_KEY = Rule(
    "auth.api-key",
    "With a key, a classic route carries the header api-key once, with the key",
    Level.MUST,
    Blame.SDK,
    "Azure authenticates by this header.",
    "wire-contract section 2; article, Authentication",
)
NO_BEARER = Rule(
    "auth.no-second-credential",
    "One credential is sent: no Authorization beside a key, no api-key beside a token",
    Level.MUST,
    Blame.SDK,
    "A key sent a second time under another name escapes the redaction of logs, and a service may judge the wrong one.",
    "sdk-behaviour section 2; article, Authentication",
)
BEARER = Rule(
    "auth.bearer",
    "With a token, the request carries exactly one Authorization: Bearer, with a token the caller gave",
    Level.MUST,
    Blame.SDK,
    "Entra ID authentication is this header.",
    "wire-contract section 2; article, Authentication",
)
V1_HEADER = Rule(
    "auth.v1-key",
    "With a key, the v1 route carries it in the header the contract names (auth.v1_header)",
    Level.MUST,
    Blame.SDK,
    "The v1 route takes both headers; an SDK documents one.",
    "wire-contract section 2, v1 auth; sdk-behaviour section 1.2, v1 base URL",
)
SECRET_PLACE = Rule(
    "auth.secret-in-header-only",
    "No credential stands in the URL or the body",
    Level.MUST,
    Blame.SDK,
    "URLs and bodies are logged where headers are redacted.",
    "OWASP ASVS 13.1; sdk-behaviour section 2, debug logs",
)
OTHER_HOSTS = Rule(
    "auth.other-hosts",
    "No credential of the service is sent to another host",
    Level.MUST,
    Blame.SDK,
    "A redirect must not hand the key to whoever it names.",
    "RFC 9110 section 15.4; sdk-behaviour section 2, cross-origin redirect",
)

_SHORTEST_SECRET = 8
"""Characters; a shorter credential occurs in bodies by chance."""


def _overridden(context: StepContext) -> bool:
    """Whether the caller set a credential header by hand: then what is sent is the caller's
    wish."""
    given = (*context.client.headers, *context.call.options.headers)
    return any(name.lower() in ("api-key", "authorization") for name, _ in given)


def _requests(view: Seen) -> Iterator[tuple[int, Request]]:
    """Every request to the service, with its place among the attempts."""
    return ((index, exchange.request) for index, exchange in enumerate(view.exchanges))


def _by_key(context: StepContext) -> bool:
    return context.client.auth.kind == "api_key"


def _by_token(context: StepContext) -> bool:
    return context.client.auth.kind in ("token", "token_provider", "credential")


def _applies(context: StepContext) -> bool:
    return bool(seen(context).exchanges) and not _overridden(context)


@rule_check(API_KEY)
def _api_key(context: StepContext) -> Iterable[Finding] | None:
    if not (_applies(context) and _by_key(context) and context.client.api == "azure"):
        return None
    return list(_wrong_values(context, API_KEY, "api-key", (context.client.auth.key,)))


@rule_check(BEARER)
def _bearer(context: StepContext) -> Iterable[Finding] | None:
    if not (_applies(context) and _by_token(context)):
        return None
    return list(
        _wrong_values(
            context, BEARER, "authorization", tuple(f"Bearer {t}" for t in _tokens(context))
        )
    )


def _tokens(context: StepContext) -> tuple[str, ...]:
    """The tokens the caller gave, and those the token endpoint of the case issued."""
    issued = tuple(
        token
        for exchange in context.observation.side_exchanges
        if exchange.response is not None
        if isinstance(token := dig(exchange.response.json(), "access_token"), str)
    )
    return context.client.auth.tokens + issued


def _wrong_values(
    context: StepContext, rule: Rule, name: str, allowed: tuple[str, ...]
) -> Iterator[Finding]:
    """A finding for each request that does not carry header ``name`` exactly once with an allowed
    value.

    Messages never repeat a credential: they end up in reports.
    """
    for index, request in _requests(seen(context)):
        values = header_values(request.headers, name)
        if len(values) == 1 and values[0] in allowed:
            continue
        said = (
            f"carries {len(values)} {name} headers; expected one"
            if len(values) != 1
            else (f"carries {name} with a value that is not the caller's")
        )
        yield finding(
            rule,
            f"Request {index} {said}.",
            pointer=f"/requests/{index}/headers/{name}",
            expected=1,
            actual=len(values),
            step=context.index,
        )


@rule_check(NO_BEARER)
def _no_second(context: StepContext) -> Iterable[Finding] | None:
    by_token = _by_token(context)
    if not (by_token or _by_key(context)) or not _applies(context):
        return None
    found = []
    for index, request in _requests(seen(context)):
        key, bearer = (
            request.header("api-key") is not None,
            request.header("authorization") is not None,
        )
        if context.client.api == "v1" and not by_token:
            wrong = (
                ["api-key" if _v1_name(context) == "authorization" else "authorization"]
                if key and bearer
                else []
            )
        else:
            wrong = [
                name
                for name, there in (
                    ("api-key", key and by_token),
                    ("authorization", bearer and not by_token),
                )
                if there
            ]
        found += [
            finding(
                NO_BEARER,
                f"Request {index} carries {name} beside the credential that was asked for.",
                pointer=f"/requests/{index}/headers/{name}",
                step=context.index,
            )
            for name in wrong
        ]
    return found


def _v1_name(context: StepContext) -> str:
    """The header the contract names for a key on v1: ``authorization`` (the default) or
    ``api-key``."""
    trait = str(seen(context).trait("auth.v1_header", "authorization")).lower()
    return "api-key" if trait == "api-key" else "authorization"


@rule_check(V1_HEADER)
def _v1_key(context: StepContext) -> Iterable[Finding] | None:
    if context.client.api != "v1" or not _by_key(context) or not _applies(context):
        return None
    name, key = _v1_name(context), context.client.auth.key
    return list(
        _wrong_values(context, V1_HEADER, name, (key if name == "api-key" else f"Bearer {key}",))
    )


def _secrets(context: StepContext) -> tuple[str, ...]:
    auth = context.client.auth
    given = (
        (auth.key,) if auth.kind == "api_key" else _tokens(context) if _by_token(context) else ()
    )
    return tuple(secret for secret in given if len(secret) >= _SHORTEST_SECRET)


@rule_check(SECRET_PLACE)
def _secret_place(context: StepContext) -> Iterable[Finding] | None:
    view, secrets = seen(context), _secrets(context)
    if not view.exchanges or not secrets:
        return None
    found = []
    for index, request in _requests(view):
        for place, there in (
            ("url", any(s in request.url for s in secrets)),
            ("body", any(s.encode() in request.body for s in secrets)),
        ):
            if there:
                found.append(
                    finding(
                        SECRET_PLACE,
                        f"The {place} of request {index} contains the credential.",
                        pointer=f"/requests/{index}/{place}",
                        step=context.index,
                    )
                )
    return found


@rule_check(OTHER_HOSTS)
def _other_hosts(context: StepContext) -> Iterable[Finding] | None:
    view, secrets = seen(context), _secrets(context)
    if not view.strangers or not secrets:
        return None
    found = []
    for exchange in view.strangers:
        request = exchange.request
        carried = [
            name for name, value in request.headers if any(secret in value for secret in secrets)
        ]
        carried += ["url"] if any(secret in request.url for secret in secrets) else []
        if carried:
            found.append(
                finding(
                    OTHER_HOSTS,
                    f"The credential went to {request.host} in {', '.join(carried)}.",
                    pointer="/side_requests",
                    actual=request.host,
                    step=context.index,
                )
            )
    return found
