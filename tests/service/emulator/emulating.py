"""Helpers of the emulator's tests: requests in, decoded answers out."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import Emulator
from conformance.wire.exchange import Reply, Request, Response
from conformance.wire.stand_ins import API_KEY

HOST = "https://contoso.openai.azure.com"
VERSION = "2025-04-01-preview"
KEY = (("api-key", API_KEY),)


def multipart(
    parts: list[tuple[str, str | None, bytes]],
) -> tuple[tuple[tuple[str, str], ...], bytes]:
    """(headers, body) of a form of (name, file name, content) parts."""
    body = b""
    for name, filename, content in parts:
        file = f'; filename="{filename}"' if filename else ""
        head = f'--frontier\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'
        body += head.encode() + content + b"\r\n"
    return (("content-type", "multipart/form-data; boundary=frontier"),), body + b"--frontier--\r\n"


def file(name: str, content: bytes) -> dict[str, Any]:
    """A file as an argument of a call."""
    return {"$file": {"name": name, "base64": base64.b64encode(content).decode()}}


@dataclass
class Caller:
    """Sends requests to an emulator, on the classic surface of ``version`` or, with ``v1``, on the
    other."""

    emulator: Emulator
    version: str = VERSION

    def url(self, path: str, deployment: str | None = None) -> str:
        if self.version == "v1":
            return f"{HOST}/openai/v1{path}"
        prefix = f"/deployments/{deployment}" if deployment else ""
        join = "&" if "?" in path else "?"
        return f"{HOST}/openai{prefix}{path}{join}api-version={self.version}"

    def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: tuple[tuple[str, str], ...] = (),
        deployment: str | None = None,
    ) -> Response:
        return served(
            self.emulator.answer(
                Request(method, self.url(path, deployment), (*KEY, *headers), body)
            )
        )

    def post(self, path: str, value: Any, deployment: str | None = None) -> Response:
        if self.version == "v1" and deployment and isinstance(value, dict):
            value = {"model": deployment, **value}
        return self.send(
            "POST",
            path,
            json.dumps(value).encode(),
            (("content-type", "application/json"),),
            deployment,
        )

    def form(
        self, path: str, parts: list[tuple[str, str | None, bytes]], deployment: str | None = None
    ) -> Response:
        if self.version == "v1" and deployment:
            parts = [("model", None, deployment.encode()), *parts]
        headers, body = multipart(parts)
        return self.send("POST", path, body, headers, deployment)

    def get(self, path: str) -> Response:
        return self.send("GET", path)

    def chat(self, prompt: Any, deployment: str = "conf-chat", **members: Any) -> Response:
        body = {"messages": [{"role": "user", "content": prompt}], **members}
        return self.post("/chat/completions", body, deployment)


def served(reply: Reply) -> Response:
    assert reply.response is not None
    return reply.response


def error(response: Response) -> dict[str, Any]:
    value = response.json()["error"]
    assert isinstance(value, dict)
    return value


def events(response: Response) -> list[Any]:
    """The data of every event, [DONE] as text."""
    blocks = response.body.decode().split("\n\n")[:-1]
    lines = [
        next(line for line in block.split("\n") if line.startswith("data: "))[6:]
        for block in blocks
    ]
    return [line if line == "[DONE]" else json.loads(line) for line in lines]
