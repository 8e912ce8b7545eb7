"""For each rule about the SDK: a step that holds and the same step broken (rule id -> (held,
broken))."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.judge.rules import StepContext
from conformance.wire.exchange import Exchange, Fault, Request
from conformance.wire.protocol import CallOptions, ErrorKind, Outcome, SdkError
from tests.judge.rules import bodies
from tests.judge.rules.builders import (
    TOKEN,
    chat,
    chat_stream,
    file_list,
    json_answer,
    multipart,
    refused,
    throttled,
    token_chat,
    upload,
    v1_chat,
    with_body,
    with_exchange,
    with_header,
    with_outcome,
    with_request,
)

Pair = tuple[StepContext, StepContext]


def outcome(context: StepContext, **changes: Any) -> StepContext:
    return with_outcome(context, replace(context.observation.outcome, **changes))


def error(context: StepContext, **changes: Any) -> StepContext:
    met = context.observation.outcome.error
    assert met is not None
    return outcome(context, error=replace(met, **changes))


def changed(change: Callable[[StepContext], StepContext], held: StepContext) -> Pair:
    return held, change(held)


def url(context: StepContext, old: str, new: str, index: int = 0) -> StepContext:
    address = context.observation.exchanges[index].request.url
    assert old in address
    return with_request(context, index, url=address.replace(old, new))


def _set(name: str, value: Any) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.update({name: value})


def _lost(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda body: body.pop(name)  # type: ignore[return-value]


def _query_lost() -> Pair:
    return changed(lambda c: url(c, "&purpose=batch", ""), file_list())


def _file_changed() -> Pair:
    held = upload()
    other = {
        **held.call.arguments,
        "file": {
            "$file": {
                "name": "batch.jsonl",
                "content_type": "application/jsonl",
                "base64": "b3RoZXI=",
            }
        },
    }
    return held, with_request(held, body=multipart(other, "XX"))


def _redirected(headers: tuple[tuple[str, str], ...]) -> StepContext:
    context = chat()
    stranger = Exchange(
        Request("POST", "https://elsewhere.example/x", headers), json_answer(bodies.chat()), 0.0
    )
    return replace(context, observation=replace(context.observation, side_exchanges=(stranger,)))


def _other_host() -> Pair:
    return _redirected(()), _redirected((("api-key", chat().client.auth.key),))


def _retried(status: int) -> StepContext:
    return chat(
        served=(json_answer(bodies.rate_limit(), status), json_answer(bodies.chat())), waits=(0.5,)
    )


def _connection(fault: Fault) -> StepContext:
    return chat(served=(fault, fault, fault), expect={"error": {}}, waits=(0.5, 1.0))


def _lost_chunk(context: StepContext) -> StepContext:
    return outcome(context, chunks=(context.observation.outcome.chunks or ())[:-1])


def _swapped(context: StepContext) -> StepContext:
    chunks = list(context.observation.outcome.chunks or ())
    chunks[2], chunks[3] = chunks[3], chunks[2]
    return outcome(context, chunks=tuple(chunks))


def _thinned(context: StepContext) -> StepContext:
    chunks = list(context.observation.outcome.chunks or ())
    chunks[0] = {
        name: value for name, value in chunks[0].items() if name != "prompt_filter_results"
    }
    return outcome(context, chunks=tuple(chunks))


def _view(context: StepContext, **members: Any) -> StepContext:
    return outcome(context, view={**(context.observation.outcome.view or {}), **members})


def _waits(context: StepContext, *waits: float) -> StepContext:
    return replace(context, observation=replace(context.observation, waits=waits))


def _missed(context: StepContext) -> StepContext:
    return with_exchange(context, 0, miss="no recorded interaction fits")


def _failed(context: StepContext) -> StepContext:
    return with_outcome(
        context, Outcome("error", error=SdkError("APIError", ErrorKind.OTHER, "broken"))
    )


class _Exploding:
    """A registry no check can ask anything."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"{name} was asked for")


def _exhausted() -> StepContext:
    return refused(
        bodies.rate_limit(),
        429,
        served=(json_answer(bodies.rate_limit(), 429),) * 3,
        waits=(0.5, 1.0),
    )


