"""What a service sent in answer to a call, and what rules derive from it, derived once.

Known here are the exchanges, the operation and the api-version, and nothing of the SDK, its
contract or a scenario: traffic that no SDK of ours sent can be judged by the same rules.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from conformance.judge.rules.compare import dig, objects
from conformance.judge.rules.filter_blocks import FilterBlock, filter_blocks, is_filtered
from conformance.wire.exchange import Exchange, Request, Response
from conformance.wire.multipart import FormPart, parse_multipart
from conformance.wire.operations import Operation
from conformance.wire.sse import NOT_JSON, EventStream, parse_events

if TYPE_CHECKING:
    from conformance.suite.schema import SchemaRegistry

TEXT_FORMATS = ("text", "srt", "vtt")
"""The values of ``response_format`` by which an audio operation answers in text, not in JSON."""

_EVENT_STREAM_STARTS = (b"data:", b"event:", b":", b"id:", b"retry:", b"\xef\xbb\xbfdata:")


@dataclass(frozen=True, slots=True)
class ServedBody:
    """A body or an event that has a schema: where it stands (JSON pointer), the schema's name, its
    JSON value (NOT_JSON: it has none)."""

    pointer: str
    schema: str
    value: Any


@dataclass(slots=True)
class ServedChoice:
    """What all pieces of one choice say of content filtering: the categories filtered, the finish
    reasons, and whether any block names a category."""

    filtered: list[str]
    finish_reasons: list[Any]
    names_categories: bool = False


class Served:
    """The answers to one call. Whatever takes work is derived at most once; nothing raises.

    ``exchanges`` are those of the call with the service's own host, in order. Of all answers the
    schemas are judged, of the last one everything else. ``last_schema`` names the schema of the
    last answer where that is not the operation's own. ``response`` is that of the ``last``
    exchange, whole or cut; None when a fault stood in its place.
    """

    def __init__(
        self,
        exchanges: tuple[Exchange, ...],
        operation: Operation,
        api_version: str,
        schemas: SchemaRegistry,
        *,
        last_schema: str | None = None,
    ) -> None:
        self.exchanges = exchanges
        self.operation = operation
        self.api_version = api_version
        self.schemas = schemas
        self.last_schema = last_schema
        self.last: Exchange | None = None
        self.response: Response | None = None
        if exchanges:
            self.last = exchanges[-1]
            self.response = self.last.response
        self._json: dict[bytes, Any] = {}

    @property
    def whole(self) -> Response | None:
        """The last response when it was delivered whole and is not the harness's own."""
        last = self.last
        if last is None or last.fault is not None or last.miss is not None:
            return None
        return last.response

    @cached_property
    def success(self) -> Response | None:
        """``whole`` when it is a 2xx."""
        whole = self.whole
        if whole is None or not 200 <= whole.status < 300:
            return None
        return whole

    @cached_property
    def refusal(self) -> Response | None:
        """``whole`` when it is a 4xx or 5xx."""
        whole = self.whole
        if whole is None or whole.status < 400:
            return None
        return whole

    @cached_property
    def body(self) -> Any:
        """The JSON value of the last response, None when it has none."""
        if self.response is None:
            return None
        return self.parse(self.response.content)

    @cached_property
    def answer(self) -> Any:
        """The JSON value of the last response when it is a whole success and no event stream."""
        if self.success is None or self.stream is not None:
            return None
        return self.body

    @cached_property
    def request_json(self) -> Any:
        """The JSON value of the last request's body, None when it has none."""
        if self.last is None:
            return None
        return self.parse(self.last.request.body)

    @cached_property
    def stream(self) -> EventStream | None:
        """The events of the last response when it is a success that carries an event stream."""
        response = self.response
        if response is None or self.last is None or self.last.miss is not None:
            return None
        if not 200 <= response.status < 300:
            return None
        if response.is_event_stream:
            return parse_events(response.content)
        # Some services leave the content type out: who asked for a stream reads one all the same.
        looks_so = response.content.startswith(_EVENT_STREAM_STARTS)
        if looks_so and self.asked(self.last.request, "stream") in (True, "true"):
            return parse_events(response.content)
        return None

    @cached_property
    def whole_stream(self) -> EventStream | None:
        """``stream`` when it was delivered whole, is tidy and holds no error event."""
        stream = self.stream
        if stream is None or not stream.tidy or self.success is None or has_error_event(stream):
            return None
        return stream

    @cached_property
    def values(self) -> list[Any]:
        """The JSON values of the last response: that of each event, or that of the body."""
        if self.stream is not None:
            return [event.value for event in self.stream.events]
        return [self.body]

    @cached_property
    def bodies(self) -> list[ServedBody]:
        """Each body and event that has a schema, of every answer."""
        bodies: list[ServedBody] = []
        for index, exchange in enumerate(self.exchanges):
            bodies.extend(self._bodies_of(exchange, f"/responses/{index}"))
        return bodies

    @cached_property
    def blocks(self) -> list[FilterBlock]:
        """Every content filter block of the last response, in document order; of a stream, the
        events' blocks one after the other."""
        response = self.response
        if response is None or self.last is None or self.last.miss is not None:
            return []
        if b"_filter" not in response.content:
            return []
        if self.stream is None:
            return list(filter_blocks(self.body, ""))
        return [
            block
            for number, event in enumerate(self.stream.events)
            for block in filter_blocks(event.value, f"/events/{number}")
        ]

    @cached_property
    def choices(self) -> dict[int, ServedChoice]:
        """The choices of the last response by their index; of a stream, put together from the
        pieces."""
        choices: dict[int, ServedChoice] = {}
        for value in self.values:
            for position, piece in enumerate(objects(dig(value, "choices"))):
                index = piece.get("index")
                if not isinstance(index, int):
                    index = position
                choice = choices.setdefault(index, ServedChoice([], []))
                choice.finish_reasons.append(piece.get("finish_reason"))
                for name in ("content_filter_results", "content_filter_result"):
                    block = piece.get(name)
                    if isinstance(block, dict) and block:
                        choice.names_categories = True
                        choice.filtered += [
                            category for category, entry in block.items() if is_filtered(entry)
                        ]
        return choices

    @cached_property
    def usages(self) -> list[tuple[str, dict[str, Any]]]:
        """(JSON pointer, usage) of the last response, in the order served."""
        if self.operation.usage == "none":
            return []
        if self.stream is not None:
            return [
                (f"/events/{number}/{'/'.join(path)}", usage)
                for number, event in enumerate(self.stream.events)
                for path in (("usage",), ("response", "usage"))
                if isinstance(usage := dig(event.value, *path), dict)
            ]
        if self.success is not None and isinstance(usage := dig(self.body, "usage"), dict):
            return [("/usage", usage)]
        return []

    def parse(self, body: bytes) -> Any:
        """The JSON value of ``body``, None when it is not JSON. Parsed once per body."""
        if body not in self._json:
            self._json[body] = _parse(body)
        return self._json[body]

    def asked(self, request: Request, name: str) -> Any:
        """The member ``name`` of ``request``: of its JSON body, or as text of its form or query.

        None when it has no such member.
        """
        parts = parts_of(request)
        if parts:
            texts = [part.content.decode("utf-8", "replace") for part in parts if part.name == name]
        elif request.body:
            return dig(self.parse(request.body), name)
        else:
            texts = [text for key, text in request.query if key == name]
        return next(iter(texts), None)

    def _bodies_of(self, exchange: Exchange, pointer: str) -> Iterator[ServedBody]:
        response = exchange.response
        if response is None or exchange.fault is not None or exchange.miss is not None:
            return
        own_schema = None
        if exchange is self.last:
            own_schema = self.last_schema
        if exchange is self.last and self.stream is not None:
            yield from self._events(self.stream, pointer)
        elif response.status >= 400:
            value = self.parse(response.content)
            if value is not None:
                yield ServedBody(pointer, own_schema or "error", value)
        elif response.status < 300 and self.operation.answer == "json":
            schema = own_schema or self.operation.schema
            if schema is not None:
                yield from self._body(exchange.request, response, schema, pointer)

    def _events(self, stream: EventStream, pointer: str) -> Iterator[ServedBody]:
        schema = self.last_schema or self.operation.chunk_schema
        if schema is None:
            return
        for number, event in enumerate(stream.events):
            name = schema
            # Events of the Responses API have an event type of their own for errors.
            if schema != "response-event" and dig(event.value, "error") is not None:
                name = "stream-error"
            yield ServedBody(f"{pointer}/events/{number}", name, event.value)

    def _body(
        self, request: Request, response: Response, schema: str, pointer: str
    ) -> Iterator[ServedBody]:
        body = response.content
        text_format = None
        if self.operation.capability == "audio":
            text_format = self.asked(request, "response_format")
        if text_format in TEXT_FORMATS:
            named = f"{schema_stem(self.operation)}-{text_format}"
            if named in self.schemas.names(self.api_version):
                yield ServedBody(pointer, named, body.decode("utf-8", "replace"))
            return
        value = self.parse(body)
        if value is None and body.strip() != b"null":
            value = NOT_JSON
        yield ServedBody(pointer, schema, value)


def schema_stem(operation: Operation) -> str:
    """How the names of the schemas of an audio operation's texts begin."""
    if "translations" in operation.id:
        return "translation"
    return "transcription"


def parts_of(request: Request) -> tuple[FormPart, ...]:
    """The parts of a multipart request; none when it is another kind."""
    kind = request.header("content-type") or ""
    if not kind.lower().startswith("multipart/"):
        return ()
    return parse_multipart(request.body, kind)


def has_error_event(stream: EventStream) -> bool:
    """Whether an event says that the service failed in the middle of the stream
    (facts/service#stream-errors)."""
    return any(event.name == "error" or _is_error(event.value) for event in stream.events)


def _is_error(value: Any) -> bool:
    """Whether the value of an event is an error; a Responses event carries the ``error`` of its
    response as a member, which is none."""
    if not isinstance(value, dict):
        return False
    if value.get("type") == "error":
        return True
    return bool(
        value.get("error") and "response" not in value and value.get("object") != "response"
    )


def _parse(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
