"""Detectors of what names a customer, a person or one recording, by its form, anywhere in a text.

The host of a resource ends in one of the suffixes Azure documents for its clouds; everything left
of the suffix is the customer's. Domains of RFC 2606 and addresses of RFC 5737 belong to nobody and
stay.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, unquote

from conformance.sanitize.edits import Edit
from conformance.sanitize.ids import PREFIX_REACH, id_prefix
from conformance.sanitize.page import Detector, Page, left_of, unescaped
from conformance.sanitize.triggers import shape_table

_SUFFIXES = (
    r"openai\.azure",
    r"cognitiveservices\.azure",
    r"services\.ai\.azure",
    r"search\.azure",
    r"inference\.ml\.azure",
    r"inference\.ai\.azure",
    r"models\.ai\.azure",
    r"(?:mongo\.)?cosmos\.azure",
    r"documents\.azure",
    r"vault\.azure",
    r"azure-api",
    r"azurewebsites",
    r"azurefd",
    r"azurecr",
    r"azurecontainerapps",
    r"usgovcloudapi",
    r"chinacloudapi",
    r"core\.windows",
    r"search\.windows",
    r"database\.windows",
    r"servicebus\.windows",
)
HOST_SUFFIX = re.compile(
    r"(?:\.(?:blob|queue|table|file|dfs|web))?\.(?:" + "|".join(_SUFFIXES) + r")"
    r"(?:\.(?:com|net|us|cn|io)(?![\w-])|(?:\.[a-z]{0,2})?\Z)",
    re.ASCII,
)
"""The suffix of a resource's host, also where the text was cut off within the last label."""
_HOST_WORDS = ("azure", ".windows.net", "cloudapi")
_HOST_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._")
_STORAGE = re.compile(r"(?:\.(?:blob|queue|table|file|dfs|web|privatelink))+\Z")
DOCUMENTED = frozenset(
    {
        "conformance",
        "example",
        "contoso",
        "fabrikam",
        "my-resource",
        "your-resource",
        "your-resource-name",
        "your_resource_name",
        "resource",
        "my-aoai",
        "test",
        "azure",
    }
)
"""Labels that documentation writes where a resource name belongs. A lenient page keeps them."""
_SHARED = frozenset({"", "www", "login", "management"})
"""Labels that name a service of Microsoft's own, or nothing."""

_MAIL = re.compile(r"(?:@|%40)((?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}[a-z]{2,24})(?![a-z0-9-])")
_MAIL_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-%")
NOBODY = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|invalid|test|localhost)")
"""Hosts that RFC 2606 and RFC 6761 keep from belonging to anybody, in lower case."""

_PHONE = re.compile(r"\+[1-9][\d ().-]{7,18}\d(?![\w/+=])", re.ASCII)
# A plus sign behind one of these stands within a longer text, such as base64.
_BEFORE_NO_PHONE = re.compile(r"[\w+/=]")
# An international number has at most 15 digits (E.164).
_PHONE_DIGITS = range(10, 16)
_IP_END = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d]|\.\d|[-+]\w)", re.ASCII)
_DIGITS = frozenset("0123456789")
_GUID_MIDDLE = re.compile(r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])")
_ID = re.compile(
    r"[-_]([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[A-Za-z0-9]{12,80}+)(?![A-Za-z0-9_-])"
)
_ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SHAPE = shape_table({"a": _ALNUM, "-": "-_"})
_WORD_SHAPE, _GUID_SHAPE = b"-aaaaaaaaaaaa", b"-aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
# Azure Resource Manager ids: /subscriptions/<guid>/resourceGroups/<name>/providers/...
_ARM = re.compile(r"(/|%2f)subscriptions(?:/|%2f)([^\s\"'<>\\?&#]+)")
_ARM_NAMED = {
    "subscriptions": "guid",
    "resourcegroups": "resource-group",
    "deployments": "deployment",
    "userassignedidentities": "account",
}
_TIER = re.compile(r"(?<=openai )(\w+)(?= pricing tier)")
_REGION_TEXT = re.compile(
    r"(?<=region )'?\"?([a-z][a-z0-9 ]{2,24})'?\"?(?=[.,;]| (?:is|has|does|region))"
)


