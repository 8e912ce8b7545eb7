"""Fine-tuning jobs: their states on a clock, and what is refused."""

from __future__ import annotations

import pytest

from conformance.suite.schema import SchemaRegistry
from tests.service.emulator.emulating import error
from tests.service.emulator.timing import timed, watch
from tests.service.emulator.walking import EXAMPLES


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
