"""Detectors of what a JSON member holds by its name: credentials, users, data sources, tool
servers, time stamps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from conformance.sanitize.credentials import SYNTHETIC_TOKEN
from conformance.sanitize.edits import Edit
from conformance.sanitize.identities import GUID
from conformance.sanitize.jsontext import (
    ESCAPED,
    STRING,
    decoded,
    encoded,
    key_of,
    leaves_below,
    one_of,
)
from conformance.sanitize.page import Page

EPOCH = 1_200_000_000
"""2008-01-10T21:20:00Z: what the first time stamp of a recording set becomes."""
_BEFORE_THE_SERVICE = 1_400_000_000
"""Time stamps before 2014 are ours: the service did not exist, and no file of it outlives a
recording by six years."""
STEP = 600
"""Seconds to which distances between time stamps are rounded: how long a call took is noise, a
day's expiry is not."""

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
_PLACEHOLDER = re.compile(
    r"<[^<>]*>|\$?\{+[^{}]*\}+|\*+|x+|X+|(?i:redacted|masked|fake|dummy)", re.DOTALL
)
_ESCAPED_KEY = re.compile(ESCAPED.pattern + r"(?=\s*:)", re.DOTALL)

Detector = Callable[[Page], Iterator[Edit]]


def is_placeholder(value: str) -> bool:
    """Whether ``value`` says that a secret stood here, and is none."""
    return not value or value == SYNTHETIC_TOKEN or bool(_PLACEHOLDER.fullmatch(value))


def secret_members(page: Page) -> Iterator[Edit]:
    """Credentials by the name of their member, in any case, at any depth, also where the text was
    cut off."""
    if page.binary:
        return
    for found in _SECRET_MEMBER.finditer(page.low):
        name = found[1]
        spans = (
            [found.span(2)]
            if found[3] is None
            else [
                (found.start(3) + item.start(1), found.start(3) + item.end(1))
                for item in _LIST_ITEM.finditer(found[3])
            ]
        )
        for start, end in spans:
            value = decoded(page.text[start:end])
            if value is not None:
                yield from _secret(page, name, value, start, end)


def _secret(page: Page, name: str, value: str, start: int, end: int) -> Iterator[Edit]:
    if name in _GUIDS:
        if GUID.fullmatch(value):
            alias = page.aliases.of("guid", value.lower())
            if alias != value:
                yield Edit(start, end, alias, ("guid-identity",))
    elif not is_placeholder(value):
        if name == "authorization" and value.partition(" ")[2] == "<token>":
            return
        mask = SYNTHETIC_TOKEN if _SECRETS[name] == "token-response" else "<secret>"
        yield Edit(start, end, mask, (_SECRETS[name],))


def escaped_names(page: Page) -> Iterator[Edit]:
    """Names written with escapes that need none: made plain, so that the detectors above know
    them."""
    if "\\" not in page.text or "\\u" not in page.text:
        return
    for found in _ESCAPED_KEY.finditer(page.text):
        name = key_of(found[1])
        if name.lower() in _SECRETS:
            yield Edit(found.start(1), found.end(1), name, ("body-credential",))


def plain_members(page: Page) -> Iterator[Edit]:
    """End users, file names, opaque blobs and deployments in the members of the service's own
    objects."""
    for found in _PLAIN_MEMBER.finditer(page.text):
        rule, kind = _ALIASED[found[1]]
        value = decoded(found[2])
        if (
            not value
            or (
                kind == "deployment"
                and value not in page.aliases.given(kind)
                and value not in page.aliases.names
            )
            or (kind == "guid" and not GUID.fullmatch(value))
        ):
            continue
        if kind == "file":
            value = basename(value)
        alias = page.aliases.of(kind, value)
        if encoded(alias, found[2]) != found[2]:
            yield Edit(found.start(2), found.end(2), encoded(alias, found[2]), (rule,))


def basename(name: str) -> str:
    """The last part of a path of either system."""
    return re.split(r"[/\\]", name)[-1]


def times(page: Page) -> Iterator[Edit]:
    """Time stamps: the first of a set is :data:`EPOCH`, others stand as far from it, rounded to
    :data:`STEP`."""
    for found in _TIME_MEMBER.finditer(page.text):
        moment = int(found[2])
        if moment < _BEFORE_THE_SERVICE:
            continue
        if page.aliases.origin is None:
            page.aliases.origin = moment
        distance = min(
            STEP * round((moment - page.aliases.origin) / STEP), _BEFORE_THE_SERVICE - EPOCH - STEP
        )
        steady = str(EPOCH + distance)
        fraction = ".0" if found.end() > found.end(2) else ""
        yield Edit(found.start(2), found.end(), steady + fraction, ("timestamp",))


def padding(page: Page) -> Iterator[Edit]:
    if "obfuscation" in page.text:
        for found in _PADDING.finditer(page.text):
            yield Edit(found.start(1), found.end(1), "", ("obfuscation",))


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
    """On-Your-Data: keys in request bodies, and the names of what they open."""
    if 'sources"' not in page.low:
        return
    for leaves in leaves_below(page.text, _SOURCES):
        for leaf in leaves:
            name = str(leaf.path[-1]).lower() if leaf.path else ""
            value = decoded(page.text[leaf.start : leaf.end])
            if name in _SOURCE_SECRETS and value and not is_placeholder(value):
                yield Edit(leaf.start, leaf.end, "<secret>", ("data-source-credential",))
            elif name in _SOURCE_NAMES and value and page.noise:
                yield from _source_name(page, name, value, leaf.start, leaf.end)


def _source_name(page: Page, name: str, value: str, start: int, end: int) -> Iterator[Edit]:
    kind = _SOURCE_NAMES[name]
    low = value.lower()
    if kind == "url" and (
        not low.startswith("http") or any(w in low for w in ("azure", "windows.net", ".example"))
    ):
        return
    alias = page.aliases.of(kind, value)
    if alias != value:
        yield Edit(start, end, encoded(alias, page.text[start:end]), ("data-source-name",))


_TOOLS = re.compile(r'"tools"\s*:\s*(?=\[)')


def tool_servers(page: Page) -> Iterator[Edit]:
    """Tools of type mcp: headers, authorization and address. Members of a tool itself only: a
    function's parameters may be called the same."""
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
                yield from _server(page, leaf.path, leaf.start, leaf.end)


def _server(page: Page, path: tuple[str | int, ...], start: int, end: int) -> Iterator[Edit]:
    value = decoded(page.text[start:end])
    if not value:
        return
    if path[1] in ("headers", "authorization") and not is_placeholder(value):
        yield Edit(start, end, "<secret>", ("mcp-credential",))
    elif path[1] == "server_url" and page.noise:
        alias = page.aliases.of("url", value)
        if alias != value:
            yield Edit(start, end, alias, ("mcp-server",))


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
            alias = page.aliases.of("metadata", value) if value else value
            if value and alias and alias != value:
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
ENVELOPE: tuple[Detector, ...] = (plain_members, times, padding, metadata)
