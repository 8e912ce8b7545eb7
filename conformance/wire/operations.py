"""The operations of the Azure OpenAI data plane as the harness knows them (wire-contract section
2).

One row an operation: its routes on the classic and on the v1 surface, how its body travels, and the
schema of its answer. Checks read routes and schemas from here; scenarios name operations by ``id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BodyKind = Literal["none", "json", "multipart"]
AnswerKind = Literal["json", "binary", "text"]
UsageKind = Literal["none", "chat", "embeddings", "response", "images"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation. ``path`` is relative to ``/openai`` (classic) or ``/openai/v1``; ``{id}``
    parts are arguments.

    ``deployment``: the classic route runs through ``/deployments/{deployment}``. ``since`` is the
    first api-version that has it, ``v1_spec`` whether the v1 specification lists it. ``schema`` and
    ``chunk_schema`` are schema names.
    """

    id: str
    capability: str
    method: Literal["GET", "POST", "DELETE"]
    path: str
    body: BodyKind = "none"
    answer: AnswerKind = "json"
    deployment: bool = False
    schema: str | None = None
    chunk_schema: str | None = None
    usage: UsageKind = "none"
    since: str = "2024-06-01"
    v1_spec: bool = True

    def classic_path(self) -> str:
        """Path template on the classic surface, with ``{deployment}`` where the route has one."""
        prefix = "/openai/deployments/{deployment}" if self.deployment else "/openai"
        return prefix + self.path

    def v1_path(self) -> str:
        return "/openai/v1" + self.path


def _inference(op: str, capability: str, path: str, **rest: object) -> Operation:
    return Operation(op, capability, "POST", path, deployment=True, **rest)  # type: ignore[arg-type]


_ALL = (
    _inference(
        "chat.completions.create",
        "chat",
        "/chat/completions",
        body="json",
        schema="chat-completion",
        chunk_schema="chat-chunk",
        usage="chat",
    ),
    _inference(
        "completions.create",
        "completions",
        "/completions",
        body="json",
        schema="completion",
        chunk_schema="completion-chunk",
        usage="chat",
        v1_spec=False,
    ),
    _inference(
        "embeddings.create",
        "embeddings",
        "/embeddings",
        body="json",
        schema="embeddings",
        usage="embeddings",
    ),
    _inference(
        "audio.transcriptions.create",
        "audio",
        "/audio/transcriptions",
        body="multipart",
        schema="transcription",
        v1_spec=False,
    ),
    _inference(
        "audio.translations.create",
        "audio",
        "/audio/translations",
        body="multipart",
        schema="transcription",
        v1_spec=False,
    ),
    _inference(
        "audio.speech.create",
        "audio",
        "/audio/speech",
        body="json",
        answer="binary",
        since="2025-03-01-preview",
        v1_spec=False,
    ),
    _inference(
        "images.generate",
        "images",
        "/images/generations",
        body="json",
        schema="images",
        usage="images",
        v1_spec=False,
    ),
    _inference(
        "images.edit",
        "images",
        "/images/edits",
        body="multipart",
        schema="images",
        usage="images",
        since="2025-04-01-preview",
        v1_spec=False,
    ),
    Operation(
        "responses.create",
        "responses",
        "POST",
        "/responses",
        body="json",
        schema="response",
        chunk_schema="response-event",
        usage="response",
        since="2025-03-01-preview",
    ),
    Operation(
        "responses.retrieve",
        "responses",
        "GET",
        "/responses/{response_id}",
        schema="response",
        usage="response",
        since="2025-03-01-preview",
    ),
    Operation(
        "responses.delete",
        "responses",
        "DELETE",
        "/responses/{response_id}",
        schema="response-deleted",
        since="2025-03-01-preview",
    ),
    Operation(
        "responses.input_items.list",
        "responses",
        "GET",
        "/responses/{response_id}/input_items",
        schema="response-input-items",
        since="2025-03-01-preview",
    ),
    Operation("files.create", "files", "POST", "/files", body="multipart", schema="file"),
    Operation("files.list", "files", "GET", "/files", schema="file-list"),
    Operation("files.retrieve", "files", "GET", "/files/{file_id}", schema="file"),
    Operation("files.content", "files", "GET", "/files/{file_id}/content", answer="binary"),
    Operation("files.delete", "files", "DELETE", "/files/{file_id}", schema="file-deleted"),
    Operation(
        "batches.create", "batch", "POST", "/batches", body="json", schema="batch", v1_spec=False
    ),
    Operation(
        "batches.retrieve", "batch", "GET", "/batches/{batch_id}", schema="batch", v1_spec=False
    ),
    Operation("batches.list", "batch", "GET", "/batches", schema="batch-list", v1_spec=False),
    Operation(
        "batches.cancel",
        "batch",
        "POST",
        "/batches/{batch_id}/cancel",
        schema="batch",
        v1_spec=False,
    ),
    Operation(
        "fine_tuning.jobs.create",
        "fine-tuning",
        "POST",
        "/fine_tuning/jobs",
        body="json",
        schema="fine-tuning-job",
    ),
    Operation(
        "fine_tuning.jobs.retrieve",
        "fine-tuning",
        "GET",
        "/fine_tuning/jobs/{fine_tuning_job_id}",
        schema="fine-tuning-job",
    ),
    Operation(
        "fine_tuning.jobs.list",
        "fine-tuning",
        "GET",
        "/fine_tuning/jobs",
        schema="fine-tuning-job-list",
    ),
    Operation(
        "fine_tuning.jobs.cancel",
        "fine-tuning",
        "POST",
        "/fine_tuning/jobs/{fine_tuning_job_id}/cancel",
        schema="fine-tuning-job",
    ),
    Operation(
        "fine_tuning.jobs.list_events",
        "fine-tuning",
        "GET",
        "/fine_tuning/jobs/{fine_tuning_job_id}/events",
        schema="fine-tuning-event-list",
    ),
    Operation("models.list", "models", "GET", "/models", schema="model-list"),
    Operation("models.retrieve", "models", "GET", "/models/{model}", schema="model"),
)

OPERATIONS: dict[str, Operation] = {operation.id: operation for operation in _ALL}
"""Every operation by id."""
