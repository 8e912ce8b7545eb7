"""Detectors of what grants access, by its form, anywhere in a text.

The forms of Azure keys: 84 characters with ``JQQJ9`` after the 52nd (AI services since 2024); 52
characters with ``AzSe`` after the 42nd (search); 88 base64 characters with ``APIM``, ``ACDb``,
``+ABa``, ``+AMC`` or ``+ASt`` after the 76th (gateways, databases, storage); 32 hexadecimal digits
(older AI services). These are the published signatures that secret scanners of hosting services
look for too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from conformance.sanitize.edits import Edit
from conformance.sanitize.ids import id_prefix
from conformance.sanitize.page import STRETCH, Page, left_of
from conformance.sanitize.triggers import AnyOf, before_equals

SYNTHETIC_TOKEN = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9."  # noqa: S105
"""An unsigned token that says nothing but that it ends in 2100."""

_ASCII = re.ASCII
_JWT = re.compile(r"eyJ[\w-]{6,}+\.[\w-]{4,}+(?:\.[\w-]*+){1,3}", _ASCII)
_JWT_RUN = re.compile(r"[\w-]*+", _ASCII)
_SK = re.compile(r"sk-(?=[A-Za-z_-]{0,99}\d)[\w-]{16,}", _ASCII)
_EK = re.compile(r"ek_[A-Za-z0-9]{16,}", _ASCII)
_HEX = bytes(104 if chr(byte) in "0123456789abcdefABCDEF" else 32 for byte in range(256))
_HEX_RUN = b"h" * 32
_TRACE_REST = re.compile(r"-[0-9a-f]{16}-[0-9a-f]{2}(?![\w-])")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_FEWEST_DIGITS = 5
_KEY_84 = re.compile(r"[A-Za-z0-9]{52}JQQJ9[A-Za-z0-9]{27}(?:[A-Za-z0-9]{2}==)?")
_SIGNED = re.compile(
    r"[A-Za-z0-9]{42}AzSe[A-D][A-Za-z0-9]{5}"
    r"|[A-Za-z0-9+/]{76}(?:APIM|ACDb|\+(?:ABa|AMC|ASt))[A-Za-z0-9+/]{5}[AQgw]=="
)
_THIRD = re.compile(
    r"gh[pos]_[A-Za-z0-9]{36}|github_pat_\w{40,}|AKIA[0-9A-Z]{16}|xox[abprs]-[\w-]{20,}"
    r"|hf_[A-Za-z]{30,}|AIza[\w-]{35}",
    _ASCII,
)
_ASSIGNED = re.compile(
    r"(?:accountkey|sharedaccesskey|sharedsecret|instrumentationkey|accesskey|password|pwd)="
    r"([^;\"'\s&<>,\\]{6,})"
)
_ACCOUNT = re.compile(r"accountname=([^;\"'\s&<>,\\]+)")
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]{2,40}-----")
_PEM_BODY = re.compile(r"[A-Za-z0-9+/=\s\\]*+")
_PEM_LONGEST = 20_000
_BEARER = re.compile(r"\b(?:bearer|basic)(?:\s|%20|\+)+([A-Za-z0-9._~+/=-]{16,})")
_VALUE = r"[\"']?\s*(?:[:=]|%3d)\s*[\"']?([^\s\"',;&(){}\[\]<>\\]{16,})"
_NAMED = tuple(
    (re.compile(last + _VALUE), firsts)
    for last, firsts in (
        ("key", ("api-", "api_", "api", "subscription-", "subscription_")),
        ("secret", ("client-", "client_")),
        ("token", ("access-", "access_", "refresh-", "refresh_")),
    )
)
_URL_USER = re.compile(r"://([^/\s:@\"'<>]{1,256}:[^/\s@\"'<>]{1,256})@")
_SUBPROTOCOL = re.compile(r"openai-insecure-api-key\.([^\s,\"'<]+)")
_MIXED = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])", re.DOTALL)

Detector = Callable[[Page], Iterator[Edit]]


def _jwt(page: Page) -> Iterator[Edit]:
    """Tokens of three to five parts. A run of characters that no dot follows is passed over as a
    whole."""
    at = page.text.find("eyJ")
    while at >= 0:
        found = _JWT.match(page.text, at)
        if found is None:
            run = _JWT_RUN.match(page.text, at)
            at = page.text.find("eyJ", run.end() if run else at + 1)
            continue
        if found[0] != SYNTHETIC_TOKEN:
            yield Edit(at, found.end(), "<jwt>", ("jwt",))
        at = page.text.find("eyJ", found.end())


_STARTS = AnyOf(
    "sk-", "ek_", "hf_", "ghp_", "gho_", "ghs_", "github_pat_", *(f"xox{kind}-" for kind in "abprs")
)
_CAPITALS = AnyOf("AKIA", "AIza")
_STARTING = (
    (_SK, "<sk-key>", "openai-key"),
    (_EK, "<client-secret>", "realtime-secret"),
    (_THIRD, "<third-party-key>", "third-party-key"),
)


def _starting(page: Page) -> Iterator[Edit]:
    """Keys with a beginning of their own, unless that is inside a word and no percent escape. Words
    of capitals (``AKIA``) are searched for apart: they are rare where the others are frequent."""
    text = page.text
    done = dict.fromkeys(_STARTING, 0)
    for at in sorted((*_CAPITALS.places(page.data), *_STARTS.places(page.data))):
        for kind in _STARTING:
            found = kind[0].match(text, at) if at >= done[kind] else None
            if found:
                done[kind] = found.end()
                if at == 0 or text[at - 1] not in _WORD or (at >= 3 and text[at - 3] == "%"):
                    yield Edit(at, found.end(), kind[1], (kind[2],))


def _assigned(rule: str, pattern: re.Pattern[str], mask: str, sign: str, *names: str) -> Detector:
    """A detector that masks what the first group of ``pattern`` matches in the text in lower case,
    if ``sign`` is in it (behind one of ``names``)."""

    def detect(page: Page) -> Iterator[Edit]:
        if before_equals(page.low, names) if names else sign in page.low:
            for found in pattern.finditer(page.low):
                value = page.text[found.start(1) : found.end(1)]
                if value != SYNTHETIC_TOKEN and value.strip("*") and not value.startswith("${"):
                    yield Edit(found.start(1), found.end(1), mask, (rule,))

    return detect


def _hexadecimal(page: Page) -> Iterator[Edit]:
    """32 hexadecimal digits that stand alone and are no id. Runs of a few digits are somebody's
    placeholder."""
    if page.binary:
        return
    text, shape = page.text, page.data.translate(_HEX)
    start = shape.find(_HEX_RUN)
    while start >= 0:
        end = shape.find(b" ", start)
        end = len(text) if end < 0 else end
        if start >= 3 and text[start - 3] == "%":
            start += max(0, end - start - 32)
        if (
            end - start == 32
            and _stands_alone(text, start, end)
            and text[start:end] not in page.aliases.keep
        ):
            yield Edit(start, end, "<api-key>", ("azure-key-32",))
        start = shape.find(_HEX_RUN, end)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a key could begin and end here: not within a word, a service id, a fine-tuned model
    or a trace id."""
    within = start > 0 and text[start - 1] in _WORD and not (start >= 3 and text[start - 3] == "%")
    if within or text[end : end + 1] in _WORD or len(set(text[start:end].lower())) < _FEWEST_DIGITS:
        return False
    trace = text[start - 3 : start] == "00-" and _TRACE_REST.match(text, end)
    return not (trace or text[start - 3 : start] == "ft-" or id_prefix(text, start))


