"""Batches: jobs over the lines of a file, answered by this same emulator (wire-contract section 9).

A batch is validating, in progress and finalizing for one pace each. What it did is worked out when
somebody looks.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from conformance.service.emulator import errors, rules
from conformance.service.emulator.answers import JSON_UTF8, Answer, Refusal, encode, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.files import store
from conformance.service.emulator.paging import page
from conformance.service.emulator.state import StoredBatch, StoredFile
from conformance.service.emulator.validation import check, metadata, read_json
from conformance.wire.exchange import Request

_ENDPOINTS = ("/chat/completions", "/completions", "/embeddings", "/responses")
_DAY = 86_400


def create(call: ServiceCall) -> Answer:
    """Take a batch on. Its lines are looked at later, as the service does. Raises Refusal."""
    body = call.body
    check(body, rules.BATCH, call.version)
    endpoint = body["endpoint"].removeprefix("/v1")
    if endpoint not in _ENDPOINTS:
        raise errors.payload(
            f"The provided endpoint '{body['endpoint']}' is not supported. Supported values are: "
            f"{', '.join(_ENDPOINTS)}.",
            call.v1,
            "endpoint",
        )
    if body["completion_window"] != "24h":
        raise errors.payload("The completion window must be 24h.", call.v1, "completion_window")
    file = call.state.files.get(body["input_file_id"])
    if file is None:
        raise errors.payload(
            f"No such File object: {body['input_file_id']}", call.v1, "input_file_id"
        )
    if file.purpose != "batch":
        raise errors.payload(
            f"The file {file.id} has purpose {file.purpose}, not batch.", call.v1, "input_file_id"
        )
    batch = StoredBatch(
        f"batch_{call.state.uuid('batch')}",
        file,
        endpoint,
        "24h",
        metadata(body),
        call.state.now(),
        call.route.surface,
        call.version,
        _problems(file, endpoint),
    )
    call.state.batches[batch.id] = batch
    # The recorded answer to creating a batch counts its tokens in the queue of the deployment.
    queued = (
        ("deployment-enqueued-tokens", "0"),
        ("deployment-maximum-enqueued-tokens", "24487000"),
    )
    return json_answer(_described(batch, call), content_type=JSON_UTF8, headers=queued)


def retrieve(call: ServiceCall) -> Answer:
    return json_answer(_described(_batch(call), call), content_type=JSON_UTF8)


def list_all(call: ServiceCall) -> Answer:
    items = [_described(batch, call) for batch in call.state.batches.values()]
    return json_answer(page(call, items), content_type=JSON_UTF8)


def cancel(call: ServiceCall) -> Answer:
    """Stop a batch that is not done; it is cancelling for one pace. Raises Refusal for one that
    is."""
    batch = _batch(call)
    status = _status(batch, call)
    if status in ("completed", "failed", "expired", "cancelled"):
        raise errors.conflict(f"Cannot cancel a batch with status '{status}'.", call.v1)
    if batch.cancelled is None:
        batch.cancelled = call.state.now()
    return json_answer(_described(batch, call), content_type=JSON_UTF8)


def _batch(call: ServiceCall) -> StoredBatch:
    identity = call.route.arguments["batch_id"]
    found = call.state.batches.get(identity)
    if found is None:
        raise errors.not_found(f"No batch found with id '{identity}'.", call.v1)
    return found


# States


def _status(batch: StoredBatch, call: ServiceCall) -> str:
    pace, now = call.state.config.pace, call.state.now()
    if batch.cancelled is not None:
        return "cancelling" if now < batch.cancelled + pace else "cancelled"
    passed = now - batch.created
    if passed < pace:
        return "validating"
    if batch.problems:
        return "failed"
    if passed >= _DAY and 3 * pace > _DAY:
        return "expired"
    return (
        "in_progress" if passed < 2 * pace else "finalizing" if passed < 3 * pace else "completed"
    )


def _described(batch: StoredBatch, call: ServiceCall) -> dict[str, Any]:
    """The batch object now. A file id that is not there yet is the empty text (real-traffic note
    14)."""
    pace, status = call.state.config.pace, _status(batch, call)
    if status in ("finalizing", "completed") and not batch.computed:
        with call.state.at(batch.created + 2 * pace):
            _compute(batch, call)
    stamps = dict.fromkeys(
        (
            "in_progress_at",
            "finalizing_at",
            "completed_at",
            "failed_at",
            "expired_at",
            "cancelling_at",
            "cancelled_at",
        )
    )
    reached = {"in_progress": 1, "finalizing": 2, "completed": 3}.get(status, 0)
    for number, name in enumerate(("in_progress_at", "finalizing_at", "completed_at")[:reached], 1):
        stamps[name] = int(batch.created + number * pace)
    if status == "failed":
        stamps["failed_at"] = int(batch.created + pace)
    if status == "expired":
        stamps["expired_at"] = int(batch.created + _DAY)
    if batch.cancelled is not None:
        stamps["cancelling_at"] = int(batch.cancelled)
        stamps["cancelled_at"] = int(batch.cancelled + pace) if status == "cancelled" else None
    done = status == "completed"
    problems = {"object": "list", "data": batch.problems} if status == "failed" else None
    files = {
        "output_file_id": batch.output_file_id if done else "",
        "error_file_id": batch.error_file_id if done else "",
    }
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": batch.endpoint,
        "errors": problems,
        "input_file_id": batch.input_file.id,
        "completion_window": batch.window,
        "status": status,
        **files,
        "created_at": int(batch.created),
        "expires_at": int(batch.created) + _DAY,
        **stamps,
        "request_counts": {
            "total": batch.total,
            "completed": batch.completed,
            "failed": batch.failed,
        },
        "metadata": batch.metadata,
    }


# Lines


def _problems(file: StoredFile, endpoint: str) -> list[dict[str, Any]]:
    """What is wrong with the lines of a file, in the words of Microsoft Learn, "Batch:
    troubleshooting"."""
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    lines = file.content.splitlines()
    if not any(line.strip() for line in lines):
        return [_problem("empty_file", "The input file is empty.", None)]
    for number, raw in enumerate(lines, 1):
        line = _line(raw)
        if line is None:
            found.append(_problem("invalid_json_line", "A line is not valid JSON.", number))
            continue
        name, url = line.get("custom_id"), line.get("url")
        if not isinstance(name, str) or not isinstance(line.get("body"), dict):
            found.append(_problem("invalid_request", "A line lacks a custom_id or a body.", number))
        elif name in seen:
            found.append(
                _problem(
                    "duplicate_custom_id", f"The custom_id '{name}' is used more than once.", number
                )
            )
        elif (
            line.get("method", "POST") != "POST"
            or not isinstance(url, str)
            or url.removeprefix("/v1") != endpoint
        ):
            found.append(
                _problem(
                    "url_mismatch", "The URL of a line is not the endpoint of the batch.", number
                )
            )
        seen.add(str(name))
    return found


