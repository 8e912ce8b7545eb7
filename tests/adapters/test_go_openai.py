"""The adapter of Go's openai-go: built as a user builds it and asked through the protocol."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from conformance.sdk.environments import Adapter, install, missing_tools
from conformance.sdk.messages import hello_message
from conformance.sdk.process import AdapterProcess
from conformance.suite.contract import load_contract
from conformance.suite.manifest import load_manifest
from tests.places import PROJECT

FOLDER = PROJECT / "adapters" / "go-openai"
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
CLIENT: dict[str, Any] = {
    "api": "azure",
    "api_version": "2024-10-21",
    "auth": {"kind": "api_key", "key": "the-key"},
    "surface": "sync",
    "max_retries": 0,
    "timeout_ms": None,
    "deployment": None,
    "headers": {},
}
OPTIONS: dict[str, Any] = {"max_retries": None, "timeout_ms": None, "headers": {}, "query": {}}


class Service(BaseHTTPRequestHandler):
    """Answers by the deployment's name."""

    protocol_version = "HTTP/1.1"
    seen: list[tuple[str, dict[str, str]]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        type(self).seen.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        refused = "/refused/" in self.path
        body = json.dumps(REFUSAL if refused else ANSWER).encode()
        self.send_response(429 if refused else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AdapterProcess]:
    manifest = load_manifest(FOLDER)
    assert manifest is not None
    missing = list(missing_tools(manifest))
    if missing:
        pytest.skip(missing[0])
    adapter = Adapter(FOLDER, manifest, manifest.versions.default)
    install(adapter)
    started = AdapterProcess(adapter.launch(tmp_path_factory.mktemp("ca") / "none.pem"))
    started.start()
    yield started
    started.stop()


@pytest.fixture
def service() -> Iterator[str]:
    Service.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def call(
    process: AdapterProcess, endpoint: str, operation: str = "chat.completions.create", **body: Any
) -> Any:
    arguments = {"messages": [{"role": "user", "content": "When?"}], **body}
    client = {**CLIENT, "endpoint": endpoint}
    message = {
        "op": "call",
        "session": f"s{endpoint}",
        "client": client,
        "operation": operation,
        "arguments": arguments,
        "options": OPTIONS,
        "stream": None,
    }
    return process.ask(message, "outcome", 30)


def test_it_performs_what_the_contract_lists(process: AdapterProcess) -> None:
    contract = load_contract(FOLDER).contract
    hello = process.ask(hello_message(), "hello", 10)
    assert sorted(hello["operations"]) == sorted(contract.operations)
    assert hello["adapter"]["package"] == contract.package
    assert process.launch.version == hello["adapter"]["version"]


def test_a_call_is_made_with_the_key_and_read_by_type(
    process: AdapterProcess, service: str
) -> None:
    outcome = call(process, service, model="asked")
    path, headers = Service.seen[0]
    assert path == "/openai/deployments/asked/chat/completions?api-version=2024-10-21"
    assert headers["api-key"] == "the-key"
    assert "authorization" not in headers
    view = outcome["view"]
    assert (view["text"], view["finish_reason"], view["usage"]["total_tokens"]) == (
        "In 1975.",
        "stop",
        3,
    )
    assert view["content_filter"] == {"hate": {"filtered": False, "severity": "safe"}}


def test_a_refusal_keeps_its_status_code_and_class(process: AdapterProcess, service: str) -> None:
    error = call(process, service, model="refused")["error"]
    found = tuple(error[name] for name in ("kind", "status", "code", "type"))
    assert found == ("rate_limit", 429, "429", "openai.Error")
    assert len(Service.seen) == 1


def test_a_closed_port_is_a_connection_error(process: AdapterProcess) -> None:
    assert call(process, "http://127.0.0.1:1", model="m")["error"]["kind"] == "connection"


def test_what_it_does_not_know_is_unsupported(process: AdapterProcess, service: str) -> None:
    assert call(process, service, "no.such.operation")["outcome"] == "unsupported"


def test_no_file_names_a_registry_or_this_machine() -> None:
    for path in (*FOLDER.glob("*"), *(FOLDER.parent / "shared" / "go").glob("*")):
        if path.suffix in (".go", ".mod", ".sum", ".yaml", ".md"):
            text = path.read_text(encoding="utf-8")
            assert "proxy.golang" not in text
            assert "/root/" not in text