def _signed(rule: str, pattern: re.Pattern[str], *signatures: str) -> Detector:
    """Keys with a signature inside: looked up by the signature, as a run before it could be long.
    The signatures begin with one letter and are equally long."""
    first, size, anyof = signatures[0][0], len(signatures[0]), AnyOf(*signatures)

    def detect(page: Page) -> Iterator[Edit]:
        if first not in page.text:
            return
        done, ready = dict.fromkeys(signatures, 0), dict.fromkeys(signatures, 0)
        for at in sorted(anyof.places(page.data)):
            signature = page.text[at : at + size]
            if at < ready[signature]:
                continue
            found = pattern.search(page.text, max(done[signature], at - 80), at + 60)
            if found:
                yield Edit(found.start(), found.end(), "<api-key>", (rule,))
                done[signature] = found.end()
            ready[signature] = max(at + size, done[signature])

    return detect


def _pem(page: Page) -> Iterator[Edit]:
    text, done = page.text, 0
    if "-----BEGIN" not in text:
        return
    for found in _PEM.finditer(text):
        if found.start() < done:
            continue
        end = text.find("-----END", found.end(), found.end() + _PEM_LONGEST)
        if end >= 0:
            done = (
                min(len(text), text.find("-----", end + 8, end + 60) + 5)
                if "-----" in text[end + 8 : end + 60]
                else (end + 8)
            )
        else:
            body = _PEM_BODY.match(text, found.end())
            done = body.end() if body else found.end()
        yield Edit(found.start(), done, "<pem>", ("pem",))


def _named(page: Page) -> Iterator[Edit]:
    """``api-key: value`` as logs and curl commands write it. The value must look like one: words do
    not."""
    for pattern, firsts in _NAMED:
        for found in pattern.finditer(page.low):
            if page.low[max(0, found.start() - 16) : found.start()].endswith(firsts):
                value = page.text[found.start(1) : found.end(1)]
                if (
                    _MIXED.match(value)
                    and not value.startswith(("${", SYNTHETIC_TOKEN))
                    and "." not in value
                ):
                    yield Edit(found.start(1), found.end(1), "<api-key>", ("bearer-text",))


