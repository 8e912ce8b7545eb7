"""Every operation on every api-version: the answers satisfy our schemas, and are the same twice."""

from __future__ import annotations

import pytest

from conformance.service.emulator import Emulator
from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.scenario.versions import at_least
from conformance.suite.schema import SchemaRegistry
from conformance.wire.operations import OPERATIONS
from tests.service.emulator.emulating import Caller, events
from tests.service.emulator.walking import VISITS, Store

EVERYWHERE = [(operation, version) for operation in OPERATIONS for version in API_VERSIONS]


def test_every_operation_has_a_visit() -> None:
    assert set(VISITS) == set(OPERATIONS)


@pytest.mark.parametrize("name, version", EVERYWHERE)
def test_answers_satisfy_their_schema(registry: SchemaRegistry, name: str, version: str) -> None:
    caller, operation = Caller(Emulator(), version), OPERATIONS[name]
    if not at_least(version, operation.since):
        caller_now = VISITS[name](
            Caller(caller.emulator, version), Store(Caller(caller.emulator, "v1"))
        )
        assert caller_now.status in (400, 404)
        assert not registry.validate("error", version, caller_now.json())
        return
    response = VISITS[name](caller, Store(caller))
    created = version != "v1" and name in ("files.create", "fine_tuning.jobs.create")
    assert response.status == (201 if created else 200), response.body
    assert (response.header("location") is not None) == created
    if operation.schema is None:
        assert response.body
        return
    assert registry.validate(operation.schema, version, response.json()) == ()
    headers = {key.lower(): value for key, value in response.headers}
    assert registry.validate("rate-limit-headers", version, headers) == ()


@pytest.mark.parametrize(
    "name", ["chat.completions.create", "completions.create", "responses.create"]
)
@pytest.mark.parametrize("version", API_VERSIONS)
def test_streams_satisfy_their_schema(registry: SchemaRegistry, name: str, version: str) -> None:
    operation, caller = OPERATIONS[name], Caller(Emulator(), version)
    if not at_least(version, operation.since):
        return
    deployment = {"chat": "conf-chat", "completions": "conf-completions"}.get(operation.capability)
    body = {
        "chat": {"messages": [{"role": "user", "content": "Hi"}]},
        "completions": {"prompt": "Hi"},
        "responses": {"model": "conf-responses", "input": "Hi"},
    }[operation.capability]
    response = caller.post(operation.path, {**body, "stream": True}, deployment)
    seen = events(response)
    if operation.capability == "responses":
        assert "[DONE]" not in seen
    else:
        assert seen.pop() == "[DONE]"
    assert operation.chunk_schema is not None
    assert [
        problem
        for one in seen
        for problem in registry.validate(operation.chunk_schema, version, one)
    ] == []


def test_two_emulators_with_one_seed_answer_alike() -> None:
    def everything(seed: str) -> list[tuple[object, ...]]:
        from conformance.service.emulator import EmulatorConfig

        caller = Caller(Emulator(EmulatorConfig(seed=seed)))
        store = Store(caller)
        return [
            (response.status, response.headers, response.body)
            for response in (visit(caller, store) for visit in VISITS.values())
        ]

    assert everything("a") == everything("a")
    assert everything("a") != everything("b")
