"""The lane: retries on a virtual clock, credentials, environment, isolation, and that nothing leaks
out of it."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.sdk.inprocess import InProcessLane, installed
from conformance.service.entra import TokenEndpoint
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Fault, Reply, Request
from conformance.wire.protocol import Auth, Call, Outcome
from tests.places import PROJECT
from tests.sdk.scripted_service import (
    CHAT,
    CHAT_ARGUMENTS,
    ScriptedService,
    client,
    fault,
    json_reply,
)

MAJOR = int(installed()[0].split(".")[0])
SURFACES = ["sync", "async"]
CALL = Call("chat.completions.create", CHAT_ARGUMENTS)
BUSY = {"error": {"code": "429", "message": "busy"}}


@pytest.fixture(scope="module")
def lane() -> Iterator[InProcessLane]:
    with InProcessLane() as lane:
        yield lane


def waits_of(
    lane: InProcessLane, surface: str, *replies: Reply, seed: str = "seed", **members: Any
) -> list[float]:
    clock = VirtualClock()
    lane.perform(client(surface, **members), CALL, ScriptedService(*replies), clock, seed)
    return [seconds for _, seconds in clock.waits]


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry_after_ms": "40"}, 0.04),
        ({"retry_after": "2"}, 2.0),
        ({"retry_after": "0.2"}, 0.2),
        ({"retry_after_ms": "40", "retry_after": "9"}, 0.04),
        ({"retry_after": "Thu, 01 Jan 2026 00:00:07 GMT"}, 7.0),
    ],
)
def test_the_services_hint_is_waited_out_exactly_and_at_once(
    lane: InProcessLane, surface: str, headers: dict[str, str], expected: float
) -> None:
    began = time.monotonic()
    assert waits_of(lane, surface, json_reply(BUSY, 429, **headers), json_reply(CHAT)) == [expected]
    assert time.monotonic() - began < 0.2 or expected < 0.2


@pytest.mark.parametrize("surface", SURFACES)
def test_waits_without_hint_grow_with_jitter_of_the_case(lane: InProcessLane, surface: str) -> None:
    first, second = waits_of(lane, surface, json_reply(BUSY, 503))
    assert 0.375 <= first <= 0.5
    assert 0.75 <= second <= 1.0
    random.random()
    assert waits_of(lane, surface, json_reply(BUSY, 503)) == [first, second]
    assert waits_of(lane, surface, json_reply(BUSY, 503), seed="another") != [first, second]


@pytest.mark.parametrize("surface", SURFACES)
def test_a_hint_over_the_limit_is_met_by_version(lane: InProcessLane, surface: str) -> None:
    long = waits_of(lane, surface, json_reply(BUSY, 429, retry_after="61"), json_reply(CHAT))
    assert long == [61.0] if MAJOR >= 2 else 0.375 <= long[0] <= 0.5
    longer = waits_of(lane, surface, json_reply(BUSY, 429, retry_after="3600"), json_reply(CHAT))
    assert longer == [] if MAJOR >= 2 else 0.375 <= longer[0] <= 0.5


@pytest.mark.parametrize("surface", SURFACES)
def test_a_timeout_spends_its_time_without_being_a_wait(lane: InProcessLane, surface: str) -> None:
    clock = VirtualClock()
    service = ScriptedService(fault(Fault.READ_TIMEOUT), json_reply(CHAT))
    lane.perform(client(surface, timeout=30.0), CALL, service, clock, "seed")
    assert [began for began, _ in clock.waits] == [30.0]
    assert 30.375 <= clock.now() <= 30.5


@pytest.mark.parametrize("surface", SURFACES)
def test_the_body_is_the_same_on_every_attempt(lane: InProcessLane, surface: str) -> None:
    service = ScriptedService(json_reply(BUSY, 500))
    lane.perform(client(surface), CALL, service, VirtualClock(), "seed")
    assert [request.header("x-stainless-retry-count") for request in service.requests] == [
        "0",
        "1",
        "2",
    ]
    assert len({request.body for request in service.requests}) == 1


@pytest.mark.parametrize("surface", SURFACES)
def test_a_redirect_is_followed_through_the_player(lane: InProcessLane, surface: str) -> None:
    moved = json_reply({}, 307, location="https://elsewhere.example/openai/x")
    service = ScriptedService(moved, json_reply(CHAT))
    assert lane.perform(client(surface), CALL, service, VirtualClock(), "seed").status == "ok"
    there = service.requests[1]
    assert (there.host, there.body) == ("elsewhere.example", service.requests[0].body)
    assert (there.header("api-key") is None) == (MAJOR >= 3)


# Authentication


@pytest.mark.parametrize("surface", SURFACES)
def test_a_key_travels_as_api_key_and_doubly_in_version_1(
    lane: InProcessLane, surface: str
) -> None:
    service = ScriptedService(json_reply(CHAT))
    lane.perform(client(surface), CALL, service, VirtualClock(), "seed")
    assert service.requests[0].header("api-key") == "fake-key"
    assert service.requests[0].header("authorization") == (
        "Bearer fake-key" if MAJOR == 1 else None
    )
    assert any(name == "api-key" for name, _ in service.requests[0].headers)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_token_provider_is_asked_on_every_attempt(lane: InProcessLane, surface: str) -> None:
    service = ScriptedService(json_reply(BUSY, 500), json_reply(BUSY, 500), json_reply(CHAT))
    auth = Auth("token_provider", tokens=("one", "two"))
    outcome = lane.perform(client(surface, auth=auth), CALL, service, VirtualClock(), "seed")
    assert [request.header("authorization") for request in service.requests] == [
        "Bearer one",
        "Bearer two",
        "Bearer two",
    ]
    assert outcome.token_calls == 3


@pytest.mark.parametrize("surface", SURFACES)
def test_a_static_token_is_a_bearer_token(lane: InProcessLane, surface: str) -> None:
    service = ScriptedService(json_reply(CHAT))
    outcome = lane.perform(
        client(surface, auth=Auth("token", tokens=("abc",))), CALL, service, VirtualClock(), "seed"
    )
    assert service.requests[0].header("authorization") == "Bearer abc"
    assert service.requests[0].header("api-key") is None
    assert outcome.token_calls is None


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("api", ["azure", "v1"])
def test_a_real_credential_gets_its_token_from_the_replayed_endpoint(
    lane: InProcessLane, surface: str, api: str
) -> None:
    service = ScriptedService(
        json_reply(BUSY, 500), json_reply(CHAT), side=TokenEndpoint(("entra-token",))
    )
    outcome = lane.perform(
        client(surface, auth=Auth("credential"), api=api), CALL, service, VirtualClock(), "seed"
    )
    assert outcome.status == "ok", outcome
    assert {request.header("authorization") for request in service.requests} == {
        "Bearer entra-token"
    }
    asked = [
        request for request in service.side_requests if request.path.endswith("/oauth2/v2.0/token")
    ]
    assert len(asked) == 1, "the credential caches its token"
    assert b"scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default" in asked[0].body
    assert outcome.token_calls == 2


@pytest.mark.parametrize("surface", SURFACES)
def test_a_credential_that_fails_is_an_error_and_its_retries_do_not_wait(
    lane: InProcessLane, surface: str
) -> None:
    def broken(request: Request) -> Reply | None:
        if request.path.endswith("/token"):
            return json_reply(
                {"error": "server_error", "error_description": "try later"}, 503, retry_after="2"
            )
        return TokenEndpoint(("x",))(request)

    clock, began = VirtualClock(), time.monotonic()
    outcome = lane.perform(
        client(surface, auth=Auth("credential")),
        CALL,
        ScriptedService(json_reply(CHAT), side=broken),
        clock,
        "seed",
    )
    assert outcome.error is not None
    assert outcome.error.type == "ClientAuthenticationError"
    assert clock.waits
    assert {seconds for _, seconds in clock.waits} == {2}
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("which", list(Fault))
def test_a_fault_at_the_token_endpoint_reaches_the_caller(
    lane: InProcessLane, surface: str, which: Fault
) -> None:
    def broken(request: Request) -> Reply | None:
        return Reply(None, which) if request.host == "login.microsoftonline.com" else None

    outcome = lane.perform(
        client(surface, auth=Auth("credential")),
        CALL,
        ScriptedService(json_reply(CHAT), side=broken),
        VirtualClock(),
        "seed",
    )
    assert outcome.status == "error", outcome


def test_a_token_provider_on_v1_counts_calls(lane: InProcessLane) -> None:
    service = ScriptedService(json_reply(CHAT))
    config = client(api="v1", auth=Auth("token_provider", tokens=("one",)))
    outcome = lane.perform(config, CALL, service, VirtualClock(), "seed")
    assert outcome.status == "ok"
    assert service.requests[0].header("authorization") == "Bearer one"


# Environment


@pytest.mark.parametrize("surface", SURFACES)
def test_variables_the_sdk_reads_by_itself_are_hidden_and_come_back(
    lane: InProcessLane, surface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_OPENAI_AD_TOKEN", "stray")
    monkeypatch.setenv("OPENAI_ORG_ID", "stray-org")
    before = dict(os.environ)
    service = ScriptedService(json_reply(CHAT))
    lane.perform(client(surface), CALL, service, VirtualClock(), "seed")
    assert "stray" not in str(service.requests[0].headers)
    assert dict(os.environ) == before


def test_variables_of_the_scenario_are_set_while_the_client_is_built(lane: InProcessLane) -> None:
    service = ScriptedService(json_reply(CHAT))
    config = client(auth=Auth("none"), environment=(("AZURE_OPENAI_API_KEY", "from-env"),))
    assert lane.perform(config, CALL, service, VirtualClock(), "seed").status == "ok"
    assert service.requests[0].header("api-key") == "from-env"
    assert "AZURE_OPENAI_API_KEY" not in os.environ


# Sessions and failures


@pytest.mark.parametrize("surface", SURFACES)
def test_one_session_serves_several_steps_with_one_client(
    lane: InProcessLane, surface: str
) -> None:
    service = ScriptedService(json_reply(CHAT))
    session = lane.open(client(surface), service, VirtualClock(), "seed")
    assert [session.call(CALL).status for _ in range(3)] == ["ok", "ok", "ok"]
    session.close()
    session.close()
    assert session.call(CALL).status == "crash"


@pytest.mark.parametrize("surface", SURFACES)
def test_a_player_that_fails_is_a_crash_and_not_the_sdks_fault(
    lane: InProcessLane, surface: str
) -> None:
    class Broken:
        def answer(self, request: Request) -> Reply:
            raise RuntimeError("the player fell over")

    outcome = lane.perform(client(surface), CALL, Broken(), VirtualClock(), "seed")
    assert (outcome.status, outcome.reason) == ("crash", "RuntimeError: the player fell over")


@pytest.mark.parametrize("surface", SURFACES)
def test_a_driver_that_fails_is_a_crash_with_its_last_line(
    lane: InProcessLane, surface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conformance.sdk.python import views

    monkeypatch.setattr(views, "view", lambda operation, result: 1 / 0)
    outcome = lane.perform(
        client(surface), CALL, ScriptedService(json_reply(CHAT)), VirtualClock(), "seed"
    )
    assert outcome == Outcome("crash", reason="ZeroDivisionError: division by zero")


@pytest.mark.parametrize("surface", SURFACES)
def test_a_view_that_leaves_the_vocabulary_is_the_driver_s_fault(
    lane: InProcessLane, surface: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from conformance.sdk.python import views

    monkeypatch.setattr(views, "view", lambda operation, result: {"txet": "Hello"})
    outcome = lane.perform(
        client(surface), CALL, ScriptedService(json_reply(CHAT)), VirtualClock(), "seed"
    )
    assert outcome.status == "crash"
    assert outcome.reason.startswith("the view of chat.completions.create is not valid: /view: ")
    assert "'txet'" in outcome.reason


def test_a_lane_can_be_used_again_after_it_was_closed() -> None:
    lane = InProcessLane()
    for _ in range(2):
        with lane:
            for surface in SURFACES:
                service = ScriptedService(json_reply(CHAT))
                assert (
                    lane.perform(client(surface), CALL, service, VirtualClock(), "seed").status
                    == "ok"
                )


def test_async_cases_run_in_a_thread_whose_loop_counts_as_running() -> None:
    """Playwright's sync API leaves such a loop behind for as long as its session is open."""

    async def within() -> list[str]:
        with InProcessLane() as lane:
            return [
                lane.perform(
                    client(surface), CALL, ScriptedService(json_reply(CHAT)), VirtualClock(), "s"
                ).status
                for surface in SURFACES
            ]

    assert asyncio.run(within()) == ["ok", "ok"]


