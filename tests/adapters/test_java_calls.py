"""Both Java adapters, asked through the protocol: what goes out, and what their callers read."""

from __future__ import annotations

import base64
import json
import struct
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from conformance.sdk.environments import Adapter, install, missing_tools
from conformance.sdk.process import AdapterProcess
from conformance.service.peer.tls import authority
from conformance.suite.manifest import load_manifest
from conformance.wire.multipart import FormPart, parse_multipart
from tests.places import PROJECT

ADAPTERS = PROJECT / "adapters"
BOTH = ("java", "java-openai")
VECTOR = [0.5, -0.25]
PACKED = base64.b64encode(struct.pack("<2f", *VECTOR)).decode()
CHAT: dict[str, Any] = {
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
EMBEDDINGS = {
    "object": "list",
    "model": "m",
    "data": [{"object": "embedding", "index": 0, "embedding": PACKED}],
    "usage": {"prompt_tokens": 1, "total_tokens": 1},
}
ITEMS = {
    "object": "list",
    "has_more": True,
    "first_id": "msg_1",
    "last_id": "msg_1",
    "data": [
        {
            "id": "msg_1",
            "type": "message",
            "role": "user",
            "status": "completed",
            "content": [{"type": "input_text", "text": "Hello"}],
        }
    ],
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
SPEECH = {"$file": {"name": "speech.wav", "content_type": "audio/wav", "base64": "UklGRg=="}}


class Service(BaseHTTPRequestHandler):
    """Answers by what stands in the path; keeps what was asked."""

    protocol_version = "HTTP/1.1"
    path_seen = ""
    headers_seen: dict[str, str]
    body_seen = b""

    def do_POST(self) -> None:
        kept = type(self)
        kept.path_seen, kept.headers_seen = (
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
        )
        kept.body_seen = self.rfile.read(int(self.headers.get("content-length") or 0))
        plain = "/transcriptions" in self.path and b"\r\ntext\r\n" in kept.body_seen
        self._answer(429 if "/refused/" in self.path else 200, *self._body(plain))

    def do_GET(self) -> None:
        self.do_POST()

    def _body(self, plain: bool) -> tuple[str, bytes]:
        if plain:
            return "text/plain", b"The ferry leaves.\n"
        named = {
            "/embeddings": EMBEDDINGS,
            "/transcriptions": {"text": "The ferry leaves."},
            "/refused/": REFUSAL,
            "/images/": {"created": 1, "data": [{"b64_json": "QQ=="}]},
            "/input_items": ITEMS,
        }
        return "application/json", json.dumps(
            next((v for k, v in named.items() if k in self.path), CHAT)
        ).encode()

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    server.socket = authority().context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def started() -> Iterator[dict[str, AdapterProcess]]:
    running: dict[str, AdapterProcess] = {}
    for name in BOTH:
        manifest = load_manifest(ADAPTERS / name)
        assert manifest is not None
        if list(missing_tools(manifest)):
            continue
        adapter = Adapter(ADAPTERS / name, manifest, manifest.versions.default)
        install(adapter)
        running[name] = AdapterProcess(adapter.launch(authority().ca_file))
        running[name].start()
    yield running
    for process in running.values():
        process.stop()


class Caller:
    """One adapter, asked against the service."""

    def __init__(self, process: AdapterProcess, endpoint: str) -> None:
        self.process = process
        self.endpoint = endpoint

    def __call__(self, operation: str, arguments: dict[str, Any], **client: Any) -> dict[str, Any]:
        config = {**CLIENT, "endpoint": self.endpoint, **client}
        return self.process.ask(
            {
                "op": "call",
                "session": json.dumps(config),
                "client": config,
                "operation": operation,
                "arguments": arguments,
                "options": OPTIONS,
                "stream": None,
            },
            "outcome",
            60,
        )


@pytest.fixture(params=BOTH)
def caller(
    request: pytest.FixtureRequest, started: dict[str, AdapterProcess], endpoint: str
) -> Caller:
    return caller_of(request.param, started, endpoint)


def caller_of(name: str, started: dict[str, AdapterProcess], endpoint: str) -> Caller:
    if name not in started:
        pytest.skip(f"{name} cannot be built here: no JDK, or no Maven")
    return Caller(started[name], endpoint)


def chat(model: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "When?"}]}


def parts() -> dict[str, FormPart]:
    return {
        part.name: part
        for part in parse_multipart(Service.body_seen, Service.headers_seen["content-type"])
    }


@pytest.mark.parametrize("surface", ["sync", "async"])
def test_a_call_is_made_with_the_key_and_read_by_type(caller: Caller, surface: str) -> None:
    view = caller("chat.completions.create", chat("asked"), surface=surface)["view"]
    assert Service.path_seen == "/openai/deployments/asked/chat/completions?api-version=2024-10-21"
    assert Service.headers_seen["api-key"] == "the-key"
    assert "authorization" not in Service.headers_seen
    assert (view["text"], view["finish_reason"], view["usage"]["total_tokens"]) == (
        "In 1975.",
        "stop",
        3,
    )
    assert view["content_filter"] == {"hate": {"filtered": False, "severity": "safe"}}