SDK_MUTANTS: dict[str, Callable[[], Pair]] = {
    "request.method": lambda: changed(lambda c: with_request(c, method="PUT"), chat()),
    "request.route": lambda: changed(lambda c: url(c, "/deployments/conf-chat", ""), chat()),
    "request.api-version": lambda: changed(lambda c: url(c, "2024-10-21", "2024-06-01"), chat()),
    "request.query-unasked": lambda: changed(
        lambda c: url(c, "2024-10-21", "2024-10-21&beta=1"), chat()
    ),
    "request.query-complete": _query_lost,
    "request.content-type": lambda: changed(
        lambda c: with_header(c, "content-type", "text/plain"), chat()
    ),
    "request.caller-headers": lambda: changed(
        lambda c: with_header(c, "x-trace", None),
        chat(options=CallOptions(headers=(("x-trace", "7"),))),
    ),
    "request.body-unasked": lambda: changed(lambda c: with_body(c, _set("user", "sdk")), chat()),
    "request.body-complete": _file_changed,
    "request.stream-flag": lambda: changed(lambda c: with_body(c, _lost("stream")), chat_stream()),
    "auth.api-key": lambda: changed(lambda c: with_header(c, "api-key", "another"), chat()),
    "auth.no-second-credential": lambda: changed(
        lambda c: with_header(c, "Authorization", "Bearer x"), chat()
    ),
    "auth.bearer": lambda: changed(
        lambda c: with_header(c, "Authorization", f"bearer {TOKEN}"), token_chat()
    ),
    "auth.v1-key": lambda: changed(lambda c: with_header(c, "Authorization", None), v1_chat()),
    "auth.secret-in-header-only": lambda: changed(
        lambda c: with_body(c, _set("model", c.client.auth.key)), chat()
    ),
    "auth.other-hosts": _other_host,
    "stream.chunk-count": lambda: changed(_lost_chunk, chat_stream()),
    "stream.order": lambda: changed(_swapped, chat_stream()),
    "stream.chunk-content": lambda: changed(_thinned, chat_stream()),
    "stream.text": lambda: changed(lambda c: _view(c, text="In1975."), chat_stream()),
    "retries.count": lambda: (throttled(), replace(throttled(), traits={"retries.max": 1})),
    "retries.persists": lambda: (_exhausted(), refused(bodies.rate_limit(), 429)),
    "retries.wanted": lambda: (_retried(429), _retried(404)),
    "retries.same-route": lambda: changed(
        lambda c: url(c, "conf-chat", "conf-other", 1), throttled()
    ),
    "retries.same-body": lambda: changed(lambda c: with_body(c, _set("user", "2"), 1), throttled()),
    "retries.count-header": lambda: changed(
        lambda c: with_header(c, "x-stainless-retry-count", "0", 1), throttled()
    ),
    "retries.honours-hint": lambda: changed(lambda c: _waits(c, 0.04, 0.03), throttled()),
    "retries.backoff": lambda: (
        throttled({}, {}, waits=(0.4, 1.0)),
        throttled({}, {}, waits=(0.4, 0.4)),
    ),
    "errors.kind": lambda: changed(lambda c: error(c, kind=ErrorKind.STATUS), refused()),
    "errors.class": lambda: changed(lambda c: error(c, type="APIError"), refused()),
    "errors.status": lambda: changed(lambda c: error(c, status=500), refused()),
    "errors.members": lambda: changed(lambda c: error(c, param=None), refused()),
    "errors.message": lambda: changed(lambda c: error(c, message="Bad request"), refused()),
    "errors.headers": lambda: changed(lambda c: error(c, headers=()), refused()),
    "errors.fault-kind": lambda: changed(
        lambda c: error(c, kind=ErrorKind.TRANSPORT), _connection(Fault.CONNECTION_RESET)
    ),
    "expect.error": lambda: changed(
        lambda c: error(c, code="other"), refused(expect={"error": {"code": "content_filter"}})
    ),
    "result.unexpected-error": lambda: changed(_failed, chat()),
    "result.unexpected-success": lambda: changed(
        lambda c: with_outcome(c, Outcome("ok")), refused()
    ),
    "result.serialisation": lambda: changed(
        lambda c: outcome(c, result={**c.observation.outcome.result, "created": True}), chat()
    ),
    "result.view": lambda: changed(lambda c: _view(c, finish_reason="length"), chat()),
    "expect.result": lambda: changed(
        lambda c: _view(c, text=""),
        chat(
            expect={
                "result": {
                    "text": {"$from": "wire"},
                    "finish_reason": "stop",
                    "usage": {"$from": "wire"},
                }
            }
        ),
    ),
    "expect.chunks": lambda: changed(_lost_chunk, chat_stream(expect={"chunks": 6})),
    "headers.request-id": lambda: changed(lambda c: outcome(c, request_id=None), chat()),
    "expect.request-id": lambda: changed(
        lambda c: outcome(c, request_id="x"), chat(expect={"request_id": {"$from": "wire"}})
    ),
    "cassette.miss": lambda: changed(_missed, chat()),
    "adapter.crash": lambda: changed(
        lambda c: with_outcome(c, Outcome("crash", reason="segfault")), chat()
    ),
    "adapter.no-request": lambda: changed(
        lambda c: replace(c, observation=replace(c.observation, exchanges=())), chat()
    ),
    "adapter.unsupported": lambda: changed(
        lambda c: with_outcome(c, Outcome("unsupported")), chat()
    ),
    "expect.requests": lambda: changed(
        lambda c: with_header(c, "api-key", None),
        chat(
            expect={
                "requests": {
                    "method": "POST",
                    "query": {"api-version": "2024-10-21"},
                    "headers": {"API-Key": {"$present": True}, "authorization": {"$absent": True}},
                }
            }
        ),
    ),
    "expect.attempts": lambda: (
        throttled(expect={"attempts": 3}),
        throttled(expect={"attempts": 2}),
    ),
    "expect.delays": lambda: changed(
        lambda c: _waits(c, 0.04, 0.02),
        throttled(expect={"delays": [{"$gte": "40ms"}, {"$gte": 0.04}]}),
    ),
    "expect.token-calls": lambda: changed(lambda c: outcome(c, token_calls=2), outcome_counted()),
    "harness.check-failed": lambda: changed(lambda c: replace(c, schemas=_Exploding()), chat()),
}


def outcome_counted() -> StepContext:
    return outcome(token_chat(expect={"token_calls": 1}), token_calls=1)
