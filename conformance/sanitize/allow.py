"""Allow-lists of headers and query parameters.

A header that is on no list is not recorded; a query parameter that is on no list gets an alias for
its value. Lists of what is allowed, not of what is forbidden: services add headers, and a recorder
that only knows what to forbid writes the new ones down.

The response headers are those of recorded replies, 2023-11 to 2026-08, and of issues of the SDKs
(docs/facts/service.md#headers).
"""

from __future__ import annotations

from collections.abc import Mapping

API_KEYS = frozenset({"api-key", "ocp-apim-subscription-key", "subscription-key", "x-api-key"})
AUTHORIZATION = frozenset({"authorization", "proxy-authorization", "x-ms-authorization-auxiliary"})
COOKIES = frozenset({"cookie", "set-cookie"})
CREDENTIAL_HEADERS = API_KEYS | AUTHORIZATION | COOKIES
"""Headers whose values stand in no log and no report."""

_IDS = (
    "x-ms-client-request-id",
    "x-ms-request-id",
    "x-request-id",
    "apim-request-id",
    "request-id",
    "x-ms-correlation-request-id",
    "ms-cv",
    "traceparent",
    "tracestate",
    "x-azure-ref",
    "cf-ray",
    "x-correlation-id",
    "idempotency-key",
    "x-idempotency-key",
    "x-client-request-id",
    "client-request-id",
)
_BOTH: Mapping[str, str] = {
    **dict.fromkeys(API_KEYS, "header-api-key"),
    **dict.fromkeys(AUTHORIZATION, "header-authorization"),
    **dict.fromkeys(COOKIES, "header-cookie"),
    **dict.fromkeys(_IDS, "header-request-id"),
    **dict.fromkeys(("openai-organization", "openai-project"), "header-organization"),
    **dict.fromkeys(
        (
            "content-type",
            "content-length",
            "content-disposition",
            "transfer-encoding",
            "connection",
            "cache-control",
            "keep-alive",
        ),
        "evidence",
    ),
    "content-encoding": "content-encoding",
}

REQUEST_HEADERS: Mapping[str, str] = {
    **_BOTH,
    **dict.fromkeys(
        (
            "accept",
            "accept-encoding",
            "accept-language",
            "openai-beta",
            "x-stainless-retry-count",
            "x-stainless-raw-response",
            "x-stainless-helper-method",
            "x-stainless-stream-helper",
            "prefer",
            "if-match",
            "if-none-match",
            "expect",
            "range",
            "x-ms-meta-stage",
            "aoai-evals",
            "upgrade",
            "sec-websocket-version",
        ),
        "evidence",
    ),
    **dict.fromkeys(
        (
            "user-agent",
            "x-ms-useragent",
            "x-stainless-lang",
            "x-stainless-package-version",
            "x-stainless-os",
            "x-stainless-arch",
            "x-stainless-runtime",
            "x-stainless-runtime-version",
            "x-stainless-async",
            "x-stainless-read-timeout",
            "x-stainless-timeout",
        ),
        "header-client",
    ),
    "sec-websocket-protocol": "header-websocket-key",
    "host": "host-gateway",
    "origin": "header-location",
    "referer": "header-location",
}
"""Header name in lower case to the id of the rule that says what becomes of its value."""

RESPONSE_HEADERS: Mapping[str, str] = {
    **_BOTH,
    **dict.fromkeys(
        (
            "retry-after",
            "retry-after-ms",
            "x-ms-retry-after-ms",
            "x-should-retry",
            "x-rate-limit-reset-tokens",
        ),
        "header-rate-limit",
    ),
    **dict.fromkeys(("x-ms-region", "azure-region"), "header-region"),
    **dict.fromkeys(
        ("azureml-model-session", "azureml-model-group", "azureml-served-by-cluster"),
        "header-model-session",
    ),
    **dict.fromkeys(("x-ms-deployment-name", "x-ratelimit-key"), "header-deployment"),
    **dict.fromkeys(
        (
            "openai-processing-ms",
            "x-envoy-upstream-service-time",
            "cmp-upstream-response-duration",
            "date",
            "age",
            "expires",
            "last-modified",
            "etag",
        ),
        "header-timing",
    ),
    **dict.fromkeys(
        ("location", "operation-location", "azure-asyncoperation", "content-location"),
        "header-location",
    ),
    "www-authenticate": "header-www-authenticate",
    "proxy-authenticate": "header-www-authenticate",
    **dict.fromkeys(
        (
            "strict-transport-security",
            "x-content-type-options",
            "x-accel-buffering",
            "x-ms-rai-invoked",
            "x-ms-served-model",
            "x-ms-is-spilled-over",
            "skip-error-remapping",
            "azureai-fe-is-streaming",
            "azureai-fe-offer-type",
            "x-ms-aoai-configured-data-retention-days",
            "access-control-allow-origin",
            "api-supported-versions",
            "openai-version",
            "openai-model",
            "policy-id",
            "azure-openai-deployment-utilization",
            "vary",
            "x-ms-error-code",
            "allow",
            "accept-ranges",
            "content-range",
            "content-language",
            "trailer",
        ),
        "evidence",
    ),
}
"""As REQUEST_HEADERS. Headers that begin with ``x-ratelimit-`` are allowed as well."""

QUERY_CREDENTIALS = frozenset(
    {
        "api-key",
        "api_key",
        "apikey",
        "access_token",
        "code",
        "token",
        "subscription-key",
        "client_secret",
        "key",
    }
)
"""Query parameters that are credentials by their name."""
QUERIES = frozenset(
    {
        "api-version",
        "limit",
        "after",
        "before",
        "order",
        "purpose",
        "include",
        "include[]",
        "starting_after",
        "stream",
        "include_obfuscation",
        "filter",
        "intent",
        "model",
        "deployment",
        "timestamp_granularities[]",
        "run_id",
        "comp",
        "restype",
        "timeout",
        "detail",
        "status",
        "metadata",
        "resource",
        "scope",
    }
)
"""Query parameters whose values are sanitised as texts and otherwise stay."""


def header_rule(name: str, *, response: bool) -> str:
    """The id of the rule for header ``name`` in any case; ``header-unlisted`` when it is on no
    list."""
    low = name.lower()
    if not response:
        return REQUEST_HEADERS.get(low, "header-unlisted")
    if low.startswith("x-ratelimit-") and low not in RESPONSE_HEADERS:
        return "header-rate-limit"
    return RESPONSE_HEADERS.get(low, "header-unlisted")
