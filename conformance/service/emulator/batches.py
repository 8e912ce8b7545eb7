"""Batches: jobs over the lines of a file, answered by this same emulator (facts/service#batches).

A batch is validating, in progress and finalizing for one pace of the configuration each. The lines
are answered when somebody asks for the batch, not when they would be due.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from conformance.service.emulator import errors, rules
from conformance.service.emulator.answers import JSON_UTF8, Answer, Refusal, encode, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.files import store
from conformance.service.emulator.members import text_or
from conformance.service.emulator.paging import page
from conformance.service.emulator.state import StoredBatch, StoredFile
from conformance.service.emulator.validation import check, metadata, read_json
from conformance.wire.exchange import Request

_ENDPOINTS = ("/chat/completions", "/completions", "/embeddings", "/responses")
_DAY = 86_400


def create(call: ServiceCall) -> Answer:
    """Create a batch. What is wrong with its lines makes it fail later, as at the service. Raises
    Refusal."""
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
        id=f"batch_{call.state.uuid('batch')}",
        input_file=file,
        endpoint=endpoint,
        window="24h",
        metadata=metadata(body),
        created=call.state.now(),
        surface=call.route.surface,
        api_version=call.version,
        problems=_problems(file, endpoint),
    )
    call.state.batches[batch.id] = batch
    # The recorded answer to creating a batch counts its tokens in the queue of the deployment.
    queued = (
        ("deployment-enqueued-tokens", "0"),
        ("deployment-maximum-enqueued-tokens", "24487000"),
    )
    return json_answer(_described(batch, call), content_type=JSON_UTF8, headers=queued)


def retrieve(call: ServiceCall) -> Answer:
    """The batch as it is now. Raises Refusal for one that is not there."""
    return json_answer(_described(_batch(call), call), content_type=JSON_UTF8)


def list_all(call: ServiceCall) -> Answer:
    """A page of the batches. Raises Refusal for a query that is not valid."""
    items = [_described(batch, call) for batch in call.state.batches.values()]
    return json_answer(page(call, items), content_type=JSON_UTF8)


def cancel(call: ServiceCall) -> Answer:
    """Stop a batch; it is cancelling for one pace. Raises Refusal for a batch that is done."""
    batch = _batch(call)
    status = _status(batch, call)
    if status in ("completed", "failed", "expired", "cancelled"):
        raise errors.conflict(f"Cannot cancel a batch with status '{status}'.", call.v1)
    if batch.cancelled is None:
        batch.cancelled = call.state.now()
    return json_answer(_described(batch, call), content_type=JSON_UTF8)


def _batch(call: ServiceCall) -> StoredBatch:
    identity = call.route.arguments["batch_id"]
    batch = call.state.batches.get(identity)
    if batch is None:
        raise errors.not_found(f"No batch found with id '{identity}'.", call.v1)
    return batch


# States


def _status(batch: StoredBatch, call: ServiceCall) -> str:
    pace, now = call.state.config.pace, call.state.now()
    if batch.cancelled is not None:
        if now < batch.cancelled + pace:
            return "cancelling"
        return "cancelled"
    passed = now - batch.created
    if passed < pace:
        return "validating"
    if batch.problems:
        return "failed"
    # A batch expires after its window of a day, unless the pace let it finish before.
    if passed >= _DAY and 3 * pace > _DAY:
        return "expired"
    if passed < 2 * pace:
        return "in_progress"
    if passed < 3 * pace:
        return "finalizing"
    return "completed"


def _described(batch: StoredBatch, call: ServiceCall) -> dict[str, Any]:
    """The batch object as it is now."""
    pace, status = call.state.config.pace, _status(batch, call)
    if status in ("finalizing", "completed") and not batch.computed:
        with call.state.at(batch.created + 2 * pace):
            _compute(batch, call)
    problems = None
    if status == "failed":
        problems = {"object": "list", "data": batch.problems}
    # A file id that is not there yet is the empty text (facts/traffic#n14).
    files = {"output_file_id": "", "error_file_id": ""}
    if status == "completed":
        files = {"output_file_id": batch.output_file_id, "error_file_id": batch.error_file_id}
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
        **_stamps(batch, status, pace),
        "request_counts": {
            "total": batch.total,
            "completed": batch.completed,
            "failed": batch.failed,
        },
        "metadata": batch.metadata,
    }


def _stamps(batch: StoredBatch, status: str, pace: float) -> dict[str, int | None]:
    """When ``batch`` entered each of its states, null for those it has not entered."""
    stamps: dict[str, int | None] = {
        "in_progress_at": None,
        "finalizing_at": None,
        "completed_at": None,
        "failed_at": None,
        "expired_at": None,
        "cancelling_at": None,
        "cancelled_at": None,
    }
    reached = {"in_progress": 1, "finalizing": 2, "completed": 3}.get(status, 0)
    for number, name in enumerate(("in_progress_at", "finalizing_at", "completed_at")[:reached], 1):
        stamps[name] = int(batch.created + number * pace)
    if status == "failed":
        stamps["failed_at"] = int(batch.created + pace)
    if status == "expired":
        stamps["expired_at"] = int(batch.created + _DAY)
    if batch.cancelled is not None:
        stamps["cancelling_at"] = int(batch.cancelled)
        if status == "cancelled":
            stamps["cancelled_at"] = int(batch.cancelled + pace)
    return stamps


# Lines


def _problems(file: StoredFile, endpoint: str) -> list[dict[str, Any]]:
    """What is wrong with the lines of a file, in the words of Microsoft Learn, "Batch:
    troubleshooting"."""
    problems: list[dict[str, Any]] = []
    names: set[str] = set()
    lines = file.content.splitlines()
    if not any(line.strip() for line in lines):
        return [_problem("empty_file", "The input file is empty.", None)]
    for number, raw in enumerate(lines, 1):
        line = _line(raw)
        if line is None:
            problems.append(_problem("invalid_json_line", "A line is not valid JSON.", number))
            continue
        name = line.get("custom_id")
        if not isinstance(name, str) or not isinstance(line.get("body"), dict):
            problems.append(
                _problem("invalid_request", "A line lacks a custom_id or a body.", number)
            )
        elif name in names:
            problems.append(
                _problem(
                    "duplicate_custom_id", f"The custom_id '{name}' is used more than once.", number
                )
            )
        elif not _is_for(endpoint, line):
            problems.append(
                _problem(
                    "url_mismatch", "The URL of a line is not the endpoint of the batch.", number
                )
            )
        names.add(str(name))
    return problems


