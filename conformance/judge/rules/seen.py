"""What checks derive from a step, derived once: parsed bodies, events, attempts, the last answer.

A step whose cassette had no answer (a miss), or whose driver failed, says nothing about the SDK's
handling of answers: ``answered`` is then false and the rules about results, errors and retries stay
silent (design section 8).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from conformance.judge.rules.context import StepContext
from conformance.wire.exchange import Exchange, Request, Response
from conformance.wire.multipart import FormPart, parse_multipart
from conformance.wire.protocol import SdkError
from conformance.wire.sse import EventStream, parse_events

_EVENT_STREAM_STARTS = (b"data:", b"event:", b":", b"id:", b"retry:", b"\xef\xbb\xbfdata:")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: its place among the exchanges, and the pause before it (None for the first, or
    when unknown)."""

    position: int
    exchange: Exchange
    waited: float | None


class Seen:
    """Derived views of one step. Every property is computed at most once; none raises."""

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self._json: dict[bytes, Any] = {}

    @cached_property
    def answered(self) -> bool:
        """Whether the SDK and the harness both did their part, so that the outcome speaks about the
        SDK."""
        observation = self.context.observation
        return observation.outcome.status in ("ok", "error") and not any(
            exchange.miss is not None for exchange in observation.exchanges
        )

    @cached_property
    def service_host(self) -> str:
        return _host(self.context.client.endpoint)

    @cached_property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The exchanges with the service's own host; a redirect to another host is not one of
        them."""
        every = self.context.observation.exchanges
        return tuple(e for e in every if _host(e.request.url) == self.service_host)

    @cached_property
    def strangers(self) -> tuple[Exchange, ...]:
        """The exchanges with any other host."""
        every = self.context.observation.exchanges
        others = tuple(e for e in every if _host(e.request.url) != self.service_host)
        return others + self.context.observation.side_exchanges

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts: exchanges that were not merely the following of a redirect."""
        waits = self.context.observation.waits
        found: list[Attempt] = []
        redirected = False
        for position, exchange in enumerate(self.context.observation.exchanges):
            if not redirected and _host(exchange.request.url) == self.service_host:
                waited = waits[position - 1] if 0 < position <= len(waits) else None
                found.append(Attempt(position, exchange, waited))
            redirected = exchange.response is not None and 300 <= exchange.response.status < 400
        return tuple(found)

    @cached_property
    def first_request(self) -> Request | None:
        return self.attempts[0].exchange.request if self.attempts else None

    @cached_property
    def request_json(self) -> Any:
        """The JSON body of the first request, None when it has none."""
        return None if self.first_request is None else self.parse(self.first_request.body)

    @cached_property
    def request_parts(self) -> tuple[FormPart, ...]:
        """The multipart parts of the first request."""
        request = self.first_request
        return () if request is None else parts_of(request)

    @cached_property
    def last(self) -> Exchange | None:
        """The last exchange with the service."""
        return self.exchanges[-1] if self.exchanges else None

    @cached_property
    def response(self) -> Response | None:
        """The response of the last exchange, whole or cut; None when a fault stood in its place."""
        return self.last.response if self.last else None

    @cached_property
    def success(self) -> Response | None:
        """The last response when it is a 2xx delivered whole and not the harness's own."""
        last = self.last
        if last is None or last.response is None or last.fault is not None or last.miss is not None:
            return None
        return last.response if 200 <= last.response.status < 300 else None

    @cached_property
    def refusal(self) -> Response | None:
        """The last response when it is a 4xx or 5xx delivered whole and not the harness's own."""
        last = self.last
        if last is None or last.response is None or last.fault is not None or last.miss is not None:
            return None
        return last.response if last.response.status >= 400 else None

    @cached_property
    def error(self) -> SdkError | None:
        """The error the caller met; None when there was none or the step was not answered."""
        outcome = self.context.observation.outcome
        return outcome.error if self.answered and outcome.status == "error" else None

    @cached_property
    def succeeded(self) -> bool:
        """Whether the caller got a result."""
        return self.answered and self.context.observation.outcome.status == "ok"

    @cached_property
    def says_nothing(self) -> bool:
        """Whether the contract documents the method to have no result (``result.returns_nothing``),
        and it had none."""
        documented = as_list(self.trait("result.returns_nothing"))
        return (
            self.context.operation.id in documented
            and self.context.observation.outcome.result is None
        )

    @cached_property
    def body(self) -> Any:
        """The JSON value of the last response, None when it has none."""
        return None if self.response is None else self.parse(self.response.content)

    @cached_property
    def answer(self) -> Any:
        """The JSON value of the last response when it is a whole success and no event stream."""
        return self.body if self.success is not None and self.stream is None else None

    @cached_property
    def stream(self) -> EventStream | None:
        """The served events when the last response is a success that carries an event stream."""
        response = self.response
        if (
            response is None
            or not 200 <= response.status < 300
            or self.last is None
            or self.last.miss is not None
        ):
            return None
        if response.is_event_stream:
            return parse_events(response.content)
        looks_so = self.context.call.stream is not None and response.content.startswith(
            _EVENT_STREAM_STARTS
        )
        return parse_events(response.content) if looks_so else None

    @cached_property
    def whole_stream(self) -> EventStream | None:
        """``stream`` when it was delivered whole, is tidy and holds no error event."""
        stream = self.stream
        if stream is None or not stream.tidy or self.success is None or has_error_event(stream):
            return None
        return stream

    @cached_property
    def consumed(self) -> list[Any]:
        """The JSON values of the events the caller was to read: all, or the first few of
        ``whole_stream``."""
        stream, plan = self.whole_stream, self.context.call.stream
        if stream is None:
            return []
        values = [event.value for event in stream.events]
        return values[: plan.count] if plan is not None and plan.consume == "first" else values

    @cached_property
    def reads_all(self) -> bool:
        """Whether the caller reads the stream to its end."""
        plan = self.context.call.stream
        return plan is not None and plan.consume == "all"

    def parse(self, body: bytes) -> Any:
        """The JSON value of ``body``, None when it is not JSON. Parsed once per body."""
        if body not in self._json:
            self._json[body] = _parse(body)
        return self._json[body]

    def trait(self, name: str, default: Any = None) -> Any:
        """The contract's trait, or ``default`` when the contract is silent."""
        return self.context.traits.get(name, default)


def seen(context: StepContext) -> Seen:
    """The derived views of ``context``, made at the first call."""
    found = context.memo.get("seen")
    if found is None:
        found = context.memo["seen"] = Seen(context)
    assert isinstance(found, Seen)
    return found


def parts_of(request: Request) -> tuple[FormPart, ...]:
    """The parts of a multipart request; none when it is another kind."""
    kind = request.header("content-type") or ""
    return parse_multipart(request.body, kind) if kind.lower().startswith("multipart/") else ()


def as_list(trait: Any) -> list[Any]:
    """A trait that is a list; one value reads as a list of it, none as the empty list."""
    if trait is None:
        return []
    return list(trait) if isinstance(trait, list | tuple) else [trait]


def has_error_event(stream: EventStream) -> bool:
    """Whether an event says that the service failed in the middle of the stream (wire-contract
    section 6)."""
    for event in stream.events:
        if event.name == "error":
            return True
        if isinstance(event.value, dict) and (
            event.value.get("type") == "error"
            or (
                event.value.get("error")
                and "response" not in event.value
                and event.value.get("object") != "response"
            )
        ):
            return True
    return False


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _parse(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
