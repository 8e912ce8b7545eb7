"""azure-identity's own credential classes under openai's own client, unmodified, in a process of
their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.service.peer import Execution, PeerServer
from tests.service.entra.authority import RESOURCE, TENANT, Authority, Resource
from tests.service.remote.served import COMMAND, environment

SECRET = "client-secret-7Q8~abcdefghijklmnopqrstuvwxyz01"
CLIENT = "7c1d2f00-0000-4000-8000-000000000002"
PROGRAM = """
import json, os, sys, time
import azure.identity, openai
made = getattr(azure.identity, sys.argv[1])(**json.loads(sys.argv[2]))
provider = azure.identity.get_bearer_token_provider(made, "https://cognitiveservices.azure.com/.default")
client = openai.AzureOpenAI(azure_ad_token_provider=provider, api_version="2024-10-21")
texts, now, later = [], time.time, 0.0
time.time = lambda: now() + later
for pause in json.loads(sys.argv[3]):
    later += pause
    answer = client.chat.completions.create(model="conf-chat",\
 messages=[{"role": "user", "content": "[[say:Hi]]"}])
    texts.append(answer.choices[0].message.content)
print(json.dumps(texts))
"""


class Stage:
    """An authority over TLS, the same one over http (where the platforms have no TLS), and a
    resource."""

    def __init__(self, server: PeerServer, lifetime: int = 3600, throttle: int = 0) -> None:
        self.authority = Authority(lifetime)
        self.resource = Resource(self.authority, throttle)
        self.secure: Execution = server.open(self.authority, tls=True)
        self.plain: Execution = server.open(self.authority)
        self.service: Execution = server.open(self.resource, tls=True)
        self.authority.url = self.secure.url

    def variables(self, **more: str) -> dict[str, str]:
        trusted = str(self.secure.ca_file)
        return environment(
            **{
                "AZURE_AUTHORITY_HOST": self.secure.url,
                "AZURE_OPENAI_ENDPOINT": self.service.url,
                "REQUESTS_CA_BUNDLE": trusted,
                "SSL_CERT_FILE": trusted,
                **more,
            }
        )

    def run(
        self,
        credential: str,
        options: dict[str, Any],
        pauses: tuple[float, ...] = (0,),
        **variables: str,
    ) -> subprocess.CompletedProcess[str]:
        given = [credential, json.dumps(options), json.dumps(pauses)]
        return subprocess.run(
            [sys.executable, "-c", PROGRAM, *given],
            env=self.variables(**variables),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def texts(
        self,
        credential: str,
        options: dict[str, Any],
        pauses: tuple[float, ...] = (0,),
        **variables: str,
    ) -> list[str]:
        ended = self.run(credential, options, pauses, **variables)
        assert ended.returncode == 0, ended.stderr[-2000:]
        found: list[str] = json.loads(ended.stdout)
        return found


IDENTITY = {"tenant_id": TENANT, "client_id": CLIENT}
OURS = {"disable_instance_discovery": True}
ENVIRONMENT = {"AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_ID": CLIENT}


@pytest.mark.parametrize(
    "how", ["ClientSecretCredential", "EnvironmentCredential", "DefaultAzureCredential"]
)
def test_client_secret(server: PeerServer, how: str) -> None:
    stage = Stage(server)
    if how == "ClientSecretCredential":
        assert stage.texts(how, {**IDENTITY, **OURS, "client_secret": SECRET}) == ["Hi"]
    else:
        assert stage.texts(how, OURS, **ENVIRONMENT, AZURE_CLIENT_SECRET=SECRET) == ["Hi"]
    path, form = stage.authority.asked[0]
    assert path == f"/{TENANT}/oauth2/v2.0/token"
    assert (form["grant_type"], form["client_id"], form["client_secret"]) == (
        "client_credentials",
        CLIENT,
        SECRET,
    )
    assert form["scope"] == f"{RESOURCE}/.default"
    assert stage.resource.seen == [("Bearer header.entra-token-1.signature", None)]


@pytest.mark.parametrize("how", ["WorkloadIdentityCredential", "DefaultAzureCredential"])
def test_workload_identity_reads_the_federated_token_file(
    server: PeerServer, tmp_path: Path, how: str
) -> None:
    stage = Stage(server)
    file = tmp_path / "token"
    file.write_text("federated.assertion.value", encoding="utf-8")
    assert stage.texts(how, OURS, **ENVIRONMENT, AZURE_FEDERATED_TOKEN_FILE=str(file)) == ["Hi"]
    form = stage.authority.asked[0][1]
    assert form["client_assertion"] == "federated.assertion.value"
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert "client_secret" not in form


def test_managed_identity_of_app_service(server: PeerServer) -> None:
    stage = Stage(server)
    assert stage.texts(
        "ManagedIdentityCredential",
        {},
        IDENTITY_ENDPOINT=f"{stage.plain.url}/msi/token",
        IDENTITY_HEADER="identity-header-value",
    ) == ["Hi"]
    assert stage.authority.asked[0][1]["api-version"] == "2019-08-01"


def test_managed_identity_of_a_virtual_machine(server: PeerServer) -> None:
    stage = Stage(server)
    assert stage.texts(
        "ManagedIdentityCredential",
        {"client_id": CLIENT},
        AZURE_POD_IDENTITY_AUTHORITY_HOST=stage.plain.url,
    ) == ["Hi"]
    path, asked = stage.authority.asked[-1]
    assert path == "/metadata/identity/oauth2/token"
    assert (asked["metadata"], asked["client_id"]) == ("true", CLIENT)


def test_a_token_is_kept_as_long_as_it_lives(server: PeerServer) -> None:
    stage = Stage(server, throttle=1)
    assert stage.texts(
        "ClientSecretCredential", {**IDENTITY, **OURS, "client_secret": SECRET}, (0, 0)
    ) == ["Hi", "Hi"]
    assert stage.resource.bearers == ["token-1"] * 3
    assert len(stage.authority.issued) == 1


def test_a_token_about_to_expire_is_renewed_for_the_next_call(server: PeerServer) -> None:
    """The clock of the process jumps; azure-identity renews in the last five minutes of a token."""
    stage = Stage(server)
    options = {**IDENTITY, **OURS, "client_secret": SECRET}
    assert stage.texts("ClientSecretCredential", options, (0, 3000, 400)) == ["Hi", "Hi", "Hi"]
    assert stage.resource.bearers == ["token-1", "token-1", "token-2"]


def test_a_token_that_expires_between_retries_is_renewed_for_the_next_attempt(
    server: PeerServer,
) -> None:
    stage = Stage(server, lifetime=1, throttle=2)
    assert stage.texts("ClientSecretCredential", {**IDENTITY, **OURS, "client_secret": SECRET}) == [
        "Hi"
    ]
    assert stage.resource.bearers == ["token-1", "token-2", "token-3"]


def test_a_refused_secret_reaches_no_resource(server: PeerServer) -> None:
    stage = Stage(server)
    stage.authority.refuses = True
    ended = stage.run("ClientSecretCredential", {**IDENTITY, **OURS, "client_secret": SECRET})
    assert "ClientAuthenticationError" in ended.stderr
    assert stage.resource.seen == []


def test_an_authority_that_is_not_trusted_gets_no_secret(server: PeerServer) -> None:
    stage = Stage(server)
    ended = stage.run(
        "ClientSecretCredential",
        {**IDENTITY, **OURS, "client_secret": SECRET},
        REQUESTS_CA_BUNDLE="",
    )
    assert ended.returncode != 0
    assert stage.authority.asked == []


# The harness's own use of it: a live resource without a key


def live(stage: Stage, folder: Path, **more: str) -> tuple[subprocess.CompletedProcess[str], ...]:
    (folder / "conformance.toml").write_text(
        f'ca_file = "{stage.service.ca_file}"\n[deployments]\nchat = "conf-chat"\n',
        encoding="utf-8",
    )
    return tuple(
        subprocess.run(
            [*COMMAND, *arguments],
            cwd=folder,
            env=stage.variables(**more),
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        for arguments in (
            [
                "run",
                "chat/founded",
                "--api-version",
                "2024-10-21",
                "--target",
                "live",
                "--sdk",
                "python",
            ],
            ["doctor"],
        )
    )


def test_a_live_resource_without_a_key_is_asked_with_the_default_credential(
    server: PeerServer, tmp_path: Path
) -> None:
    stage = Stage(server)
    ended, doctor = live(
        stage,
        tmp_path,
        IDENTITY_ENDPOINT=f"{stage.plain.url}/msi/token",
        IDENTITY_HEADER="identity-header-value",
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "the credential is accepted" in doctor.stdout, doctor.stdout
    kept = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "reports").iterdir())
    for text in (kept, ended.stdout, ended.stderr, doctor.stdout, doctor.stderr):
        assert "header.entra-token" not in text
        assert "identity-header-value" not in text
    assert all(
        bearer.startswith("token-") and key is None
        for bearer, (_, key) in zip(stage.resource.bearers, stage.resource.seen, strict=True)
    )


def test_no_credential_at_all_is_one_message_that_holds_no_secret(
    server: PeerServer, tmp_path: Path
) -> None:
    stage = Stage(server)
    stage.authority.refuses = True
    ended, doctor = live(
        stage,
        tmp_path,
        **ENVIRONMENT,
        AZURE_CLIENT_SECRET=SECRET,
        IDENTITY_ENDPOINT=f"{stage.plain.url}/nothing",
        IDENTITY_HEADER="x",
    )
    assert ended.returncode == 3
    assert "no Entra token" in ended.stderr
    assert doctor.returncode == 1
    for text in (ended.stdout, ended.stderr, doctor.stdout, doctor.stderr):
        assert SECRET not in text
        assert "Traceback" not in text