def _bearer(page: Page) -> Iterator[Edit]:
    """``Bearer token``. Small letters alone are a word that follows the word bearer."""
    if "bearer" in page.low or "basic" in page.low:
        for found in _BEARER.finditer(page.low):
            value = page.text[found.start(1) : found.end(1)]
            if value != SYNTHETIC_TOKEN and any(c.isdigit() or c.isupper() for c in value):
                yield Edit(found.start(1), found.end(1), "<token>", ("bearer-text",))


def _account(page: Page) -> Iterator[Edit]:
    if before_equals(page.low, ("accountname",)):
        for found in _ACCOUNT.finditer(page.low):
            name = page.text[found.start(1) : found.end(1)]
            alias = page.aliases.of("account", name)
            if alias != name:
                yield Edit(found.start(1), found.end(1), alias, ("connection-string",))


_SAS_NAMES = re.compile(
    r"(?:^|[?&;]|\\u0026|&amp;|%26|%3f|%253f|%2526)"
    r"(sig|skoid|sktid|skt|ske|se|st|sip|sdd)(=|%3d|%253d)"
    r"((?:(?!%26|%2526)[^&;\s\"'<>\\])*+)",
    re.IGNORECASE,
)
_SAS_SIG = re.compile(
    r"(?:(?<![a-z0-9_])|(?<=%26)|(?<=%3f)|(?<=526)|(?<=53f)|(?<=0026))sig(?:=|%3d|%253d)"
)
_BLOB = re.compile(r"\.core\.[a-z.]+(/[^?#\s\"'<>\\]*)\?")
_URL_STOPS = frozenset(chr(c) for c in range(33, 256)) - frozenset("\"'<>\\")
_URL_REST = re.compile(r"(?:[^\s\"'<>\\]|\\u0026|<sig>)*+")
_SAS = {
    "sig": ("sas-signature", "<sig>"),
    "skoid": ("sas-identity", "00000000-0000-0000-0000-000000000000"),
    "sktid": ("sas-identity", "00000000-0000-0000-0000-000000000000"),
}
_SAS_REST = ("sas-time", "2000-01-01T00:00:00Z")
_SHORTEST_SIG = 8
_SAID = frozenset({"redacted", "sanitized", "sanitised", "xxxxxxxx"})
"""What other recorders write where a signature stood."""


def _sas(page: Page) -> Iterator[Edit]:
    """Shared access signatures: the parameters around each ``sig``, which alone makes their short
    names mean this."""
    if not before_equals(page.low, ("sig",)) and ("%" not in page.low or "sig%" not in page.low):
        return
    done = 0
    for found in _SAS_SIG.finditer(page.low):
        if found.start() < done:
            continue
        start = max(done, left_of(page.text, found.start(), _URL_STOPS))
        rest = _URL_REST.match(page.text, found.end(), found.end() + STRETCH)
        done = rest.end() if rest else found.end()
        url = page.text[start:done]
        if "<sig>" not in url and not _signature(url):
            continue
        for edit in _sas_parts(page, url):
            yield Edit(start + edit.start, start + edit.end, edit.replacement, edit.rules)


def _signature(url: str) -> bool:
    return any(
        m[1].lower() == "sig" and len(m[3]) >= _SHORTEST_SIG and m[3].lower() not in _SAID
        for m in _SAS_NAMES.finditer(url)
    )


def _sas_parts(page: Page, url: str) -> Iterator[Edit]:
    for part in _SAS_NAMES.finditer(url):
        rule, mask = _SAS.get(part[1].lower(), _SAS_REST)
        if part[3] and part[3] != mask and (page.noise or rule != "sas-time"):
            yield Edit(part.start(3), part.end(3), mask, (rule,))
    blob = _BLOB.search(url)
    if blob and page.noise and blob[1].strip("/"):
        folder, _, name = blob[1].rpartition("/")
        alias = page.aliases.of(
            "blob", name if "blob-" in name and folder in ("", "/c") else blob[1]
        )
        if f"/c/{alias}" != blob[1]:
            yield Edit(blob.start(1), blob.end(1), f"/c/{alias}", ("blob-path",))


DETECTORS: tuple[Detector, ...] = (
    _jwt,
    _starting,
    _signed("azure-key-84", _KEY_84, "JQQJ9"),
    _signed("azure-key-other", _SIGNED, "AzSe", "APIM", "ACDb"),
    _signed("azure-key-other", _SIGNED, "+ABa", "+AMC", "+ASt"),
    _assigned("account-key", _ASSIGNED, "<secret>", "=", "key", "secret", "password", "pwd"),
    _assigned("url-credentials", _URL_USER, "<credentials>", "@"),
    _assigned("header-websocket-key", _SUBPROTOCOL, "<api-key>", "openai-insecure-api-key."),
    _hexadecimal,
    _pem,
    _named,
    _bearer,
    _account,
    _sas,
)
