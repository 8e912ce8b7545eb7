"""The operations of the Azure OpenAI data plane as the harness knows them.

One row an operation: its routes on the dated and on the v1 surface, how its body travels, the
schema of its answer, what a caller reads of it, and what a deployment must be capable of. Every
stage reads these facts here; scenarios name operations by ``id``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

BodyKind = Literal["none", "json", "multipart"]
AnswerKind = Literal["json", "binary", "text"]
UsageKind = Literal["none", "chat", "embeddings", "response", "images"]


@dataclass(frozen=True, slots=True)
class ModelNeed:
    """What a deployment must be capable of for an operation.

    ``capability`` is that of the deployment; ``refused_as`` names the operation where a model is
    refused for lack of it, ``throttled_as`` where a quota is exceeded.
    """

    capability: str
    refused_as: str
    throttled_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation. ``path`` is relative to ``/openai`` (dated) or ``/openai/v1``; ``{id}`` parts
    are arguments.

    ``deployment``: the dated route runs through ``/deployments/{deployment}``. ``since`` is the
    first api-version that has it, ``v1_spec`` whether the v1 specification lists it. ``schema`` and
    ``chunk_schema`` are names of schemas of the wire, ``view`` and ``stream_view`` names below
    ``schemas/views`` (see ``conformance.suite.views``). ``model`` is None where no deployment takes
    part.
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
    view: str
    stream_view: str | None = None
    usage: UsageKind = "none"
    since: str = "2024-06-01"
    v1_spec: bool = True
    model: ModelNeed | None = None

    @property
    def streams(self) -> bool:
        """Whether the operation may answer with a stream of events."""
        return self.stream_view is not None

    def classic_path(self) -> str:
        """Path template on the dated surface, with ``{deployment}`` where the route has one."""
        prefix = "/openai/deployments/{deployment}" if self.deployment else "/openai"
        return prefix + self.path

    def v1_path(self) -> str:
        """Path template on the v1 surface."""
        return "/openai/v1" + self.path


_ALL = (
    Operation(
        id="chat.completions.create",
        capability="chat",
        method="POST",
        path="/chat/completions",
        deployment=True,
        body="json",
        schema="chat-completion",
        chunk_schema="chat-chunk",
        view="chat",
        stream_view="chat-stream",
        usage="chat",
        model=ModelNeed("chat", "chatCompletion", "ChatCompletions_Create"),
    ),
    Operation(
        id="completions.create",
        capability="completions",
        method="POST",
        path="/completions",
        deployment=True,
        body="json",
        schema="completion",
        chunk_schema="completion-chunk",
        view="completion",
        stream_view="completion-stream",
        usage="chat",
        v1_spec=False,
        model=ModelNeed("completions", "completion", "Completions_Create"),
    ),
    Operation(
        id="embeddings.create",
        capability="embeddings",
        method="POST",
        path="/embeddings",
        deployment=True,
        body="json",
        schema="embeddings",
        view="embeddings",
        usage="embeddings",
        model=ModelNeed("embeddings", "embeddings", "Embeddings_Create"),
    ),
    Operation(
        id="audio.transcriptions.create",
        capability="audio",
        method="POST",
        path="/audio/transcriptions",
        deployment=True,
        body="multipart",
        schema="transcription",
        view="transcription",
        stream_view="event-stream",
        v1_spec=False,
        model=ModelNeed("transcription", "transcription", "Transcriptions_Create"),
    ),
    Operation(
        id="audio.translations.create",
        capability="audio",
        method="POST",
        path="/audio/translations",
        deployment=True,
        body="multipart",
        schema="transcription",
        view="transcription",
        v1_spec=False,
        model=ModelNeed("translation", "translation", "Translations_Create"),
    ),
    Operation(
        id="audio.speech.create",
        capability="audio",
        method="POST",
        path="/audio/speech",
        deployment=True,
        body="json",
        answer="binary",
        view="speech",
        stream_view="event-stream",
        since="2025-03-01-preview",
        v1_spec=False,
        model=ModelNeed("speech", "speech", "Speech_Create"),
    ),
    Operation(
        id="images.generate",
        capability="images",
        method="POST",
        path="/images/generations",
        deployment=True,
        body="json",
        schema="images",
        view="images",
        stream_view="event-stream",
        usage="images",
        v1_spec=False,
        model=ModelNeed("images", "imageGeneration", "ImageGenerations_Create"),
    ),
    Operation(
        id="images.edit",
        capability="images",
        method="POST",
        path="/images/edits",
        deployment=True,
        body="multipart",
        schema="images",
        view="images",
        stream_view="event-stream",
        usage="images",
        since="2025-04-01-preview",
        v1_spec=False,
        model=ModelNeed("image_edit", "imageEdit", "ImageEdits_Create"),
    ),
    Operation(
        id="responses.create",
        capability="responses",
        method="POST",
        path="/responses",
        body="json",
        schema="response",
        chunk_schema="response-event",
        view="response",
        stream_view="response-stream",
        usage="response",
        since="2025-03-01-preview",
        model=ModelNeed("responses", "responses", "Responses_Create"),
    ),
    Operation(
        id="responses.retrieve",
        capability="responses",
        method="GET",
        path="/responses/{response_id}",
        schema="response",
        view="response",
        stream_view="response-stream",
        usage="response",
        since="2025-03-01-preview",
    ),
    Operation(
        id="responses.delete",
        capability="responses",
        method="DELETE",
        path="/responses/{response_id}",
        schema="response-deleted",
        view="deleted",
        since="2025-03-01-preview",
    ),
    Operation(
        id="responses.input_items.list",
        capability="responses",
        method="GET",
        path="/responses/{response_id}/input_items",
        schema="response-input-items",
        view="list",
        since="2025-03-01-preview",
    ),
    Operation(
        id="files.create",
        capability="files",
        method="POST",
        path="/files",
        body="multipart",
        schema="file",
        view="file",
    ),
    Operation(
        id="files.list",
        capability="files",
        method="GET",
        path="/files",
        schema="file-list",
        view="list",
    ),
    Operation(
        id="files.retrieve",
        capability="files",
        method="GET",
        path="/files/{file_id}",
        schema="file",
        view="file",
    ),
    Operation(
        id="files.content",
        capability="files",
        method="GET",
        path="/files/{file_id}/content",
        answer="binary",
        view="file-content",
    ),
    Operation(
        id="files.delete",
        capability="files",
        method="DELETE",
        path="/files/{file_id}",
        schema="file-deleted",
        view="deleted",
    ),
    Operation(
        id="batches.create",
        capability="batch",
        method="POST",
        path="/batches",
        body="json",
        schema="batch",
        view="batch",
        v1_spec=False,
    ),
    Operation(
        id="batches.retrieve",
        capability="batch",
        method="GET",
        path="/batches/{batch_id}",
        schema="batch",
        view="batch",
        v1_spec=False,
    ),
    Operation(
        id="batches.list",
        capability="batch",
        method="GET",
        path="/batches",
        schema="batch-list",
        view="list",
        v1_spec=False,
    ),
    Operation(
        id="batches.cancel",
        capability="batch",
        method="POST",
        path="/batches/{batch_id}/cancel",
        schema="batch",
        view="batch",
        v1_spec=False,
    ),
    Operation(
        id="fine_tuning.jobs.create",
        capability="fine-tuning",
        method="POST",
        path="/fine_tuning/jobs",
        body="json",
        schema="fine-tuning-job",
        view="fine-tuning-job",
    ),
    Operation(
        id="fine_tuning.jobs.retrieve",
        capability="fine-tuning",
        method="GET",
        path="/fine_tuning/jobs/{fine_tuning_job_id}",
        schema="fine-tuning-job",
        view="fine-tuning-job",
    ),
    Operation(
        id="fine_tuning.jobs.list",
        capability="fine-tuning",
        method="GET",
        path="/fine_tuning/jobs",
        schema="fine-tuning-job-list",
        view="list",
    ),
    Operation(
        id="fine_tuning.jobs.cancel",
        capability="fine-tuning",
        method="POST",
        path="/fine_tuning/jobs/{fine_tuning_job_id}/cancel",
        schema="fine-tuning-job",
        view="fine-tuning-job",
    ),
    Operation(
        id="fine_tuning.jobs.list_events",
        capability="fine-tuning",
        method="GET",
        path="/fine_tuning/jobs/{fine_tuning_job_id}/events",
        schema="fine-tuning-event-list",
        view="list",
    ),
    Operation(
        id="models.list",
        capability="models",
        method="GET",
        path="/models",
        schema="model-list",
        view="list",
    ),
    Operation(
        id="models.retrieve",
        capability="models",
        method="GET",
        path="/models/{model}",
        schema="model",
        view="model",
    ),
)

OPERATIONS: dict[str, Operation] = {operation.id: operation for operation in _ALL}
"""Every operation by id."""
