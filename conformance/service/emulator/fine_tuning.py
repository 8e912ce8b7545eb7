"""Fine-tuning jobs: created, run and finished by the clock (wire-contract section 9).

A job waits for one pace, reads its files for one and trains for three. Classic: pending, running,
succeeded; v1: validating_files, queued, running, succeeded.
"""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors, rules, tokens
from conformance.service.emulator.answers import JSON_UTF8, Answer, Refusal, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.files import store
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
_DEFAULTS = {"n_epochs": 3, "batch_size": 1, "learning_rate_multiplier": 1}


def create(call: ServiceCall) -> Answer:
    """Take a job on: 201 with a Location on the classic surface, 200 on v1. Raises Refusal."""
    body, state = call.body, call.state
    check(body, rules.FINE_TUNING, call.version)
    training = _file(call, body["training_file"], "training_file")
    if body.get("validation_file") is not None:
        _file(call, body["validation_file"], "validation_file")
    _check_model(call, body["model"])
    problem, examples, used = _read(training, state.config.minimum_examples)
    job = StoredJob(
        f"ftjob-{state.hexadecimal('ftjob', 32)}",
        body["model"],
        training.id,
        body.get("validation_file"),
        _hyperparameters(body),
        body.get("suffix"),
        42 if body.get("seed") is None else body["seed"],
        metadata(body),
        state.now(),
        examples,
        used,
        problem,
    )
    state.jobs[job.id] = job
    answer = _described(job, call)
    if call.v1:
        return json_answer(answer, content_type=JSON_UTF8)
    place = f"{call.request.url.partition('?')[0].rstrip('/')}/{job.id}?api-version={call.version}"
    return json_answer(answer, content_type=JSON_UTF8, status=201, headers=(("Location", place),))


def retrieve(call: ServiceCall) -> Answer:
    return json_answer(_described(_job(call), call), content_type=JSON_UTF8)


def list_all(call: ServiceCall) -> Answer:
    return json_answer(
        _page(call, [_described(job, call) for job in call.state.jobs.values()]),
        content_type=JSON_UTF8,
    )


def cancel(call: ServiceCall) -> Answer:
    """Stop a job that is not done. Raises Refusal for one that is."""
    job = _job(call)
    if _stage(job, call) in ("succeeded", "failed", "cancelled"):
        raise errors.conflict(
            f"Job {job.id} cannot be cancelled: it has {_stage(job, call)}.", call.v1
        )
    job.cancelled = call.state.now()
    return json_answer(_described(job, call), content_type=JSON_UTF8)


def list_events(call: ServiceCall) -> Answer:
    return json_answer(_page(call, _events(_job(call), call)), content_type=JSON_UTF8)


def _page(call: ServiceCall, items: list[dict[str, Any]]) -> dict[str, Any]:
    shown = page(call, items)
    return {"object": "list", "data": shown["data"], "has_more": shown["has_more"]}


def _job(call: ServiceCall) -> StoredJob:
    identity = call.route.arguments["fine_tuning_job_id"]
    found = call.state.jobs.get(identity)
    if found is None:
        raise errors.not_found(f"Could not find fine tune: {identity}", call.v1)
    return found


def _file(call: ServiceCall, identity: str, param: str) -> StoredFile:
    found = call.state.files.get(identity)
    if found is None or found.purpose != "fine-tune":
        raise errors.payload(f"invalid {param}: {identity}", call.v1, param)
    return found


def _check_model(call: ServiceCall, model: str) -> None:
    found = call.state.config.deployments.get(model)
    if model not in BASE_MODELS and not (found and found.can("fine_tuning")):
        raise errors.payload(
            f"Model {model} is not available for fine-tuning or does not exist.", call.v1, "model"
        )


def _hyperparameters(body: dict[str, Any]) -> dict[str, Any]:
    """The hyperparameters with ``auto`` and -1 decided, as a job shows them once it runs."""
    given = body.get("hyperparameters") or {}
    decided = {}
    for name, default in _DEFAULTS.items():
        value = given.get(name)
        usable = (
            isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value <= 1000
        )
        decided[name] = value if usable else default
    return decided