@pytest.mark.parametrize(
    ("name", "own", "base"),
    [
        ("java", "HttpResponseException", "AzureException"),
        ("java-openai", "RateLimitException", "OpenAIServiceException"),
    ],
)
def test_a_refusal_is_caught_as_its_own_class_and_as_those_above(
    name: str, own: str, base: str, endpoint: str, started: dict[str, AdapterProcess]
) -> None:
    error = caller_of(name, started, endpoint)("chat.completions.create", chat("refused"))["error"]
    assert (error["kind"], error["status"], error["code"], error["type"]) == (
        "rate_limit",
        429,
        "429",
        own,
    )
    assert error["bases"][0] == own
    assert base in error["bases"]


def test_base64_is_asked_for_by_default_and_read_as_numbers(caller: Caller) -> None:
    outcome = caller("embeddings.create", {"model": "m", "input": "tide"})
    assert json.loads(Service.body_seen)["encoding_format"] == "base64"
    assert outcome["view"]["vectors"] == [VECTOR]


def test_an_encoding_that_was_asked_for_is_left_alone(caller: Caller) -> None:
    caller("embeddings.create", {"model": "m", "input": "tide", "encoding_format": "float"})
    assert json.loads(Service.body_seen)["encoding_format"] == "float"


def test_azure_hands_base64_over_to_whom_asked_for_it(
    started: dict[str, AdapterProcess], endpoint: str
) -> None:
    asked = {"model": "m", "input": "tide", "encoding_format": "base64"}
    view = caller_of("java", started, endpoint)("embeddings.create", asked)["view"]
    assert (view["dimensions"], view["vectors"]) == (None, [PACKED])


@pytest.mark.parametrize(("name", "sent"), [("java", b"json"), ("java-openai", None)])
def test_audio_is_given_a_format_only_where_the_library_insists(
    name: str, sent: bytes | None, endpoint: str, started: dict[str, AdapterProcess]
) -> None:
    outcome = caller_of(name, started, endpoint)(
        "audio.transcriptions.create", {"model": "m", "file": SPEECH}
    )
    assert outcome["view"]["text"] == "The ferry leaves."
    found = parts().get("response_format")
    assert (found.content if found else None) == sent


def test_text_that_was_asked_for_is_read_as_text(caller: Caller) -> None:
    asked = {"model": "m", "file": SPEECH, "response_format": "text"}
    assert caller("audio.transcriptions.create", asked)["view"]["text"] == "The ferry leaves.\n"


def test_several_pictures_are_parts_with_a_name_below_the_deployment(
    started: dict[str, AdapterProcess], endpoint: str
) -> None:
    pictures = [
        {"$file": {"name": f"{name}.png", "content_type": "image/png", "base64": "iVBORw=="}}
        for name in "ab"
    ]
    caller_of("java-openai", started, endpoint)(
        "images.edit", {"model": "m", "prompt": "Join", "image": pictures}
    )
    assert Service.path_seen.startswith("/openai/deployments/m/images/edits")
    sent = parse_multipart(Service.body_seen, Service.headers_seen["content-type"])
    assert [(part.name, part.filename) for part in sent if part.filename] == [
        ("image[]", "a.png")
    ] * 2


@pytest.mark.parametrize("surface", ["sync", "async"])
def test_a_page_starts_where_it_was_asked_to_and_says_that_there_is_more(
    started: dict[str, AdapterProcess], endpoint: str, surface: str
) -> None:
    asked = {"response_id": "resp_1", "limit": 1}
    ask = caller_of("java", started, endpoint)
    view = ask("responses.input_items.list", asked, surface=surface)["view"]
    assert (view["ids"], view["has_more"]) == (["msg_1"], True)
    assert "after=" not in Service.path_seen
    ask("responses.input_items.list", {**asked, "after": "msg_0"}, surface=surface)
    assert "after=msg_0" in Service.path_seen


def test_a_closed_port_is_a_connection_error(caller: Caller) -> None:
    outcome = caller("chat.completions.create", chat("m"), endpoint="https://127.0.0.1:1")
    assert outcome["error"]["kind"] == "connection"


@pytest.mark.parametrize(
    ("operation", "client"),
    [("no.such.operation", {}), ("chat.completions.create", {"deployment": "of-the-client"})],
)
def test_what_the_library_does_not_have_is_unsupported(
    caller: Caller, operation: str, client: dict[str, Any]
) -> None:
    assert caller(operation, chat("m"), **client)["outcome"] == "unsupported"


@pytest.mark.parametrize("name", [*BOTH, "shared/java"])
def test_no_file_names_a_registry_or_this_machine(name: str) -> None:
    for path in (ADAPTERS / name).rglob("*"):
        if (
            path.suffix in (".java", ".xml", ".sha256", ".yaml", ".md")
            and "target" not in path.parts
        ):
            text = path.read_text(encoding="utf-8")
            assert "repo.maven" not in text
            assert "/root/" not in text
