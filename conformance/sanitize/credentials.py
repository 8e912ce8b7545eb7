"""Detectors of what grants access, by its form, anywhere in a text.

The forms of Azure keys are the published signatures that secret scanners of hosting services look
for too:

- 84 characters with ``JQQJ9`` after the 52nd: AI services since 2024;
- 52 characters with ``AzSe`` after the 42nd: search;
- 88 base64 characters with ``APIM``, ``ACDb``, ``+ABa``, ``+AMC`` or ``+ASt`` after the 76th:
  gateways, databases, storage;
- 32 hexadecimal digits: older AI services.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.sanitize import sas
from conformance.sanitize.edits import Edit
from conformance.sanitize.ids import id_prefix
from conformance.sanitize.page import Detector, Page
from conformance.sanitize.triggers import AnyOf, before_equals, shape_table

SYNTHETIC_TOKEN = "eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9."  # noqa: S105
"""An unsigned JSON Web Token that says nothing but that it ends in 2100."""

# Quantifiers are possessive (*+, ++) where they can be: a text that nearly matches is then given
# up at once, and not tried again with every shorter run.
_ASCII = re.ASCII
_JWT = re.compile(r"eyJ[\w-]{6,}+\.[\w-]{4,}+(?:\.[\w-]*+){1,3}", _ASCII)
_JWT_RUN = re.compile(r"[\w-]*+", _ASCII)
_SK = re.compile(r"sk-(?=[A-Za-z_-]{0,99}\d)[\w-]{16,}", _ASCII)
_EK = re.compile(r"ek_[A-Za-z0-9]{16,}", _ASCII)
_HEX = shape_table({"h": "0123456789abcdefABCDEF"})
_HEX_RUN = b"h" * 32
# The rest of a traceparent (W3C Trace Context) behind its 32 digits.
_TRACE_REST = re.compile(r"-[0-9a-f]{16}-[0-9a-f]{2}(?![\w-])")
_WORD = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_FEWEST_DIGITS = 5
"""Different digits of a run that may be a key; fewer are somebody's placeholder."""
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


def _jwt(page: Page) -> Iterator[Edit]:
    """JSON Web Tokens, of three to five parts."""
    at = page.text.find("eyJ")
    while at >= 0:
        token = _JWT.match(page.text, at)
        if token is not None:
            if token[0] != SYNTHETIC_TOKEN:
                yield Edit(at, token.end(), "<jwt>", ("jwt",))
            end = token.end()
        else:
            # A run that no dot follows is passed over as a whole: base64 may hold many an "eyJ".
            run = _JWT_RUN.match(page.text, at)
            assert run is not None  # it begins with "eyJ"
            end = run.end()
        at = page.text.find("eyJ", end)


_STARTS = AnyOf(
    *("sk-", "ek_", "hf_", "ghp_", "gho_", "ghs_", "github_pat_"),
    *(f"xox{kind}-" for kind in "abprs"),
)
# Searched for apart: words of capitals are rare in the texts where the others are frequent.
_CAPITALS = AnyOf("AKIA", "AIza")
_STARTING = (
    (_SK, "<sk-key>", "openai-key"),
    (_EK, "<client-secret>", "realtime-secret"),
    (_THIRD, "<third-party-key>", "third-party-key"),
)


def _starting(page: Page) -> Iterator[Edit]:
    """Keys that begin in a way no other word does: at the beginning of a word or behind a percent
    escape."""
    text = page.text
    done = dict.fromkeys(_STARTING, 0)
    for at in sorted((*_CAPITALS.places(page.data), *_STARTS.places(page.data))):
        for kind in _STARTING:
            if at < done[kind]:
                continue
            pattern, mask, rule = kind
            key = pattern.match(text, at)
            if key:
                done[kind] = key.end()
                if at == 0 or text[at - 1] not in _WORD or _is_escaped(text, at):
                    yield Edit(at, key.end(), mask, (rule,))


def _is_escaped(text: str, at: int) -> bool:
    """Whether a percent escape (``%3D``) ends at ``at``."""
    return at >= 3 and text[at - 3] == "%"


def _assigned(
    rule: str,
    pattern: re.Pattern[str],
    mask: str,
    *,
    after: str = "",
    names: tuple[str, ...] = (),
) -> Detector:
    """A detector that masks the first group of ``pattern``, which is for texts in lower case.

    A text is only searched when it holds ``after``, or one of ``names`` with an equals sign behind
    it: that is cheaper to see.
    """

    def detect(page: Page) -> Iterator[Edit]:
        if after not in page.low or (names and not before_equals(page.low, names)):
            return
        for match in pattern.finditer(page.low):
            value = page.text[match.start(1) : match.end(1)]
            if value != SYNTHETIC_TOKEN and value.strip("*") and not value.startswith("${"):
                yield Edit(match.start(1), match.end(1), mask, (rule,))

    return detect


