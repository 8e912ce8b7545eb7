"""Secrets that are nobody's, made at run time so that no scanner of this repository takes them for
real ones."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import yaml

from conformance.wire.exchange import Exchange, Headers, Provenance, Request, Response, Source

HEX_KEY = "".join(("3f9a", "0c7e", "b215", "d846")) * 2
KEY_84 = "Ab3dE6gH9jK2" * 4 + "Zz9Q" + "JQ" + "QJ9" + "9BJAC5RqLJ" + "XJ3w3AAABACOG" + "q7Xw"
SEARCH_KEY = "q7WmZ2xK9c" * 4 + "pL" + "Az" + "SeB" + "1x9Kq"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (
        b'{"typ":"JWT","alg":"RS256"}',
        b'{"aud":"https://cognitiveservices","upn":"a"}',
        b"signature-of-it-all-1",
    )
)
SK_KEY = "sk" + "-proj-" + "a1B2c3D4e5F6" * 3
PEM = (
    "-----BEGIN "
    + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSj\n-----END "
    + "PRIVATE KEY-----"
)
GUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
OTHER_GUID = "1b4e28ba-2fa1-11d2-883f-0016d3cca427"
CHAT_ID = "chatcmpl-AUhZ11g6aNb1Nnxjp4hFUNcszw3uf"
FILE_ID = "file-" + "62c66a7a5dd70c31" * 2
SIGNATURE = "R5mK4FB8mgqXnMSphPol2v7ay3%2BrqI8GXX%3D"
URL = "https://conformance.openai.azure.com/openai/deployments/conf-chat/chat/completions?api-version=2024-10-21"
JSON_HEAD: Headers = (("content-type", "application/json"),)
LIVE = Provenance(Source.LIVE, "a test")

CONTROLS: dict[str, Any] = {
    "id": "chatcmpl-abc123",
    "object": "chat.completion",
    "model": "gpt-4o-2024-08-06",
    "system_fingerprint": "fp_04751d0b65",
    "choices": [
        {
            "index": 0,
            "finish_reason": "tool_calls",
            "message": {
                "role": "assistant",
                "content": 'Founded on April 4, 1975, at 10.0.0.1 – "naïve" \\o/ 東京\n\t%20 +1',
                "refusal": None,
                "tool_calls": [
                    {
                        "id": "call_abc123",
                        "type": "function",
                        "function": {
                            "name": "get_current_weather",
                            "arguments": (
                                '{"location": "Boston, MA", "unit": "celsius", "days": [1, 2]}'
                            ),
                        },
                    }
                ],
            },
            "logprobs": {
                "content": [
                    {
                        "token": "Founded",
                        "logprob": -0.25,
                        "bytes": [70, 111],
                        "top_logprobs": [
                            {"token": "Founded", "logprob": -0.25, "bytes": [70, 111]},
                            {"token": "key", "logprob": -3.5, "bytes": None},
                        ],
                    },
                    {
                        "token": " on",
                        "logprob": -1e-05,
                        "bytes": [32, 111, 110],
                        "top_logprobs": [],
                    },
                ]
            },
            "content_filter_results": {
                "hate": {"filtered": False, "severity": "safe"},
                "protected_material_code": {
                    "filtered": False,
                    "detected": True,
                    "citation": {"URL": "https://github.com/someone/code", "license": "MIT"},
                },
            },
        }
    ],
    "prompt_filter_results": [
        {
            "prompt_index": 0,
            "content_filter_results": {"jailbreak": {"filtered": False, "detected": False}},
        }
    ],
    "usage": {
        "prompt_tokens": 22,
        "completion_tokens": 24,
        "total_tokens": 46,
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    },
    "error": {
        "code": "429",
        "innererror": {"code": "ResponsibleAIPolicyViolation"},
        "message": "Please retry after 6 seconds.",
    },
}
CONTROL_HEADERS: Headers = (
    ("x-ratelimit-remaining-tokens", "249954"),
    ("X-RateLimit-Limit-Requests", "250"),
    ("retry-after", "7"),
    ("retry-after-ms", "6800"),
    ("x-should-retry", "false"),
    ("x-rate-limit-reset-tokens", "6m0s"),
    ("x-ms-served-model", "gpt-4o-2024-08-06"),
    ("x-ms-rai-invoked", "true"),
    ("policy-id", "DeploymentRatelimit-Token"),
)
"""What must survive byte for byte."""


def exchange(
    *,
    url: str = URL,
    sent: bytes | Any = b"",
    served: bytes | Any = b"",
    request: Headers = JSON_HEAD,
    response: Headers = JSON_HEAD,
) -> Exchange:
    """An exchange with the bodies given as bytes, or as values to be written as JSON."""
    return Exchange(
        Request("POST", url, request, _bytes(sent)),
        Response(200, response, _bytes(served), LIVE),
        0.0,
    )


def _bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()


def shown(given: Exchange | None) -> str:
    """Everything of an exchange that would be written, as one text."""
    if given is None:
        return ""
    lines = [given.request.method + " " + given.request.url]
    lines += [f"> {name}: {value}" for name, value in given.request.headers]
    lines.append(_text(given.request.body, given.request.headers))
    if given.response is not None:
        lines += [f"< {name}: {value}" for name, value in given.response.headers]
        lines.append(_text(given.response.body, given.response.headers))
    return "\n".join(lines)


def _text(body: bytes, headers: Headers) -> str:
    if dict(headers).get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return body.decode("utf-8", "replace")


def events(*datas: Any) -> bytes:
    """A stream of events with ``datas``, and the end mark."""
    texts = [data if isinstance(data, str) else json.dumps(data) for data in datas]
    return "".join(f"data: {text}\n\n" for text in (*texts, "[DONE]")).encode()


def deltas(*pieces: str, name: str = "content") -> bytes:
    """A chat stream that delivers ``pieces``."""
    return events(
        *(
            {"choices": [{"index": 0, "delta": {name: piece}, "finish_reason": None}]}
            for piece in pieces
        )
    )


def cassette(
    body: object, headers: dict[str, list[str]] | None = None, uri: str = "https://x.example/v1"
) -> str:
    """A cassette as vcrpy writes it."""
    return yaml.safe_dump(
        {
            "interactions": [
                {
                    "request": {
                        "method": "POST",
                        "uri": uri,
                        "headers": headers or {},
                        "body": "{}",
                    },
                    "response": {
                        "status": {"code": 200, "message": "OK"},
                        "headers": {},
                        "body": {"string": body},
                    },
                }
            ],
            "version": 1,
        }
    )
