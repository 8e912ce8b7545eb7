"""openai-python, unmodified, against the emulator: every operation, both surfaces, sync and
async."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.sdk.inprocess import InProcessLane
from conformance.service.emulator import Emulator, EmulatorConfig, Limits
from conformance.service.emulator.config import deployment
from conformance.suite.scenario.versions import at_least
from conformance.wire.clock import VirtualClock
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import Auth, Call, ClientConfig, ErrorKind, Outcome, StreamPlan
from conformance.wire.stand_ins import API_KEY, TOKENS
from tests.service.emulator.emulating import HOST, file
from tests.service.emulator.walking import EXAMPLES, LINES, PNG, WAV


@pytest.fixture(scope="module")
def lane() -> Iterator[InProcessLane]:
    with InProcessLane() as opened:
        yield opened


class Client:
    """One SDK client on an emulator of its own, on one clock."""

    def __init__(
        self,
        lane: InProcessLane,
        version: str = "2025-04-01-preview",
        surface: str = "sync",
        emulator: Emulator | None = None,
        clock: VirtualClock | None = None,
        **members: Any,
    ) -> None:
        self.clock = clock or VirtualClock()
        config = ClientConfig(
            HOST,
            "v1" if version == "v1" else "azure",
            version,
            surface=surface,  # type: ignore[arg-type]
            **{"auth": Auth(key=API_KEY), **members},
        )
        emulator = emulator or Emulator(EmulatorConfig(clock=self.clock))
        self._session = lane.open(config, emulator, self.clock, "1")

    def call(self, operation: str, stream: bool = False, **arguments: Any) -> Outcome:
        return self._session.call(
            Call(operation, arguments, stream=StreamPlan() if stream else None)
        )

    def ok(self, operation: str, stream: bool = False, **arguments: Any) -> Outcome:
        outcome = self.call(operation, stream, **arguments)
        assert outcome.status == "ok", outcome
        return outcome

    def view(self, operation: str, stream: bool = False, **arguments: Any) -> dict[str, Any]:
        found = self.ok(operation, stream, **arguments).view
        assert found is not None
        return found


SURFACES = pytest.mark.parametrize("surface", ["sync", "async"])
VERSIONS = pytest.mark.parametrize(
    "version", ["2024-06-01", "2024-10-21", "2025-04-01-preview", "v1"]
)
HI = [{"role": "user", "content": "[[say:Hello there]]"}]


@SURFACES
@VERSIONS
def test_every_operation_is_answered(lane: InProcessLane, version: str, surface: str) -> None:
    client, called = Client(lane, version, surface), set()

    def view(operation: str, **arguments: Any) -> dict[str, Any]:
        called.add(operation)
        return client.view(operation, **arguments)

    assert view("chat.completions.create", model="conf-chat", messages=HI)["text"] == "Hello there"
    assert (
        view("completions.create", model="conf-completions", prompt="[[say:Once]]")["text"]
        == "Once"
    )
    vectors = view("embeddings.create", model="conf-embeddings", input=["a", "b"])
    assert (vectors["count"], vectors["dimensions"]) == (2, 1536)
    heard = view("audio.transcriptions.create", model="conf-transcription", file=file("a.wav", WAV))
    assert heard["text"].startswith("The tide turns")
    view(
        "audio.translations.create",
        model="conf-translation",
        file=file("a.wav", WAV),
        response_format="verbose_json",
    )
    assert view("images.generate", model="conf-images", prompt="A dot")["urls"][0].startswith(HOST)
    batch_file = view("files.create", file=file("a.jsonl", LINES), purpose="batch")["id"]
    tuning_file = view("files.create", file=file("b.jsonl", EXAMPLES), purpose="fine-tune")["id"]
    view("files.list")
    assert view("files.retrieve", file_id=batch_file)["status"] == "processed"
    assert view("files.content", file_id=batch_file)["bytes"] == len(LINES)
    batch = view(
        "batches.create",
        input_file_id=batch_file,
        endpoint="/v1/chat/completions",
        completion_window="24h",
    )["id"]
    job = view("fine_tuning.jobs.create", model="conf-fine-tuning", training_file=tuning_file)["id"]
    client.clock.advance(60)
    done = view("batches.retrieve", batch_id=batch)
    assert done["status"] == "completed"
    assert view("fine_tuning.jobs.retrieve", fine_tuning_job_id=job)["status"] == "succeeded"
    other = view(
        "batches.create",
        input_file_id=batch_file,
        endpoint="/chat/completions",
        completion_window="24h",
    )
    assert view("batches.cancel", batch_id=other["id"])["status"] == "cancelling"
    second = view("fine_tuning.jobs.create", model="conf-fine-tuning", training_file=tuning_file)[
        "id"
    ]
    assert view("fine_tuning.jobs.cancel", fine_tuning_job_id=second)["status"] == "cancelled"
    for operation, arguments in (
        ("batches.list", {}),
        ("fine_tuning.jobs.list", {}),
        ("models.list", {}),
        ("fine_tuning.jobs.list_events", {"fine_tuning_job_id": job}),
        ("models.retrieve", {"model": "gpt-4o-2024-08-06"}),
        ("files.delete", {"file_id": batch_file}),
    ):
        view(operation, **arguments)
    if at_least(version, "2025-03-01-preview"):
        speech = view(
            "audio.speech.create",
            model="conf-speech",
            input="Hi",
            voice="alloy",
            response_format="wav",
        )
        assert speech["bytes"] > 1000
        response = view("responses.create", model="conf-responses", input="[[say:Hello]]")
        assert response["output_text"] == "Hello"
        assert view("responses.retrieve", response_id=response["id"])["output_text"] == "Hello"
        view("responses.input_items.list", response_id=response["id"])
        client.ok("responses.delete", response_id=response["id"])
        called.add("responses.delete")
    if at_least(version, "2025-04-01-preview"):
        edited = view(
            "images.edit", model="conf-image-edit", prompt="Paint it", image=file("a.png", PNG)
        )
        assert edited["usage"]["total_tokens"] > 0
    assert called == {name for name, one in OPERATIONS.items() if at_least(version, one.since)}


@SURFACES
@pytest.mark.parametrize("version", ["2024-10-21", "v1"])
def test_streams_are_read(lane: InProcessLane, version: str, surface: str) -> None:
    client = Client(lane, version, surface)
    chat = client.ok(
        "chat.completions.create",
        stream=True,
        model="conf-chat",
        messages=HI,
        stream_options={"include_usage": True},
    )
    assert chat.view is not None and chat.view["text"] == "Hello there"
    assert chat.view["usage"]["completion_tokens"] == 2 and chat.view["finish_reason"] == "stop"
    assert (
        client.view(
            "completions.create", stream=True, model="conf-completions", prompt="[[say:Once]]"
        )["text"]
        == "Once"
    )
    prompt = [{"role": "user", "content": "[[async-filter]] [[tokens:30]]"}]
    assert client.view("chat.completions.create", stream=True, model="conf-chat", messages=prompt)[
        "text"
    ]


@SURFACES
def test_a_streamed_response_is_read(lane: InProcessLane, surface: str) -> None:
    client = Client(lane, "v1", surface)
    outcome = client.ok(
        "responses.create", stream=True, model="conf-responses", input="[[say:Hello there]]"
    )
    assert outcome.view is not None and outcome.view["output_text"] == "Hello there"
    assert outcome.chunks is not None and outcome.chunks[-1]["type"] == "response.completed"


def test_a_batch_is_worked_through(lane: InProcessLane) -> None:
    client = Client(lane)
    uploaded = client.view("files.create", file=file("a.jsonl", LINES), purpose="batch")["id"]
    batch = client.ok(
        "batches.create",
        input_file_id=uploaded,
        endpoint="/chat/completions",
        completion_window="24h",
    )
    client.clock.advance(60)
    done = client.ok("batches.retrieve", batch_id=batch.result["id"]).result
    assert done["request_counts"] == {"total": 3, "completed": 3, "failed": 0}
    assert client.view("files.content", file_id=done["output_file_id"])["bytes"] > 1000


CHAT = "chat.completions.create"
ERRORS: list[tuple[dict[str, Any], str, dict[str, Any], ErrorKind, int, Any]] = [
    (
        {"auth": Auth(key="wrong")},
        CHAT,
        {"model": "conf-chat", "messages": HI},
        ErrorKind.AUTHENTICATION,
        401,
        "401",
    ),
    (
        {"auth": Auth("token", tokens=("wrong",))},
        CHAT,
        {"model": "conf-chat", "messages": HI},
        ErrorKind.AUTHENTICATION,
        401,
        None,
    ),
    ({}, CHAT, {"model": "nobody", "messages": HI}, ErrorKind.NOT_FOUND, 404, "DeploymentNotFound"),
    (
        {},
        CHAT,
        {"model": "conf-embeddings", "messages": HI},
        ErrorKind.BAD_REQUEST,
        400,
        "OperationNotSupported",
    ),
    (
        {},
        CHAT,
        {"model": "conf-chat", "messages": HI, "probe": 1},
        ErrorKind.BAD_REQUEST,
        400,
        "unknown_parameter",
    ),
    (
        {},
        CHAT,
        {"model": "conf-chat", "messages": [{"role": "user", "content": "[[jailbreak]]"}]},
        ErrorKind.BAD_REQUEST,
        400,
        "content_filter",
    ),
    (
        {},
        CHAT,
        {"model": "conf-reasoning", "messages": HI, "max_tokens": 9},
        ErrorKind.BAD_REQUEST,
        400,
        "unsupported_parameter",
    ),
    (
        {},
        "responses.create",
        {"model": "nobody", "input": "Hi"},
        ErrorKind.BAD_REQUEST,
        400,
        "model_not_found",
    ),
    (
        {},
        "images.generate",
        {"model": "conf-images", "prompt": "[[filter:violence=high]]"},
        ErrorKind.BAD_REQUEST,
        400,
        "content_policy_violation",
    ),
    ({}, "files.retrieve", {"file_id": "file-none"}, ErrorKind.NOT_FOUND, 404, "notFound"),
]


@SURFACES
@pytest.mark.parametrize("client, operation, arguments, kind, status, code", ERRORS)
def test_errors_map_to_the_sdk_s_classes(
    lane: InProcessLane,
    surface: str,
    client: dict[str, Any],
    operation: str,
    arguments: dict[str, Any],
    kind: ErrorKind,
    status: int,
    code: Any,
) -> None:
    outcome = Client(lane, surface=surface, **client).call(operation, **arguments)
    assert outcome.error is not None
    assert (outcome.error.kind, outcome.error.status, outcome.error.code) == (kind, status, code)


def test_entra_tokens_are_accepted(lane: InProcessLane) -> None:
    client = Client(lane, auth=Auth("token_provider", tokens=TOKENS))
    assert client.ok("chat.completions.create", model="conf-chat", messages=HI).token_calls == 1


@SURFACES
def test_a_throttled_call_is_waited_out(lane: InProcessLane, surface: str) -> None:
    clock = VirtualClock()
    quick = deployment("gpt-4o", "chat", limits=Limits(requests_per_minute=60))
    config = EmulatorConfig(deployments={"quick": quick}, clock=clock)
    client = Client(lane, surface=surface, emulator=Emulator(config), clock=clock)
    for _ in range(60):
        client.ok("chat.completions.create", model="quick", messages=HI)
    assert clock.waits == []
    client.ok("chat.completions.create", model="quick", messages=HI)
    assert len(clock.waits) == 1 and clock.waits[0][1] >= 1.0
