"""Rules about credentials: the right one, once, in its own header and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.judge.rules.compare import dig
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, article, fact, page, rfc, rule
from conformance.judge.rules.step import ObservedStep
from conformance.wire.exchange import Request, header_values

_SHORTEST_SECRET = 8
"""Characters; a shorter credential occurs in bodies by chance."""


def _sends_own_credential(step: ObservedStep) -> bool:
    """Whether requests were sent whose credential the caller did not set by hand as a header: what
    is sent then is the caller's wish."""
    by_hand = (*step.client.headers, *step.call.options.headers)
    return bool(step.exchanges) and not any(
        name.lower() in ("api-key", "authorization") for name, _ in by_hand
    )


def _by_key(step: ObservedStep) -> bool:
    return step.client.auth.kind == "api_key"


def _by_token(step: ObservedStep) -> bool:
    return step.client.auth.kind in ("token", "token_provider", "credential")


def _requests(step: ObservedStep) -> Iterator[tuple[int, Request]]:
    """Every request to the service, with its place among the attempts."""
    return ((index, exchange.request) for index, exchange in enumerate(step.exchanges))


@rule(
    "auth.api-key",
    Level.MUST,
    Blame.SDK,
    about=About.AUTHENTICATION,
    sources=[fact("service#classic-surface"), article("Authentication")],
    when=lambda step: _by_key(step) and step.client.api == "azure" and _sends_own_credential(step),
)
def key_stands_in_its_header(step: ObservedStep) -> Breaches:
    """With a key, a classic route carries the header api-key once, with the key.

    Azure authenticates by this header.
    """
    return _wrong_values(step, "api-key", (step.client.auth.key,))


@rule(
    "auth.bearer",
    Level.MUST,
    Blame.SDK,
    about=About.AUTHENTICATION,
    sources=[fact("service#classic-surface"), article("Authentication")],
    when=lambda step: _by_token(step) and _sends_own_credential(step),
)
def token_is_sent_as_bearer(step: ObservedStep) -> Breaches:
    """With a token, the request carries exactly one Authorization: Bearer, with a token the caller
    gave.

    Entra ID authentication is this header.
    """
    return _wrong_values(step, "authorization", tuple(f"Bearer {token}" for token in _tokens(step)))


def _tokens(step: ObservedStep) -> tuple[str, ...]:
    """The tokens the caller gave, and those the token endpoint of the case issued."""
    issued = tuple(
        token
        for exchange in step.observation.side_exchanges
        if exchange.response is not None
        if isinstance(token := dig(exchange.response.json(), "access_token"), str)
    )
    return step.client.auth.tokens + issued


def _wrong_values(step: ObservedStep, name: str, allowed: tuple[str, ...]) -> Iterator[Breach]:
    """A breach for each request that does not carry header ``name`` exactly once with an allowed
    value.

    Messages never repeat a credential: they end up in reports.
    """
    for index, request in _requests(step):
        values = header_values(request.headers, name)
        if len(values) == 1 and values[0] in allowed:
            continue
        problem = f"carries {name} with a value that is not the caller's"
        if len(values) != 1:
            problem = f"carries {len(values)} {name} headers; expected one"
        yield Breach(
            f"/requests/{index}/headers/{name}",
            f"Request {index} {problem}.",
            expected=1,
            actual=len(values),
        )


@rule(
    "auth.no-second-credential",
    Level.MUST,
    Blame.SDK,
    about=About.AUTHENTICATION,
    sources=[fact("sdks#authentication"), article("Authentication")],
    when=lambda step: (_by_token(step) or _by_key(step)) and _sends_own_credential(step),
)
def one_credential_is_sent(step: ObservedStep) -> Breaches:
    """One credential is sent: no Authorization beside a key, no api-key beside a token.

    A key sent a second time under another name escapes the redaction of logs, and a service may
    judge the wrong one.
    """
    for index, request in _requests(step):
        sent = [name for name in ("api-key", "authorization") if request.header(name) is not None]
        for name in _second_credentials(step, sent):
            yield Breach(
                f"/requests/{index}/headers/{name}",
                f"Request {index} carries {name} beside the credential that was asked for.",
            )


