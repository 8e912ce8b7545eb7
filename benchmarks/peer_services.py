"""What ``benchmarks/peer.py`` compares: our servers, the plain ones, and how the other tools are
started."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

PATH = "/openai/deployments/conf-chat/chat/completions?api-version=2024-10-21"
PROMPT = "When was Microsoft founded?"
ASKED = {"messages": [{"role": "user", "content": PROMPT}], "model": "conf-chat"}
ANSWER = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1731880663,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "logprobs": None,
            "message": {
                "role": "assistant",
                "content": "Microsoft was founded on April 4, 1975.",
                "refusal": None,
            },
        }
    ],
    "usage": {"prompt_tokens": 13, "completion_tokens": 11, "total_tokens": 24},
}
BODY = json.dumps(ANSWER).encode()
DELTAS = ({"role": "assistant"}, *({"content": f"word{n} "} for n in range(48)), {})
CHUNKS = [
    {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
    for delta in DELTAS
]
EVENTS = "".join(f"data: {text}\n\n" for text in (*map(json.dumps, CHUNKS), "[DONE]")).encode()


# Ours, and the raw server (run in processes of their own)


def serve_constant(stream: bool) -> None:
    import asyncio

    kind = b"text/event-stream" if stream else b"application/json"
    body = EVENTS if stream else BODY
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        kind,
        len(body),
        body,
    )

    class Raw(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: Any = transport
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def data_received(self, data: bytes) -> None:  # noqa: ARG002
            self.transport.write(answer)

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Raw, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(3600)

    asyncio.run(main())


def serve_parsed(stream: bool) -> None:
    import asyncio

    from httptools import HttpRequestParser

    kind = b"text/event-stream" if stream else b"application/json"
    body = EVENTS if stream else BODY
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        kind,
        len(body),
        body,
    )

    class Parsed(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: Any = transport
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.parser = HttpRequestParser(self)
            self.data_received = self.parser.feed_data  # type: ignore[method-assign]

        def on_message_begin(self) -> None:
            self.headers: list[tuple[str, str]] = []
            self.pieces: list[bytes] = []
            self.target = b""

        def on_url(self, piece: bytes) -> None:
            self.target += piece

        def on_header(self, name: bytes, value: bytes) -> None:
            self.headers.append((name.decode("latin-1"), value.decode("latin-1")))

        def on_body(self, piece: bytes) -> None:
            self.pieces.append(piece)

        def on_message_complete(self) -> None:
            self.transport.write(answer)
            if not self.parser.should_keep_alive():
                self.transport.close()

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Parsed, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(3600)

    asyncio.run(main())


def serve_streams(stream: bool) -> None:
    import asyncio

    kind = b"text/event-stream" if stream else b"application/json"
    body = EVENTS if stream else BODY
    answer = b"HTTP/1.1 200 OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        kind,
        len(body),
        body,
    )

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                at = head.find(b"content-length:")
                await reader.readexactly(
                    int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
                )
                writer.write(answer)
                await writer.drain()

    async def main() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.sleep(3600)

    asyncio.run(main())


def serve_ours(mode: str, stream: bool) -> None:
    from conformance.service.peer import PeerLimits, PeerServer
    from conformance.service.sse_shapes import per_event
    from conformance.suite.cassette import match_key
    from conformance.wire.exchange import Provenance, Reply, Request, Response, Source

    place = Provenance(Source.HARNESS)
    if stream:
        answer = Response(
            200,
            (("content-type", "text/event-stream; charset=utf-8"),),
            EVENTS,
            place,
            chunks=per_event(EVENTS) if mode == "apart" else (),
        )
    else:
        answer = Response(
            200,
            (("content-type", "application/json"), ("content-length", str(len(BODY)))),
            BODY,
            place,
        )
    reply = Reply(answer)
    asked = json.dumps({**ASKED, "stream": True} if stream else ASKED).encode()
    recorded = Request(
        "POST", f"https://r.openai.azure.com{PATH}", (("content-type", "application/json"),), asked
    )
    cassette = {
        match_key(replace(recorded, url=f"{recorded.url}&n={n}")): reply for n in range(100)
    }
    cassette[match_key(recorded)] = reply

    class Fixed:
        def answer(self, request: Request) -> Reply:  # noqa: ARG002
            return reply

    class Cassette:
        def answer(self, request: Request) -> Reply:
            return cassette[match_key(request)]

    with PeerServer(
        tls=mode == "tls", limits=PeerLimits(requests=10**9, total_bytes=10**12)
    ) as server:
        player = Cassette() if mode in ("cassette", "tls") else Fixed()
        execution = server.open(player, origin="https://r.openai.azure.com")
        print(execution.port, execution.ca_file or "", flush=True)
        for _ in sys.stdin:  # each line asks for a new execution, as each case has one of its own
            execution.close()
            execution = server.open(player, origin="https://r.openai.azure.com")
            print(execution.port, execution.ca_file or "", flush=True)


def serve_many(count: int) -> None:
    """Prints the memory that ``count`` open executions take, in KiB each, and the milliseconds to
    open one."""
    from conformance.service.peer import PeerServer
    from conformance.wire.exchange import Reply

    class Silent:
        def answer(self, request: Any) -> Reply:  # noqa: ARG002
            return Reply()

    with PeerServer(tls=True) as server:
        server.open(Silent())
        before, began = resident(os.getpid()), time.perf_counter()
        for _ in range(count):
            server.open(Silent())
        took = time.perf_counter() - began
        print((resident(os.getpid()) - before) / count, took / count * 1000, flush=True)


class Tools:
    """Where the other services are."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, name: str) -> str | None:
        for place in ("node_modules/.bin", "mitm/bin"):
            if self._folder and (self._folder / place / name).exists():
                return str(self._folder.resolve() / place / name)
        return shutil.which(name)

    def wiremock(self, port: int, folder: Path, stream: bool) -> list[str] | None:
        tool = self.find("wiremock")
        if tool is None or shutil.which("java") is None:
            return None
        (folder / "mappings").mkdir(parents=True)
        body, kind = (EVENTS, "text/event-stream") if stream else (BODY, "application/json")
        asked = {**ASKED, "stream": True} if stream else ASKED
        stub = {
            "request": {
                "method": "POST",
                "urlPath": PATH.partition("?")[0],
                "queryParameters": {"api-version": {"equalTo": "2024-10-21"}},
                "bodyPatterns": [{"equalToJson": json.dumps(asked)}],
            },
            "response": {"status": 200, "headers": {"Content-Type": kind}, "body": body.decode()},
        }
        (folder / "mappings" / "chat.json").write_text(json.dumps(stub))
        return [
            tool,
            "--port",
            str(port),
            "--bind-address",
            "127.0.0.1",
            "--root-dir",
            str(folder),
            "--no-request-journal",
            "--disable-banner",
        ]

    def prism(self, port: int, folder: Path, stream: bool) -> list[str] | None:  # noqa: ARG002
        tool = self.find("prism")
        if tool is None:
            return None
        operation = {
            "parameters": [
                {
                    "name": "api-version",
                    "in": "query",
                    "required": True,
                    "schema": {"type": "string"},
                }
            ],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
            "responses": {
                "200": {"description": "ok", "content": {"application/json": {"example": ANSWER}}}
            },
        }
        document = {
            "openapi": "3.0.3",
            "info": {"title": "chat", "version": "1"},
            "paths": {PATH.partition("?")[0]: {"post": operation}},
        }
        folder.mkdir(parents=True)
        (folder / "chat.json").write_text(json.dumps(document))
        return [
            tool,
            "mock",
            "-p",
            str(port),
            "-h",
            "127.0.0.1",
            "-v",
            "silent",
            str(folder / "chat.json"),
        ]

    def aimock(self, port: int, folder: Path, stream: bool) -> list[str] | None:  # noqa: ARG002
        tool = self.find("llmock")  # aimock's command for fixtures
        if tool is None:
            return None
        folder.mkdir(parents=True)
        text = "".join(f"word{n:03} " for n in range(48))
        fixture = {"fixtures": [{"match": {"userMessage": PROMPT}, "response": {"content": text}}]}
        (folder / "chat.json").write_text(json.dumps(fixture))
        return [
            tool,
            "-p",
            str(port),
            "-h",
            "127.0.0.1",
            "-f",
            str(folder / "chat.json"),
            "-c",
            "8",
            "--log-level",
            "silent",
        ]

    def mitmdump(self, port: int, folder: Path, stream: bool) -> list[str] | None:
        tool = self.find("mitmdump")
        if tool is None:
            return None
        folder.mkdir(parents=True)
        flow = str(folder / "chat.flow")
        script = folder / "write.py"
        body, kind = (EVENTS, "text/event-stream") if stream else (BODY, "application/json")
        asked = json.dumps({**ASKED, "stream": True} if stream else ASKED).encode()
        script.write_text(
            _MITM.format(path=PATH, asked=asked, body=body, kind=kind, flow=flow, port=port)
        )
        subprocess.run(
            [str(Path(tool).parent / "python"), str(script)], check=True, capture_output=True
        )
        return [
            tool,
            "-q",
            "--listen-host",
            "127.0.0.1",
            "-p",
            str(port),
            "--mode",
            "reverse:http://127.0.0.1:9",
            "-S",
            flow,
            "--set",
            "server_replay_reuse=true",
            "--set",
            "connection_strategy=lazy",
            "--set",
            "server_replay_extra=404",
            "--set",
            "server_replay_ignore_host=true",
            "--set",
            "server_replay_ignore_port=true",
            "--set",
            f"confdir={folder}",
        ]


_MITM = """
from mitmproxy import http, io
from mitmproxy.test import tflow
flow = tflow.tflow(resp=True)
headers = {{"content-type": "application/json"}}
flow.request = http.Request.make("POST", "http://127.0.0.1:9{path}", {asked!r}, headers)
flow.response = http.Response.make(200, {body!r}, {{"content-type": "{kind}"}})
with open({flow!r}, "wb") as file:
    io.FlowWriter(file).add(flow)
"""


def resident(pid: int) -> int:
    """KiB resident, 0 when the process is gone."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])
    return 0


def tree(pid: int) -> list[int]:
    children = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            children += [int(child) for child in (task / "children").read_text().split()]
    return [pid, *(grand for child in children for grand in tree(child))]


def serve(mode: str, stream: bool) -> None:
    """Be the server ``mode``; its first line of output is its port."""
    if mode == "raw":
        serve_streams(stream)
    elif mode == "parsed":
        serve_parsed(stream)
    elif mode == "constant":
        serve_constant(stream)
    elif mode == "many":
        serve_many(1000)
    else:
        serve_ours(mode, stream)
