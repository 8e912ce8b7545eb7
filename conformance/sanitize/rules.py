"""The rule set: what is looked for, where, and what becomes of it. One entry for every row of what
Azure OpenAI traffic carries that must not be published, and for what must stay.

``source`` says where the fact comes from: "service" is documented or recorded behaviour of Azure
OpenAI, "rfc" a standard, "harness" a decision of ours (docs/security.md, "Decisions, and what is
left").
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

VERSION = 1
"""Raised whenever the same traffic would be sanitised differently than before."""


class Action(StrEnum):
    """What happens to what a rule finds."""

    DROP = "drop"
    MASK = "mask"
    ALIAS = "alias"
    NORMALISE = "normalise"
    KEEP = "keep"


class Concern(StrEnum):
    """Why: ``secret`` grants access, ``identity`` names somebody, ``noise`` changes with each
    recording."""

    SECRET = "secret"  # noqa: S105
    IDENTITY = "identity"
    NOISE = "noise"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``leak``: the scanner reports what the rule would still find in something already
    written."""

    id: str
    what: str
    where: str
    action: Action
    concern: Concern
    replacement: str
    source: str
    leak: bool = False

    @property
    def hint(self) -> str:
        """What to do about a leak."""
        doing = {Action.DROP: "is not recorded", Action.KEEP: "stays"}
        return doing.get(self.action, f"the recorder writes {self.replacement}")


_D, _M, _A, _N, _K = Action.DROP, Action.MASK, Action.ALIAS, Action.NORMALISE, Action.KEEP
_S, _I, _O, _E = Concern.SECRET, Concern.IDENTITY, Concern.NOISE, Concern.EVIDENCE
_HEAD, _REQ, _RES, _BODY, _ANY = (
    "headers",
    "request headers",
    "response headers",
    "JSON bodies",
    "any text",
)
_AZ, _RFC, _OWN = "service", "rfc", "harness"

