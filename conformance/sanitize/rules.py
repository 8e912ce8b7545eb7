"""The rule set: what is looked for, where, and what becomes of it.

There is one rule for everything that Azure OpenAI traffic carries and that must not be published,
and for what must stay.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum

VERSION = 1
"""Increased whenever the same traffic would be sanitised differently than before."""


class Action(StrEnum):
    """What happens to what a rule finds."""

    DROP = "drop"
    MASK = "mask"
    ALIAS = "alias"
    NORMALISE = "normalise"
    KEEP = "keep"


class Concern(StrEnum):
    """Why a rule is there: ``secret`` grants access, ``identity`` names somebody, ``noise`` changes
    with each recording, ``evidence`` is what a recording is made for."""

    SECRET = "secret"  # noqa: S105
    IDENTITY = "identity"
    NOISE = "noise"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class SanitizeRule:
    """One rule.

    - ``what`` it looks for, and ``where``.
    - ``replacement``: what is written in place of it.
    - ``source``: "service" for documented or recorded behaviour of Azure OpenAI, "rfc" and a number
      for a standard, "harness" for a decision of this project (docs/security.md, "Decisions, and
      what is left").
    - ``leak``: the scanner reports it in a file that is already written.
    """

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
        match self.action:
            case Action.DROP:
                return "is not recorded"
            case Action.KEEP:
                return "stays"
            case _:
                return f"the recorder writes {self.replacement}"


RULES: tuple[SanitizeRule, ...] = (
    SanitizeRule(
        id="header-api-key",
        what="API key header",
        where="request headers",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<api-key>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="header-authorization",
        what="bearer or basic credentials",
        where="headers",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<scheme> <token>",
        source="rfc 9110",
        leak=True,
    ),
    SanitizeRule(
        id="header-websocket-key",
        what="API key in a WebSocket subprotocol",
        where="request headers",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<api-key>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="header-cookie",
        what="cookies",
        where="headers",
        action=Action.DROP,
        concern=Concern.SECRET,
        replacement="nothing",
        source="rfc 6265",
        leak=True,
    ),
    SanitizeRule(
        id="header-www-authenticate",
        what="tenant in a challenge",
        where="response headers",
        action=Action.NORMALISE,
        concern=Concern.IDENTITY,
        replacement="the zero GUID",
        source="rfc 9110",
    ),
    SanitizeRule(
        id="header-request-id",
        what="request and correlation ids",
        where="headers",
        action=Action.ALIAS,
        concern=Concern.NOISE,
        replacement="a numbered GUID",
        source="service",
    ),
    SanitizeRule(
        id="header-region",
        what="region",
        where="response headers",
        action=Action.ALIAS,
        concern=Concern.NOISE,
        replacement="Region A",
        source="service",
    ),
    SanitizeRule(
        id="header-model-session",
        what="model session or cluster",
        where="response headers",
        action=Action.ALIAS,
        concern=Concern.NOISE,
        replacement="session-0001",
        source="service",
    ),
    SanitizeRule(
        id="header-deployment",
        what="deployment name",
        where="response headers",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="deploy-1",
        source="service",
    ),
    SanitizeRule(
        id="header-rate-limit",
        what="rate limits and retry advice",
        where="response headers",
        action=Action.KEEP,
        concern=Concern.EVIDENCE,
        replacement="itself",
        source="service",
    ),
    SanitizeRule(
        id="header-organization",
        what="organisation or project",
        where="headers",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="org-0001, proj-0001",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="header-timing",
        what="durations and dates",
        where="response headers",
        action=Action.NORMALISE,
        concern=Concern.NOISE,
        replacement="fixed numbers and dates",
        source="harness",
    ),
    SanitizeRule(
        id="header-client",
        what="client name, version and machine",
        where="request headers",
        action=Action.NORMALISE,
        concern=Concern.NOISE,
        replacement="<client>",
        source="service",
    ),
    SanitizeRule(
        id="header-unlisted",
        what="a header that is not on the allow-list",
        where="headers",
        action=Action.DROP,
        concern=Concern.IDENTITY,
        replacement="nothing",
        source="harness",
    ),
    SanitizeRule(
        id="query-credential",
        what="key or token in the query",
        where="queries",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<api-key>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="query-unlisted",
        what="a parameter that is not on the allow-list",
        where="queries",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="value-0001",
        source="harness",
    ),
    SanitizeRule(
        id="host-resource",
        what="name of an Azure resource",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="resource-1.<service suffix>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="host-gateway",
        what="host of a gateway",
        where="URLs and Host",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="gateway-1.example",
        source="harness",
    ),
    SanitizeRule(
        id="path-deployment",
        what="deployment name",
        where="URLs, model, error texts",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="deploy-1",
        source="service",
    ),
    SanitizeRule(
        id="header-location",
        what="address of an operation",
        where="response headers",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="the same path with aliases",
        source="rfc 9110",
    ),
    SanitizeRule(
        id="sas-signature",
        what="signature of a shared access URL",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<sig>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="sas-identity",
        what="object or tenant id in a shared access URL",
        where="any text",
        action=Action.NORMALISE,
        concern=Concern.IDENTITY,
        replacement="the zero GUID",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="sas-time",
        what="times and addresses in a shared access URL",
        where="any text",
        action=Action.NORMALISE,
        concern=Concern.NOISE,
        replacement="2000-01-01T00:00:00Z",
        source="service",
    ),
    SanitizeRule(
        id="blob-path",
        what="file name in a shared access URL",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="blob-1.png",
        source="service",
    ),
    SanitizeRule(
        id="arm-id",
        what="resource id with subscription, group and account",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="numbered GUID, rg-1, account-1",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="guid-identity",
        what="tenant, client, object or subscription id",
        where="JSON bodies",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="a numbered GUID",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="guid-known",
        what="a GUID met before",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="the same numbered GUID",
        source="harness",
    ),
    SanitizeRule(
        id="token-host",
        what="exchange with an identity provider",
        where="exchanges",
        action=Action.DROP,
        concern=Concern.SECRET,
        replacement="nothing",
        source="service",
    ),
    SanitizeRule(
        id="token-request",
        what="client secret, assertion or password of a token request",
        where="forms and JSON bodies",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<secret>",
        source="rfc 6749",
        leak=True,
    ),
    SanitizeRule(
        id="token-response",
        what="token of a token response",
        where="JSON bodies",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="an unsigned token",
        source="rfc 6749",
        leak=True,
    ),
    SanitizeRule(
        id="jwt",
        what="JSON Web Token",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<jwt>",
        source="rfc 7519",
        leak=True,
    ),
    SanitizeRule(
        id="openai-key",
        what="key of the sk- family",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<sk-key>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="azure-key-32",
        what="key of 32 hexadecimal digits",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<api-key>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="azure-key-84",
        what="key of 84 characters with its signature",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<api-key>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="azure-key-other",
        what="storage, search or gateway key with its signature",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<api-key>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="third-party-key",
        what="key of another vendor",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<third-party-key>",
        source="harness",
        leak=True,
    ),
    SanitizeRule(
        id="account-key",
        what="key in a connection string",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<secret>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="connection-string",
        what="account in a connection string",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="account-1",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="pem",
        what="PEM block",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<pem>",
        source="rfc 7468",
        leak=True,
    ),
    SanitizeRule(
        id="bearer-text",
        what="bearer token or key in a text",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<token>, <api-key>",
        source="rfc 6750",
        leak=True,
    ),
    SanitizeRule(
        id="url-credentials",
        what="user and password in a URL",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<credentials>",
        source="rfc 3986",
        leak=True,
    ),
    SanitizeRule(
        id="body-credential",
        what="credential by the name of its member",
        where="JSON bodies",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<secret>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="data-source-credential",
        what="credential of a data source",
        where="data_sources",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<secret>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="data-source-name",
        what="endpoint, index or identity of a data source",
        where="data_sources",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="index-1",
        source="service",
    ),
    SanitizeRule(
        id="mcp-credential",
        what="credentials of a tool server",
        where="tools of type mcp",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<secret>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="mcp-server",
        what="address of a tool server",
        where="tools of type mcp",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="https://server-1.example",
        source="service",
    ),
    SanitizeRule(
        id="realtime-secret",
        what="ephemeral client secret",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<client-secret>",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="opaque-blob",
        what="encrypted reasoning",
        where="JSON bodies",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="opaque-0001",
        source="service",
    ),
    SanitizeRule(
        id="user-field",
        what="end user, safety identifier or cache key",
        where="JSON bodies",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="user-0001",
        source="service",
    ),
    SanitizeRule(
        id="metadata-value",
        what="metadata of the caller",
        where="JSON bodies",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="metadata-0001",
        source="service",
    ),
    SanitizeRule(
        id="organization-field",
        what="organisation id",
        where="JSON bodies",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="org-0001",
        source="service",
        leak=True,
    ),
    SanitizeRule(
        id="email",
        what="e-mail address",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="user1@example.com",
        source="rfc 2606",
        leak=True,
    ),
    SanitizeRule(
        id="phone",
        what="telephone number in international form",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="+15550100001",
        source="harness",
    ),
    SanitizeRule(
        id="ip-address",
        what="public IPv4 address",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="192.0.2.1",
        source="rfc 5737",
    ),
    SanitizeRule(
        id="service-id",
        what="id the service made",
        where="any text",
        action=Action.ALIAS,
        concern=Concern.NOISE,
        replacement="the same prefix with a number",
        source="service",
    ),
    SanitizeRule(
        id="timestamp",
        what="time stamps",
        where="JSON bodies",
        action=Action.NORMALISE,
        concern=Concern.NOISE,
        replacement="a fixed epoch plus the distance, in tens of minutes",
        source="harness",
    ),
    SanitizeRule(
        id="obfuscation",
        what="padding of stream events",
        where="JSON bodies",
        action=Action.NORMALISE,
        concern=Concern.NOISE,
        replacement="an empty text",
        source="service",
    ),
    SanitizeRule(
        id="evidence",
        what="usage, log probabilities, tools, texts, finish reasons, filters, models, fingerprint",
        where="JSON bodies",
        action=Action.KEEP,
        concern=Concern.EVIDENCE,
        replacement="itself",
        source="service",
    ),
    SanitizeRule(
        id="error-text",
        what="deployment, region or tier in an error",
        where="JSON bodies",
        action=Action.NORMALISE,
        concern=Concern.IDENTITY,
        replacement="aliases, tier S0",
        source="service",
    ),
    SanitizeRule(
        id="multipart-filename",
        what="local file names",
        where="multipart bodies, filename",
        action=Action.ALIAS,
        concern=Concern.IDENTITY,
        replacement="upload-1.jsonl",
        source="rfc 7578",
    ),
    SanitizeRule(
        id="multipart-boundary",
        what="random boundary",
        where="multipart bodies",
        action=Action.NORMALISE,
        concern=Concern.NOISE,
        replacement="conformance-boundary",
        source="rfc 7578",
    ),
    SanitizeRule(
        id="content-encoding",
        what="compressed body",
        where="bodies",
        action=Action.NORMALISE,
        concern=Concern.NOISE,
        replacement="the body decoded",
        source="rfc 9110",
    ),
    SanitizeRule(
        id="encoded",
        what="a secret inside base64 or percent encoding",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="the same encoding, sanitised",
        source="harness",
    ),
    SanitizeRule(
        id="logprob-bytes",
        what="bytes of a masked token",
        where="logprobs",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="null",
        source="service",
    ),
    SanitizeRule(
        id="known-secret",
        what="a secret the caller named",
        where="any text",
        action=Action.MASK,
        concern=Concern.SECRET,
        replacement="<secret>",
        source="harness",
        leak=True,
    ),
)
"""Every rule, in the order of docs/security.md."""

BY_ID = {rule.id: rule for rule in RULES}


def rules_digest() -> str:
    """16 hexadecimal digits that change with the rule set; they go into a cassette's provenance."""
    text = repr((VERSION, [(r.id, r.what, r.where, r.action, r.replacement) for r in RULES]))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