def _is_for(endpoint: str, line: dict[str, Any]) -> bool:
    """Whether ``line`` is a request to ``endpoint``."""
    url = line.get("url")
    if line.get("method", "POST") != "POST" or not isinstance(url, str):
        return False
    return url.removeprefix("/v1") == endpoint


def _line(raw: bytes) -> dict[str, Any] | None:
    """The JSON object in a line, or None."""
    try:
        return read_json(raw)
    except Refusal:
        return None


def _problem(code: str, message: str, line: int | None) -> dict[str, Any]:
    return {"code": code, "message": message, "param": None, "line": line}


def _compute(batch: StoredBatch, call: ServiceCall) -> None:
    """Answer every line. Answers go to the output file, refusals to the error file."""
    answers: list[bytes] = []
    refusals: list[bytes] = []
    for raw in batch.input_file.content.splitlines():
        line = _line(raw)
        if line is None:
            continue
        result = _result(batch, line, call)
        if result["response"]["status_code"] < 400:
            answers.append(encode(result))
        else:
            refusals.append(encode(result))
    batch.completed, batch.failed = len(answers), len(refusals)
    batch.total = batch.completed + batch.failed
    # Both files are made even when they are empty, as in the recorded batch.
    batch.output_file_id = _stored_lines(batch, "results", answers, call)
    batch.error_file_id = _stored_lines(batch, "errors", refusals, call)
    batch.computed = True


def _stored_lines(batch: StoredBatch, name: str, lines: list[bytes], call: ServiceCall) -> str:
    """The id of a new file with ``lines``."""
    content = b"".join(line + b"\n" for line in lines)
    return store(call.state, f"{batch.id}_{name}.jsonl", "batch_output", content).id


def _result(batch: StoredBatch, line: dict[str, Any], call: ServiceCall) -> dict[str, Any]:
    """What the output file says of ``line``."""
    body = line["body"]
    if "stream" in body:
        body = {**body, "stream": False}
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
    if batch.endpoint == "/responses":
        return f"/openai/responses?api-version={batch.api_version}"
    name = text_or(body.get("model"), "")
    if not name or "/" in name:
        name = "none"  # the line is refused, unless somebody has called a deployment so
    deployment = f"/deployments/{quote(name, safe='')}"
    return f"/openai{deployment}{batch.endpoint}?api-version={batch.api_version}"
