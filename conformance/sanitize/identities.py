"""Detectors of what names a customer, a person or one recording, by its form, anywhere in a text.

Resource hosts end in one of the service suffixes Azure documents for its clouds; everything left of
the suffix is the customer's. Domains of RFC 2606 and addresses of RFC 5737 are nobody's and stay.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote

from conformance.sanitize.edits import Edit
from conformance.sanitize.ids import PREFIX_REACH, id_prefix
from conformance.sanitize.page import Page, left_of, unescaped

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
"""Also where the text was cut off within the last label."""
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
"""Labels that documentation writes where a resource name belongs; the scanner does not take them
for one."""
_SHARED = frozenset({"", "www", "login", "management"})

_MAIL = re.compile(r"(?:@|%40)((?:[a-z0-9](?:[a-z0-9-]{0,62})\.){1,8}[a-z]{2,24})(?![a-z0-9-])")
_MAIL_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-%")
_NOBODY = re.compile(r"(?:.*\.)?(?:example(?:\.(?:com|net|org))?|invalid|test|localhost)")

_PHONE = re.compile(r"\+[1-9][\d ().-]{7,18}\d(?![\w/+=])", re.ASCII)
_PHONE_DIGITS = range(10, 16)
_IP_END = re.compile(r"\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d]|\.\d|[-+]\w)", re.ASCII)
_DIGITS = frozenset("0123456789")
_GUID_MIDDLE = re.compile(r"-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9a-z])")
GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_ID = re.compile(
    r"[-_]([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|[A-Za-z0-9]{12,80}+)(?![A-Za-z0-9_-])"
)
_ALNUM = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_SHAPE = bytes(97 if byte in _ALNUM else 45 if byte in b"-_" else 32 for byte in range(256))
_WORD_SHAPE, _GUID_SHAPE = b"-aaaaaaaaaaaa", b"-aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
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

Detector = Callable[[Page], Iterator[Edit]]


def hosts(page: Page) -> Iterator[Edit]:
    """Names of Azure resources: every label left of a service suffix, with what it is encoded in
    left alone."""
    if not any(word in page.low for word in _HOST_WORDS):
        return
    for found in HOST_SUFFIX.finditer(page.low):
        start = unescaped(page.low, left_of(page.low, found.start(), _HOST_CHARS), found.start())
        label = page.text[start : found.start()].strip(".")
        start = page.text.find(label, start) if label else start
        service = _STORAGE.search(label)
        end = found.start() - (len(service[0]) if service else 0)
        label = page.text[start:end].lower()
        if (
            label in _SHARED
            or page.aliases.is_alias("resource", label)
            or (page.lenient and label in DOCUMENTED)
        ):
            page.aliases.of("resource", label)
            continue
        alias = page.aliases.of("resource", label)
        if alias != label:
            yield Edit(start, end, alias, ("host-resource",))


def emails(page: Page) -> Iterator[Edit]:
    """Addresses, also with ``%40``. Domains that cannot exist stay."""
    if "@" not in page.low and ("%" not in page.low or "%40" not in page.low):
        return
    for found in _MAIL.finditer(page.low):
        start = unescaped(page.low, left_of(page.text, found.start(), _MAIL_CHARS), found.start())
        local = page.text[start : found.start()]
        if not local.strip("._+-%") or _NOBODY.fullmatch(found[1]):
            continue
        alias = page.aliases.of("email", f"{local}@{found[1]}")
        yield Edit(start, found.end(), alias.replace("@", found[0][: -len(found[1])]), ("email",))


def phones(page: Page) -> Iterator[Edit]:
    if "+" not in page.text or page.lenient:
        return
    for found in _PHONE.finditer(page.text):
        if re.match(r"[\w+/=]", page.text[max(0, found.start() - 1)]) and found.start():
            continue
        digits = "+" + re.sub(r"\D", "", found[0])
        if len(digits) - 1 in _PHONE_DIGITS and not page.aliases.is_alias("phone", digits):
            yield Edit(found.start(), found.end(), page.aliases.of("phone", digits), ("phone",))


def addresses(page: Page) -> Iterator[Edit]:
    """IPv4 addresses somebody can be reached at; private, loopback and documentation ones are
    nobody's."""
    for found in _IP_END.finditer(page.text):
        start = left_of(page.text, found.start(), _DIGITS)
        before = page.text[max(0, start - 1) : start]
        if before.isalnum() or before in (".", "-", "_"):
            continue
        address = page.text[start : found.end()]
        try:
            public = ipaddress.IPv4Address(address).is_global
        except ValueError:
            continue
        if public:
            yield Edit(start, found.end(), page.aliases.of("address", address), ("ip-address",))


