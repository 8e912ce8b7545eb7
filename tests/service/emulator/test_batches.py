"""Batches: their states on a clock, and what becomes of their lines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.schema import SchemaRegistry
from tests.service.emulator.emulating import error
from tests.service.emulator.timing import timed, watch
from tests.service.emulator.walking import LINES


@pytest.mark.parametrize("version", API_VERSIONS)
def test_a_batch_moves_through_its_states(registry: SchemaRegistry, version: str) -> None:
    caller, store, clock = timed(version)
    batch = store.batch()
    seen = watch(caller, clock, f"/batches/{batch}", 4, registry, "batch")
    assert [one["status"] for one in seen] == [
        "validating",
        "in_progress",
        "finalizing",
        "completed",
    ]
    first, last = seen[0], seen[-1]
    assert (first["output_file_id"], first["error_file_id"], first["endpoint"]) == (
        "",
        "",
        "/chat/completions",
    )
    stamps = [
        last[name]
        for name in ("created_at", "in_progress_at", "finalizing_at", "completed_at", "expires_at")
    ]
    assert stamps == sorted(stamps)
    assert last["request_counts"] == {"total": 3, "completed": 3, "failed": 0}
    lines = [
        json.loads(line)
        for line in caller.get(f"/files/{last['output_file_id']}/content").body.splitlines()
    ]
    assert [line["custom_id"] for line in lines] == ["line-0", "line-1", "line-2"]
    for line in lines:
        assert line["response"]["status_code"] == 200 and line["error"] is None
        assert registry.validate("chat-completion", version, line["response"]["body"]) == ()
        assert line["response"]["body"]["created"] == last["finalizing_at"]


def test_refused_lines_go_to_the_error_file() -> None:
    caller, store, clock = timed()
    bad = {
        "custom_id": "bad",
        "url": "/v1/chat/completions",
        "body": {"model": "nobody", "messages": []},
    }
    filtered = {
        "custom_id": "filtered",
        "url": "/chat/completions",
        "body": {"model": "conf-batch", "messages": [{"role": "user", "content": "[[jailbreak]]"}]},
    }
    content = LINES + json.dumps(bad).encode() + b"\n" + json.dumps(filtered).encode()
    batch = caller.post(
        "/batches",
        {
            "input_file_id": store.file(content=content),
            "endpoint": "/chat/completions",
            "completion_window": "24h",
            "metadata": {"a": "b"},
        },
    ).json()
    clock.advance(30)
    done = caller.get(f"/batches/{batch['id']}").json()
    assert done["request_counts"] == {"total": 5, "completed": 3, "failed": 2} and done[
        "metadata"
    ] == {"a": "b"}
    lines = [
        json.loads(line)
        for line in caller.get(f"/files/{done['error_file_id']}/content").body.splitlines()
    ]
    assert [line["response"]["status_code"] for line in lines] == [404, 400]
    assert lines[1]["response"]["body"]["error"]["code"] == "content_filter"


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "empty_file"),
        (b"{", "invalid_json_line"),
        (LINES + LINES, "duplicate_custom_id"),
        (b"{}", "invalid_request"),
        (b'{"custom_id": "a", "url": "/embeddings", "body": {}}', "url_mismatch"),
    ],
)
def test_wrong_lines_fail_a_batch(registry: SchemaRegistry, content: bytes, code: str) -> None:
    caller, store, clock = timed()
    batch = caller.post(
        "/batches",
        {
            "input_file_id": store.file(content=content),
            "endpoint": "/chat/completions",
            "completion_window": "24h",
        },
    ).json()
    seen = watch(caller, clock, f"/batches/{batch['id']}", 3, registry, "batch")
    assert [one["status"] for one in seen] == ["validating", "failed", "failed"]
    assert seen[-1]["errors"]["data"][0]["code"] == code and seen[-1]["failed_at"]


def test_a_batch_can_be_cancelled_until_it_is_done() -> None:
    caller, store, clock = timed()
    batch = f"/batches/{store.batch()}"
    assert caller.send("POST", f"{batch}/cancel").json()["status"] == "cancelling"
    clock.advance(10)
    assert caller.get(batch).json()["status"] == "cancelled"
    refused = caller.send("POST", f"{batch}/cancel")
    assert refused.status == 400 and "cancelled" in error(refused)["message"]


def test_a_batch_that_takes_longer_than_its_window_expires() -> None:
    caller, store, clock = timed(pace=50_000)
    batch = f"/batches/{store.batch()}"
    clock.advance(90_000)
    assert caller.get(batch).json()["status"] == "expired"


@pytest.mark.parametrize(
    "change, says",
    [
        ({"input_file_id": "file-none"}, "No such File"),
        ({"endpoint": "/models"}, "not supported"),
        ({"completion_window": "1h"}, "24h"),
        ({"probe": 1}, "Unknown parameter"),
    ],
)
def test_batches_that_are_refused(change: dict[str, Any], says: str) -> None:
    caller, store, _ = timed()
    body = {
        "input_file_id": store.file(),
        "endpoint": "/responses",
        "completion_window": "24h",
        **change,
    }
    refused = caller.post("/batches", body)
    assert refused.status == 400 and says in error(refused)["message"]


def test_polling_lets_time_pass_when_the_clock_stands_still() -> None:
    caller, store, _ = timed(seconds_per_request=5)
    batch = store.batch()
    seen = [caller.get(f"/batches/{batch}").json()["status"] for _ in range(7)]
    assert seen[0] == "validating" and seen[-1] == "completed"
