"""Files, batches and fine-tuning jobs: their states on a clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.schema import SchemaRegistry
from conformance.wire.clock import VirtualClock
from tests.service.emulator.emulating import Caller, error
from tests.service.emulator.walking import EXAMPLES, LINES, Store


def timed(
    version: str = "2025-04-01-preview", **members: Any
) -> tuple[Caller, Store, VirtualClock]:
    clock = VirtualClock()
    caller = Caller(Emulator(EmulatorConfig(clock=clock, **members)), version)
    return caller, Store(caller), clock


def watch(
    caller: Caller,
    clock: VirtualClock,
    path: str,
    looks: int,
    registry: SchemaRegistry,
    schema: str,
) -> list[dict[str, Any]]:
    seen = []
    for _ in range(looks):
        body = caller.get(path).json()
        assert registry.validate(schema, caller.version, body) == ()
        seen.append(body)
        clock.advance(10)
    return seen


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


@pytest.mark.parametrize(
    "version, states",
    [
        ("2024-10-21", ["pending", "pending", "running", "running", "running", "succeeded"]),
        ("v1", ["validating_files", "queued", "running", "running", "running", "succeeded"]),
    ],
)
def test_a_job_moves_through_its_states(
    registry: SchemaRegistry, version: str, states: list[str]
) -> None:
    caller, store, clock = timed(version)
    job = store.job()
    seen = watch(caller, clock, f"/fine_tuning/jobs/{job}", 6, registry, "fine-tuning-job")
    assert [one["status"] for one in seen] == states
    last = seen[-1]
    assert (
        last["fine_tuned_model"].startswith("gpt-4o-mini-2024-07-18.ft-")
        and last["trained_tokens"] > 0
    )
    assert last["finished_at"] == last["created_at"] + 50
    results = caller.get(f"/files/{last['result_files'][0]}/content").body
    assert results.startswith(b"step,train_loss,train_accuracy\n")
    told = caller.get(f"/fine_tuning/jobs/{job}/events?limit=50").json()
    assert told["data"][0]["message"] == "Job succeeded." and not told["has_more"]
    assert len(told["data"]) > len(
        caller.get(f"/fine_tuning/jobs/{job}/events?limit=2").json()["data"]
    )


@pytest.mark.parametrize(
    "content, says",
    [
        (EXAMPLES.splitlines()[0], "at least 10 examples"),
        (b"{}\n" * 12, "Line 1"),
        (b"text\n" * 12, "Line 1"),
    ],
)
def test_a_poor_training_file_fails_the_job(content: bytes, says: str) -> None:
    caller, store, clock = timed("v1")
    body = {"model": "conf-fine-tuning", "training_file": store.file("fine-tune", content)}
    job = caller.post("/fine_tuning/jobs", body).json()["id"]
    clock.advance(10)
    found = caller.get(f"/fine_tuning/jobs/{job}").json()
    assert found["status"] == "failed" and says in found["error"]["message"]
    assert caller.get(f"/fine_tuning/jobs/{job}/events").json()["data"][0]["level"] == "error"


def test_a_job_can_be_cancelled_until_it_is_done() -> None:
    caller, store, clock = timed()
    job = f"/fine_tuning/jobs/{store.job()}"
    assert caller.send("POST", f"{job}/cancel").json()["status"] == "cancelled"
    assert caller.send("POST", f"{job}/cancel").status == 400
    clock.advance(100)
    assert caller.get(job).json()["status"] == "cancelled"
    assert caller.get(f"{job}/events").json()["data"][0]["message"] == "Job cancelled."


def test_jobs_that_are_refused() -> None:
    caller, store, _ = timed()
    good = {"model": "conf-fine-tuning", "training_file": store.file("fine-tune", EXAMPLES)}
    for change, says in (
        ({"model": "nobody"}, "not available"),
        ({"training_file": "none"}, "invalid training_file"),
        ({"training_file": store.file()}, "invalid training_file"),
        ({"seed": -1}, "below minimum"),
    ):
        refused = caller.post("/fine_tuning/jobs", {**good, **change})
        assert refused.status == 400 and says in error(refused)["message"]
    missing = caller.get("/fine_tuning/jobs/none")
    assert missing.status == 404 and error(missing)["code"] == "notFound"


def test_files_on_the_two_surfaces() -> None:
    caller, _, clock = timed()
    made = caller.form("/files", [("purpose", None, b"fine-tune"), ("file", "a b.jsonl", EXAMPLES)])
    assert made.status == 201 and (made.header("location") or "").endswith(
        f"/openai/files/{made.json()['id']}?api-version=2025-04-01-preview"
    )
    path = f"/files/{made.json()['id']}"
    states = []
    for _ in range(3):
        states.append(caller.get(path).json()["status"])
        clock.advance(10)
    assert states == ["pending", "running", "processed"]
    content = caller.get(path + "/content")
    assert content.body == EXAMPLES and content.header("content-type") == "application/octet-stream"
    assert "first_id" not in caller.get("/files").json()
    assert caller.get("/files?purpose=batch").json()["data"] == []
    assert caller.send("DELETE", path).json()["deleted"] is True
    assert caller.get(path).status == caller.get(path + "/content").status == 404
    newer, _, _ = timed("v1")
    expiring = newer.form(
        "/files",
        [
            ("purpose", None, b"batch"),
            ("file", "a.jsonl", LINES),
            ("expires_after[anchor]", None, b"created_at"),
            ("expires_after[seconds]", None, b"3600"),
        ],
    )
    assert (
        expiring.status == 200
        and expiring.json()["expires_at"] == expiring.json()["created_at"] + 3600
    )
    assert set(newer.get("/files").json()) == {"object", "data", "first_id", "last_id", "has_more"}


def test_files_that_are_refused() -> None:
    caller, _, _ = timed()
    for parts in (
        [("purpose", None, b"world"), ("file", "a", b"x")],
        [("purpose", None, b"batch")],
        [("file", "a", b"x")],
    ):
        refused = caller.form("/files", parts)
        assert refused.status == 400 and error(refused)["message"]


def test_models_of_the_two_surfaces() -> None:
    classic, v1 = timed()[0], timed("v1")[0]
    assert "created_at" in classic.get("/models/gpt-4o-2024-08-06").json()
    assert v1.get("/models/conf-chat").json()["id"] == "gpt-4o-2024-08-06"
    assert {"created", "owned_by"} <= set(v1.get("/models/whisper").json())
    assert classic.get("/models/nobody").status == 404
    names = [one["id"] for one in classic.get("/models").json()["data"]]
    assert names == sorted(set(names)) and "whisper" in names
