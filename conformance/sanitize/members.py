"""Detectors of what a JSON member holds, by its name: credentials, users, data sources, tool
servers, time stamps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from conformance.sanitize.credentials import SYNTHETIC_TOKEN
from conformance.sanitize.edits import Edit
from conformance.sanitize.ids import GUID
from conformance.sanitize.jsontext import (
    ESCAPED,
    STRING,
    Leaf,
    decoded,
    encoded,
    key_of,
    leaves_below,
    one_of,
)
from conformance.sanitize.page import Detector, Page

EPOCH = 1_200_000_000
"""2008-01-10T21:20:00Z, in seconds: what the first time stamp of a recording set becomes."""
_BEFORE_THE_SERVICE = 1_400_000_000
"""In seconds. Every time stamp before it, in 2014, is sanitised already: the service did not exist,
and no file of it outlives a recording by six years."""
STEP = 600
"""Seconds to which distances between time stamps are rounded: how long a call took is noise, that
something expires in a day is not."""

_SECRETS: Mapping[str, str] = {
    **dict.fromkeys(
        (
            "api_key",
            "apikey",
            "api-key",
            "x-api-key",
            "ocp-apim-subscription-key",
            "subscription-key",
            "authorization",
            "secret",
            "encoded_api_key",
            "key_and_key_id",
            "connection_string",
            "account_key",
            "sas_token",
            "private_key",
            "webhook_secret",
            "connectionstring",
            "encodedapikey",
        ),
        "body-credential",
    ),
    **dict.fromkeys(("client_secret", "client_assertion", "password"), "token-request"),
    **dict.fromkeys(("access_token", "id_token", "refresh_token", "client_info"), "token-response"),
}
_GUIDS = frozenset(
    {
        "tenant_id",
        "tenantid",
        "client_id",
        "clientid",
        "object_id",
        "objectid",
        "principal_id",
        "principalid",
        "subscription_id",
        "subscriptionid",
        "oid",
        "tid",
    }
)
_ALIASED: Mapping[str, tuple[str, str]] = {
    "user": ("user-field", "user"),
    "safety_identifier": ("user-field", "safety"),
    "prompt_cache_key": ("user-field", "cache"),
    "organization_id": ("organization-field", "organization"),
    "organisation_id": ("organization-field", "organization"),
    "encrypted_content": ("opaque-blob", "opaque"),
    "reasoning_signature": ("opaque-blob", "opaque"),
    "filename": ("multipart-filename", "file"),
    "model": ("path-deployment", "deployment"),
    "id": ("service-id", "guid"),
}
_TIMES = (
    "created",
    "created_at",
    "expires_at",
    "completed_at",
    "failed_at",
    "cancelled_at",
    "cancelling_at",
    "in_progress_at",
    "finalizing_at",
    "expired_at",
    "finished_at",
    "started_at",
    "last_active_at",
    "incomplete_at",
    "expires_on",
    "updated_at",
)


_SECRET_MEMBER = re.compile(
    r'"(' + one_of([*_SECRETS, *_GUIDS]) + r')"\s*:\s*(?:' + STRING + r"|(\[[^\[\]{}]*+\]))",
    re.DOTALL,
)
_PLAIN_MEMBER = re.compile(r'"(' + one_of(_ALIASED) + r')"\s*:\s*' + STRING, re.DOTALL)
_TIME_MEMBER = re.compile(r'"(' + one_of(_TIMES) + r')"\s*:\s*([12]\d{9})(?:\.\d+)?(?![\d.eE])')
_PADDING = re.compile(r'"obfuscation"\s*:\s*"([^"\\]+)"')
_LIST_ITEM = re.compile(STRING, re.DOTALL)
# What stands where a secret stood: <...>, {...}, ${...}, stars, crosses, or a word that says so.
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\$?\{+[^{}]*\}+|\*+|x+|X+|(?i:redacted|masked|fake|dummy)", re.DOTALL
)
_ESCAPED_KEY = re.compile(ESCAPED.pattern + r"(?=\s*:)", re.DOTALL)


def is_placeholder(value: str) -> bool:
    """Whether ``value`` is no secret, but stands where one stood or belongs."""
    return not value or value == SYNTHETIC_TOKEN or bool(_PLACEHOLDER.fullmatch(value))


def secret_members(page: Page) -> Iterator[Edit]:
    """Credentials by the name of their member: in any case, at any depth, also where the text was
    cut off. The value is a text or a list of texts."""
    if page.binary:
        return
    for member in _SECRET_MEMBER.finditer(page.low):
        for start, end in _values_of(member):
            value = decoded(page.text[start:end])
            if value is not None:
                replacement = _secret_replaced(page, member[1], value)
                if replacement is not None:
                    clean, rule = replacement
                    yield Edit(start, end, clean, (rule,))


def _values_of(member: re.Match[str]) -> list[tuple[int, int]]:
    """The spans of the texts that a match of ``_SECRET_MEMBER`` holds."""
    values = member[3]
    if values is None:
        return [member.span(2)]
    start = member.start(3)
    return [(start + item.start(1), start + item.end(1)) for item in _LIST_ITEM.finditer(values)]


def _secret_replaced(page: Page, name: str, value: str) -> tuple[str, str] | None:
    """What ``value`` of the member ``name`` becomes, and by which rule; None when it stays."""
    if name in _GUIDS:
        if not GUID.fullmatch(value):
            return None
        alias = page.aliases.of("guid", value.lower())
        if alias == value:
            return None
        return alias, "guid-identity"
    if is_placeholder(value):
        return None
    if name == "authorization" and value.partition(" ")[2] == "<token>":
        return None
    rule = _SECRETS[name]
    if rule == "token-response":
        return SYNTHETIC_TOKEN, rule
    return "<secret>", rule


def escaped_names(page: Page) -> Iterator[Edit]:
    """Names of credentials that are written with escapes though they need none: made plain, so
    that :func:`secret_members` knows them in the next round."""
    # A single character is found faster than two, and most texts have none.
    if "\\" not in page.text or "\\u" not in page.text:
        return
    for key in _ESCAPED_KEY.finditer(page.text):
        name = key_of(key[1])
        if name.lower() in _SECRETS:
            yield Edit(key.start(1), key.end(1), name, ("body-credential",))


def plain_members(page: Page) -> Iterator[Edit]:
    """End users, file names, opaque blobs and deployments in the members of the service's own
    objects."""
    for member in _PLAIN_MEMBER.finditer(page.text):
        rule, kind = _ALIASED[member[1]]
        value = decoded(member[2])
        if not value or not _is_aliased(page, kind, value):
            continue
        if kind == "file":
            value = basename(value)
        alias = encoded(page.aliases.of(kind, value), member[2])
        if alias != member[2]:
            yield Edit(member.start(2), member.end(2), alias, (rule,))


def _is_aliased(page: Page, kind: str, value: str) -> bool:
    """Whether ``value`` of a member that may hold a ``kind`` is one."""
    if kind == "deployment":
        # ``model`` names a model where no deployment of that name was met, and then stays.
        return value in page.aliases.met(kind) or value in page.aliases.names
    if kind == "guid":
        # Ids with a prefix have a rule of their own, service-id.
        return GUID.fullmatch(value) is not None
    return True


def basename(name: str) -> str:
    """The last part of a path of either system."""
    return re.split(r"[/\\]", name)[-1]


def times(page: Page) -> Iterator[Edit]:
    """Time stamps. The first of a set becomes :data:`EPOCH`; others stand as far from it as they
    did, rounded to :data:`STEP`."""
    for member in _TIME_MEMBER.finditer(page.text):
        moment = int(member[2])
        if moment < _BEFORE_THE_SERVICE:
            continue
        if page.aliases.origin is None:
            page.aliases.origin = moment
        distance = STEP * round((moment - page.aliases.origin) / STEP)
        # Kept below the limit above, so that sanitising again leaves it alone.
        steady = str(EPOCH + min(distance, _BEFORE_THE_SERVICE - EPOCH - STEP))
        if member.end() > member.end(2):
            steady += ".0"
        yield Edit(member.start(2), member.end(), steady, ("timestamp",))


def padding(page: Page) -> Iterator[Edit]:
    """The random padding by which the service hides the length of tokens in a stream."""
    if "obfuscation" in page.text:
        for member in _PADDING.finditer(page.text):
            yield Edit(member.start(1), member.end(1), "", ("obfuscation",))


_SOURCES = re.compile(r'"data_?sources"\s*:\s*(?=[\[{])', re.IGNORECASE)
_SOURCE_SECRETS = frozenset(
    {
        "key",
        "access_token",
        "encoded_api_key",
        "key_and_key_id",
        "connection_string",
        "password",
        "authorization",
        "api_key",
        "user_assertion",
        "accesstoken",
        "apikey",
    }
)
_SOURCE_NAMES: Mapping[str, str] = {
    "index_name": "index",
    "indexname": "index",
    "collection_name": "index",
    "container_name": "index",
    "database_name": "index",
    "environment": "index",
    "app_name": "index",
    "endpoint": "url",
    "project_resource_id": "account",
    "username": "user",
    "deployment_name": "deployment",
    "role_information": "value",
}


def data_sources(page: Page) -> Iterator[Edit]:
    """Azure OpenAI On Your Data: keys in request bodies, and the names of what they open."""
    if 'sources"' not in page.low:
        return
    for leaves in leaves_below(page.text, _SOURCES):
        for leaf in leaves:
            if not leaf.path:
                continue
            name = str(leaf.path[-1]).lower()
            value = decoded(page.text[leaf.start : leaf.end])
            if name in _SOURCE_SECRETS and value and not is_placeholder(value):
                yield Edit(leaf.start, leaf.end, "<secret>", ("data-source-credential",))
            elif name in _SOURCE_NAMES and value and page.noise:
                yield from _source_name(page, _SOURCE_NAMES[name], value, leaf)


def _source_name(page: Page, kind: str, value: str, leaf: Leaf) -> Iterator[Edit]:
    low = value.lower()
    if kind == "url":
        # A host of Azure gets its alias from the detector of hosts; ".example" is an alias.
        is_aliased_host = any(word in low for word in ("azure", "windows.net", ".example"))
        if not low.startswith("http") or is_aliased_host:
            return
    alias = page.aliases.of(kind, value)
    if alias != value:
        clean = encoded(alias, page.text[leaf.start : leaf.end])
        yield Edit(leaf.start, leaf.end, clean, ("data-source-name",))


_TOOLS = re.compile(r'"tools"\s*:\s*(?=\[)')


def tool_servers(page: Page) -> Iterator[Edit]:
    """Tools of type mcp: headers, authorization and address.

    Only members of the tool itself count: parameters of a function may have the same names.
    """
    if '"tools"' not in page.text or "mcp" not in page.text:
        return
    for leaves in leaves_below(page.text, _TOOLS):
        servers = {
            leaf.path[0]
            for leaf in leaves
            if leaf.path[1:] == ("type",) and page.text[leaf.start : leaf.end] == "mcp"
        }
        for leaf in leaves:
            if len(leaf.path) > 1 and leaf.path[0] in servers:
                yield from _server_member(page, leaf)


def _server_member(page: Page, leaf: Leaf) -> Iterator[Edit]:
    value = decoded(page.text[leaf.start : leaf.end])
    if not value:
        return
    member = leaf.path[1]
    if member in ("headers", "authorization") and not is_placeholder(value):
        yield Edit(leaf.start, leaf.end, "<secret>", ("mcp-credential",))
    elif member == "server_url" and page.noise:
        alias = page.aliases.of("url", value)
        if alias != value:
            yield Edit(leaf.start, leaf.end, alias, ("mcp-server",))


_METADATA = re.compile(r'"metadata"\s*:\s*(?=\{)')
_CLIENT_SECRET = re.compile(r'"client_secret"\s*:\s*(?=\{)')


def metadata(page: Page) -> Iterator[Edit]:
    """Values of ``metadata``, which the API defines as the caller's own."""
    if '"metadata"' not in page.text:
        return
    for leaves in leaves_below(page.text, _METADATA):
        if any(len(leaf.path) != 1 or leaf.path[0] == "type" for leaf in leaves):
            continue  # a JSON Schema that describes a member of that name
        for leaf in leaves:
            value = decoded(page.text[leaf.start : leaf.end])
            if not value:
                continue
            alias = page.aliases.of("metadata", value)
            if alias != value:
                yield Edit(leaf.start, leaf.end, encoded(alias, ""), ("metadata-value",))


def client_secrets(page: Page) -> Iterator[Edit]:
    """``client_secret.value`` of realtime sessions."""
    if '"client_secret"' not in page.text:
        return
    for leaves in leaves_below(page.text, _CLIENT_SECRET):
        for leaf in leaves:
            value = page.text[leaf.start : leaf.end]
            if leaf.path == ("value",) and not is_placeholder(value):
                yield Edit(leaf.start, leaf.end, "<client-secret>", ("realtime-secret",))


ALWAYS: tuple[Detector, ...] = (
    escaped_names,
    secret_members,
    data_sources,
    tool_servers,
    client_secrets,
)
"""Detectors of members that mean the same wherever they stand."""
ENVELOPE: tuple[Detector, ...] = (plain_members, times, padding, metadata)
"""Detectors of members that mean something only in the service's own objects."""
