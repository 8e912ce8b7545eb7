"""What it costs to validate one chat response: jsonschema as most use it, compiled, jsonschema-rs,
and ours.

All four run on the same body in the same process, interleaved, and the best of several rounds
counts, so that a noisy machine slows all alike. Run it as
``python benchmarks/schema_validation.py``; the bar is 30 us for ours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import jsonschema_rs

from conformance.suite.schema import SchemaRegistry

ROOT = Path(__file__).parents[1] / "schemas"
NAME, VERSION = "chat-completion", "2024-10-21"
BAR_US = 30.0
ROUNDS = 7

SAFE = {"filtered": False, "severity": "safe"}
CLEAN = {"filtered": False, "detected": False}
SEVERITIES = dict.fromkeys(("hate", "self_harm", "sexual", "violence"), SAFE)
BODY = {
    "id": "chatcmpl-benchmark",
    "object": "chat.completion",
    "created": 1760000000,
    "model": "gpt-4o-mini-2024-07-18",
    "system_fingerprint": "fp_0123456789",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {
                "role": "assistant",
                "content": "It was founded in 1975.",
                "refusal": None,
                "annotations": [],
            },
            "content_filter_results": SEVERITIES
            | {"protected_material_text": CLEAN, "protected_material_code": CLEAN},
        }
    ],
    "prompt_filter_results": [
        {"prompt_index": 0, "content_filter_results": SEVERITIES | {"jailbreak": CLEAN}}
    ],
    "usage": {
        "prompt_tokens": 14,
        "completion_tokens": 8,
        "total_tokens": 22,
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    },
}


def microseconds(work: Callable[[], object], times: int) -> float:
    """Mean time of one call in microseconds over ``times`` calls."""
    begin = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - begin) / times * 1e6


def contenders() -> dict[str, tuple[Callable[[], object], int]]:
    """Name to (one validation, calls a round)."""
    ours = SchemaRegistry.load(ROOT)
    uri = ours.uri(NAME, VERSION)
    documents = ours.documents.reachable(uri)
    whole = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": uri,
        "$defs": {document.uri: document.content | {"$id": document.uri} for document in documents},
    }
    compiled = jsonschema.Draft202012Validator(whole)
    fast = jsonschema_rs.Draft202012Validator(whole)
    return {
        "jsonschema.validate()": (lambda: jsonschema.validate(BODY, whole), 10),
        "jsonschema, compiled": (lambda: compiled.is_valid(BODY), 100),
        "jsonschema-rs": (lambda: fast.is_valid(BODY), 20_000),
        "ours": (lambda: ours.validate(NAME, VERSION, BODY), 20_000),
        "ours, unknown members": (lambda: ours.unknown_members(NAME, VERSION, BODY), 2_000),
    }


def main() -> int:
    """Print one row a contender; exit code 1 when ours misses the bar."""
    rows = contenders()
    best = dict.fromkeys(rows, float("inf"))
    for _ in range(ROUNDS):
        for name, (work, times) in rows.items():
            best[name] = min(best[name], microseconds(work, times))
    print(f"one chat response of {len(json.dumps(BODY))} bytes, best of {ROUNDS} rounds")
    for name, cost in best.items():
        print(f"{name:24} {cost:12.2f} us {cost / best['ours']:10.1f} x ours")
    return int(best["ours"] > BAR_US)


if __name__ == "__main__":
    raise SystemExit(main())
