"""Runs against the emulator, a gateway and a live resource: what each is asked, who is blamed, what
stays secret."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import UsageError
from conformance.judge.results import Run, Verdict
from conformance.judge.rules.finding import Blame
from conformance.plan.plan import plan
from conformance.plan.selection import Selection
from conformance.plan.subjects import subjects_of
from conformance.report.asked import asked
from conformance.service.emulated import EMULATOR
from conformance.service.emulator import Emulator, EmulatorConfig, default_deployments
from conformance.service.peer import PeerServer
from conformance.service.replay import REPLAY
from conformance.service.service import Service
from conformance.service.targets import remote_of_target, service_of_target, service_url
from conformance.suite.settings import Settings
from conformance.wire.exchange import Provenance, Reply, Request, Response, Source
from tests.corpus.overlay import load, make_root, run, scenario, step
from tests.service.remote.served import COMMAND, environment

SECRET = "5ecre7" + "0123456789abcdef" * 2
ASKED = step(service="", expect="{attempts: 1, result: {text: Never this., finish_reason: stop}}")


def on(service: Service, tmp_path: Path, files: dict[str, str | bytes]) -> Run:
    suite = load(make_root(tmp_path, files))
    return run(suite, Selection(surfaces=("sync",)), service=service)


def verdicts(found: Run) -> dict[str, tuple[str, str]]:
    return {case.scenario: (case.verdict.value, case.reason) for case in found.cases}


# The emulator


def test_the_emulator_is_asked_what_it_can_be_asked_and_expected_what_it_can_promise(
    tmp_path: Path,
) -> None:
    found = on(
        EMULATOR,
        tmp_path,
        {
            "scenarios/chat/asked.yaml": scenario(ASKED),
            "scenarios/chat/scripted.yaml": scenario(),
            "scenarios/chat/tagged.yaml": scenario(ASKED, head="tags: [replay-only]\n"),
            "scenarios/chat/limited.yaml": scenario(
                ASKED.replace("messages:", "data_sources: [], messages:")
            ),
            "scenarios/chat/elsewhere.yaml": scenario(
                ASKED, head="client: {endpoint: 'https://other.example/p'}\n"
            ),
        },
    )
    told = verdicts(found)
    assert told["chat/asked"] == ("pass", "")
    assert (
        told["chat/scripted"][0] == "not-run"
        and "writes the service's answers" in told["chat/scripted"][1]
    )
    assert told["chat/tagged"][0] == "not-run" and "does not provoke" in told["chat/tagged"][1]
    assert (
        told["chat/limited"][0] == "not-run"
        and "emulator cannot do this" in told["chat/limited"][1]
    )
    assert (
        told["chat/elsewhere"][0] == "not-run" and "address of its own" in told["chat/elsewhere"][1]
    )
    case = next(case for case in found.cases if case.scenario == "chat/asked")
    assert case.rests_on == ("emulator",)
    assert case.reproduce.startswith("conformance run --target emulator --case")
    assert found.target == "emulator"
    assert asked(found).startswith(
        "emulator was asked 2 requests: chat.completions.create 2 (2 x 200). 4 cases"
    )


def test_replay_says_nothing_of_what_was_asked(tmp_path: Path) -> None:
    assert asked(run(load(make_root(tmp_path)))) == ""


# Blame


class Odd:
    """A service that answers every request alike."""

    def __init__(self, status: int, body: Any) -> None:
        self.status, self.body = status, json.dumps(body).encode()

    def answer(self, request: Request) -> Reply:
        headers = (("content-type", "application/json"), ("content-length", str(len(self.body))))
        return Reply(Response(self.status, headers, self.body, Provenance(Source.EMULATOR)))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"choices": "none"}),
        (200, {}),
        (400, {"error": {"code": "no", "message": "never"}}),
        (418, {}),
    ],
)
def test_what_the_service_does_wrong_is_the_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: Any
) -> None:
    monkeypatch.setattr("conformance.service.emulated.Emulator", lambda _: Odd(status, body))
    found = on(EMULATOR, tmp_path, {"scenarios/chat/asked.yaml": scenario(ASKED)})
    case = next(case for case in found.cases if case.scenario == "chat/asked")
    assert case.verdict is Verdict.FAIL
    assert {item.blame for item in case.findings} == {Blame.SERVICE}


# Which target


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.0.0.1:4000", "target-plain-http"),
        ("http://localhost:4000", "target-plain-http"),
        ("http://gateway.example", "target-plain-http"),
        ("ftp://127.0.0.1", "target-url"),
        ("https://", "target-url"),
        (f"https://user:{SECRET}@gateway.example", "target-url"),
        (f"https://gateway.example/?key={SECRET}", "target-url"),
        ("https://[::1", "target-url"),
        ("https://gateway.example:port", "target-url"),
    ],
)
def test_an_address_that_is_not_safe_is_refused_and_not_repeated(url: str, code: str) -> None:
    with pytest.raises(UsageError, match=code) as caught:
        service_of_target(url, Settings())
    assert SECRET not in str(caught.value)


def test_addresses_lose_what_sdks_add() -> None:
    assert service_url("https://a.openai.azure.com/openai/v1/", "x") == "https://a.openai.azure.com"
    assert service_url("http://127.0.0.1:4000/team/", "x") == "http://127.0.0.1:4000/team"


def test_names_of_targets(tmp_path: Path) -> None:
    assert service_of_target("", Settings()) is REPLAY
    assert service_of_target("emulator", Settings()) is EMULATOR
    for name, code in (("emulater", "target-unknown"), ("live", "target-not-configured")):
        with pytest.raises(UsageError, match=code):
            service_of_target(name, Settings())
    with pytest.raises(UsageError, match="deployments"):
        service_of_target("live", Settings("https://a.openai.azure.com", api_key=SECRET))


def test_the_key_of_the_resource_is_for_the_resource_alone() -> None:
    settings = Settings("https://a.openai.azure.com", api_key=SECRET, deployments={"chat": "x"})
    assert remote_of_target("https://gateway.example", settings).settings.api_key == ""
    assert remote_of_target("https://a.openai.azure.com:443/", settings).settings.api_key == SECRET
    own = Settings("https://a.openai.azure.com", api_key=SECRET, target_key="another-key")
    assert remote_of_target("https://gateway.example", own).settings.api_key == "another-key"
    assert SECRET not in repr(service_of_target("live", settings))


def test_a_resource_without_a_key_is_asked_with_tokens_and_lacking_deployments_are_said(
    tmp_path: Path,
) -> None:
    suite = load(
        make_root(
            tmp_path,
            {
                "scenarios/chat/asked.yaml": scenario(ASKED),
                "scenarios/chat/by-key.yaml": scenario(ASKED, head="client: {auth: api_key}\n"),
                "scenarios/chat/seen.yaml": scenario(
                    ASKED.replace("deployment.chat", "deployment.vision")
                ),
            },
        )
    )
    target = service_of_target(
        "live", Settings("https://a.openai.azure.com", deployments={"chat": "my-gpt"})
    )
    cases = {
        case.loaded.id: case
        for case in plan(suite, subjects_of(suite, ("python",)), Selection(), service=target)
    }
    assert cases["chat/asked"].spec.client.auth == "token_provider"
    assert cases["chat/asked"].spec.steps[0].with_["model"] == "my-gpt"
    assert "about API keys" in cases["chat/by-key"].reason
    assert cases["chat/seen"].reason == "no deployment for vision is configured"


# Whole commands


def command(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def resource(**more: Any) -> Emulator:
    deployments = {"my-gpt": default_deployments()["conf-chat"]}
    return Emulator(EmulatorConfig(deployments=deployments, keys=(SECRET,), tokens=(), **more))


def test_a_live_resource_is_asked_with_its_own_key_and_names_and_the_key_is_nowhere_after(
    tmp_path: Path, server: PeerServer
) -> None:
    make_root(tmp_path, {"scenarios/chat/asked.yaml": scenario(ASKED)})
    with server.open(resource(), tls=True) as execution:
        (tmp_path / "conformance.toml").write_text(
            f'ca_file = "{execution.ca_file}"\n[deployments]\nchat = "my-gpt"\n', encoding="utf-8"
        )
        given = {"AZURE_OPENAI_ENDPOINT": execution.url, "AZURE_OPENAI_API_KEY": SECRET}
        doctor = command("doctor", cwd=tmp_path, **given)
        ended = command(
            "run", "chat/asked", "--target", "live", "--sdk", "python", cwd=tmp_path, **given
        )
    assert [line.split()[1] for line in doctor.stdout.splitlines() if line.startswith("wrong")] == [
        "suite"
    ]
    assert "the credential is accepted" in doctor.stdout
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "live was asked 2 requests: chat.completions.create 2 (2 x 200)." in ended.stdout
    kept = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "reports").iterdir())
    assert '"target": "live"' in kept
    for text in (kept, ended.stdout, ended.stderr, doctor.stdout, doctor.stderr):
        assert SECRET not in text
        assert f"127.0.0.1:{execution.port}" not in text or text is doctor.stdout


@pytest.mark.parametrize(
    ("key", "trusted", "code"),
    [(SECRET, False, "target-unreachable"), ("wrong-key-0123456789", True, "target-refused")],
)
def test_a_resource_that_cannot_be_used_is_one_message(
    tmp_path: Path, server: PeerServer, key: str, trusted: bool, code: str
) -> None:
    make_root(tmp_path, {"scenarios/chat/asked.yaml": scenario(ASKED)})
    with server.open(resource(), tls=True) as execution:
        ca_file = f'ca_file = "{execution.ca_file}"\n' if trusted else ""
        (tmp_path / "conformance.toml").write_text(
            f'{ca_file}[deployments]\nchat = "my-gpt"\n', encoding="utf-8"
        )
        given = {
            "AZURE_OPENAI_ENDPOINT": execution.url,
            "AZURE_OPENAI_API_KEY": key,
            "PYTHONHTTPSVERIFY": "0",
        }
        ended = command(
            "run", "chat/asked", "--target", "live", "--sdk", "python", cwd=tmp_path, **given
        )
        doctor = command("doctor", cwd=tmp_path, **given)
    assert ended.returncode == 3
    assert f"[{code}]" in ended.stderr
    assert doctor.returncode == 1
    for text in (ended.stdout, ended.stderr, doctor.stdout, doctor.stderr):
        assert key not in text
        assert "Traceback" not in text


def test_a_gateway_is_asked_through_the_adapter_and_blamed_for_itself(
    tmp_path: Path, server: PeerServer
) -> None:
    make_root(tmp_path, {"scenarios/chat/asked.yaml": scenario(ASKED)})
    with server.open(Odd(200, {"choices": "none"})) as execution:
        ended = command(
            "run",
            "chat/asked",
            "--target",
            execution.url,
            "--sdk",
            "python",
            "--surface",
            "sync",
            cwd=tmp_path,
        )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    results = json.loads((tmp_path / "reports" / "results.json").read_text(encoding="utf-8"))
    case = next(case for case in results["cases"] if case["verdict"] == "fail")
    assert {item["blame"] for item in case["findings"]} == {"service"}
    assert case["rests_on"] == ["gateway"]
    assert results["target"] == execution.url


def test_doctor_with_nothing_configured_checks_what_is_offline(tmp_path: Path) -> None:
    make_root(tmp_path)
    ended = command("doctor", cwd=tmp_path)
    assert "no live resource is configured" in ended.stdout
    assert "openai" in ended.stdout and "suite" in ended.stdout and "reports" in ended.stdout
    (tmp_path / "conformance.toml").write_text(f'api_key = "{SECRET}"\n', encoding="utf-8")
    refused = command("doctor", cwd=tmp_path)
    assert refused.returncode == 2
    assert "[config-secret]" in refused.stderr
    assert SECRET not in refused.stderr


def test_the_inprocess_lane_cannot_reach_a_resource(tmp_path: Path) -> None:
    make_root(tmp_path)
    ended = command(
        "run", "--target", "https://gateway.example", "--lane", "inprocess", cwd=tmp_path
    )
    assert ended.returncode == 2
    assert "[target-lane]" in ended.stderr
