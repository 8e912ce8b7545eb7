"""``conformance serve``: other people's clients against it, and how it starts, ends and refuses."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.overlay import make_root, scenario, step
from tests.service.remote.served import COMMAND, PROJECT, environment, serve

PYTHON_CLIENT = """
import json, openai
client = openai.AzureOpenAI(max_retries=2)
hello = [{"role": "user", "content": "[[say:Hello there]]"}]
plain = client.chat.completions.create(model="conf-chat", messages=hello)
streamed = client.chat.completions.create(model="conf-chat", messages=hello, stream=True)
text = "".join(c.choices[0].delta.content or "" for c in streamed if c.choices)
vector = client.embeddings.create(model="conf-embeddings", input="a").data[0].embedding
try:
    client.chat.completions.create(model="conf-chat",\
 messages=[{"role": "user", "content": "[[filter:hate=high]]"}])
    refused = None
except openai.BadRequestError as error:
    refused = error.code
print(json.dumps([plain.choices[0].message.content, text, len(vector), refused,\
 len(client.models.list().data) > 0]))
"""
NODE_CLIENT = """
import { AzureOpenAI } from "openai";
const client = new AzureOpenAI();
const messages = [{ role: "user", content: "[[say:Hello there]]" }];
const plain = await client.chat.completions.create({ model: "conf-chat", messages });
let text = "";
for await (const c of await client.chat.completions.create(\
{ model: "conf-chat", messages, stream: true }))
  text += c.choices[0]?.delta?.content ?? "";
const vector = (await client.embeddings.create(\
{ model: "conf-embeddings", input: "a" })).data[0].embedding;
let refused = null;
try {
  const bad = [{ role: "user", content: "[[filter:hate=high]]" }];
  await client.chat.completions.create({ model: "conf-chat", messages: bad });
} catch (error) { refused = error.code; }
console.log(JSON.stringify([plain.choices[0].message.content, text, vector.length, refused,
                            (await client.models.list()).data.length > 0]));
"""
ANSWERS = ["Hello there", "Hello there", 1536, "content_filter", True]


def client(code: str, variables: dict[str, str]) -> list[object]:
    """What openai-python, unmodified and told everything by the environment, printed."""
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found: list[object] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize("tls", [[], ["--tls"]], ids=["http", "https"])
def test_openai_python_works_against_the_emulator_with_the_printed_variables(
    tls: list[str],
) -> None:
    with serve("--emulate", *tls) as served:
        assert served.url.startswith(f"http{'s' if tls else ''}://127.0.0.1:")
        assert client(PYTHON_CLIENT, served.variables) == ANSWERS
        code, out, err = served.end()
    assert (code, err) == (0, "")
    assert out.splitlines()[-1] == "stopped"
    assert "POST /openai/deployments/conf-chat/chat/completions -> 400" in out
    assert "Hello there" not in out


def test_openai_node_works_against_the_emulator(tmp_path: Path) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed")
    installed = subprocess.run(
        ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "openai"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"npm cannot install openai here: {installed.stderr.strip()[-200:]}")
    (tmp_path / "client.mjs").write_text(NODE_CLIENT, encoding="utf-8")
    with serve("--emulate") as served:
        ended = subprocess.run(
            ["node", "client.mjs"],
            cwd=tmp_path,
            env=environment(**served.variables),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == ANSWERS


def test_cassettes_answer_again_and_again() -> None:
    code = """
import json, openai
client = openai.AzureOpenAI(max_retries=0)
ask = [{"role": "user", "content": "When was Microsoft founded?"}]
texts = [client.chat.completions.create(model="conf-chat", messages=ask).choices[0].message.content\
 for _ in range(3)]
try:
    client.chat.completions.create(model="conf-chat",\
 messages=[{"role": "user", "content": "Unheard of"}])
except openai.NotFoundError as error:
    texts.append(error.code)
print(json.dumps(texts))
"""
    with serve("cassettes/2024-10-21/chat") as served:
        texts = client(code, served.variables)
    assert len(set(texts[:3])) == 1
    assert "1975" in str(texts[0])
    assert texts[3] == "conformance-miss"


def test_a_scenario_is_played_to_its_end_and_again(tmp_path: Path) -> None:
    throttled = step(
        service="[{status: 429, headers: {retry-after-ms: '1'}, "
        "body: {$fixture: errors/throttled}}, "
        "{status: 200, body: {$fixture: chat/founded}}]"
    )
    make_root(tmp_path, {"scenarios/chat/throttled.yaml": scenario(throttled)})
    code = """
import json, openai
def status(client):
    try:
        answer = client.chat.completions.create(model="conf-chat",\
 messages=[{"role": "user", "content": "x"}])
        return len(answer.id) > 0
    except openai.APIStatusError as error:
        return error.status_code
client = openai.AzureOpenAI(max_retries=0)
print(json.dumps([status(client) for _ in range(4)]))
"""
    with serve("--scenario", "chat/throttled", cwd=tmp_path) as served:
        assert client(code, served.variables) == [429, True, 429, True]
        assert "begins again" in served.end(signal.SIGTERM)[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], "serve-what"),
        (["--emulate", "--scenario", "chat/founded"], "serve-what"),
        (["--emulate", "--host", "0.0.0.0"], "peer-not-loopback"),
        (["--emulate", "--host", "::"], "peer-not-loopback"),
        (["--emulate", "--host", "example.com"], "peer-not-loopback"),
        (["no/such/folder"], "nothing-to-serve"),
        (["--scenario", "chat/fuonded"], "nothing-selected"),
        (["--scenario", "../../etc/passwd"], "nothing-selected"),
    ],
)
def test_what_cannot_be_served_is_one_message_and_exit_code_2(
    arguments: list[str], code: str
) -> None:
    ended = subprocess.run(
        [*COMMAND, "serve", *arguments],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert f"[{code}]" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text(
        "version: 1\nconformance: {source: script}\ninteractions: []\n", encoding="utf-8"
    )
    folder = tmp_path / "cassettes"
    folder.mkdir()
    (folder / "inside.yaml").symlink_to(outside)
    ended = subprocess.run(
        [*COMMAND, "serve", str(folder)],
        cwd=PROJECT,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "[cassette-outside]" in ended.stderr


def test_another_hosts_name_is_not_answered() -> None:
    code = """
import http.client, json, os, urllib.parse
place = urllib.parse.urlsplit(os.environ["AZURE_OPENAI_ENDPOINT"])
connection = http.client.HTTPConnection(place.hostname, place.port)
connection.request("GET", "/openai/models?api-version=2024-10-21",\
 headers={"Host": "rebound.example", "api-key": "x"})
print(json.dumps([connection.getresponse().status]))
"""
    with serve("--emulate") as served:
        assert client(code, served.variables) == [421]


def test_a_port_can_be_fixed_and_one_that_is_taken_is_a_message() -> None:
    with serve("--emulate") as first:
        port = first.url.rpartition(":")[2]
        ended = subprocess.run(
            [*COMMAND, "serve", "--emulate", "--port", port],
            cwd=PROJECT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 3
        assert "[peer-cannot-listen]" in ended.stderr
        first.end()
        with serve("--emulate", "--port", port) as second:
            assert second.url == first.url
