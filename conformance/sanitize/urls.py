"""URLs, queries and form bodies: hosts, deployments and ids in paths, parameters by an allow-list.

Every part is decoded before it is looked at and written back as it was when nothing in it had to
go, so that a sanitised request still says by its bytes how the SDK encoded it.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from conformance.sanitize.allow import QUERIES, QUERY_CREDENTIALS
from conformance.sanitize.identities import GUID, HOST_SUFFIX
from conformance.sanitize.members import basename, is_placeholder
from conformance.sanitize.page import reading, writing
from conformance.sanitize.redact import Engine

IDENTITY_HOSTS = re.compile(
    r"(?:login\.(?:microsoftonline|partner\.microsoftonline|windows|microsoft|chinacloudapi)\.(?:com|us|net|cn)"
    r"|[\w-]+\.(?:b2clogin|ciamlogin)\.com|169\.254\.169\.254|169\.254\.130\.\d+|sts\.windows\.net"
    r"|metadata\.azure\.internal|token\.actions\.githubusercontent\.com|accounts\.google\.com)(?::\d+)?",
    re.IGNORECASE,
)
"""Hosts that hand out tokens (Entra ID and its clouds, instance metadata, federated issuers): never
recorded."""
_NOBODY = re.compile(
    r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|invalid|test|localhost)", re.IGNORECASE
)
_MODEL_NAMES = re.compile(
    r"(?:gpt|o[1-9]|text-|whisper|dall-e|tts|davinci|babbage|codex|chatgpt|sora|model-router)[\w.-]*"
)
"""A deployment named as its model is kept: the model's name is evidence, and gives nobody away."""
_FORM_SECRETS = frozenset(
    {
        "client_secret",
        "client_assertion",
        "assertion",
        "refresh_token",
        "password",
        "code",
        "access_token",
        "id_token",
        "client_info",
        "device_code",
        "code_verifier",
        "api_key",
        "api-key",
    }
)
_FORM_IDENTITIES = frozenset({"client_id", "username", "login_hint"})
_SAS = {
    "sig": "<sig>",
    "skoid": "00000000-0000-0000-0000-000000000000",
    "sktid": "00000000-0000-0000-0000-000000000000",
}
_SAS_TIMES = frozenset({"se", "st", "ske", "skt", "sip"})
_SAS_KEPT = frozenset({"sks", "skv", "spr", "sp", "sr", "sv", "si", "rscd", "rscc", "rsct"})


def sanitised_url(url: str, engine: Engine) -> str:
    """``url`` sanitised: host, path, parameters. Path shape, order of parameters and api-version
    stay."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return engine.text(url)
    host = sanitised_host(parts.netloc, engine) if parts.netloc else ""
    path = sanitised_path(parts.path, engine)
    if HOST_SUFFIX.search(parts.netloc.lower()) and "sig=" in parts.query:
        path = urlsplit(engine.text(f"https://{host}{path}?sig=<sig>&")).path
    query = sanitised_query(parts.query, engine) if parts.query else ""
    return engine.text(urlunsplit((parts.scheme, host, path, query, engine.text(parts.fragment))))


def sanitised_host(netloc: str, engine: Engine) -> str:
    """``netloc`` without who owns it; ports stay. Loopback, private and reserved names are
    nobody's."""
    _, at, rest = netloc.rpartition("@")
    user = "<credentials>@" if at else ""
    host, colon, port = rest.partition(":") if not rest.startswith("[") else (rest, "", "")
    low = host.lower()
    if HOST_SUFFIX.search(low):
        return user + engine.text(host) + colon + port
    if _NOBODY.fullmatch(low) or _private(low.strip("[]")) or not low or "." not in low:
        return netloc if not at else user + rest
    return user + engine.aliases.of("host", low) + colon + port


def _private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def sanitised_path(path: str, engine: Engine) -> str:
    """``path`` with deployments, ids and secrets in its segments replaced."""
    result: list[str] = []
    for segment in engine.text(path).split("/"):
        value = unquote_plus(segment) if "%" in segment else segment
        clean = _segment(value, result[-1] if result else "", engine)
        result.append(segment if clean == value else quote(clean))
    return "/".join(result)


def _segment(value: str, before: str, engine: Engine) -> str:
    if before == "deployments":
        return deployment(value, engine)
    return engine.aliases.of("guid", value.lower()) if GUID.fullmatch(value) else engine.text(value)


def deployment(name: str, engine: Engine) -> str:
    """The alias of a deployment; itself when it is named as a model."""
    if not name or (_MODEL_NAMES.fullmatch(name) and name not in engine.aliases.names):
        return engine.text(name)
    return engine.aliases.of("deployment", name)


def sanitised_query(query: str, engine: Engine) -> str:
    """A query sanitised pair by pair. Parameters on no list keep their name and get an alias for a
    value."""
    signed = "sig=" in query
    return "&".join(_pair(pair, engine, signed) for pair in query.split("&"))


def _pair(pair: str, engine: Engine, signed: bool) -> str:
    name, equals, raw = pair.partition("=")
    label, value = unquote_plus(name), unquote_plus(raw)
    low = label.lower()
    if not value or is_placeholder(value):
        clean = value
    elif low in QUERY_CREDENTIALS:
        clean = "<api-key>"
    elif signed and low in _SAS:
        clean = _SAS[low]
    elif signed and low in _SAS_TIMES:
        clean = "2000-01-01T00:00:00Z"
    elif low == "deployment":
        clean = deployment(value, engine)
    elif low in QUERIES or (signed and low in _SAS_KEPT):
        clean = engine.text(value)
    else:
        clean = _unlisted(value, engine)
    return _written(name, label, engine.text(label), equals, raw, value, clean)


def _unlisted(value: str, engine: Engine) -> str:
    return engine.aliases.of("value", value)


def _written(
    name: str, label: str, clean_label: str, equals: str, raw: str, value: str, clean: str
) -> str:
    return (
        (name if clean_label == label else quote(clean_label, safe="[]"))
        + equals
        + (raw if clean == value else quote(clean, safe="/:,"))
    )


def sanitised_form(body: bytes, engine: Engine) -> bytes:
    """An ``application/x-www-form-urlencoded`` body: credentials by name (RFC 6749), everything
    else as text."""
    pairs = []
    for pair in body.decode("latin-1").split("&"):
        name, equals, raw = pair.partition("=")
        label, value = unquote_plus(name), unquote_plus(raw)
        low = label.lower()
        if low in _FORM_SECRETS:
            clean = value if is_placeholder(value) else "<secret>"
        elif low in _FORM_IDENTITIES and value:
            clean = engine.aliases.of("client", value)
        else:
            clean = engine.text(value)
        pairs.append(_written(name, label, engine.text(label), equals, raw, value, clean))
    return "&".join(pairs).encode("latin-1")


def sanitised_filename(name: str, engine: Engine) -> str:
    """A file name: no folders, and an alias that keeps the suffix."""
    base = basename(name)
    return writing(reading(engine.aliases.of("file", base)))
