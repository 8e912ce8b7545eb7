"""How fast traffic is sanitised and scanned: chat JSON, event streams, multipart, long texts,
embeddings, images.

Clean bodies are the rule and dirty ones the exception; both are measured. Run as
``python benchmarks/sanitizing.py``; the bar is 20 MB/s on an idle core for clean chat JSON of a
recording's usual sizes put together.
"""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Callable
from typing import Any

from conformance.sanitize.exchange import Sanitizer
from conformance.sanitize.scan import Scanner
from conformance.wire.exchange import Exchange, Headers, Provenance, Request, Response, Source

ROUNDS = 5
SECONDS = 0.3
URL = (
    "https://conformance.openai.azure.com/openai/deployments/conf-chat/chat/completions"
    "?api-version=2024-10-21"
)
JSON: Headers = (("content-type", "application/json"),)
STREAM: Headers = (("content-type", "text/event-stream"),)
SAFE = {"filtered": False, "severity": "safe"}
KEY = "3f9a0c7e" + "b215d846" + "3f9a0c7e" + "b215d846"


def chat(text: str) -> dict[str, Any]:
    """A chat completion that answers ``text``."""
    return {
        "id": "chatcmpl-00000000000000000000000000001",
        "object": "chat.completion",
        "created": 1200000000,
        "model": "gpt-4o-2024-08-06",
        "system_fingerprint": "fp_04751d0b65",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "logprobs": None,
                "content_filter_results": dict.fromkeys(
                    ("hate", "self_harm", "sexual", "violence"), SAFE
                ),
                "message": {"role": "assistant", "content": text, "refusal": None},
            }
        ],
        "usage": {"prompt_tokens": 22, "completion_tokens": 24, "total_tokens": 46},
    }


def events(count: int, extra: str = "") -> bytes:
    """A chat stream of ``count`` events."""
    frames = [
        {
            "choices": [
                {
                    "content_filter_results": {"hate": SAFE},
                    "delta": {"content": f" word{extra}"},
                    "finish_reason": None,
                    "index": 0,
                    "logprobs": None,
                }
            ],
            "created": 1200000000,
            "id": "chatcmpl-00000000000000000000000000001",
            "model": "gpt-4o-2024-08-06",
            "object": "chat.completion.chunk",
            "system_fingerprint": "fp_04751d0b65",
        }
    ] * count
    return (
        "".join(f"data: {json.dumps(frame)}\n\n" for frame in frames).encode() + b"data: [DONE]\n\n"
    )


def form(lines: int) -> tuple[bytes, Headers]:
    """An upload of ``lines`` batch lines."""
    line = json.dumps(
        {
            "custom_id": "r-1",
            "method": "POST",
            "url": "/chat/completions",
            "body": {
                "model": "gpt-4o",
                "messages": [{"role": "user", "content": "When was Microsoft founded?"}],
            },
        }
    )
    body = (
        '--b\r\nContent-Disposition: form-data; name="file"; filename="in.jsonl"\r\n\r\n'
        + f"{line}\n" * lines
        + "\r\n--b--\r\n"
    ).encode()
    return body, (("content-type", "multipart/form-data; boundary=b"),)


def exchanges() -> dict[str, Exchange]:
    """What is measured."""
    prose = "It was a bright cold day in April, and the clocks were striking thirteen. "
    noise = random.Random(1975).randbytes(300_000)
    upload, kind = form(4000)

    def served(body: bytes, headers: Headers = JSON) -> Exchange:
        return Exchange(
            Request("POST", URL, JSON), Response(200, headers, body, Provenance(Source.LIVE)), 0.0
        )

    return {
        "chat JSON, 1 kB": served(json.dumps(chat(prose)).encode()),
        "chat JSON, 8 kB": served(json.dumps(chat(prose * 100)).encode()),
        "chat JSON, 500 kB of choices": served(json.dumps([chat(prose)] * 600).encode()),
        "chat JSON, line breaks": served(json.dumps(chat((prose + "\n") * 3000)).encode()),
        "chat JSON, a key in each": served(json.dumps([chat(f"{prose}{KEY}")] * 600).encode()),
        "event stream, 51 events": served(events(51), STREAM),
        "event stream, 2,000 events": served(events(2000), STREAM),
        "event stream, a mail in each": served(events(500, " a@b.io"), STREAM),
        "multipart, 4,000 lines": Exchange(Request("POST", URL, kind, upload), None, 0.0),
        "embeddings, floats": served(
            json.dumps(
                {"data": [{"embedding": [0.0123 - i / 1e6 for i in range(30_000)]}]}
            ).encode()
        ),
        "image in base64": served(
            json.dumps({"data": [{"b64_json": base64.b64encode(noise).decode()}]}).encode()
        ),
    }


def megabytes_a_second(work: Callable[[], object], size: int) -> float:
    """The best of several rounds, so that a noisy machine does not count."""
    work()
    best = 0.0
    for _ in range(ROUNDS):
        done, begin = 0, time.perf_counter()
        while (spent := time.perf_counter() - begin) < SECONDS / ROUNDS or not done:
            work()
            done += 1
        best = max(best, size * done / (time.perf_counter() - begin) / 1e6 if spent else 0.0)
    return best


def main() -> None:
    print(f"{'':32}{'size':>10}{'sanitise':>12}{'one secret':>12}{'scan':>12}   MB/s")
    for name, exchange in exchanges().items():
        size = len(exchange.request.body) + len(
            exchange.response.body if exchange.response else b""
        )
        plain, knowing, scanner = Sanitizer(), Sanitizer(["correct horse battery"]), Scanner()
        rates = (
            megabytes_a_second(lambda e=exchange, s=plain: s.exchange(e), size),
            megabytes_a_second(lambda e=exchange, s=knowing: s.exchange(e), size),
            megabytes_a_second(lambda e=exchange, s=scanner: s.exchange(e, 0), size),
        )
        print(f"{name:32}{size:>10,}" + "".join(f"{rate:>12.1f}" for rate in rates))


if __name__ == "__main__":
    main()
