"""For every rule: what it must take out, and a harmless look-alike it must leave alone.

``kept`` must survive in the sanitised look-alike; ``gone`` must not survive in the sanitised plant.
Rules that keep have nothing to be gone. What is planted is something only this rule finds:
switching the rule off lets it through.
"""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import dataclass

from conformance.wire.exchange import Exchange
from tests.sanitize.material import (
    CHAT_ID,
    GUID,
    HEX_KEY,
    JSON_HEAD,
    JWT,
    KEY_84,
    OTHER_GUID,
    PEM,
    SEARCH_KEY,
    SIGNATURE,
    SK_KEY,
    URL,
    deltas,
    exchange,
)


@dataclass(frozen=True)
class Case:
    """``plant`` holds ``gone``; ``harmless`` holds ``kept``."""

    rule: str
    plant: Exchange
    gone: str
    harmless: Exchange
    kept: str
    known: tuple[str, ...] = ()


def _request(name: str, value: str) -> Exchange:
    return exchange(request=(*JSON_HEAD, (name, value)))


def _response(name: str, value: str) -> Exchange:
    return exchange(response=(*JSON_HEAD, (name, value)))


def _said(text: str) -> Exchange:
    return exchange(served={"choices": [{"message": {"content": text}}]})


def _form(text: str) -> Exchange:
    return exchange(
        sent=text.encode(), request=(("content-type", "application/x-www-form-urlencoded"),)
    )


def _upload(filename: str, boundary: str = "rAnDoM") -> Exchange:
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
        f"Content-Type: application/jsonl\r\n\r\n{{}}\r\n--{boundary}--\r\n"
    ).encode()
    return exchange(
        sent=body, request=(("Content-Type", f"multipart/form-data; boundary={boundary}"),)
    )


def _tool(kind: str) -> Exchange:
    return exchange(
        sent={
            "tools": [
                {
                    "type": kind,
                    "server_url": "https://tools.acme.dev/mcp",
                    "headers": {"X-Team": "blue-whale-7"},
                }
            ]
        }
    )


def _source(**parameters: object) -> Exchange:
    return exchange(sent={"data_sources": [{"type": "azure_search", "parameters": parameters}]})


_SAS = "https://conformance.blob.core.windows.net/c/blob-1.png?se=2000-01-01T00:00:00Z&"
_ARM = (
    f"/subscriptions/{GUID}/resourceGroups/acme-prod"
    "/providers/Microsoft.CognitiveServices/accounts/acme-ai"
)
_LOGPROBS = {
    "choices": [
        {
            "logprobs": {
                "content": [
                    {"token": SK_KEY[:20], "logprob": -1, "bytes": [115, 107, 45, 112]},
                    {"token": SK_KEY[20:], "logprob": -1, "bytes": [52, 101]},
                ]
            }
        }
    ]
}

