"""One good request for every operation, on every surface: used by the walks over all of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import sound
from conformance.service.emulator.images import png
from conformance.wire.exchange import Response
from tests.service.emulator.emulating import Caller

LINES = b"".join(
    json.dumps(
        {
            "custom_id": f"line-{number}",
            "method": "POST",
            "url": "/chat/completions",
            "body": {
                "model": "conf-batch",
                "messages": [{"role": "user", "content": f"Say {number}"}],
            },
        }
    ).encode()
    + b"\n"
    for number in range(3)
)
EXAMPLES = b"".join(
    json.dumps(
        {
            "messages": [
                {"role": "user", "content": str(number)},
                {"role": "assistant", "content": "ok"},
            ]
        }
    ).encode()
    + b"\n"
    for number in range(12)
)
WAV = sound.wav(1.5, "The tide turns at noon. Nobody minds.")
PNG = png("1024x1024", "seed")


@dataclass
class Store:
    """Identifiers of things that were made for the operations that need one."""

    caller: Caller

    def file(self, purpose: str = "batch", content: bytes = LINES) -> str:
        made = self.caller.form(
            "/files", [("purpose", None, purpose.encode()), ("file", "lines.jsonl", content)]
        )
        return str(made.json()["id"])

    def batch(self) -> str:
        body = {
            "input_file_id": self.file(),
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
        }
        return str(self.caller.post("/batches", body).json()["id"])

    def job(self) -> str:
        body = {
            "model": "gpt-4o-mini-2024-07-18",
            "training_file": self.file("fine-tune", EXAMPLES),
        }
        return str(self.caller.post("/fine_tuning/jobs", body).json()["id"])

    def response(self) -> str:
        return str(
            self.caller.post("/responses", {"model": "conf-responses", "input": "Hi"}).json()["id"]
        )


Visit = Callable[[Caller, Store], Response]


def _post(path: str, deployment: str | None = None, **body: Any) -> Visit:
    return lambda caller, _: caller.post(path, body, deployment)


def _form(path: str, deployment: str, **fields: Any) -> Visit:
    parts = [
        (name, "a.wav" if name == "file" else "a.png" if name == "image" else None, content)
        for name, content in fields.items()
    ]
    return lambda caller, _: caller.form(path, parts, deployment)


VISITS: dict[str, Visit] = {
    "chat.completions.create": _post(
        "/chat/completions", "conf-chat", messages=[{"role": "user", "content": "Hi"}]
    ),
    "completions.create": _post(
        "/completions", "conf-completions", prompt=["Once", "Twice"], logprobs=2, echo=True
    ),
    "embeddings.create": _post(
        "/embeddings", "conf-embeddings", input=["one", "two"], dimensions=8
    ),
    "audio.transcriptions.create": _form("/audio/transcriptions", "conf-transcription", file=WAV),
    "audio.translations.create": _form("/audio/translations", "conf-translation", file=WAV),
    "audio.speech.create": _post("/audio/speech", "conf-speech", input="Hello", voice="alloy"),
    "images.generate": _post("/images/generations", "conf-images", prompt="A dot"),
    "images.edit": _form("/images/edits", "conf-image-edit", prompt=b"Paint it blue", image=PNG),
    "responses.create": _post("/responses", model="conf-responses", input="Hi"),
    "responses.retrieve": lambda caller, store: caller.get(f"/responses/{store.response()}"),
    "responses.delete": lambda caller, store: caller.send(
        "DELETE", f"/responses/{store.response()}"
    ),
    "responses.input_items.list": lambda caller, store: caller.get(
        f"/responses/{store.response()}/input_items"
    ),
    "files.create": lambda caller, _: caller.form(
        "/files", [("purpose", None, b"batch"), ("file", "a.jsonl", LINES)]
    ),
    "files.list": lambda caller, store: (store.file(), caller.get("/files"))[1],
    "files.retrieve": lambda caller, store: caller.get(f"/files/{store.file()}"),
    "files.content": lambda caller, store: caller.get(f"/files/{store.file()}/content"),
    "files.delete": lambda caller, store: caller.send("DELETE", f"/files/{store.file()}"),
    "batches.create": lambda caller, store: caller.post(
        "/batches",
        {
            "input_file_id": store.file(),
            "endpoint": "/chat/completions",
            "completion_window": "24h",
        },
    ),
    "batches.retrieve": lambda caller, store: caller.get(f"/batches/{store.batch()}"),
    "batches.list": lambda caller, store: (store.batch(), caller.get("/batches"))[1],
    "batches.cancel": lambda caller, store: caller.send("POST", f"/batches/{store.batch()}/cancel"),
    "fine_tuning.jobs.create": lambda caller, store: caller.post(
        "/fine_tuning/jobs",
        {"model": "conf-fine-tuning", "training_file": store.file("fine-tune", EXAMPLES)},
    ),
    "fine_tuning.jobs.retrieve": lambda caller, store: caller.get(
        f"/fine_tuning/jobs/{store.job()}"
    ),
    "fine_tuning.jobs.list": lambda caller, store: (store.job(), caller.get("/fine_tuning/jobs"))[
        1
    ],
    "fine_tuning.jobs.cancel": lambda caller, store: caller.send(
        "POST", f"/fine_tuning/jobs/{store.job()}/cancel"
    ),
    "fine_tuning.jobs.list_events": lambda caller, store: caller.get(
        f"/fine_tuning/jobs/{store.job()}/events"
    ),
    "models.list": lambda caller, _: caller.get("/models"),
    "models.retrieve": lambda caller, _: caller.get("/models/gpt-4o-2024-08-06"),
}