def _hexadecimal(page: Page) -> Iterator[Edit]:
    """32 hexadecimal digits that stand alone and are no id.

    A digest in a text looks the same and is masked as well: docs/security.md.
    """
    if page.binary:
        return
    text, shape = page.text, page.data.translate(_HEX)
    start = shape.find(_HEX_RUN)
    while start >= 0:
        end = shape.find(b" ", start)
        if end < 0:
            end = len(text)
        if _is_escaped(text, start):
            # The two digits of the escape before may be part of the run, and are no part of a key.
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
    within = start > 0 and text[start - 1] in _WORD and not _is_escaped(text, start)
    if within or text[end : end + 1] in _WORD or len(set(text[start:end].lower())) < _FEWEST_DIGITS:
        return False
    trace = text[start - 3 : start] == "00-" and _TRACE_REST.match(text, end)
    return not (trace or text[start - 3 : start] == "ft-" or id_prefix(text, start))


def _signed(rule: str, pattern: re.Pattern[str], *signatures: str) -> Detector:
    """A detector of keys that have one of ``signatures`` inside, as ``pattern`` says.

    The signatures must begin with the same letter and be equally long. Keys are looked up by them:
    the pattern alone would read every long run of letters from each of its characters.
    """
    first, size, anyof = signatures[0][0], len(signatures[0]), AnyOf(*signatures)

    def detect(page: Page) -> Iterator[Edit]:
        if first not in page.text:
            return
        done, ready = dict.fromkeys(signatures, 0), dict.fromkeys(signatures, 0)
        for at in sorted(anyof.places(page.data)):
            signature = page.text[at : at + size]
            if at < ready[signature]:
                continue
            key = pattern.search(page.text, max(done[signature], at - 80), at + 60)
            if key:
                yield Edit(key.start(), key.end(), "<api-key>", (rule,))
                done[signature] = key.end()
            ready[signature] = max(at + size, done[signature])

    return detect


def _pem(page: Page) -> Iterator[Edit]:
    """PEM blocks (RFC 7468), also those that are cut off."""
    if "-----BEGIN" not in page.text:
        return
    done = 0
    for begin in _PEM.finditer(page.text):
        if begin.start() >= done:
            done = _end_of_pem(page.text, begin.end())
            yield Edit(begin.start(), done, "<pem>", ("pem",))


def _end_of_pem(text: str, start: int) -> int:
    """Where the block ends whose content begins at ``start``."""
    end = text.find("-----END", start, start + _PEM_LONGEST)
    if end < 0:
        body = _PEM_BODY.match(text, start)
        assert body is not None  # it may be empty
        return body.end()
    label = end + len("-----END")
    dashes = text.find("-----", label, end + 60)
    if dashes < 0:
        return label
    return dashes + len("-----")


def _named(page: Page) -> Iterator[Edit]:
    """``api-key: value`` as logs and curl commands write it. The value must have letters and
    digits: words do not."""
    for pattern, beginnings in _NAMED:
        for match in pattern.finditer(page.low):
            if not page.low[max(0, match.start() - 16) : match.start()].endswith(beginnings):
                continue
            value = page.text[match.start(1) : match.end(1)]
            is_placeholder = value.startswith(("${", SYNTHETIC_TOKEN))
            if _MIXED.match(value) and not is_placeholder and "." not in value:
                yield Edit(match.start(1), match.end(1), "<api-key>", ("bearer-text",))


def _bearer(page: Page) -> Iterator[Edit]:
    """``Bearer token``. Small letters alone are a word that follows the word bearer."""
    if "bearer" not in page.low and "basic" not in page.low:
        return
    for match in _BEARER.finditer(page.low):
        value = page.text[match.start(1) : match.end(1)]
        if value != SYNTHETIC_TOKEN and any(c.isdigit() or c.isupper() for c in value):
            yield Edit(match.start(1), match.end(1), "<token>", ("bearer-text",))


def _account(page: Page) -> Iterator[Edit]:
    """The account that a connection string names."""
    if not before_equals(page.low, ("accountname",)):
        return
    for match in _ACCOUNT.finditer(page.low):
        name = page.text[match.start(1) : match.end(1)]
        alias = page.aliases.of("account", name)
        if alias != name:
            yield Edit(match.start(1), match.end(1), alias, ("connection-string",))


DETECTORS: tuple[Detector, ...] = (
    _jwt,
    _starting,
    _signed("azure-key-84", _KEY_84, "JQQJ9"),
    _signed("azure-key-other", _SIGNED, *("AzSe", "APIM", "ACDb")),
    _signed("azure-key-other", _SIGNED, *("+ABa", "+AMC", "+ASt")),
    _assigned("account-key", _ASSIGNED, "<secret>", names=("key", "secret", "password", "pwd")),
    _assigned("url-credentials", _URL_USER, "<credentials>", after="@"),
    _assigned("header-websocket-key", _SUBPROTOCOL, "<api-key>", after="openai-insecure-api-key."),
    _hexadecimal,
    _pem,
    _named,
    _bearer,
    _account,
    sas.signatures,
)