def test_nothing_reaches_a_socket(lane: InProcessLane, monkeypatch: pytest.MonkeyPatch) -> None:
    created: list[Any] = []
    lane.perform(client(), CALL, ScriptedService(json_reply(CHAT)), VirtualClock(), "seed")
    original = socket.socket.__init__

    def counted(self: socket.socket, *given: Any, **named: Any) -> None:
        created.append(given)
        original(self, *given, **named)

    monkeypatch.setattr(socket.socket, "__init__", counted)
    for surface in SURFACES:
        service = ScriptedService(
            fault(Fault.CONNECT_REFUSED), json_reply(CHAT), side=TokenEndpoint(("t",))
        )
        config = client(surface, auth=Auth("credential"))
        assert lane.perform(config, CALL, service, VirtualClock(), "seed").status == "ok"
    assert [given for given in created if given and given[0] != socket.AF_UNIX] == []


def test_the_versions_are_known_without_importing_the_sdk() -> None:
    code = (
        "import sys; from conformance.sdk.inprocess import InProcessLane, installed; "
        "lane = InProcessLane(); lane.__enter__(); "
        "print(installed()[0], 'openai' in sys.modules, 'vcr' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PROJECT
    )
    version, imported, patched = ran.stdout.split()
    assert (version, imported, patched) == (installed()[0], "False", "False")


def test_the_driver_runs_as_plain_files_where_the_harness_is_absent(tmp_path: Path) -> None:
    shutil.copytree(PROJECT / "conformance" / "sdk" / "python", tmp_path / "python")
    code = (
        "import sys; from python import driver as d; "
        "h = d.build_client({'endpoint': 'https://x', 'api': 'azure', "
        "'api_version': 'v', 'auth': {'kind': 'none'}}); "
        "print(d.perform(h, {'operation': 'models.list', 'arguments': {}})['error']['kind'], "
        "any(name.startswith('conformance') for name in sys.modules))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
    )
    assert ran.stdout.split() == ["configuration", "False"]