RULES: tuple[Rule, ...] = (
    Rule("header-api-key", "API key header", _REQ, _M, _S, "<api-key>", _AZ, True),
    Rule(
        "header-authorization",
        "bearer or basic credentials",
        _HEAD,
        _M,
        _S,
        "<scheme> <token>",
        "rfc 9110",
        True,
    ),
    Rule(
        "header-websocket-key",
        "API key in a WebSocket subprotocol",
        _REQ,
        _M,
        _S,
        "<api-key>",
        _AZ,
        True,
    ),
    Rule("header-cookie", "cookies", _HEAD, _D, _S, "nothing", "rfc 6265", True),
    Rule(
        "header-www-authenticate",
        "tenant in a challenge",
        _RES,
        _N,
        _I,
        "the zero GUID",
        "rfc 9110",
    ),
    Rule("header-request-id", "request and correlation ids", _HEAD, _A, _O, "a numbered GUID", _AZ),
    Rule("header-region", "region", _RES, _A, _O, "Region A", _AZ),
    Rule("header-model-session", "model session or cluster", _RES, _A, _O, "session-0001", _AZ),
    Rule("header-deployment", "deployment name", _RES, _A, _I, "deploy-1", _AZ),
    Rule("header-rate-limit", "rate limits and retry advice", _RES, _K, _E, "itself", _AZ),
    Rule(
        "header-organization",
        "organisation or project",
        _HEAD,
        _A,
        _I,
        "org-0001, proj-0001",
        _AZ,
        True,
    ),
    Rule("header-timing", "durations and dates", _RES, _N, _O, "fixed numbers and dates", _OWN),
    Rule("header-client", "client name, version and machine", _REQ, _N, _O, "<client>", _AZ),
    Rule(
        "header-unlisted", "a header that is not on the allow-list", _HEAD, _D, _I, "nothing", _OWN
    ),
    Rule(
        "query-credential", "key or token in the query", "queries", _M, _S, "<api-key>", _AZ, True
    ),
    Rule(
        "query-unlisted",
        "a parameter that is not on the allow-list",
        "queries",
        _A,
        _I,
        "value-0001",
        _OWN,
    ),
    Rule(
        "host-resource",
        "name of an Azure resource",
        _ANY,
        _A,
        _I,
        "resource-1.<service suffix>",
        _AZ,
        True,
    ),
    Rule("host-gateway", "host of a gateway", "URLs and Host", _A, _I, "gateway-1.example", _OWN),
    Rule("path-deployment", "deployment name", "URLs, model, error texts", _A, _I, "deploy-1", _AZ),
    Rule(
        "header-location",
        "address of an operation",
        _RES,
        _A,
        _I,
        "the same path with aliases",
        "rfc 9110",
    ),
    Rule("sas-signature", "signature of a shared access URL", _ANY, _M, _S, "<sig>", _AZ, True),
    Rule(
        "sas-identity",
        "object or tenant id in a shared access URL",
        _ANY,
        _N,
        _I,
        "the zero GUID",
        _AZ,
        True,
    ),
    Rule(
        "sas-time",
        "times and addresses in a shared access URL",
        _ANY,
        _N,
        _O,
        "2000-01-01T00:00:00Z",
        _AZ,
    ),
    Rule("blob-path", "file name in a shared access URL", _ANY, _A, _I, "blob-1.png", _AZ),
    Rule(
        "arm-id",
        "resource id with subscription, group and account",
        _ANY,
        _A,
        _I,
        "numbered GUID, rg-1, account-1",
        _AZ,
        True,
    ),
    Rule(
        "guid-identity",
        "tenant, client, object or subscription id",
        _BODY,
        _A,
        _I,
        "a numbered GUID",
        _AZ,
        True,
    ),
    Rule("guid-known", "a GUID met before", _ANY, _A, _I, "the same numbered GUID", _OWN),
    Rule("token-host", "exchange with an identity provider", "exchanges", _D, _S, "nothing", _AZ),
    Rule(
        "token-request",
        "client secret, assertion or password of a token request",
        "forms and JSON bodies",
        _M,
        _S,
        "<secret>",
        "rfc 6749",
        True,
    ),
    Rule(
        "token-response",
        "token of a token response",
        _BODY,
        _M,
        _S,
        "an unsigned token",
        "rfc 6749",
        True,
    ),
    Rule("jwt", "JSON Web Token", _ANY, _M, _S, "<jwt>", "rfc 7519", True),
    Rule("openai-key", "key of the sk- family", _ANY, _M, _S, "<sk-key>", _AZ, True),
    Rule("azure-key-32", "key of 32 hexadecimal digits", _ANY, _M, _S, "<api-key>", _AZ, True),
    Rule(
        "azure-key-84",
        "key of 84 characters with its signature",
        _ANY,
        _M,
        _S,
        "<api-key>",
        _AZ,
        True,
    ),
    Rule(
        "azure-key-other",
        "storage, search or gateway key with its signature",
        _ANY,
        _M,
        _S,
        "<api-key>",
        _AZ,
        True,
    ),
    Rule("third-party-key", "key of another vendor", _ANY, _M, _S, "<third-party-key>", _OWN, True),
    Rule("account-key", "key in a connection string", _ANY, _M, _S, "<secret>", _AZ, True),
    Rule(
        "connection-string", "account in a connection string", _ANY, _A, _I, "account-1", _AZ, True
    ),
    Rule("pem", "PEM block", _ANY, _M, _S, "<pem>", "rfc 7468", True),
    Rule(
        "bearer-text",
        "bearer token or key in a text",
        _ANY,
        _M,
        _S,
        "<token>, <api-key>",
        "rfc 6750",
        True,
    ),
    Rule(
        "url-credentials",
        "user and password in a URL",
        _ANY,
        _M,
        _S,
        "<credentials>",
        "rfc 3986",
        True,
    ),
    Rule(
        "body-credential",
        "credential by the name of its member",
        _BODY,
        _M,
        _S,
        "<secret>",
        _AZ,
        True,
    ),
    Rule(
        "data-source-credential",
        "credential of a data source",
        "data_sources",
        _M,
        _S,
        "<secret>",
        _AZ,
        True,
    ),
    Rule(
        "data-source-name",
        "endpoint, index or identity of a data source",
        "data_sources",
        _A,
        _I,
        "index-1",
        _AZ,
    ),
    Rule(
        "mcp-credential",
        "credentials of a tool server",
        "tools of type mcp",
        _M,
        _S,
        "<secret>",
        _AZ,
        True,
    ),
    Rule(
        "mcp-server",
        "address of a tool server",
        "tools of type mcp",
        _A,
        _I,
        "https://server-1.example",
        _AZ,
    ),
    Rule("realtime-secret", "ephemeral client secret", _ANY, _M, _S, "<client-secret>", _AZ, True),
    Rule("opaque-blob", "encrypted reasoning", _BODY, _A, _I, "opaque-0001", _AZ),
    Rule("user-field", "end user, safety identifier or cache key", _BODY, _A, _I, "user-0001", _AZ),
    Rule("metadata-value", "metadata of the caller", _BODY, _A, _I, "metadata-0001", _AZ),
    Rule("organization-field", "organisation id", _BODY, _A, _I, "org-0001", _AZ, True),
    Rule("email", "e-mail address", _ANY, _A, _I, "user1@example.com", "rfc 2606", True),
    Rule("phone", "telephone number in international form", _ANY, _A, _I, "+15550100001", _OWN),
    Rule("ip-address", "public IPv4 address", _ANY, _A, _I, "192.0.2.1", "rfc 5737"),
    Rule("service-id", "id the service made", _ANY, _A, _O, "the same prefix with a number", _AZ),
    Rule(
        "timestamp",
        "time stamps",
        _BODY,
        _N,
        _O,
        "a fixed epoch plus the distance, in tens of minutes",
        _OWN,
    ),
    Rule("obfuscation", "padding of stream events", _BODY, _N, _O, "an empty text", _AZ),
    Rule(
        "evidence",
        "usage, log probabilities, tools, texts, finish reasons, filters, models, fingerprint",
        _BODY,
        _K,
        _E,
        "itself",
        _AZ,
    ),
    Rule(
        "error-text",
        "deployment, region or tier in an error",
        _BODY,
        _N,
        _I,
        "aliases, tier S0",
        _AZ,
    ),
    Rule(
        "multipart-filename",
        "local file names",
        "multipart bodies, filename",
        _A,
        _I,
        "upload-1.jsonl",
        "rfc 7578",
    ),
    Rule(
        "multipart-boundary",
        "random boundary",
        "multipart bodies",
        _N,
        _O,
        "conformance-boundary",
        "rfc 7578",
    ),
    Rule("content-encoding", "compressed body", "bodies", _N, _O, "the body decoded", "rfc 9110"),
    Rule(
        "encoded",
        "a secret inside base64 or percent encoding",
        _ANY,
        _M,
        _S,
        "the same encoding, sanitised",
        _OWN,
    ),
    Rule("logprob-bytes", "bytes of a masked token", "logprobs", _M, _S, "null", _AZ),
    Rule("known-secret", "a secret the caller named", _ANY, _M, _S, "<secret>", _OWN, True),
)

BY_ID = {rule.id: rule for rule in RULES}


def rules_digest() -> str:
    """16 hexadecimal digits that change with the rule set; they go into a cassette's provenance."""
    text = repr((VERSION, [(r.id, r.what, r.where, r.action, r.replacement) for r in RULES]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