def _read(file: StoredFile, least: int) -> tuple[dict[str, Any] | None, int, int]:
    """(problem, examples, tokens) of a training file."""
    examples = used = 0
    for number, raw in enumerate(file.content.splitlines(), 1):
        if not raw.strip():
            continue
        try:
            messages = read_json(raw).get("messages")
        except Refusal:
            messages = None
        if not isinstance(messages, list) or not messages:
            return (
                _failure(f"Line {number} of the training file is no example: it has no messages."),
                examples,
                used,
            )
        examples += 1
        used += tokens.count_json(messages)
    if examples < least:
        return (
            _failure(
                f"Training file has {examples} example(s), but must have at least {least} examples"
            ),
            examples,
            used,
        )
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
    return "running" if passed < (2 + _TRAINING) * pace else "succeeded"


_CLASSIC_NAMES = {"validating": "pending", "queued": "pending"}
_V1_NAMES = {"validating": "validating_files"}


def _described(job: StoredJob, call: ServiceCall) -> dict[str, Any]:
    """The job object of the surface it is asked on."""
    stage = _stage(job, call)
    finished = _finished(job, stage, call)
    done = stage == "succeeded"
    if done and not job.result_file_id:
        job.result_file_id = store(call.state, "results.csv", "fine-tune-results", _results(job)).id
    found = {
        "id": job.id,
        "object": "fine_tuning.job",
        "created_at": int(job.created),
        "finished_at": finished,
        "status": (_V1_NAMES if call.v1 else _CLASSIC_NAMES).get(stage, stage),
        "model": job.model,
        "fine_tuned_model": _tuned(job) if done else None,
        "training_file": job.training_file,
        "validation_file": job.validation_file,
        "result_files": [job.result_file_id] if done else [],
        "trained_tokens": int(job.tokens * job.hyperparameters["n_epochs"]) if done else None,
        "hyperparameters": job.hyperparameters,
        "error": job.failure if stage == "failed" else None,
        "seed": job.seed,
    }
    if call.v1:
        return {
            **found,
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
    return {**found, "suffix": job.suffix} if job.suffix is not None else found


def _finished(job: StoredJob, stage: str, call: ServiceCall) -> int | None:
    pace = call.state.config.pace
    ends = {
        "succeeded": job.created + (2 + _TRAINING) * pace,
        "failed": job.created + pace,
        "cancelled": job.cancelled,
    }
    end = ends.get(stage)
    return None if end is None else int(end)


def _tuned(job: StoredJob) -> str:
    return f"{job.model}.ft-{job.id.removeprefix('ftjob-')}" + (
        f"-{job.suffix}" if job.suffix else ""
    )


def _results(job: StoredJob) -> bytes:
    steps = max(1, job.examples * int(job.hyperparameters["n_epochs"]))
    lines = [
        f"{step},{1 / step:.4f},{1 - 1 / (step + 1):.4f}" for step in range(1, min(steps, 100) + 1)
    ]
    return ("step,train_loss,train_accuracy\n" + "\n".join(lines) + "\n").encode()


def _events(job: StoredJob, call: ServiceCall) -> list[dict[str, Any]]:
    """What happened so far, oldest first."""
    pace, stage, now = call.state.config.pace, _stage(job, call), call.state.now()
    end = job.cancelled if job.cancelled is not None else now
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
    found = [
        (job.created + steps * pace, text)
        for steps, text in planned
        if job.created + steps * pace <= end
    ]
    if stage == "cancelled" and job.cancelled is not None:
        found.append((job.cancelled, "Job cancelled."))
    return [
        {
            "id": f"ftevent-{job.id.removeprefix('ftjob-')[:24]}{index:08x}",
            "object": "fine_tuning.job.event",
            "created_at": int(moment),
            "level": "error" if "failed" in text else "info",
            "message": text,
            "type": "metrics" if text.startswith("Step") else "message",
            "data": None,
        }
        for index, (moment, text) in enumerate(found)
    ]