def hosts(page: Page) -> Iterator[Edit]:
    """Names of Azure resources: all labels left of a service suffix. A percent escape before them
    is left alone."""
    if not any(word in page.low for word in _HOST_WORDS):
        return
    for suffix in HOST_SUFFIX.finditer(page.low):
        end = suffix.start()
        start = unescaped(page.low, left_of(page.low, end, _HOST_CHARS), end)
        labels = page.text[start:end].strip(".")
        if labels:
            start = page.text.find(labels, start)
        storage = _STORAGE.search(labels)
        if storage:
            end -= len(storage[0])
        label = page.text[start:end].lower()
        documented = page.lenient and label in DOCUMENTED
        if label in _SHARED or page.aliases.is_alias("resource", label) or documented:
            # Asked for all the same: where the label has the form of an alias, its number is taken.
            page.aliases.of("resource", label)
            continue
        alias = page.aliases.of("resource", label)
        if alias != label:
            yield Edit(start, end, alias, ("host-resource",))


def emails(page: Page) -> Iterator[Edit]:
    """E-mail addresses, also with ``%40`` for the sign. Domains that cannot exist stay."""
    if "@" not in page.low and ("%" not in page.low or "%40" not in page.low):
        return
    for match in _MAIL.finditer(page.low):
        domain = match[1]
        start = unescaped(page.low, left_of(page.text, match.start(), _MAIL_CHARS), match.start())
        local = page.text[start : match.start()]
        if not local.strip("._+-%") or NOBODY.fullmatch(domain):
            continue
        sign = match[0][: -len(domain)]
        alias = page.aliases.of("email", f"{local}@{domain}")
        yield Edit(start, match.end(), alias.replace("@", sign), ("email",))


def phones(page: Page) -> Iterator[Edit]:
    """Telephone numbers in international form. A lenient page keeps them."""
    if "+" not in page.text or page.lenient:
        return
    for match in _PHONE.finditer(page.text):
        start = match.start()
        if start and _BEFORE_NO_PHONE.match(page.text[start - 1]):
            continue
        digits = "+" + re.sub(r"\D", "", match[0])
        if len(digits) - 1 in _PHONE_DIGITS and not page.aliases.is_alias("phone", digits):
            yield Edit(start, match.end(), page.aliases.of("phone", digits), ("phone",))


def addresses(page: Page) -> Iterator[Edit]:
    """IPv4 addresses at which somebody can be reached. Private, loopback and documentation
    addresses stay."""
    for rest in _IP_END.finditer(page.text):
        start = left_of(page.text, rest.start(), _DIGITS)
        before = page.text[max(0, start - 1) : start]
        if before.isalnum() or before in (".", "-", "_"):
            continue
        address = page.text[start : rest.end()]
        try:
            public = ipaddress.IPv4Address(address).is_global
        except ValueError:
            continue
        if public:
            yield Edit(start, rest.end(), page.aliases.of("address", address), ("ip-address",))


def guids(page: Page) -> Iterator[Edit]:
    """GUIDs that have an alias already. Any other may be anything, a value of a test too."""
    aliases = page.aliases.met("guid")
    if not aliases:
        return
    for rest in _GUID_MIDDLE.finditer(page.low):
        start = rest.start() - 8
        if start < 0:
            continue
        alias = aliases.get(page.low[start : rest.end()])
        if alias:
            yield Edit(start, rest.end(), alias, ("guid-known",))


def service_ids(page: Page) -> Iterator[Edit]:
    """Ids the service made, by prefix and length. The shorter ones of documentation
    (``file-abc123``) stay."""
    # Remembered by the characters before an id: a stream repeats the same few in every event.
    prefixes: dict[str, str] = {}
    for match in _ids(page):
        body, start = match[1], match.start(1)
        before = page.text[max(0, start - PREFIX_REACH) : start]
        prefix = prefixes.get(before)
        if prefix is None:
            prefix = prefixes[before] = id_prefix(before, len(before))
        if prefix and not body.isalpha():
            alias = page.aliases.of(prefix, body)
            if alias != body:
                yield Edit(start, match.end(), alias, ("service-id",))


