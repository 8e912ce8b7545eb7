"""From what was seen to what is shown: wire traces with secrets masked and nothing random left in
them."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any, TypeVar

from conformance.judge.results import ExchangeTrace, RequestTrace, ResponseTrace, StepTrace, Value
from conformance.judge.rules.context import StepContext, StepObservation
from conformance.sanitize.allow import CREDENTIAL_HEADERS
from conformance.wire.exchange import Exchange, Headers, Request, Response, header
from conformance.wire.multipart import boundary_of
from conformance.wire.protocol import Outcome
from conformance.wire.retry_hints import answer_time, retry_hints

BODY_LIMIT = 60_000
MASK = "***"
_SECRET_WORDS = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_SECRET_LENGTH = 8
Shown = TypeVar("Shown", bound=Value)
_STEADY_BOUNDARY = "boundary"


def step_trace(name: str, context: StepContext) -> StepTrace:
    """The trace of a step that ran."""
    outcome = context.observation.outcome
    return StepTrace(
        name=name,
        operation=context.call.operation,
        arguments=_without_files(context.call.arguments),
        outcome=outcome.status,
        result=None if outcome.chunks is not None else outcome.result,
        view=outcome.view,
        chunk_count=None if outcome.chunks is None else len(outcome.chunks),
        error=_error(outcome),
        request_id=outcome.request_id,
        exchanges=_exchanges(context.observation),
    )


def unreached_trace(name: str, operation: str) -> StepTrace:
    """The trace of a step that an earlier failure kept from running."""
    return StepTrace(name=name, operation=operation, outcome="not-reached")


def mask(headers: Headers) -> Headers:
    """``headers`` with credentials masked; the scheme of an Authorization header stays readable."""
    return tuple((name, _masked(name, value)) for name, value in headers)


def secrets_of(steps: tuple[StepContext, ...]) -> tuple[str, ...]:
    """Every credential the client of a case was given, longest first."""
    found: set[str] = set()
    for context in steps[:1]:
        client = context.client
        found.update((client.auth.key, *client.auth.tokens))
        found.update(
            value
            for name, value in client.environment
            if any(word in name.upper() for word in _SECRET_WORDS)
        )
        found.update(value for name, value in client.headers if name.lower() in CREDENTIAL_HEADERS)
    return tuple(
        sorted(
            (text for text in found if len(text) >= _SECRET_LENGTH),
            key=lambda text: (-len(text), text),
        )
    )


def scrub(value: Any, secrets: tuple[str, ...]) -> Any:
    """The JSON ``value`` with every secret masked wherever it stands: a URL, a body, an error's
    message."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, dict):
        return {scrub(key, secrets): scrub(item, secrets) for key, item in value.items()}
    return [scrub(item, secrets) for item in value] if isinstance(value, list | tuple) else value


def scrub_model(model: Shown, secrets: tuple[str, ...]) -> Shown:
    """``model`` with every secret masked; itself when there is none in it, which is the rule."""
    try:
        text = model.model_dump_json()
    except ValueError:  # half of a surrogate pair is a text to an SDK, and no UTF-8
        return type(model).model_validate(scrub(model.model_dump(), secrets))
    if not any(secret in text for secret in secrets):
        return model
    return type(model).model_validate(scrub(model.model_dump(mode="json"), secrets))


def _masked(name: str, value: str) -> str:
    if name.lower() not in CREDENTIAL_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {MASK}" if space and scheme in ("Bearer", "Basic") else MASK


def _exchanges(observation: StepObservation) -> tuple[ExchangeTrace, ...]:
    traces = []
    for index, exchange in enumerate(observation.exchanges):
        waited = observation.waits[index - 1] if 0 < index <= len(observation.waits) else None
        seconds, asked_by = asked_wait(exchange.response)
        traces.append(
            ExchangeTrace(
                request=request_trace(exchange.request),
                response=_response(exchange),
                fault=exchange.fault,
                miss=exchange.miss,
                at=round(exchange.at, 6),
                waited=waited,
                asked_wait=seconds,
                asked_by=asked_by,
            )
        )
    return tuple(traces)