def guids(page: Page) -> Iterator[Edit]:
    """GUIDs that have an alias already; others may be anything, a test value too."""
    given = page.aliases.given("guid")
    if not given:
        return
    for found in _GUID_MIDDLE.finditer(page.low):
        start = found.start() - 8
        alias = given.get(page.low[start : found.end()]) if start >= 0 else None
        if alias:
            yield Edit(start, found.end(), alias, ("guid-known",))


def service_ids(page: Page) -> Iterator[Edit]:
    """Ids the service made, by prefix and length; the shorter ones of documentation
    (``file-abc123``) stay."""
    prefixes: dict[str, str] = {}
    for found in _ids(page):
        body, start = found[1], found.start(1)
        before = page.text[max(0, start - PREFIX_REACH) : start]
        prefix = prefixes.get(before)
        if prefix is None:
            prefix = prefixes[before] = id_prefix(before, len(before))
        if prefix and not body.isalpha():
            alias = page.aliases.of(prefix, body)
            if alias != body:
                yield Edit(found.start(1), found.end(), alias, ("service-id",))


def _ids(page: Page) -> Iterator[re.Match[str]]:
    """What ``_ID`` finds, looked up by its shape: the pattern would be tried at every dash of a
    text."""
    shape = page.data.translate(_SHAPE)
    word, guid = shape.find(_WORD_SHAPE), shape.find(_GUID_SHAPE)
    while word >= 0 or guid >= 0:
        at = guid if word < 0 or 0 <= guid < word else word
        found = _ID.match(page.text, at)
        if found:
            yield found
        done = found.end() if found else at + 1
        if 0 <= word < done:
            word = shape.find(_WORD_SHAPE, done)
        if 0 <= guid < done:
            guid = shape.find(_GUID_SHAPE, done)


def arm_ids(page: Page) -> Iterator[Edit]:
    """Resource ids, in plain or percent-encoded form: subscription, group and the names after each
    type."""
    if "subscriptions" not in page.low:
        return
    for found in _ARM.finditer(page.low):
        separator = found[1]
        at = found.start() + len(separator)
        parts = page.text[at : found.end()]
        cut = parts.replace("%2F", "%2f").split(separator)
        start, previous, provider = at, "", -1
        for index, part in enumerate(cut):
            kind = _ARM_NAMED.get(previous.lower())
            if (
                kind is None
                and provider >= 0
                and index >= provider + 2
                and (index - provider) % 2 == 0
            ):
                kind = "account"
            if previous.lower() == "providers":
                provider = index
            bare = part.rstrip(".,;:)]}")
            if kind and bare and kind != "deployment" and not _placeholder(bare):
                alias = _alias(page, kind, unquote(bare))
                if alias != unquote(bare):
                    yield Edit(start, start + len(bare), quote(alias), ("arm-id",))
            start += len(part) + len(separator)
            previous = part


def _placeholder(part: str) -> bool:
    return part.startswith(("{", "<", "$", "%7B", "%3C")) or part.strip("*xX") == ""


def _alias(page: Page, kind: str, value: str) -> str:
    if kind == "guid":
        value = value.lower()
    if page.lenient and value.lower() in DOCUMENTED:
        return value
    return page.aliases.of(kind, value)


def literal_hosts(page: Page) -> Iterator[Edit]:
    """Hosts of gateways that were aliased in a URL, wherever they come up again."""
    for host, alias in page.aliases.given("host").items():
        at = page.low.find(host)
        while at >= 0:
            yield Edit(at, at + len(host), alias, ("host-gateway",))
            at = page.low.find(host, at + len(host))


def error_texts(page: Page) -> Iterator[Edit]:
    """The pricing tier, and deployments and regions met before, where error messages name them."""
    if "tier" in page.low:
        for found in _TIER.finditer(page.low):
            if found[1] != "s0":
                yield Edit(found.start(1), found.end(1), "S0", ("error-text",))
    regions = page.aliases.given("region")
    if regions and "region" in page.low:
        known = {name.lower(): alias for name, alias in regions.items()}
        for found in _REGION_TEXT.finditer(page.low):
            if found[1] in known:
                yield Edit(found.start(1), found.end(1), known[found[1]], ("error-text",))
    deployments = page.aliases.given("deployment")
    if deployments and "deployment" in page.low:
        for name, alias in deployments.items():
            for found in re.finditer(
                r"deployment[s]?(?:/|\s+|\s+named\s+)['\"]?(" + re.escape(name) + r")(?![\w-])",
                page.text,
                re.IGNORECASE,
            ):
                yield Edit(found.start(1), found.end(1), alias, ("error-text",))


IDENTITY: tuple[Detector, ...] = (hosts, emails, phones, addresses, arm_ids, literal_hosts)
NOISE: tuple[Detector, ...] = (guids, service_ids, error_texts)