def _ids(page: Page) -> Iterator[re.Match[str]]:
    """The matches of ``_ID``, looked up by their shape: the pattern alone would be tried at every
    dash of a text."""
    shape = page.data.translate(_SHAPE)
    word, guid = shape.find(_WORD_SHAPE), shape.find(_GUID_SHAPE)
    while word >= 0 or guid >= 0:
        at = word
        if word < 0 or 0 <= guid < word:
            at = guid
        done = at + 1
        match = _ID.match(page.text, at)
        if match:
            done = match.end()
            yield match
        if 0 <= word < done:
            word = shape.find(_WORD_SHAPE, done)
        if 0 <= guid < done:
            guid = shape.find(_GUID_SHAPE, done)


def arm_ids(page: Page) -> Iterator[Edit]:
    """Ids of Azure Resource Manager, plain or percent-encoded: subscription, resource group, and
    the name behind each type."""
    if "subscriptions" not in page.low:
        return
    for match in _ARM.finditer(page.low):
        separator = match[1]
        start = match.start() + len(separator)
        parts = page.text[start : match.end()].replace("%2F", "%2f").split(separator)
        for part, kind in zip(parts, _kinds_of_parts(parts), strict=True):
            bare = part.rstrip(".,;:)]}")
            # Deployments have a rule of their own, path-deployment.
            if kind and bare and kind != "deployment" and not _is_placeholder(bare):
                alias = _alias(page, kind, unquote(bare))
                if alias != unquote(bare):
                    yield Edit(start, start + len(bare), quote(alias), ("arm-id",))
            start += len(part) + len(separator)


def _kinds_of_parts(parts: list[str]) -> Iterator[str | None]:
    """What each part of a resource id names, as a kind of alias; None for a word of Azure's.

    Behind ``providers`` stands the provider, and behind it types and names take turns.
    """
    previous, provider = "", -1
    for index, part in enumerate(parts):
        kind = _ARM_NAMED.get(previous.lower())
        behind = index - provider
        if kind is None and provider >= 0 and behind >= 2 and behind % 2 == 0:
            kind = "account"
        if previous.lower() == "providers":
            provider = index
        yield kind
        previous = part


def _is_placeholder(part: str) -> bool:
    return part.startswith(("{", "<", "$", "%7B", "%3C")) or part.strip("*xX") == ""


def _alias(page: Page, kind: str, value: str) -> str:
    if kind == "guid":
        value = value.lower()
    if page.lenient and value.lower() in DOCUMENTED:
        return value
    return page.aliases.of(kind, value)


def literal_hosts(page: Page) -> Iterator[Edit]:
    """Hosts of gateways that got an alias in a URL, wherever they come up again."""
    for host, alias in page.aliases.met("host").items():
        at = page.low.find(host)
        while at >= 0:
            yield Edit(at, at + len(host), alias, ("host-gateway",))
            at = page.low.find(host, at + len(host))


def error_texts(page: Page) -> Iterator[Edit]:
    """What error messages name: the pricing tier, and deployments and regions met before."""
    if "tier" in page.low:
        for match in _TIER.finditer(page.low):
            if match[1] != "s0":
                yield Edit(match.start(1), match.end(1), "S0", ("error-text",))
    regions = page.aliases.met("region")
    if regions and "region" in page.low:
        by_low_name = {name.lower(): alias for name, alias in regions.items()}
        for match in _REGION_TEXT.finditer(page.low):
            if match[1] in by_low_name:
                alias = by_low_name[match[1]]
                yield Edit(match.start(1), match.end(1), alias, ("error-text",))
    if "deployment" in page.low:
        for name, alias in page.aliases.met("deployment").items():
            for match in _deployment_text(name).finditer(page.text):
                yield Edit(match.start(1), match.end(1), alias, ("error-text",))


@lru_cache(maxsize=256)
def _deployment_text(name: str) -> re.Pattern[str]:
    """The deployment ``name`` where a message says that it is one. A name may be any word, so
    nothing else tells."""
    return re.compile(
        r"deployment[s]?(?:/|\s+|\s+named\s+)['\"]?(" + re.escape(name) + r")(?![\w-])",
        re.IGNORECASE,
    )


IDENTITY: tuple[Detector, ...] = (hosts, emails, phones, addresses, arm_ids, literal_hosts)
"""Detectors of what names somebody."""
NOISE: tuple[Detector, ...] = (guids, service_ids, error_texts)
"""Detectors of what merely differs between recordings, or names somebody met before."""
