"""Headers: each is rewritten by its rule of the allow-lists, and goes when it is on no list. Names
keep their case and order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from conformance.sanitize.allow import API_KEYS, AUTHORIZATION, COOKIES, header_rule
from conformance.sanitize.ids import GUID, ZERO_GUID
from conformance.sanitize.members import EPOCH
from conformance.sanitize.text import TextSanitizer
from conformance.sanitize.urls import deployment, sanitised_host, sanitised_url
from conformance.wire.exchange import Headers, header

STEADY_DATE = format_datetime(datetime.fromtimestamp(EPOCH, UTC), usegmt=True)
_DURATION = "1"
_DATES = frozenset({"date", "expires", "last-modified"})

Rewrite = Callable[[str, str, TextSanitizer], str | None]
"""What becomes of a header, given its name in lower case and its value; None when it goes."""


def sanitised_headers(headers: Headers, texts: TextSanitizer, *, response: bool) -> Headers:
    """``headers`` sanitised.

    Evidence stays byte for byte: rate limits and retry advice. A date to retry after keeps its
    distance to the ``Date`` of the response.
    """
    result = []
    now = header(headers, "date")
    for name, value in headers:
        if texts.text(name) != name:
            # Something like x-ratelimit-<secret>: a name has no placeholder to take its place.
            continue
        clean = _rewritten(header_rule(name, response=response), name, value, texts)
        if clean is None:
            continue
        if response and name.lower() == "retry-after" and now:
            clean = _shifted(value, now)
        result.append((name, clean))
    return tuple(result)


def credentials_masked(name: str, value: str) -> str | None:
    """``value`` of header ``name`` as logs may show it; None when the header is no credential."""
    low = name.lower()
    if low in AUTHORIZATION:
        return _scheme_of(value)
    if low in API_KEYS:
        return "<api-key>"
    if low in COOKIES:
        return "<cookie>"
    return None


def identity_aliased(name: str, value: str, texts: TextSanitizer) -> str:
    """``value`` of header ``name`` under an alias when the header's rule says that it names
    somebody, else as it is."""
    rules = {header_rule(name, response=True), header_rule(name, response=False)} & _IDENTITIES
    if not rules:
        return value
    clean = _rewritten(rules.pop(), name, value, texts)
    if clean is None:
        return value
    return clean


def _rewritten(rule: str, name: str, value: str, texts: TextSanitizer) -> str | None:
    return _REWRITES[rule](name.lower(), value, texts)


def _scheme_of(value: str) -> str:
    """The value of an Authorization header with its scheme alone."""
    scheme, space, _ = value.partition(" ")
    if space and scheme.isalpha() and len(scheme) <= 12:
        return f"{scheme} <token>"
    return "<token>"


def _drop(_name: str, _value: str, _texts: TextSanitizer) -> None:
    return None


def _text(_name: str, value: str, texts: TextSanitizer) -> str:
    return texts.text(value)


def _masked(mask: str) -> Rewrite:
    return lambda _name, _value, _texts: mask


def _authorization(_name: str, value: str, _texts: TextSanitizer) -> str:
    return _scheme_of(value)


def _request_id(_name: str, value: str, texts: TextSanitizer) -> str:
    if GUID.fullmatch(value):
        value = value.lower()
    return texts.aliases.of("guid", value)


def _aliased(kind: str) -> Rewrite:
    return lambda _name, value, texts: texts.aliases.of(kind, value)


def _organization(name: str, value: str, texts: TextSanitizer) -> str:
    return texts.aliases.of(organization_kind(name), value)


def organization_kind(name: str) -> str:
    """The kind of alias for the value of the header ``name`` by rule ``header-organization``."""
    if name.lower().endswith("organization"):
        return "organization"
    return "project"


def _timing(name: str, value: str, texts: TextSanitizer) -> str:
    if name == "etag":
        return texts.aliases.of("etag", value)
    if name not in _DATES:
        return _DURATION
    if value in ("0", "-1"):
        # ``expires`` says by these that the answer is stale already.
        return value
    return STEADY_DATE


def _host(_name: str, value: str, texts: TextSanitizer) -> str:
    return sanitised_host(value, texts)


def _location(_name: str, value: str, texts: TextSanitizer) -> str:
    return sanitised_url(value, texts)


def _challenge(_name: str, value: str, texts: TextSanitizer) -> str:
    return texts.text(GUID.sub(ZERO_GUID, value))


def _deployment(_name: str, value: str, texts: TextSanitizer) -> str:
    return deployment(value, texts)


_REWRITES: Mapping[str, Rewrite] = {
    "header-api-key": _masked("<api-key>"),
    "header-authorization": _authorization,
    "header-cookie": _drop,
    "header-unlisted": _drop,
    "content-encoding": _drop,
    "header-request-id": _request_id,
    "header-region": _aliased("region"),
    "header-model-session": _aliased("session"),
    "header-organization": _organization,
    "header-timing": _timing,
    "header-client": _masked("<client>"),
    "header-location": _location,
    "header-www-authenticate": _challenge,
    "header-websocket-key": _text,
    "header-deployment": _deployment,
    "header-rate-limit": _text,
    "host-gateway": _host,
    "evidence": _text,
}
"""What each rule of the allow-lists does."""
_IDENTITIES = frozenset(
    {"header-organization", "header-deployment", "header-location", "header-www-authenticate"}
)
"""Rules of headers that name somebody."""


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
