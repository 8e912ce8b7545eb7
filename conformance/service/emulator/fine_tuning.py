"""Fine-tuning jobs: created, run and finished by the clock (facts/service#fine-tuning).

A job validates its files for one pace of the configuration, is queued for one, and trains for
three. On the classic surface it is pending, running and succeeded; on v1 it is validating_files,
queued, running and succeeded.
"""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors, rules, tokens
from conformance.service.emulator.answers import JSON_UTF8, Answer, Refusal, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.files import created, store
from conformance.service.emulator.members import number_or_none
from conformance.service.emulator.paging import page
from conformance.service.emulator.state import StoredFile, StoredJob
from conformance.service.emulator.validation import check, metadata, read_json

BASE_MODELS = (
    "gpt-4o-mini-2024-07-18",
    "gpt-4o-2024-08-06",
    "gpt-35-turbo-0125",
    "gpt-4.1-2025-04-14",
    "gpt-4.1-mini-2025-04-14",
)
"""Models that can be tuned, beside the deployments with the capability fine_tuning."""
_TRAINING = 3
"""Paces a job trains."""
_DEFAULTS = {"n_epochs": 3, "batch_size": 1, "learning_rate_multiplier": 1}


def create(call: ServiceCall) -> Answer:
    """Create a job. Raises Refusal."""
    body, state = call.body, call.state
    check(body, rules.FINE_TUNING, call.version)
    training = _file(call, body["training_file"], "training_file")
    if body.get("validation_file") is not None:
        _file(call, body["validation_file"], "validation_file")
    _check_model(call, body["model"])
    failure, examples, used = _read(training, state.config.minimum_examples)
    seed = body.get("seed")
    if seed is None:
        seed = 42
    job = StoredJob(
        id=f"ftjob-{state.hexadecimal('ftjob', 32)}",
        model=body["model"],
        training_file=training.id,
        validation_file=body.get("validation_file"),
        hyperparameters=_hyperparameters(body),
        suffix=body.get("suffix"),
        seed=seed,
        metadata=metadata(body),
        created=state.now(),
        examples=examples,
        tokens=used,
        failure=failure,
    )
    state.jobs[job.id] = job
    return created(_described(job, call), job.id, call)


def retrieve(call: ServiceCall) -> Answer:
    """The job as it is now. Raises Refusal for one that is not there."""
    return json_answer(_described(_job(call), call), content_type=JSON_UTF8)


def list_all(call: ServiceCall) -> Answer:
    """A page of the jobs. Raises Refusal for a query that is not valid."""
    return json_answer(
        _page(call, [_described(job, call) for job in call.state.jobs.values()]),
        content_type=JSON_UTF8,
    )


def cancel(call: ServiceCall) -> Answer:
    """Stop a job. Raises Refusal for a job that is done."""
    job = _job(call)
    stage = _stage(job, call)
    if stage in ("succeeded", "failed", "cancelled"):
        raise errors.conflict(f"Job {job.id} cannot be cancelled: it has {stage}.", call.v1)
    job.cancelled = call.state.now()
    return json_answer(_described(job, call), content_type=JSON_UTF8)


def list_events(call: ServiceCall) -> Answer:
    """A page of what happened to a job. Raises Refusal for one that is not there."""
    return json_answer(_page(call, _events(_job(call), call)), content_type=JSON_UTF8)


def _page(call: ServiceCall, items: list[dict[str, Any]]) -> dict[str, Any]:
    shown = page(call, items)
    return {"object": "list", "data": shown["data"], "has_more": shown["has_more"]}


def _job(call: ServiceCall) -> StoredJob:
    identity = call.route.arguments["fine_tuning_job_id"]
    job = call.state.jobs.get(identity)
    if job is None:
        raise errors.not_found(f"Could not find fine tune: {identity}", call.v1)
    return job


def _file(call: ServiceCall, identity: str, param: str) -> StoredFile:
    file = call.state.files.get(identity)
    if file is None or file.purpose != "fine-tune":
        raise errors.payload(f"invalid {param}: {identity}", call.v1, param)
    return file


def _check_model(call: ServiceCall, model: str) -> None:
    deployment = call.state.config.deployments.get(model)
    if model not in BASE_MODELS and not (deployment and deployment.can("fine_tuning")):
        raise errors.payload(
            f"Model {model} is not available for fine-tuning or does not exist.", call.v1, "model"
        )


def _hyperparameters(body: dict[str, Any]) -> dict[str, Any]:
    """The hyperparameters with ``auto`` and -1 replaced, as a job shows them once it runs."""
    asked = body.get("hyperparameters") or {}
    decided: dict[str, Any] = dict(_DEFAULTS)
    for name in decided:
        value = number_or_none(asked.get(name))
        if value is not None and 0 < value <= 1000:
            decided[name] = value
    return decided


def _read(file: StoredFile, least: int) -> tuple[dict[str, Any] | None, int, int]:
    """(failure, examples, tokens) of a training file, which must have ``least`` examples."""
    examples = used = 0
    for number, raw in enumerate(file.content.splitlines(), 1):
        if not raw.strip():
            continue
        try:
            messages = read_json(raw).get("messages")
        except Refusal:
            messages = None
        if not isinstance(messages, list) or not messages:
            message = f"Line {number} of the training file is no example: it has no messages."
            return _failure(message), examples, used
        examples += 1
        used += tokens.count_json(messages)
    if examples < least:
        message = (
            f"Training file has {examples} example(s), but must have at least {least} examples"
        )
        return _failure(message), examples, used
    return None, examples, used


