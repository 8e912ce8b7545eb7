"""From the replies a scenario writes to the replies a player gives: fixtures read, bodies encoded, faults placed."""

from __future__ import annotations

import base64 as b64
import json
from typing import Any

from conformance.errors import InputError
from conformance.scenario.load import Fixtures
from conformance.scenario.model import Fixture, FixtureRef, Step
from conformance.scenario.model import Reply as ReplySpec
from conformance.wire.exchange import Fault, Headers, Provenance, Reply, Response, Source
from conformance.wire.player import CASSETTE, Item, ScriptedReply

_BEFORE_RESPONSE = {Fault.CONNECT_REFUSED, Fault.CONNECTION_RESET, Fault.CONNECT_TIMEOUT, Fault.READ_TIMEOUT}
_WRITTEN = Provenance(Source.SCRIPT, "written in the scenario")


def compile_step(step: Step, fixtures: Fixtures) -> tuple[Item, ...]:
    """The script of ``step``; one answer from the cassette when it writes none. Raises InputError."""
    if step.service is None or isinstance(step.service, str):
        return (CASSETTE,)
    return tuple(CASSETTE if isinstance(item, str) else compile_reply(item, fixtures) for item in step.service)


def compile_reply(spec: ReplySpec, fixtures: Fixtures) -> ScriptedReply:
    """One scripted reply. A status that is not a number, or a fixture that is not there, raises InputError."""
    fault = Fault(spec.fault) if spec.fault else None
    if fault in _BEFORE_RESPONSE:
        return ScriptedReply(Reply(None, fault), spec.repeat)
    body, kind, provenance = _body(spec, fixtures)
    headers = _headers(spec, kind, len(body))
    chunks = _chunks(body, spec.chunks)
    if fault is not None:
        body = body[: len(body) // 2 if spec.cut_at is None else spec.cut_at]
        chunks = tuple(c for c in chunks if c < len(body))
    response = Response(_status(spec.status), headers, body, provenance, chunks)
    return ScriptedReply(Reply(response, fault), spec.repeat)


def _status(value: int | str) -> int:
    status = int(value) if str(value).isascii() and str(value).isdigit() else 0
    if not 100 <= status <= 599:
        raise InputError("status", f"{value!r} is no HTTP status", "write a number from 100 to 599")
    return status


def _body(spec: ReplySpec, fixtures: Fixtures) -> tuple[bytes, str | None, Provenance]:
    """(bytes, content type, provenance) of a reply; content type None means none is sent unless written."""
    name = _fixture_name(spec)
    if name is not None:
        fixture = fixtures.get(name)
        data, kind = _fixture_bytes(fixture)
        return data, kind, Provenance(Source(fixture.source), fixture.ref)
    written = spec.model_fields_set
    if "body" in written:
        return json.dumps(spec.body, ensure_ascii=False).encode(), "application/json", _WRITTEN
    if isinstance(spec.sse, list):
        return encode_events(spec.sse), "text/event-stream; charset=utf-8", _WRITTEN
    if isinstance(spec.text, str):
        return spec.text.encode(), "text/plain; charset=utf-8", _WRITTEN
    if isinstance(spec.base64, str):
        return _decode(spec.base64), "application/octet-stream", _WRITTEN
    return b"", None, _WRITTEN


def _fixture_name(spec: ReplySpec) -> str | None:
    for value in (spec.text, spec.base64, spec.sse):
        if isinstance(value, FixtureRef):
            return value.fixture
    if isinstance(spec.body, dict) and set(spec.body) == {"$fixture"}:
        return str(spec.body["$fixture"])
    return None


def _fixture_bytes(fixture: Fixture) -> tuple[bytes, str]:
    if fixture.sse is not None:
        return encode_events(fixture.sse), "text/event-stream; charset=utf-8"
    if fixture.text is not None:
        return fixture.text.encode(), "text/plain; charset=utf-8"
    if fixture.base64 is not None:
        return _decode(fixture.base64), "application/octet-stream"
    return json.dumps(fixture.body, ensure_ascii=False).encode(), "application/json"


def fixture_base64(fixture: Fixture) -> str:
    """The bytes of a fixture as base64, for a file argument."""
    return b64.b64encode(_fixture_bytes(fixture)[0]).decode()


def _decode(text: str) -> bytes:
    try:
        return b64.b64decode("".join(text.split()), validate=True)
    except ValueError:
        raise InputError("base64", "the base64 body cannot be decoded", "encode the bytes again") from None


def encode_events(events: list[Any]) -> bytes:
    """SSE bytes (WHATWG HTML, server-sent events): JSON items become one ``data:`` line and a blank line; a mapping
    with ``event`` and ``data`` alone gets its ``event:`` line; text items are sent as they stand."""
    return b"".join(_event(item) for item in events)


def _event(item: Any) -> bytes:
    if isinstance(item, str):
        return f"data: {item}\n\n".encode() if item == "[DONE]" else item.encode()
    if isinstance(item, dict) and set(item) == {"event", "data"}:
        return f"event: {item['event']}\ndata: {_compact(item['data'])}\n\n".encode()
    return f"data: {_compact(item)}\n\n".encode()


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _headers(spec: ReplySpec, kind: str | None, length: int) -> Headers:
    pairs: list[tuple[str, str]] = []
    for name, value in spec.headers.items():
        pairs.extend((name, str(v)) for v in (value if isinstance(value, list) else [value]))
    written = {name.lower() for name, _ in pairs}
    if kind is not None and "content-type" not in written:
        pairs.append(("content-type", kind))
    if not (kind or "").startswith("text/event-stream") and "content-length" not in written:
        pairs.append(("content-length", str(length)))
    return tuple((n, v) for n, v in pairs if v != "$none")


def _chunks(body: bytes, mode: str) -> tuple[int, ...]:
    """End offsets of the pieces the body is delivered in; empty for one piece."""
    if mode == "bytes":
        return tuple(range(1, len(body) + 1))
    separator = {"lines": b"\n", "events": b"\n\n"}.get(mode)
    if separator is None:
        return ()
    ends, start = [], 0
    while (found := body.find(separator, start)) >= 0:
        start = found + len(separator)
        ends.append(start)
    return tuple(ends if ends and ends[-1] == len(body) else [*ends, len(body)])
