"""A step of a case as rules look at it: planned, observed, and what is derived from both, derived
once.

A step whose cassette had no answer (a miss), or whose driver failed, says nothing about the SDK's
handling of answers: ``answered`` is then false, and the rules about results, errors and retries
stay silent.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.served import TEXT_FORMATS, Served, parts_of
from conformance.judge.rules.wire_view import answer_view, file_view, stream_view, text_view
from conformance.suite.scenario.model import ResponseExpect
from conformance.wire.exchange import Exchange, Request
from conformance.wire.multipart import FormPart
from conformance.wire.protocol import SdkError


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt: its place among the exchanges, and the pause before it (None for the first, or
    when unknown)."""

    position: int
    exchange: Exchange
    waited: float | None


class ObservedStep:
    """One step with everything rules derive from it. Whatever takes work is derived at most once;
    nothing raises.

    ``expected_response`` is what the scenario says of the response, empty when it says nothing.
    ``exchanges`` are those with the service's own host, ``strangers`` those with any other: a
    redirect may lead there.
    """

    def __init__(self, context: StepContext) -> None:
        self.context = context
        self.operation = context.operation
        self.client = context.client
        self.call = context.call
        self.expect = context.expect
        self.observation = context.observation
        self.outcome = context.observation.outcome
        self.expected_response = context.expect.response or _NOTHING
        service = _host(context.client.endpoint)
        every = context.observation.exchanges
        self._is_own = [_host(exchange.request.url) == service for exchange in every]
        pairs = list(zip(every, self._is_own, strict=True))
        others = [exchange for exchange, is_own in pairs if not is_own]
        self.exchanges = tuple(exchange for exchange, is_own in pairs if is_own)
        self.strangers = (*others, *context.observation.side_exchanges)

    @cached_property
    def answered(self) -> bool:
        """Whether the SDK and the harness both did their part, so that the outcome speaks about the
        SDK."""
        return self.outcome.status in ("ok", "error") and not any(
            exchange.miss is not None for exchange in self.observation.exchanges
        )

    @cached_property
    def served(self) -> Served:
        """What the service sent in answer to the call."""
        return Served(
            self.exchanges,
            self.operation,
            self.context.api_version,
            self.context.schemas,
            last_schema=self.expected_response.schema_,
        )

    @cached_property
    def attempts(self) -> tuple[Attempt, ...]:
        """The attempts: exchanges that were not merely the following of a redirect."""
        waits = self.observation.waits
        attempts: list[Attempt] = []
        redirected = False
        for position, exchange in enumerate(self.observation.exchanges):
            if not redirected and self._is_own[position]:
                waited = None
                if 0 < position <= len(waits):
                    waited = waits[position - 1]
                attempts.append(Attempt(position, exchange, waited))
            redirected = exchange.response is not None and 300 <= exchange.response.status < 400
        return tuple(attempts)

    @cached_property
    def first_request(self) -> Request | None:
        """The request of the first attempt."""
        if not self.attempts:
            return None
        return self.attempts[0].exchange.request

    @cached_property
    def request_json(self) -> Any:
        """The JSON body of the first request, None when it has none."""
        if self.first_request is None:
            return None
        return self.parse(self.first_request.body)

    @cached_property
    def request_parts(self) -> tuple[FormPart, ...]:
        """The multipart parts of the first request."""
        if self.first_request is None:
            return ()
        return parts_of(self.first_request)

    @cached_property
    def path_arguments(self) -> frozenset[str]:
        """The names of arguments that stand in the path of the operation."""
        path = self.operation.path
        return frozenset(part[1:-1] for part in path.split("/") if part.startswith("{"))

    @cached_property
    def error(self) -> SdkError | None:
        """The error the caller met; None when there was none or the step was not answered."""
        if not self.answered or self.outcome.status != "error":
            return None
        return self.outcome.error

    @cached_property
    def succeeded(self) -> bool:
        """Whether the caller got a result."""
        return self.answered and self.outcome.status == "ok"

    @property
    def returns_nothing(self) -> bool:
        """Whether the contract documents the method to have no result (``result.returns_nothing``),
        and it had none."""
        documented = as_list(self.trait("result.returns_nothing"))
        return self.operation.id in documented and self.outcome.result is None

    @property
    def request_id(self) -> str | None:
        """The request id the caller can read, from the error or from the result."""
        if self.error is not None:
            return self.error.request_id
        return self.outcome.request_id

    @property
    def shows_no_request_id(self) -> bool:
        """Whether the contract says that the SDK has no accessor for a request id
        (``request_id.header: null``)."""
        return self.trait("request_id.header", "x-request-id") is None

    @cached_property
    def consumed(self) -> list[Any]:
        """The JSON values of the events the caller was to read, all or the first few; none when the
        stream was not whole."""
        stream, plan = self.served.whole_stream, self.call.stream
        if stream is None:
            return []
        values = [event.value for event in stream.events]
        if plan is not None and plan.consume == "first":
            return values[: plan.count]
        return values

    @property
    def reads_all(self) -> bool:
        """Whether the caller reads the stream to its end."""
        plan = self.call.stream
        return plan is not None and plan.consume == "all"

    @cached_property
    def wire_view(self) -> dict[str, Any] | None:
        """The view of what was served, as every SDK's typed accessors must show it; None when there
        was no whole success, or it cannot be read."""
        served, operation = self.served, self.operation
        if served.success is None:
            return None
        if served.stream is not None:
            if served.whole_stream is None:
                return None
            return stream_view(operation.stream_view, self.consumed)
        if operation.answer == "binary":
            return file_view(operation.view, served.success)
        arguments = self.call.arguments
        if operation.capability == "audio" and arguments.get("response_format") in TEXT_FORMATS:
            return text_view(served.success)
        if not isinstance(served.answer, dict) or self.call.stream is not None:
            return None
        # A caller who asks for base64 gets the text as it stands (facts/sdks#embeddings).
        keeps_base64 = arguments.get("encoding_format") == "base64"
        return answer_view(operation.view, served.answer, keeps_base64=keeps_base64)

    def parse(self, body: bytes) -> Any:
        """The JSON value of ``body``, None when it is not JSON. Parsed once per body."""
        return self.served.parse(body)

    def trait(self, name: str, default: Any = None) -> Any:
        """The contract's trait, or ``default`` when the contract is silent."""
        return self.context.traits.get(name, default)


_NOTHING = ResponseExpect()


def serves_another_schema(step: ObservedStep) -> bool:
    """Whether the scenario says that what is served is deliberately not as specified."""
    return step.expected_response.schema_ == "none"


def as_list(trait: Any) -> list[Any]:
    """A trait that is a list; one value reads as a list of it, none as the empty list."""
    if trait is None:
        return []
    if isinstance(trait, list | tuple):
        return list(trait)
    return [trait]


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
