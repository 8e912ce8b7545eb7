"""Files: on both surfaces, and what is refused."""

from __future__ import annotations

from tests.service.emulator.emulating import error
from tests.service.emulator.timing import timed
from tests.service.emulator.walking import EXAMPLES, LINES


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
