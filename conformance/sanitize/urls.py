"""URLs and their queries: hosts, deployments and ids in paths, parameters by an allow-list.

Every part is decoded before it is looked at. Where nothing in it has to go, it is written back as
it was, so that the bytes of a sanitised request still show how the SDK encoded it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from conformance.sanitize import sas
from conformance.sanitize.allow import QUERIES, QUERY_CREDENTIALS
from conformance.sanitize.identities import HOST_SUFFIX, NOBODY
from conformance.sanitize.ids import GUID
from conformance.sanitize.members import is_placeholder
from conformance.sanitize.text import TextSanitizer

IDENTITY_HOSTS = re.compile(
    r"(?:login\.(?:microsoftonline|partner\.microsoftonline|windows|microsoft|chinacloudapi)"
    r"\.(?:com|us|net|cn)"
    r"|[\w-]+\.(?:b2clogin|ciamlogin)\.com|169\.254\.169\.254|169\.254\.130\.\d+|sts\.windows\.net"
    r"|metadata\.azure\.internal|token\.actions\.githubusercontent\.com|accounts\.google\.com)(?::\d+)?",
    re.IGNORECASE,
)
"""Hosts that hand out tokens (Entra ID and its clouds, instance metadata, federated issuers). What
is exchanged with them is never recorded."""
_MODEL_NAMES = re.compile(
    r"(?:gpt|o[1-9]|text-|whisper|dall-e|tts|davinci|babbage|codex|chatgpt|sora|model-router)"
    r"[\w.-]*"
)
"""A deployment named as its model is kept: the model's name is evidence, and gives nobody away."""


def sanitised_url(url: str, texts: TextSanitizer) -> str:
    """``url`` sanitised: host, path, parameters. The shape of the path, the order of parameters
    and api-version stay."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return texts.text(url)
    host = sanitised_host(parts.netloc, texts)
    path = sanitised_path(parts.path, texts)
    if HOST_SUFFIX.search(parts.netloc.lower()) and "sig=" in parts.query:
        # The path of a blob is recognised beside a signature alone, and the real one is gone by
        # the time the whole URL is looked at.
        path = urlsplit(texts.text(f"https://{host}{path}?sig=<sig>&")).path
    query = sanitised_query(parts.query, texts)
    return texts.text(urlunsplit((parts.scheme, host, path, query, texts.text(parts.fragment))))


def sanitised_host(netloc: str, texts: TextSanitizer) -> str:
    """``netloc`` without who owns it and who logs in. Ports stay, and so do loopback, private and
    reserved names, which belong to nobody."""
    login, at, rest = netloc.rpartition("@")
    if at:
        login = "<credentials>@"
    if rest.startswith("["):
        host, colon, port = rest, "", ""
    else:
        host, colon, port = rest.partition(":")
    low = host.lower()
    if HOST_SUFFIX.search(low):
        return login + texts.text(host) + colon + port
    if NOBODY.fullmatch(low) or _is_private(low.strip("[]")) or "." not in low:
        return login + rest
    return login + texts.aliases.of("host", low) + colon + port


def _is_private(host: str) -> bool:
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def sanitised_path(path: str, texts: TextSanitizer) -> str:
    """``path`` with deployments, ids and secrets in its segments replaced."""
    segments: list[str] = []
    before = ""
    for segment in texts.text(path).split("/"):
        before = _sanitised_segment(segment, before, texts)
        segments.append(before)
    return "/".join(segments)


def _sanitised_segment(segment: str, before: str, texts: TextSanitizer) -> str:
    """``segment`` of a path, behind the sanitised segment ``before``, with its encoding."""
    value = segment
    if "%" in segment:
        value = unquote_plus(segment)
    if before == "deployments":
        clean = deployment(value, texts)
    elif GUID.fullmatch(value):
        clean = texts.aliases.of("guid", value.lower())
    else:
        clean = texts.text(value)
    if clean == value:
        return segment
    return quote(clean)


def deployment(name: str, texts: TextSanitizer) -> str:
    """The alias of a deployment; ``name`` itself when that is the name of a model."""
    if not name or (_MODEL_NAMES.fullmatch(name) and name not in texts.aliases.names):
        return texts.text(name)
    return texts.aliases.of("deployment", name)


def sanitised_query(query: str, texts: TextSanitizer) -> str:
    """``query`` sanitised pair by pair. A parameter that is on no list keeps its name and gets an
    alias for its value."""
    if not query:
        return ""
    signed = "sig=" in query
    return "&".join(_sanitised_pair(pair, texts, signed) for pair in query.split("&"))


def _sanitised_pair(pair: str, texts: TextSanitizer, signed: bool) -> str:
    parameter = Parameter.read(pair)
    low, value = parameter.name.lower(), parameter.value
    if not value or is_placeholder(value):
        clean = value
    elif low in QUERY_CREDENTIALS:
        clean = "<api-key>"
    elif signed and low in sas.MASKS:
        _, clean = sas.MASKS[low]
    elif signed and low in sas.TIMES:
        clean = sas.STEADY_TIME
    elif low == "deployment":
        clean = deployment(value, texts)
    elif low in QUERIES or (signed and low in sas.KEPT):
        clean = texts.text(value)
    else:
        clean = _unlisted(value, texts)
    return parameter.written(texts.text(parameter.name), clean)


def _unlisted(value: str, texts: TextSanitizer) -> str:
    return texts.aliases.of("value", value)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A pair of a query or of a form body: name and value decoded, and how they are written."""

    name: str
    value: str
    written_name: str
    equals: str
    written_value: str

    @classmethod
    def read(cls, pair: str) -> Parameter:
        """The parameter that ``pair`` (``name=value``) writes."""
        name, equals, value = pair.partition("=")
        return cls(
            name=unquote_plus(name),
            value=unquote_plus(value),
            written_name=name,
            equals=equals,
            written_value=value,
        )

    def written(self, name: str, value: str) -> str:
        """The pair with another ``name`` and ``value``. Each of them that is the same stays as it
        is written."""
        written_name, written_value = self.written_name, self.written_value
        if name != self.name:
            written_name = quote(name, safe="[]")
        if value != self.value:
            written_value = quote(value, safe="/:,")
        return written_name + self.equals + written_value
