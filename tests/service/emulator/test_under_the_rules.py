"""The harness's own rules, over what the SDK and the emulator say to each other: nothing to object
to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from conformance.judge.rules import StepContext, StepObservation, apply_checks
from conformance.judge.rules.finding import Finding, Level
from conformance.sdk.inprocess import InProcessLane, installed
from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.suite.home import find_home
from conformance.suite.load import load_suite
from conformance.suite.scenario.model import API_VERSIONS, Expect
from conformance.suite.scenario.versions import at_least
from conformance.suite.schema import SchemaRegistry
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Exchange, Reply, Request
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import Auth, Call, ClientConfig, StreamPlan
from conformance.wire.stand_ins import API_KEY
from tests.places import PROJECT
from tests.service.emulator.emulating import HOST, file
from tests.service.emulator.walking import LINES, PNG, WAV

HI = [{"role": "user", "content": "Hi"}]
TOOLS = [
    {
        "type": "function",
        "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}},
    }
]


def chat(prompt: str, **members: Any) -> dict[str, Any]:
    return {"model": "conf-chat", "messages": [{"role": "user", "content": prompt}], **members}


GOOD: list[tuple[str, dict[str, Any]]] = [
    ("chat.completions.create", chat("Hi", n=2, logprobs=True, top_logprobs=1)),
    ("chat.completions.create", chat("the weather", tools=TOOLS)),
    ("chat.completions.create", chat("[[completion-filter:hate=high]]")),
    ("chat.completions.create", chat("[[filter-error]]")),
    ("chat.completions.create", {"model": "conf-reasoning", "messages": HI}),
    ("chat.completions.create", chat("Hi", stream=True)),
    ("chat.completions.create", chat("the weather", tools=TOOLS, stream=True)),
    ("chat.completions.create", chat("[[async-filter]] [[tokens:20]]", stream=True)),
    ("chat.completions.create", chat("[[protected-material]]", stream=True)),
    ("completions.create", {"model": "conf-completions", "prompt": "Hi"}),
    ("completions.create", {"model": "conf-completions", "prompt": "Hi", "stream": True}),
    ("embeddings.create", {"model": "conf-embeddings", "input": ["a", "b"]}),
    ("audio.transcriptions.create", {"model": "conf-transcription", "file": file("a.wav", WAV)}),
    ("audio.speech.create", {"model": "conf-speech", "input": "Hi", "voice": "alloy"}),
    ("images.generate", {"model": "conf-images", "prompt": "A dot"}),
    ("images.edit", {"model": "conf-image-edit", "prompt": "A dot", "image": file("a.png", PNG)}),
    ("responses.create", {"model": "conf-responses", "input": "Hi"}),
    ("responses.create", {"model": "conf-responses", "input": "Hi", "stream": True}),
    ("files.create", {"file": file("a.jsonl", LINES), "purpose": "batch"}),
    ("models.list", {}),
]
BAD: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        "chat.completions.create",
        chat("[[filter:hate=high]]"),
        {"status": 400, "code": "content_filter"},
    ),
    (
        "chat.completions.create",
        {"model": "nobody", "messages": HI},
        {"status": 404, "code": "DeploymentNotFound"},
    ),
    ("chat.completions.create", chat("Hi", probe=1), {"status": 400, "code": "unknown_parameter"}),
    ("files.retrieve", {"file_id": "file-none"}, {"status": 404}),
]


class Recording:
    """An emulator that keeps what passed."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator
        self.exchanges: list[Exchange] = []

    def answer(self, request: Request) -> Reply:
        reply = self._emulator.answer(request)
        self.exchanges.append(Exchange(request, reply.response, 0.0))
        return reply


@pytest.fixture(scope="module")
def lane() -> Iterator[InProcessLane]:
    with InProcessLane() as opened:
        yield opened


@pytest.fixture(scope="module")
def traits() -> Any:
    suite = load_suite(find_home(PROJECT))
    return suite.sdk("python").contract.traits(installed()[0])


def findings(
    lane: InProcessLane,
    registry: SchemaRegistry,
    traits: Any,
    version: str,
    operation: str,
    arguments: dict[str, Any],
    error: dict[str, Any] | None = None,
) -> list[Finding]:
    """What the rules say of one call; notes (``may``) left out."""
    clock = VirtualClock()
    player = Recording(Emulator(EmulatorConfig(clock=clock)))
    client = ClientConfig(HOST, "v1" if version == "v1" else "azure", version, Auth(key=API_KEY))
    call = Call(operation, arguments, stream=StreamPlan() if arguments.get("stream") else None)
    outcome = lane.perform(client, call, player, clock, "1")
    context = StepContext(
        0,
        Level.MUST,
        version,
        OPERATIONS[operation],
        client,
        call,
        Expect(error=error),
        StepObservation(tuple(player.exchanges), outcome),
        traits,
        registry,
    )
    return [found for found in apply_checks(context)[1] if found.level is not Level.MAY]


@pytest.mark.parametrize("version", API_VERSIONS)
def test_rules_find_nothing_in_answers(
    lane: InProcessLane, registry: SchemaRegistry, traits: Any, version: str
) -> None:
    for operation, arguments in GOOD:
        if at_least(version, OPERATIONS[operation].since):
            assert findings(lane, registry, traits, version, operation, arguments) == [], (
                operation,
                arguments,
            )


@pytest.mark.parametrize("version", ["2024-10-21", "v1"])
def test_rules_find_nothing_in_refusals(
    lane: InProcessLane, registry: SchemaRegistry, traits: Any, version: str
) -> None:
    for operation, arguments, error in BAD:
        expected = {
            key: value
            for key, value in error.items()
            if key == "status" or operation.startswith("chat")
        }
        assert findings(lane, registry, traits, version, operation, arguments, expected) == [], (
            operation,
            arguments,
        )