def _failure(message: str) -> dict[str, Any]:
    return {"code": "invalid_training_file", "message": message, "param": "training_file"}


# States


def _stage(job: StoredJob, call: ServiceCall) -> str:
    """validating, queued, running, succeeded, failed or cancelled."""
    pace = call.state.config.pace
    passed = call.state.now() - job.created
    if job.cancelled is not None:
        return "cancelled"
    if passed < pace:
        return "validating"
    if job.failure is not None:
        return "failed"
    if passed < 2 * pace:
        return "queued"
    if passed < (2 + _TRAINING) * pace:
        return "running"
    return "succeeded"


_CLASSIC_NAMES = {"validating": "pending", "queued": "pending"}
_V1_NAMES = {"validating": "validating_files"}


def _described(job: StoredJob, call: ServiceCall) -> dict[str, Any]:
    """The job object as it is now, with the members of the surface it is asked on."""
    stage = _stage(job, call)
    names = _CLASSIC_NAMES
    if call.v1:
        names = _V1_NAMES
    body = {
        "id": job.id,
        "object": "fine_tuning.job",
        "created_at": int(job.created),
        "finished_at": _finished(job, stage, call),
        "status": names.get(stage, stage),
        "model": job.model,
        "fine_tuned_model": None,
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "result_files": [],
        "trained_tokens": None,
        "hyperparameters": job.hyperparameters,
        "error": None,
        "seed": job.seed,
    }
    if stage == "succeeded":
        if not job.result_file_id:
            results = store(call.state, "results.csv", "fine-tune-results", _results(job))
            job.result_file_id = results.id
        body["fine_tuned_model"] = _tuned(job)
        body["result_files"] = [job.result_file_id]
        body["trained_tokens"] = int(job.tokens * job.hyperparameters["n_epochs"])
    if stage == "failed":
        body["error"] = job.failure
    if call.v1:
        return {
            **body,
            "organization_id": "",
            "user_provided_suffix": job.suffix,
            "integrations": [],
            "estimated_finish": None,
            "metadata": job.metadata,
            "method": {
                "type": "supervised",
                "supervised": {"hyperparameters": job.hyperparameters},
            },
        }
    if job.suffix is not None:
        body["suffix"] = job.suffix
    return body


def _finished(job: StoredJob, stage: str, call: ServiceCall) -> int | None:
    """When the job ended; None while it has not."""
    pace = call.state.config.pace
    ends = {
        "succeeded": job.created + (2 + _TRAINING) * pace,
        "failed": job.created + pace,
        "cancelled": job.cancelled,
    }
    end = ends.get(stage)
    if end is None:
        return None
    return int(end)


def _tuned(job: StoredJob) -> str:
    """The name of the model that the job made."""
    name = f"{job.model}.ft-{job.id.removeprefix('ftjob-')}"
    if job.suffix:
        name += f"-{job.suffix}"
    return name


def _results(job: StoredJob) -> bytes:
    """The file of results: loss and accuracy of each step, of the first hundred at most."""
    steps = max(1, job.examples * int(job.hyperparameters["n_epochs"]))
    lines = [
        f"{step},{1 / step:.4f},{1 - 1 / (step + 1):.4f}" for step in range(1, min(steps, 100) + 1)
    ]
    return ("step,train_loss,train_accuracy\n" + "\n".join(lines) + "\n").encode()


def _events(job: StoredJob, call: ServiceCall) -> list[dict[str, Any]]:
    """What happened so far, oldest first."""
    pace, stage, end = call.state.config.pace, _stage(job, call), call.state.now()
    if job.cancelled is not None:
        end = job.cancelled
    planned = [
        (0.0, "Job enqueued. Waiting for jobs ahead to complete."),
        (0.0, "Validating training file."),
    ]
    if job.failure is None:
        planned += [
            (1.0, "Files validated, moving job to queued state."),
            (2.0, "Job started."),
            *(
                (2.0 + step, f"Step {step}: training loss={1 / step:.2f}")
                for step in range(1, _TRAINING)
            ),
            (2.0 + _TRAINING, "Job succeeded."),
        ]
    else:
        planned.append((1.0, f"Job failed: {job.failure['message']}"))
    happened = [
        (job.created + paces * pace, text)
        for paces, text in planned
        if job.created + paces * pace <= end
    ]
    if stage == "cancelled" and job.cancelled is not None:
        happened.append((job.cancelled, "Job cancelled."))
    return [_event(job, index, moment, text) for index, (moment, text) in enumerate(happened)]


def _event(job: StoredJob, index: int, moment: float, text: str) -> dict[str, Any]:
    level, kind = "info", "message"
    if "failed" in text:
        level = "error"
    if text.startswith("Step"):
        kind = "metrics"
    return {
        "id": f"ftevent-{job.id.removeprefix('ftjob-')[:24]}{index:08x}",
        "object": "fine_tuning.job.event",
        "created_at": int(moment),
        "level": level,
        "message": text,
        "type": kind,
        "data": None,
    }
