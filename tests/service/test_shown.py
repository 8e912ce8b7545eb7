"""What a run on somebody's own service shows: planted names and secrets, in everything it answers,
come out nowhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from conformance.service.peer import PeerServer
from conformance.service.shown import names_of
from conformance.wire.exchange import Provenance, Reply, Request, Response, Source
from tests.corpus.overlay import make_root, scenario, step
from tests.record.tunnels import Tunnels
from tests.service.remote.served import COMMAND, environment

RESOURCE, DEPLOYMENT = "planted-harbour", "planted-gpt-for-pilots"
NAME = f"{RESOURCE}.openai.azure.com"
KEY = "9f3a" * 8
PASSWORD = "planted-proxy-word"
SUBSCRIPTION, TENANT = (
    "5b1c9d2e-77aa-4c0f-9a51-6d2e8f4b3c10",
    "c1d2e3f4-1111-4222-8333-944455566677",
)
ARM = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/planted-rg/providers/Microsoft.CognitiveServices/accounts/"
    f"{RESOURCE}"
)
MAIL = "pilot@planted-harbour.nl"
PLANTED = (
    RESOURCE,
    DEPLOYMENT,
    KEY,
    PASSWORD,
    SUBSCRIPTION,
    TENANT,
    "planted-rg",
    MAIL,
    "planted-org",
    "planted-storage",
    "planted-index",
)
ASKED = step(service="", expect="{attempts: 1, result: {finish_reason: stop}}")


class Talkative:
    """A resource that puts all it knows of its owner into what it answers."""

    def __init__(self, status: int) -> None:
        self.status = status
        self.requests: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.requests.append(request)
        if request.path == "/openai/models":
            return self.reply(200, {"data": []})
        key = request.header("api-key") or ""
        told = (
            f"{NAME} key {key} deployment {DEPLOYMENT} of {ARM}, owner {MAIL}, "
            "https://planted-storage.blob.core.windows.net/c/f.png"
            "?sig=abcdefghijklmnopqrstuvwxyz0123456789 "
            f"https://{NAME}/openai/deployments/{DEPLOYMENT}/chat/completions"
        )
        if self.status != 200:
            return self.reply(
                self.status, {"error": {"code": "DeploymentNotFound", "message": told}}
            )
        return self.reply(
            200,
            {
                "id": "chatcmpl-abc",
                "object": "chat.completion",
                "created": 1_767_225_600,
                "model": DEPLOYMENT,
                "tenant_id": TENANT,
                "deployment": DEPLOYMENT,
                "resource": ARM,
                "choices": [
                    {
                        "index": 0,
                        "finish_reason": "stop",
                        "message": {"role": "assistant", "content": told},
                    }
                ],
            },
        )

    def reply(self, status: int, body: Any) -> Reply:
        data = json.dumps(body).encode()
        headers = (
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(data))),
            ("x-ms-deployment-name", DEPLOYMENT),
            ("openai-organization", "planted-org"),
            ("Operation-Location", f"https://{NAME}/openai/operations/1?index=planted-index"),
            ("x-request-id", "00a1b2c3-0000-4000-8000-00000000beef"),
            ("Set-Cookie", f"ARRAffinity={KEY}"),
            (
                "WWW-Authenticate",
                f'Bearer authorization_uri="https://login.microsoftonline.com/{TENANT}"',
            ),
        )
        return Reply(Response(status, headers, data, Provenance(Source.SCRIPT)))


@pytest.mark.parametrize("status", [200, 404])
def test_nothing_that_names_the_resource_or_opens_it_is_in_reports_or_on_the_terminal(
    tmp_path: Path, server: PeerServer, status: int
) -> None:
    make_root(tmp_path, {"scenarios/chat/asked.yaml": scenario(ASKED)})
    service = Talkative(status)
    with Tunnels() as tunnels:
        tunnels.put(NAME, server.open(service, hosts=(NAME,)).port)
        (tmp_path / "conformance.toml").write_text(
            f'ca_file = "{tunnels.ca_file(tmp_path)}"\n[deployments]\nchat = "{DEPLOYMENT}"\n',
            encoding="utf-8",
        )
        given = {
            "AZURE_OPENAI_ENDPOINT": f"https://{NAME}",
            "AZURE_OPENAI_API_KEY": KEY,
            "HTTPS_PROXY": tunnels.url.replace("//", f"//pilot:{PASSWORD}@"),
        }
        ended = run(tmp_path, "run", "chat/asked", "--target", "live", "--sdk", "python", **given)
        doctor = run(tmp_path, "doctor", **given)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "the credential is accepted" in doctor.stdout
    assert ", through the proxy" in doctor.stdout
    assert KEY not in doctor.stdout and PASSWORD not in doctor.stdout
    asked = [request for request in service.requests if request.path != "/openai/models"]
    assert len(asked) == 2
    assert all(request.header("api-key") == KEY and DEPLOYMENT in request.path for request in asked)
    assert {place for place, _ in tunnels.asked} == {f"{NAME}:443"}
    for name in ("results.json", "index.html", "junit.xml"):
        assert_clean(name, (tmp_path / "reports" / name).read_text(encoding="utf-8"))
    assert_clean("stdout", ended.stdout)
    assert_clean("stderr", ended.stderr)
    results = json.loads((tmp_path / "reports" / "results.json").read_text(encoding="utf-8"))
    case = next(case for case in results["cases"] if case["verdict"] == "fail")
    (exchange,) = case["steps"][0]["exchanges"]
    assert "/deployments/conf-chat/" in exchange["request"]["url"]
    assert "conformance.openai.azure.com" in exchange["response"]["body"]
    assert ["x-request-id", "00a1b2c3-0000-4000-8000-00000000beef"] in exchange["response"][
        "headers"
    ]
    assert case["reproduce"].endswith(f"--target live --case '{case['id']}'")


def test_a_resource_that_is_out_of_reach_is_not_named(tmp_path: Path, server: PeerServer) -> None:
    make_root(tmp_path, {"scenarios/chat/asked.yaml": scenario(ASKED)})
    (tmp_path / "conformance.toml").write_text(
        f'[deployments]\nchat = "{DEPLOYMENT}"\n', encoding="utf-8"
    )
    with Tunnels() as tunnels:
        tunnels.put(
            NAME, server.open(Talkative(200), hosts=(NAME,)).port
        )  # whose certificate nobody trusts
        given = {
            "AZURE_OPENAI_ENDPOINT": f"https://{NAME}",
            "AZURE_OPENAI_API_KEY": KEY,
            "HTTPS_PROXY": tunnels.url,
        }
        ended = run(tmp_path, "run", "chat/asked", "--target", "live", "--sdk", "python", **given)
    assert ended.returncode == 3
    assert "[target-unreachable]" in ended.stderr
    assert_clean("stderr", ended.stdout + ended.stderr)


def test_a_gateway_is_not_named_either_unless_it_is_on_this_machine() -> None:
    called = names_of(
        "https://apim.harbour.nl/pilots", {"chat": "gpt-4o", "vision": "gpt-4o"}, live=False
    )
    assert called["https://apim.harbour.nl/pilots"] == "https://gateway-1.example"
    assert called["apim.harbour.nl"] == "gateway-1.example"
    assert called["gpt-4o"] == "conf-chat"
    assert names_of("http://127.0.0.1:4000", {}, live=False) == {}
    assert names_of(f"https://{NAME}", {}, live=True)[RESOURCE] == "conformance"


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def assert_clean(where: str, text: str) -> None:
    low = text.lower()
    assert {value: low.count(value.lower()) for value in PLANTED if value.lower() in low} == {}, (
        where
    )
