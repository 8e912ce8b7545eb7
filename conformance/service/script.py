"""From the replies a scenario writes to the replies a player gives: fixtures read, bodies encoded,
faults placed."""

from __future__ import annotations

import base64 as b64
import gzip
import json
from dataclasses import replace
from typing import Any

from conformance.errors import InputError
from conformance.service.peer.writing import render_head
from conformance.service.player import CASSETTE, Item, ScriptedReply
from conformance.service.sse_shapes import DELIVERIES, events, every
from conformance.suite.scenario.load import Fixtures
from conformance.suite.scenario.model import Fixture, FixtureRef, ReplySpec, Step
from conformance.wire.exchange import (
    PLAINLY,
    Delivery,
    Fault,
    Headers,
    Provenance,
    Reply,
    Response,
    Source,
)

_BEFORE_RESPONSE = {
    "connect_refused": Fault.CONNECT_REFUSED,
    "connect_timeout": Fault.CONNECT_TIMEOUT,
    "connection_reset": Fault.CONNECTION_RESET,
    "connection_closed": Fault.CUT_BODY,
    "read_timeout": Fault.READ_TIMEOUT,
}
_IN_RESPONSE = {
    "cut_body": Fault.CUT_BODY,
    "reset_body": Fault.CONNECTION_RESET,
    "stall_body": Fault.STALL_BODY,
    "bad_chunk": Fault.BAD_CHUNK,
    "short_chunk": Fault.SHORT_CHUNK,
}
_BROKEN_CHUNK = (Fault.BAD_CHUNK, Fault.SHORT_CHUNK)
_WRITTEN = Provenance(Source.SCRIPT, "written in the scenario")


def compile_step(step: Step, fixtures: Fixtures) -> tuple[Item, ...]:
    """The script of ``step``; one answer from the cassette when it writes none. Raises
    InputError."""
    if step.service is None or isinstance(step.service, str):
        return (CASSETTE,)
    return tuple(
        CASSETTE if isinstance(item, str) else compile_reply(item, fixtures)
        for item in step.service
    )


def compile_reply(spec: ReplySpec, fixtures: Fixtures) -> ScriptedReply:
    """One scripted reply. A status that is not a number, or a fixture that is not there, raises
    InputError."""
    delivery = Delivery(
        delay=float(spec.delay),
        linger=float(spec.linger),
        head=_head(spec.head),
        close=bool(spec.close),
    )
    name = spec.fault or ""
    if name in _BEFORE_RESPONSE:
        fault = _BEFORE_RESPONSE[name]
        if not delivery.delay:
            delivery = PLAINLY
        return ScriptedReply(Reply(None, fault, delivery), spec.repeat)
    whole = _response(spec, fixtures)
    if name == "cut_head":
        head = delivery.head or render_head(whole.status, whole.headers)
        delivery = replace(delivery, head=head[: _number(spec.cut_at, len(head) // 2)])
        return ScriptedReply(Reply(None, Fault.CUT_BODY, delivery), spec.repeat)
    if name:
        whole = _struck(spec, whole, _IN_RESPONSE[name])
    pieces = len({*whole.chunks, len(whole.body)})
    pauses = (float(spec.over) / pieces,) * pieces if spec.over else ()
    return ScriptedReply(
        Reply(replace(whole, pauses=pauses), _IN_RESPONSE.get(name), delivery), spec.repeat
    )


def needs_sockets(spec: ReplySpec, fixtures: Fixtures) -> str | None:
    """The key of ``spec`` that only a real connection can show, so that the in-process lane would
    play something else; None when there is none. Raises InputError as ``compile_reply`` does."""
    if spec.head is not None:
        return "head"
    if spec.close:
        return "close"
    if spec.fault in _BEFORE_RESPONSE:
        return None
    whole = _response(spec, fixtures)
    length = whole.header("content-length")
    if length is not None and length != str(len(whole.body)):
        return "headers"
    return None


def _response(spec: ReplySpec, fixtures: Fixtures) -> Response:
    """The reply as it would be without a fault."""
    body, kind, provenance = _body(spec, fixtures)
    if spec.gzip:
        body = gzip.compress(body, mtime=0)
    return Response(
        status=_status(spec.status),
        headers=_headers(spec, kind, len(body)),
        body=body,
        provenance=provenance,
        chunks=_chunks(body, spec.chunks),
    )


def _struck(spec: ReplySpec, whole: Response, fault: Fault) -> Response:
    """What of ``whole`` is sent before ``fault`` strikes."""
    size = _number(spec.cut_at, len(whole.body) // 2)
    if spec.cut_event is not None:
        before, event = _number(spec.cut_event, 1) - 1, events(whole.body)
        if before >= len(event):
            raise InputError(
                "cut-event",
                f"the body has {len(event)} events; there is no number {before + 1}",
                "count them from 1",
            )
        size = sum(map(len, event[:before])) + len(event[before]) // 2
    body = whole.body[:size]
    headers = whole.headers
    if fault in _BROKEN_CHUNK:
        headers = (
            *(
                pair
                for pair in headers
                if pair[0].lower() not in ("content-length", "transfer-encoding")
            ),
            ("transfer-encoding", "chunked"),
        )
    return replace(
        whole,
        headers=headers,
        body=body,
        chunks=tuple(end for end in whole.chunks if end < len(body)),
    )


def _head(lines: list[str] | str | None) -> bytes | None:
    if not isinstance(lines, list):
        return None
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _number(value: int | str | None, default: int) -> int:
    """``value``, whose variables are filled in by now."""
    return default if value is None else int(value)


def _status(value: int | str) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit() and 100 <= int(text) <= 599):
        raise InputError("status", f"{value!r} is no HTTP status", "write a number from 100 to 599")
    return int(text)


def _body(spec: ReplySpec, fixtures: Fixtures) -> tuple[bytes, str | None, Provenance]:
    """(bytes, content type, provenance) of a reply; content type None means none is sent unless
    written."""
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
        raise InputError(
            "base64", "the base64 body cannot be decoded", "encode the bytes again"
        ) from None


def encode_events(events: list[Any]) -> bytes:
    """SSE bytes (WHATWG HTML, server-sent events): JSON items become one ``data:`` line and a blank
    line; a mapping with ``event`` and ``data`` alone gets its ``event:`` line; text items are sent
    as they stand."""
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
    if spec.gzip and "content-encoding" not in written:
        pairs.append(("content-encoding", "gzip"))
    if not (kind or "").startswith("text/event-stream") and "content-length" not in written:
        pairs.append(("content-length", str(length)))
    return tuple((n, v) for n, v in pairs if v != "$none")


def _chunks(body: bytes, mode: int | str) -> tuple[int, ...]:
    """End offsets of the pieces the body is delivered in; empty for one piece."""
    if mode == "whole":
        return ()
    if isinstance(mode, int):
        return every(mode)(body)
    return DELIVERIES[mode](body)
