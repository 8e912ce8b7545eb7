"""Headers: by allow-list, each with its rule. Names keep their case and order; what is on no list
goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from conformance.sanitize.allow import API_KEYS, AUTHORIZATION, CREDENTIAL_HEADERS, header_rule
from conformance.sanitize.identities import GUID
from conformance.sanitize.members import EPOCH
from conformance.sanitize.redact import Engine
from conformance.sanitize.urls import deployment, sanitised_host, sanitised_url
from conformance.wire.exchange import Headers, header

STEADY_DATE = format_datetime(datetime.fromtimestamp(EPOCH, UTC), usegmt=True)
_DURATION = "1"
_DATES = frozenset({"date", "expires", "last-modified"})

Rewrite = Callable[[str, str, Engine], str | None]


def sanitised_headers(headers: Headers, engine: Engine, *, response: bool) -> Headers:
    """``headers`` sanitised. Evidence stays byte for byte: rate limits and retry advice; a date to
    retry after keeps its distance to the ``Date`` of the response."""
    result = []
    now = header(headers, "date")
    for name, value in headers:
        if engine.text(name) != name:
            # something like x-ratelimit-<secret>: a name has no placeholder to take its place
            continue
        rewrite = _REWRITES[header_rule(name, response=response)]
        clean = rewrite(name.lower(), value, engine)
        if clean is not None and response and name.lower() == "retry-after" and now:
            clean = _shifted(value, now)
        if clean is not None:
            result.append((name, clean))
    return tuple(result)


def credentials_masked(name: str, value: str) -> str | None:
    """``value`` of header ``name`` as logs may show it when it is a credential, else None."""
    low = name.lower()
    if low not in CREDENTIAL_HEADERS:
        return None
    if low in AUTHORIZATION:
        return _authorization(low, value)
    return "<api-key>" if low in API_KEYS else "<cookie>"


def identity_aliased(name: str, value: str, engine: Engine) -> str:
    """``value`` of header ``name`` under an alias when the header's rule says that it names
    somebody, else as it is."""
    rules = {header_rule(name, response=True), header_rule(name, response=False)} & _IDENTITIES
    clean = _REWRITES[rules.pop()](name.lower(), value, engine) if rules else value
    return value if clean is None else clean


def _authorization(_name: str, value: str, _engine: Engine | None = None) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} <token>" if space and scheme.isalpha() and len(scheme) <= 12 else "<token>"


def _drop(_name: str, _value: str, _engine: Engine) -> None:
    return None


def _keep(_name: str, value: str, engine: Engine) -> str:
    return engine.text(value)


def _request_id(_name: str, value: str, engine: Engine) -> str:
    return (
        engine.aliases.of("guid", value.lower() if GUID.fullmatch(value) else value)
        if value
        else value
    )


def _aliased(kind: str) -> Rewrite:
    return lambda _name, value, engine: engine.aliases.of(kind, value)


def _organization(name: str, value: str, engine: Engine) -> str:
    return engine.aliases.of("organization" if name.endswith("organization") else "project", value)


def _timing(name: str, value: str, engine: Engine) -> str:
    if name in _DATES:
        return STEADY_DATE if _moment(value) else value if value in ("0", "-1") else STEADY_DATE
    return engine.aliases.of("etag", value) if name == "etag" else _DURATION


def _client(_name: str, _value: str, _engine: Engine) -> str:
    return "<client>"


def _host(_name: str, value: str, engine: Engine) -> str:
    return sanitised_host(value, engine)


def _location(_name: str, value: str, engine: Engine) -> str:
    return sanitised_url(value, engine)


def _challenge(_name: str, value: str, engine: Engine) -> str:
    return engine.text(GUID.sub("00000000-0000-0000-0000-000000000000", value))


def _subprotocol(_name: str, value: str, engine: Engine) -> str:
    return engine.text(value)


def _deployment(_name: str, value: str, engine: Engine) -> str:
    return deployment(value, engine)


_REWRITES: Mapping[str, Rewrite] = {
    "header-api-key": lambda _name, _value, _engine: "<api-key>",
    "header-authorization": _authorization,
    "header-cookie": _drop,
    "header-unlisted": _drop,
    "content-encoding": _drop,
    "header-request-id": _request_id,
    "header-region": _aliased("region"),
    "header-model-session": _aliased("session"),
    "header-organization": _organization,
    "header-timing": _timing,
    "header-client": _client,
    "header-location": _location,
    "header-www-authenticate": _challenge,
    "header-websocket-key": _subprotocol,
    "header-deployment": _deployment,
    "header-rate-limit": _keep,
    "host-gateway": _host,
    "evidence": _keep,
}


_IDENTITIES = frozenset(
    {"header-organization", "header-deployment", "header-location", "header-www-authenticate"}
)


def _moment(value: str) -> datetime | None:
    try:
        return parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None


def _shifted(value: str, now: str) -> str:
    """A retry date as far from the steady date as it was from ``now``; seconds stay seconds."""
    until, since = _moment(value), _moment(now)
    if until is None or since is None:
        return value
    distance = until.timestamp() - since.timestamp()
    return format_datetime(datetime.fromtimestamp(EPOCH + distance, UTC), usegmt=True)