def _line(raw: bytes) -> dict[str, Any] | None:
    try:
        return read_json(raw)
    except Refusal:
        return None


def _problem(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}


def _compute(batch: StoredBatch, call: ServiceCall) -> None:
    """Answer every line. Answers go to the output file, refusals to the error file; both files are
    always made, as in the recorded batch."""
    good: list[bytes] = []
    bad: list[bytes] = []
    for raw in batch.input_file.content.splitlines():
        line = _line(raw)
        if line is None:
            continue
        result = _result(batch, line, call)
        (good if result["response"]["status_code"] < 400 else bad).append(encode(result))
    batch.total, batch.completed, batch.failed = len(good) + len(bad), len(good), len(bad)
    for lines, what in ((good, "results"), (bad, "errors")):
        stored = store(
            call.state,
            f"{batch.id}_{what}.jsonl",
            "batch_output",
            b"".join(one + b"\n" for one in lines),
        )
        if what == "results":
            batch.output_file_id = stored.id
        else:
            batch.error_file_id = stored.id
    batch.computed = True


def _result(batch: StoredBatch, line: dict[str, Any], call: ServiceCall) -> dict[str, Any]:
    body = {**line["body"], "stream": False} if "stream" in line["body"] else line["body"]
    headers = (("content-type", "application/json"),)
    host = call.request.url.partition("/openai")[0]
    response = call.perform(
        Request("POST", host + _path(batch, body), headers, json.dumps(body).encode())
    )
    answer = {
        "request_id": response.header("apim-request-id"),
        "status_code": response.status,
        "body": response.json(),
    }
    return {"custom_id": line["custom_id"], "response": answer, "error": None}


def _path(batch: StoredBatch, body: dict[str, Any]) -> str:
    if batch.surface == "v1":
        return f"/openai/v1{batch.endpoint}"
    model = body.get("model")
    name = model if isinstance(model, str) and model and "/" not in model else "none"
    deployment = "" if batch.endpoint == "/responses" else f"/deployments/{quote(name, safe='')}"
    return f"/openai{deployment}{batch.endpoint}?api-version={batch.api_version}"
