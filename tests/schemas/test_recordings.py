"""What the real service sent is accepted. The recordings belong to others and lie beside the
repository, if at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from conformance.suite.schema import MemberStanding
from tests.schemas.schema_corpus import REPOSITORY, registry

RECORDINGS = REPOSITORY.parent / "shared" / "recordings" / "azure.jsonl"
WIRE = {"recorded", "reparsed", "transcribed"}

pytestmark = pytest.mark.skipif(
    not RECORDINGS.exists(),
    reason=f"the recordings of other projects are not here ({RECORDINGS.name})",
)

SCHEMA_OF = {
    "chat": "chat-completion",
    "chat.stream": "chat-chunk",
    "completions": "completion",
    "embeddings": "embeddings",
    "images": "images",
    "batches": "batch",
    "responses": "response",
    "responses.stream": "response-event",
    "models": "model-list",
}
EXCLUDED = {
    "assistants": "not an operation of ours",
    "threads": "not an operation of ours",
    "realtime": "not an operation of ours",
}
REDACTED = "-XXX"
"""How one project's recorder ends a header value it has removed."""


@dataclass(frozen=True)
class Sample:
    """One decoded body or event and the schema that must accept it."""

    version: str
    name: str
    body: Any
    origin: str


@cache
def rows() -> list[dict[str, Any]]:
    lines = RECORDINGS.read_text("utf-8").splitlines()
    return [row for row in map(json.loads, lines) if row["provenance"] in WIRE]


def version_of(row: dict[str, Any]) -> str:
    return registry().closest_version(row["api_version"])


def exclusion(row: dict[str, Any]) -> str:
    """Why a row has no schema, or nothing."""
    if row["capability"] == "images" and row["status"] < 400 and row["api_version"] < "2024":
        return "the polled image flow of 2023"
    if row["url"].partition("?")[0].endswith("/content"):
        return "the content of a file"
    return "" if row["status"] >= 400 else EXCLUDED.get(row["capability"], "")


def schema_of(row: dict[str, Any]) -> str:
    capability = row["capability"]
    if row["status"] >= 400:
        return "error"
    if capability == "audio.transcriptions":
        return (
            "transcription-verbose" if row["response_body"].startswith("{") else "transcription-srt"
        )
    if capability == "files" and row["method"] == "DELETE":
        return "file-deleted"
    if capability == "files":
        return "file-list" if json.loads(row["response_body"])["object"] == "list" else "file"
    return SCHEMA_OF[capability]


def bodies(row: dict[str, Any], name: str) -> Iterator[Any]:
    text = row["response_body"]
    if name in ("chat-chunk", "completion-chunk", "response-event"):
        data = (line[5:].strip() for line in text.splitlines() if line.startswith("data:"))
        yield from (json.loads(event) for event in data if event != "[DONE]")
    elif name == "transcription-srt":
        yield text
    else:
        body = json.loads(text)
        wrapped_by_recorder = isinstance(body, dict) and body.keys() == {"type", "content"}
        yield body["content"] if wrapped_by_recorder else body


@cache
def samples() -> list[Sample]:
    wanted = [(row, schema_of(row)) for row in rows() if not exclusion(row)]
    return [
        Sample(version_of(row), name, body, row["path"])
        for row, name in wanted
        for body in bodies(row, name)
    ]


def test_every_recorded_body_and_event_is_accepted_by_the_schema_of_its_operation() -> None:
    refused = [
        (sample.origin, sample.name, problems[0])
        for sample in samples()
        if (problems := registry().validate(sample.name, sample.version, sample.body))
    ]
    assert refused == []
    counts = Counter(sample.name for sample in samples())
    assert counts["chat-completion"] >= 90
    assert counts["chat-chunk"] >= 1400
    assert counts["error"] >= 19
    assert counts["embeddings"] >= 11
    assert counts["response"] >= 6
    assert len(counts) >= 11


def test_every_recorded_body_is_accepted_whatever_the_api_version_but_unpaged_lists_on_v1() -> None:
    refused = {
        (sample.name, version)
        for version in registry().api_versions()
        for sample in samples()
        if sample.name in registry().names(version)
        and not registry().validator(sample.name, version).is_valid(sample.body)
    }
    assert refused == {("file-list", "v1")}


def test_only_named_kinds_of_recordings_are_left_out() -> None:
    left_out = Counter(reason for row in rows() if (reason := exclusion(row)))
    assert left_out == {
        "not an operation of ours": 9,
        "the polled image flow of 2023": 3,
        "the content of a file": 1,
    }


def test_the_rate_limit_headers_of_every_recording_are_accepted() -> None:
    judged = with_limits = 0
    for row in rows():
        headers = {
            name.lower(): value
            for name, value in row["response_headers"]
            if not value.endswith(REDACTED)
        }
        assert registry().validate("rate-limit-headers", version_of(row), headers) == (), row[
            "path"
        ]
        judged += 1
        with_limits += any(name.startswith("x-ratelimit-") for name in headers)
    assert judged >= 190
    assert with_limits >= 80


def test_every_member_of_a_recording_is_known_if_only_from_traffic() -> None:
    unknown = Counter(
        (sample.name, member.name)
        for sample in samples()
        for member in registry().unknown_members(sample.name, sample.version, sample.body)
        if member.standing is MemberStanding.UNKNOWN
    )
    assert unknown == {}


def test_members_no_specification_has_are_noted_in_recordings() -> None:
    seen = Counter(
        member.name
        for sample in samples()
        for member in registry().unknown_members(sample.name, sample.version, sample.body)
        if member.standing is MemberStanding.SEEN_ONLY
    )
    assert seen["obfuscation"] >= 800
    assert {"service_tier", "content_filters", "content_filter_result", "store"} <= seen.keys()