def asked_wait(response: Response | None) -> tuple[float | None, str | None]:
    """The wait a response asks for in seconds, and the header that asks: the most exact one that
    can be read. A date is measured against the response's own ``date`` header."""
    if response is None:
        return None, None
    for hint in retry_hints(response.headers, answer_time(response.headers)).values():
        if math.isfinite(hint.seconds):
            return hint.seconds, hint.header
    return None, None


def request_trace(request: Request) -> RequestTrace:
    """``request`` as shown: credentials masked, and a form part by part with a steady boundary."""
    body, headers = _steady(request)
    is_form = (header(headers, "content-type") or "").startswith("multipart/")
    return RequestTrace(
        method=request.method,
        url=request.url,
        headers=mask(headers),
        body=_form_text(body) if is_form else _text(body),
        body_bytes=len(request.body),
    )


def _steady(request: Request) -> tuple[bytes, Headers]:
    """The request with its random multipart boundary made steady, so that equal runs give equal
    reports."""
    kind = header(request.headers, "content-type") or ""
    boundary = boundary_of(kind) if kind.startswith("multipart/") else None
    if boundary is None:
        return request.body, request.headers
    headers = tuple((n, v.replace(boundary, _STEADY_BOUNDARY)) for n, v in request.headers)
    return request.body.replace(boundary.encode(), _STEADY_BOUNDARY.encode()), headers


def _response(exchange: Exchange) -> ResponseTrace | None:
    response = exchange.response
    if response is None:
        return None
    frames: tuple[str, ...] = ()
    if response.is_event_stream:
        text = response.content.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
        frames = tuple(frame for frame in text.split("\n\n") if frame.strip())
    return ResponseTrace(
        status=response.status,
        headers=mask(response.headers),
        body="" if frames else _text(response.content),
        body_bytes=len(response.body),
        frames=frames,
        chunks=response.chunks if len(response.chunks) < 200 else (),
        provenance=response.provenance.source,
        provenance_ref=response.provenance.ref,
    )


def _text(body: bytes) -> str:
    """``body`` as text when it is UTF-8, else its length and digest; very long text is cut and says
    so."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return f"<{len(body)} bytes, sha256 {hashlib.sha256(body).hexdigest()[:16]}>"
    if len(text) > BODY_LIMIT:
        return f"{text[:BODY_LIMIT]}\n<cut: {len(text)} characters in all>"
    return text


def _form_text(body: bytes) -> str:
    """A form with the steady boundary, part by part: the bytes of an uploaded file must not hide
    its neighbours, or two forms could only be told to differ, not where."""
    marker = f"\r\n--{_STEADY_BOUNDARY}"
    pieces = (b"\r\n" + body).split(marker.encode())
    return marker.join(map(_part_text, pieces)).removeprefix("\r\n")


def _part_text(piece: bytes) -> str:
    head, separator, content = piece.partition(b"\r\n\r\n")
    return f"{_text(head)}{separator.decode()}{_text(content)}"


def _without_files(value: Any) -> Any:
    if isinstance(value, dict):
        if "$file" in value:
            inner = value["$file"]
            return {
                "$file": {
                    **{k: v for k, v in inner.items() if k != "base64"},
                    "size": len(inner.get("base64", "")) * 3 // 4,
                }
            }
        return {key: _without_files(item) for key, item in value.items()}
    return [_without_files(item) for item in value] if isinstance(value, list) else value


def _error(outcome: Outcome) -> dict[str, Any] | None:
    error = outcome.error
    if error is None:
        return None
    shown = {name: getattr(error, name) for name in error.__slots__}
    shown["headers"] = [list(pair) for pair in mask(error.headers)]
    return json.loads(json.dumps(shown, default=str))  # type: ignore[no-any-return]
