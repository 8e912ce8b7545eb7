"""The JavaScript adapter, built as a user builds it, asked through the protocol; and what its
folder promises."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from conformance.sdk.environments import Adapter, install
from conformance.sdk.process import AdapterProcess
from conformance.suite.contract import load_contract
from conformance.suite.manifest import load_manifest
from tests.places import PROJECT

FOLDER = PROJECT / "adapters" / "javascript"
VERSIONS = ["4.104.0", "6.49.0"]
MESSAGES = [{"role": "user", "content": "When was Microsoft founded?"}]
ANSWER: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "In 1975."},
            "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
        }
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}
REFUSAL = {
    "error": {"code": "429", "message": "Too many requests.", "param": None, "type": "requests"}
}


class Service(BaseHTTPRequestHandler):
    """Answers by the deployment's name."""

    protocol_version = "HTTP/1.1"
    seen: list[dict[str, str]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        type(self).seen.append({name.lower(): value for name, value in self.headers.items()})
        if "/slow/" in self.path:
            time.sleep(1)
        if "/refused/" in self.path:
            self.reply(429, json.dumps(REFUSAL), "application/json")
        elif "/streamed/" in self.path:
            choices = [
                [],
                [{"index": 0, "delta": {"content": "In "}}],
                [{"index": 0, "delta": {"content": "1975."}}],
            ]
            lines = [f"data: {json.dumps({'id': 'c', 'choices': found})}\n\n" for found in choices]
            self.reply(200, "".join([*lines, "data: [DONE]\n\n"]), "text/event-stream")
        else:
            self.reply(200, json.dumps(ANSWER), "application/json")

    def reply(self, status: int, text: str, kind: str) -> None:
        body = text.encode()
        self.send_response(status)
        for name, value in (
            ("content-type", kind),
            ("content-length", str(len(body))),
            ("x-request-id", "the-id"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    Service.seen = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def built(version: str) -> Adapter:
    if shutil.which("npm") is None:
        pytest.skip("npm is not here")
    manifest = load_manifest(FOLDER)
    assert manifest is not None
    adapter = Adapter(FOLDER, manifest, version)
    install(adapter)
    return adapter


@pytest.fixture(params=VERSIONS)
def process(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AdapterProcess]:
    launch = built(request.param).launch(tmp_path / "no-ca.pem")
    running = AdapterProcess(launch)
    running.start()
    yield running
    running.stop()


def call(
    endpoint: str,
    session: str,
    model: str,
    operation: str = "chat.completions.create",
    auth: dict[str, Any] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    client = {
        "endpoint": endpoint,
        "api": "azure",
        "api_version": "2024-10-21",
        "surface": "async",
        "max_retries": 0,
        "auth": auth or {"kind": "api_key", "key": "k"},
        "timeout_ms": None,
        "deployment": None,
        "headers": {},
    }
    options: dict[str, Any] = {"max_retries": None, "timeout_ms": None, "headers": {}, "query": {}}
    return {
        "op": "call",
        "session": session,
        "client": client,
        "operation": operation,
        "options": options,
        "arguments": {"model": model, "messages": MESSAGES, **arguments},
        "stream": {"consume": "all"} if arguments.get("stream") else None,
    }


def test_claims_and_abilities_agree(process: AdapterProcess) -> None:
    contract = load_contract(FOLDER).contract
    assert process.hello is not None
    assert set(process.hello.operations) == set(contract.operations)
    assert list(process.hello.surfaces) == contract.surfaces
    assert (process.hello.sdk, process.hello.version) == ("javascript", process.launch.version)


def test_an_answer_is_read(process: AdapterProcess, service: str) -> None:
    answer = process.ask(call(service, "s", "plain"), "outcome", 20)
    assert answer["result"] == ANSWER
    assert answer["view"]["text"] == "In 1975."
    assert answer["view"]["usage"]["total_tokens"] == 3
    assert answer["view"]["refusal"] is None
    assert answer["request_id"] == "the-id"


def test_a_stream_is_read(process: AdapterProcess, service: str) -> None:
    answer = process.ask(call(service, "s", "streamed", stream=True), "outcome", 20)
    assert [len(chunk["choices"]) for chunk in answer["chunks"]] == [0, 1, 1]
    assert answer["view"]["text"] == "In 1975."
    assert answer["request_id"] == "the-id"


def test_a_refusal_is_told(process: AdapterProcess, service: str) -> None:
    error = process.ask(call(service, "s", "refused"), "outcome", 20)["error"]
    assert (error["type"], error["kind"], error["status"]) == ("RateLimitError", "rate_limit", 429)
    assert (error["code"], error["error_type"], error["request_id"]) == (
        "429",
        "requests",
        "the-id",
    )
    assert error["bases"] == ["APIError", "OpenAIError"]
    assert error["body"] == REFUSAL["error"]


def test_a_token_provider_is_counted(process: AdapterProcess, service: str) -> None:
    auth = {"kind": "token_provider", "tokens": ["first", "last"]}
    counts = [
        process.ask(call(service, "s", "plain", auth=auth), "outcome", 20)["token_calls"]
        for _ in range(3)
    ]
    assert counts == [1, 2, 3]
    assert [seen["authorization"] for seen in Service.seen] == [
        "Bearer first",
        "Bearer last",
        "Bearer last",
    ]


def test_what_it_does_not_know_is_unsupported(process: AdapterProcess, service: str) -> None:
    answer = process.ask(call(service, "s", "plain", "no.such.operation"), "outcome", 20)
    assert answer["outcome"] == "unsupported"
    assert "no.such.operation" in answer["reason"]


def test_a_slow_call_holds_up_no_other(process: AdapterProcess, service: str) -> None:
    order: list[str] = []

    def send(name: str) -> Future[dict[str, Any]]:
        future = process.send(call(service, name, name), "outcome", 20)
        future.add_done_callback(lambda _: order.append(name))
        return future

    for future in [send("slow"), send("quick")]:
        assert future.result()["outcome"] == "ok"
    assert order == ["quick", "slow"]


def test_the_logger_of_the_library_stays_off_stdout(tmp_path: Path, service: str) -> None:
    launch = built("6.49.0").launch(tmp_path / "no-ca.pem")
    process = AdapterProcess(
        replace(launch, environment={**launch.environment, "OPENAI_LOG": "debug"})
    )
    process.start()
    assert process.ask(call(service, "s", "plain"), "outcome", 20)["outcome"] == "ok"
    assert process.fault is None
    process.stop()
    assert "sending request" in process.stderr


def test_its_own_tests_pass(tmp_path: Path) -> None:
    home = built("6.49.0").home
    shutil.copytree(FOLDER / "test", tmp_path / "test")
    (tmp_path / "src").symlink_to(home / "src")
    files = sorted(str(path) for path in (tmp_path / "test").glob("*.test.mjs"))
    assert len(files) >= 2
    done = subprocess.run(
        [str(home / "runtime" / "node"), "--test", *files],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_every_tested_version_is_locked_and_no_lock_names_a_registry() -> None:
    manifest = load_manifest(FOLDER)
    assert manifest is not None
    for version in manifest.versions.tested:
        lock = json.loads((FOLDER / "versions" / version / "package-lock.json").read_text())
        assert lock["packages"]["node_modules/openai"]["version"] == version
    for path in FOLDER.rglob("package-lock.json"):
        if "node_modules" not in path.parts:
            assert not re.search(r'"resolved"|registry', path.read_text()), path