def _second_credentials(step: ObservedStep, sent: list[str]) -> list[str]:
    """Which of the credential headers ``sent`` the caller did not ask for."""
    if _by_token(step):
        asked_for = "authorization"
    elif step.client.api == "v1":
        asked_for = _v1_header(step)
        if len(sent) < 2:
            return []  # whether the only one is the right one is for auth.v1-key to say
    else:
        asked_for = "api-key"
    return [name for name in sent if name != asked_for]


def _v1_header(step: ObservedStep) -> str:
    """The header the contract names for a key on v1: ``authorization`` (the default) or
    ``api-key``."""
    if str(step.trait("auth.v1_header", "authorization")).lower() == "api-key":
        return "api-key"
    return "authorization"


@rule(
    "auth.v1-key",
    Level.MUST,
    Blame.SDK,
    about=About.AUTHENTICATION,
    sources=[fact("service#v1-auth"), fact("sdks#v1-base-url")],
    when=lambda step: step.client.api == "v1" and _by_key(step) and _sends_own_credential(step),
)
def key_stands_in_the_v1_header(step: ObservedStep) -> Breaches:
    """With a key, the v1 route carries it in the header the contract names (auth.v1_header).

    The v1 route takes both headers; an SDK documents one.
    """
    name, value = _v1_header(step), step.client.auth.key
    if name == "authorization":
        value = f"Bearer {value}"
    return _wrong_values(step, name, (value,))


def _secrets(step: ObservedStep) -> tuple[str, ...] | None:
    """The credentials of the step that are long enough to be looked for; None when there are
    none."""
    credentials: tuple[str, ...] = ()
    if _by_key(step):
        credentials = (step.client.auth.key,)
    elif _by_token(step):
        credentials = _tokens(step)
    return tuple(secret for secret in credentials if len(secret) >= _SHORTEST_SECRET) or None


@rule(
    "auth.secret-in-header-only",
    Level.MUST,
    Blame.SDK,
    about=About.AUTHENTICATION,
    sources=[
        page("https://owasp.org/www-project-application-security-verification-standard/", "13.1"),
        fact("sdks#debug-logs"),
    ],
    when=lambda step: bool(step.exchanges),
    on=_secrets,
)
def credential_stands_in_a_header_only(step: ObservedStep, secrets: tuple[str, ...]) -> Breaches:
    """No credential stands in the URL or the body.

    URLs and bodies are logged where headers are redacted.
    """
    for index, request in _requests(step):
        in_url = any(secret in request.url for secret in secrets)
        in_body = any(secret.encode() in request.body for secret in secrets)
        for place, contains in (("url", in_url), ("body", in_body)):
            if contains:
                yield Breach(
                    f"/requests/{index}/{place}",
                    f"The {place} of request {index} contains the credential.",
                )


@rule(
    "auth.other-hosts",
    Level.MUST,
    Blame.SDK,
    about=About.AUTHENTICATION,
    sources=[rfc(9110, "15.4"), fact("sdks#redirects")],
    when=lambda step: bool(step.strangers),
    on=_secrets,
)
def other_hosts_get_no_credential(step: ObservedStep, secrets: tuple[str, ...]) -> Breaches:
    """No credential of the service is sent to another host.

    A redirect must not hand the key to whoever it names.
    """
    for exchange in step.strangers:
        request = exchange.request
        places = [
            name for name, value in request.headers if any(secret in value for secret in secrets)
        ]
        if any(secret in request.url for secret in secrets):
            places.append("url")
        if places:
            yield Breach(
                "/side_requests",
                f"The credential went to {request.host} in {', '.join(places)}.",
                actual=request.host,
            )