CASES = (
    Case(
        "header-api-key",
        _request("API-Key", "an-ordinary-word"),
        "an-ordinary-word",
        _request("x-stainless-retry-count", "1"),
        "x-stainless-retry-count: 1",
    ),
    Case(
        "header-authorization",
        _request("Authorization", "Bearer plain-words"),
        "plain-words",
        _request("Authorization", "Bearer <token>"),
        "Bearer <token>",
    ),
    Case(
        "header-websocket-key",
        _request("Sec-WebSocket-Protocol", "realtime, openai-insecure-api-key.plainword"),
        "plainword",
        _request("Sec-WebSocket-Protocol", "realtime, openai-beta.realtime-v1"),
        "realtime-v1",
    ),
    Case(
        "header-cookie",
        _response("Set-Cookie", "ARRAffinity=blue"),
        "ARRAffinity",
        _response("cache-control", "no-cache"),
        "no-cache",
    ),
    Case(
        "header-www-authenticate",
        _response("WWW-Authenticate", f'Bearer realm="", tenant="{GUID}", error="expired"'),
        GUID,
        _response("WWW-Authenticate", 'Bearer error="invalid_token"'),
        'error="invalid_token"',
    ),
    Case(
        "header-request-id",
        _response("apim-request-id", GUID),
        GUID,
        _response("x-ms-served-model", "gpt-4o-2024-08-06"),
        "gpt-4o-2024-08-06",
    ),
    Case(
        "header-region",
        _response("x-ms-region", "West Europe"),
        "West Europe",
        _said("West Europe is a region"),
        "West Europe",
    ),
    Case(
        "header-model-session",
        _response("azureml-model-session", "d060-20240328183338"),
        "d060-2024",
        _response("openai-version", "2020-10-01"),
        "2020-10-01",
    ),
    Case(
        "header-deployment",
        _response("x-ms-deployment-name", "acme-chat"),
        "acme-chat",
        _response("x-ms-deployment-name", "gpt-4o"),
        "gpt-4o",
    ),
    Case(
        "header-rate-limit",
        _response("retry-after-ms", "6800"),
        "",
        _response("retry-after-ms", "6800"),
        "retry-after-ms: 6800",
    ),
    Case(
        "header-organization",
        _response("openai-organization", "acme-research"),
        "acme-research",
        _response("openai-organization", "org-0001"),
        "org-0001",
    ),
    Case(
        "header-timing",
        _response("Date", "Mon, 14 Apr 2025 09:30:00 GMT"),
        "2025",
        _response("retry-after", "12"),
        "retry-after: 12",
    ),
    Case(
        "header-client",
        _request("User-Agent", "AzureOpenAI/Python 3.54.0 acme-laptop"),
        "acme-laptop",
        _request("accept", "application/json"),
        "accept: application/json",
    ),
    Case(
        "header-unlisted",
        _response("X-Internal-Cluster", "blue-7"),
        "blue-7",
        _response("x-ratelimit-new-thing", "12"),
        "x-ratelimit-new-thing: 12",
    ),
    Case(
        "query-credential",
        exchange(url=URL + "&api-key=plain-word"),
        "plain-word",
        exchange(url=URL + "&limit=20&order=asc"),
        "limit=20&order=asc",
    ),
    Case(
        "query-unlisted",
        exchange(url=URL + "&team=blue-whale"),
        "blue-whale",
        exchange(url=URL + "&after=abc"),
        "after=abc",
    ),
    Case(
        "host-resource",
        _said("at https%3A%2F%2Facme-prod.openai.azure.com/ and ACME-prod.search.windows.net"),
        "acme-prod",
        _said("see learn.microsoft.com and conformance.openai.azure.com"),
        "conformance.openai.azure.com",
    ),
    Case(
        "host-gateway",
        exchange(url="https://llm.acme.dev:8443/v1/models"),
        "acme.dev",
        exchange(url="http://127.0.0.1:4000/v1/models"),
        "127.0.0.1:4000",
    ),
    Case(
        "path-deployment",
        exchange(url=URL.replace("conf-chat", "acme-chat"), sent={"model": "acme-chat"}),
        "acme-chat",
        exchange(url=URL.replace("conf-chat", "gpt-4o"), sent={"model": "gpt-4o"}),
        '"model": "gpt-4o"',
    ),
    Case(
        "header-location",
        _response("operation-location", "https://llm.acme.dev/openai/operations/7?api-version=1"),
        "acme.dev",
        _response("Location", "/openai/operations/7?api-version=1"),
        "/openai/operations/7?api-version=1",
    ),
    Case(
        "sas-signature",
        _said(f"{_SAS}sig={SIGNATURE}&sp=r"),
        SIGNATURE[:20],
        _said("a sig=nal is no signature, and ?sig=short is none"),
        "?sig=short",
    ),
    Case(
        "sas-identity", _said(f"{_SAS}skoid={GUID}&sig=<sig>"), GUID, _said(f"?skoid={GUID}"), GUID
    ),
    Case(
        "sas-time",
        _said(f"{_SAS}st=2025-04-14T09:30:00Z&sig=<sig>"),
        "2025",
        _said("?st=2025&se=1"),
        "st=2025&se=1",
    ),
    Case(
        "blob-path",
        _said(f"https://conformance.blob.core.windows.net/private/acme.png?sig={SIGNATURE}"),
        "acme.png",
        _said("https://conformance.blob.core.windows.net/private/acme.png"),
        "private/acme.png",
    ),
    Case(
        "arm-id",
        _said(_ARM),
        "acme-ai",
        _said("/subscriptions/{id}/resourceGroups/<group>"),
        "/resourceGroups/<group>",
    ),
    Case(
        "guid-identity",
        exchange(sent={"tenant_id": GUID}),
        GUID,
        exchange(sent={"trace": GUID}),
        GUID,
    ),
    Case(
        "guid-known",
        exchange(
            served={"error": {"message": f"quote {GUID}"}},
            response=(*JSON_HEAD, ("x-request-id", GUID)),
        ),
        GUID,
        exchange(
            served={"error": {"message": f"quote {OTHER_GUID}"}},
            response=(*JSON_HEAD, ("x-request-id", GUID)),
        ),
        OTHER_GUID,
    ),
    Case(
        "token-host",
        exchange(url="https://login.microsoftonline.com/t/oauth2/v2.0/token", sent=b"plain=word"),
        "plain=word",
        exchange(url=URL, sent=b"plain=word"),
        "plain=word",
    ),
    Case(
        "token-request",
        _form("grant_type=client_credentials&client_secret=plain+word"),
        "plain",
        _form("grant_type=client_credentials&scope=all"),
        "grant_type=client_credentials&scope=all",
    ),
    Case(
        "token-response",
        exchange(served={"access_token": "plain-word"}),
        "plain-word",
        exchange(served={"total_tokens": 12, "token": "plain-word"}),
        "plain-word",
    ),
    Case(
        "jwt",
        _said(f"it was {JWT}"),
        JWT.split(".")[1],
        _said("eyJ is how it starts, eyJhbGci.OiJ"),
        "eyJhbGci.OiJ",
    ),
    Case(
        "openai-key",
        _said(f"use {SK_KEY}!"),
        SK_KEY[8:],
        _said("the task-force-1234567890123456 and sk-en"),
        "task-force-1234567890123456 and sk-en",
    ),
    Case(
        "azure-key-32",
        _said(f"key {HEX_KEY}."),
        HEX_KEY,
        _said(f"sha256 {HEX_KEY * 2}"),
        HEX_KEY * 2,
    ),
    Case("azure-key-84", _said(f"x{KEY_84}y"), KEY_84[:20], _said("JQQJ9 alone"), "JQQJ9 alone"),
    Case(
        "azure-key-other",
        _said(f"admin {SEARCH_KEY}"),
        SEARCH_KEY[:20],
        _said("AzSeA12345"),
        "AzSeA12345",
    ),
    Case(
        "third-party-key",
        _said("ghp_" + "a1B2c3" * 6),
        "a1B2c3" * 6,
        _said("ghp_short"),
        "ghp_short",
    ),
    Case(
        "account-key",
        _said("DefaultEndpointsProtocol=https;AccountKey=plainword==;"),
        "plainword",
        _said("AccountKey=***;"),
        "AccountKey=***;",
    ),
    Case(
        "connection-string",
        _said("x;AccountName=acmestore;y"),
        "acmestore",
        _said("AccountName = acme"),
        "AccountName = acme",
    ),
    Case(
        "pem",
        _said(PEM),
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC",
        _said("-----BEGIN HERE----"),
        "BEGIN HERE",
    ),
    Case(
        "bearer-text",
        _said("Authorization: Bearer abcDEF123456ghiJKL"),
        "abcDEF123456ghiJKL",
        _said("a bearer certificate of authenticity"),
        "bearer certificate of authenticity",
    ),
    Case(
        "url-credentials",
        _said("https://joe:plainword@tools.example/x"),
        "plainword",
        _said("https://tools.example:8080/x"),
        "https://tools.example:8080/x",
    ),
    Case(
        "body-credential",
        exchange(sent={"deep": [{"API_KEY": "plain-word"}]}),
        "plain-word",
        exchange(sent={"properties": {"api_key": {"type": "string"}}}),
        '"api_key": {"type": "string"}',
    ),
    Case(
        "data-source-credential",
        _source(authentication={"type": "api_key", "key": "plain-word"}),
        "plain-word",
        exchange(sent={"tools": [{"key": "plain-word"}]}),
        "plain-word",
    ),
    Case(
        "data-source-name",
        _source(index_name="acme-handbook"),
        "acme-handbook",
        _source(query_type="simple"),
        "simple",
    ),
    Case("mcp-credential", _tool("mcp"), "blue-whale-7", _tool("function"), "blue-whale-7"),
    Case("mcp-server", _tool("mcp"), "tools.acme.dev", _tool("function"), "tools.acme.dev"),
    Case(
        "realtime-secret",
        exchange(served={"client_secret": {"value": "plain-word", "expires_at": 1}}),
        "plain-word",
        exchange(served={"secrets": {"value": "plain-word"}}),
        "plain-word",
    ),
    Case(
        "opaque-blob",
        exchange(served={"encrypted_content": "gAAAAplain"}),
        "gAAAAplain",
        exchange(served={"content": "gAAAAplain"}),
        "gAAAAplain",
    ),
    Case(
        "user-field",
        exchange(sent={"user": "joe", "messages": [{"role": "user"}]}),
        '"joe"',
        exchange(sent={"messages": [{"role": "user", "name": "joe"}]}),
        '"name": "joe"',
    ),
    Case(
        "metadata-value",
        exchange(sent={"metadata": {"team": "blue-whale"}}),
        "blue-whale",
        exchange(sent={"properties": {"metadata": {"type": "object"}}}),
        '{"type": "object"}',
    ),
    Case(
        "organization-field",
        exchange(served={"organization_id": "acme"}),
        '"acme"',
        exchange(served={"organization": "acme"}),
        '"acme"',
    ),
    Case(
        "email",
        _said("write joe.doe@acme.com"),
        "joe.doe",
        _said("write joe@example.com, or user@localhost"),
        "joe@example.com, or user@localhost",
    ),
    Case(
        "phone",
        _said("call +49 30 1234-5678"),
        "1234-5678",
        _said("1 + 123456789 = 123456790, +1234"),
        "+1234",
    ),
    Case(
        "ip-address",
        _said("from 20.62.134.7"),
        "20.62.134.7",
        _said("version 1.2.3, host 10.1.2.3"),
        "10.1.2.3",
    ),
    Case(
        "service-id",
        exchange(served={"id": CHAT_ID}),
        CHAT_ID,
        exchange(served={"id": "file-abc123"}),
        "file-abc123",
    ),
    Case(
        "timestamp",
        exchange(served={"created": 1731880663}),
        "1731880663",
        exchange(served={"seed": 1731880663}),
        "1731880663",
    ),
    Case(
        "obfuscation",
        exchange(served={"obfuscation": "xYz12"}),
        "xYz12",
        exchange(served={"content": "xYz12"}),
        "xYz12",
    ),
    Case("evidence", _said("It was founded."), "", _said("It was founded."), "It was founded."),
    Case(
        "error-text",
        _said("your current OpenAI S7 pricing tier. Please retry after 6 seconds."),
        "S7",
        _said("tier S7 seats; Please retry after 6 seconds."),
        "tier S7 seats; Please retry after 6 seconds",
    ),
    Case(
        "multipart-filename",
        _upload("C:\\\\Users\\\\joe\\\\train.jsonl"),
        "joe",
        _upload("upload-1.jsonl"),
        "upload-1.jsonl",
    ),
    Case(
        "multipart-boundary",
        _upload("upload-1.jsonl"),
        "rAnDoM",
        _said("boundary=rAnDoM"),
        "boundary=rAnDoM",
    ),
    Case(
        "content-encoding",
        exchange(
            served=gzip.compress(b'{"api_key": "plain-word"}', mtime=0),
            response=(*JSON_HEAD, ("content-encoding", "gzip")),
        ),
        "plain-word",
        exchange(
            served=b"plain-word",
            response=(("content-type", "text/plain"), ("content-encoding", "identity")),
        ),
        "plain-word",
    ),
    Case(
        "encoded",
        _said("x " + base64.b64encode(json.dumps({"password": "plain-word"}).encode()).decode()),
        base64.b64encode(json.dumps({"password": "plain-word"}).encode()).decode(),
        _said(base64.b64encode(b"only ordinary words in here").decode()),
        base64.b64encode(b"only ordinary words in here").decode(),
    ),
    Case(
        "logprob-bytes",
        exchange(served=_LOGPROBS),
        "115, 107, 45",
        exchange(served={"bytes": [115, 107, 45]}),
        "115, 107, 45",
    ),
    Case(
        "known-secret",
        exchange(served=deltas("it is open", " sesame42, now")),
        "sesame42",
        exchange(served=deltas("it is open", " to all")),
        " to all",
        known=("open sesame42",),
    ),
)
