"""Steps of a conformant SDK against a conformant service, from which tests make broken ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from conformance.judge.rules import Level, StepContext, StepObservation
from conformance.judge.rules.errors import service_message
from conformance.judge.rules.step import ObservedStep
from conformance.judge.rules.wire_view import vector
from conformance.suite.scenario.model import Expect
from conformance.suite.schema import SchemaRegistry
from conformance.wire.exchange import (
    Exchange,
    Fault,
    Headers,
    Provenance,
    Request,
    Response,
    Source,
)
from conformance.wire.operations import OPERATIONS, Operation
from conformance.wire.protocol import (
    Auth,
    Call,
    CallOptions,
    ClientConfig,
    ErrorKind,
    Outcome,
    SdkError,
    StreamPlan,
)
from tests.judge.rules import bodies
from tests.places import PROJECT

ENDPOINT = "https://conformance.openai.azure.com"
KEY = "conformance-api-key-not-a-secret"
TOKEN = "conformance-entra-token-1"
PROVENANCE = Provenance(Source.DOCUMENTATION, "tests")
REQUEST_ID = "5f0c1c2e-0000-4000-8000-000000000001"
AUDIO = {
    "$file": {
        "name": "hello.wav",
        "content_type": "audio/wav",
        "base64": base64.b64encode(b"RIFFxx").decode(),
    }
}

TRAITS: dict[str, Any] = {
    "retries.max": 2,
    "retries.statuses": [408, 409, 429, "5xx"],
    "retries.connection_errors": True,
    "retries.timeouts": True,
    "retries.honours": ["retry-after-ms", "retry-after"],
    "retries.max_wait": 60,
    "retries.backoff": {"initial": 0.5, "factor": 2, "max": 8, "jitter_min": 0.75, "jitter_max": 1},
    "retries.count_header": "x-stainless-retry-count",
    "retries.should_retry_header": True,
    "errors.classes": {
        "rate_limit": "RateLimitError",
        "bad_request": "BadRequestError",
        "connection": "APIConnectionError",
        "timeout": "APITimeoutError",
    },
    "request.adds": {"embeddings.create": ["encoding_format"]},
    "auth.v1_header": "authorization",
    "request_id.header": "x-request-id",
}

HIDING = {
    **TRAITS,
    "request_id.header": None,
    "errors.exposes": ["code", "message", "headers"],
    "result.view_lacks": ["object", "chat.completions.create:model", "embeddings.create:text"],
}
"""Traits of an SDK that has no accessor for some of what it gets."""

Reply = Response | Fault


@cache
def schemas() -> SchemaRegistry:
    return SchemaRegistry.load(PROJECT / "schemas")


def json_answer(value: Any, status: int = 200, **headers: str) -> Response:
    """A JSON response with a request id."""
    return Response(
        status,
        (
            ("Content-Type", "application/json"),
            ("x-request-id", REQUEST_ID),
            *((name.replace("_", "-"), text) for name, text in headers.items()),
        ),
        json.dumps(value).encode(),
        PROVENANCE,
    )


def event_stream(body: bytes) -> Response:
    return Response(
        200, (("Content-Type", "text/event-stream"), ("x-request-id", REQUEST_ID)), body, PROVENANCE
    )


def plain_answer(body: bytes, kind: str) -> Response:
    return Response(200, (("Content-Type", kind), ("x-request-id", REQUEST_ID)), body, PROVENANCE)


def step(
    operation: str,
    arguments: dict[str, Any],
    *served: Reply,
    waits: tuple[float, ...] = (),
    api_version: str = "2024-10-21",
    auth: Auth | None = None,
    options: CallOptions | None = None,
    stream: StreamPlan | None = None,
    traits: Mapping[str, Any] | None = None,
    expect: dict[str, Any] | None = None,
    deployment: str | None = None,
    endpoint: str = ENDPOINT,
) -> StepContext:
    """A step in which a conformant SDK made the call and met ``served``, one answer an attempt."""
    client = ClientConfig(
        endpoint,
        "v1" if api_version == "v1" else "azure",
        api_version,
        auth or Auth("api_key", KEY),
        deployment=deployment,
    )
    call = Call(operation, arguments, options or CallOptions(), stream)
    request = conformant_request(OPERATIONS[operation], client, call)
    exchanges = tuple(
        Exchange(
            counted(request, number),
            None if isinstance(reply, Fault) else reply,
            float(number),
            reply if isinstance(reply, Fault) else None,
        )
        for number, reply in enumerate(served)
    )
    context = StepContext(
        0,
        Level.MUST,
        api_version,
        OPERATIONS[operation],
        client,
        call,
        Expect.model_validate(expect or {}),
        StepObservation(exchanges, Outcome("ok"), waits),
        TRAITS if traits is None else traits,
        schemas(),
    )
    return with_outcome(context, conformant_outcome(context))


def counted(request: Request, number: int) -> Request:
    return replace(request, headers=(*request.headers, ("x-stainless-retry-count", str(number))))


def conformant_request(operation: Operation, client: ClientConfig, call: Call) -> Request:
    """The request a conformant SDK sends."""
    rest = dict(call.arguments)
    template = operation.v1_path() if client.api == "v1" else operation.classic_path()
    path = "/".join(_segment(part, rest, client, call) for part in template.split("/"))
    query = [] if client.api == "v1" else [("api-version", client.api_version)]
    query += list(call.options.query)
    headers = [*_credential(client), *call.options.headers, *client.headers]
    body = b""
    if operation.body == "json":
        members = {**rest, "stream": True} if call.stream is not None else rest
        if operation.id == "embeddings.create":
            members = {"encoding_format": "base64", **members}
        body = json.dumps(members).encode()
        headers.append(("Content-Type", "application/json"))
    elif operation.body == "multipart":
        body = multipart(rest, "XX")
        headers.append(("Content-Type", "multipart/form-data; boundary=XX"))
    else:
        query += [(name, str(value)) for name, value in rest.items()]
    url = client.endpoint + path + (f"?{urlencode(query)}" if query else "")
    return Request(operation.method, url, tuple(headers), body)


def _segment(part: str, rest: dict[str, Any], client: ClientConfig, call: Call) -> str:
    if not part.startswith("{"):
        return part
    name = part[1:-1]
    if name == "deployment":
        name = quote(client.deployment or call.arguments["model"], safe="")
        return name.replace(".", "%2E") if set(name) == {"."} else name
    return quote(rest.pop(name), safe="")


def _credential(client: ClientConfig) -> list[tuple[str, str]]:
    auth = client.auth
    if auth.kind == "api_key":
        return (
            [("api-key", auth.key)]
            if client.api == "azure"
            else [("Authorization", f"Bearer {auth.key}")]
        )
    return [("Authorization", f"Bearer {auth.tokens[0]}")]


def multipart(members: dict[str, Any], boundary: str) -> bytes:
    """The members as form parts, lists as repeated ``name[]`` fields."""
    out = b""
    for name, value in members.items():
        for item in value if isinstance(value, list) else [value]:
            field = f"{name}[]" if isinstance(value, list) else name
            head = f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"'
            if isinstance(item, dict) and "$file" in item:
                file = item["$file"]
                head += f'; filename="{file["name"]}"\r\nContent-Type: {file["content_type"]}'
                content = base64.b64decode(file["base64"])
            else:
                content = (item if isinstance(item, str) else json.dumps(item)).encode()
            out += head.encode() + b"\r\n\r\n" + content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode()


def conformant_outcome(context: StepContext) -> Outcome:
    """What a conformant SDK makes of the last answer."""
    last = context.observation.exchanges[-1]
    response = last.response
    if response is None:
        timeout = last.fault in (Fault.READ_TIMEOUT, Fault.CONNECT_TIMEOUT)
        return Outcome(
            "error",
            error=SdkError("APITimeoutError", ErrorKind.TIMEOUT, "timed out")
            if timeout
            else SdkError("APIConnectionError", ErrorKind.CONNECTION, "connection error"),
        )
    if response.status >= 400:
        return Outcome(
            "error", error=_refusal(response), request_id=response.header("x-request-id")
        )
    if context.call.stream is not None:
        streamed = ObservedStep(context)
        return Outcome("ok", view=streamed.wire_view, chunks=tuple(streamed.consumed))
    result = response.json()
    if context.operation.usage == "embeddings" and "encoding_format" not in context.call.arguments:
        result["data"] = [
            {**item, "embedding": vector(item["embedding"])} for item in result["data"]
        ]
    return Outcome(
        "ok",
        result,
        ObservedStep(context).wire_view,
        request_id=response.header("x-request-id") if isinstance(result, dict) else None,
    )


_REFUSALS = {
    400: ("BadRequestError", ErrorKind.BAD_REQUEST),
    429: ("RateLimitError", ErrorKind.RATE_LIMIT),
}


def _refusal(response: Response) -> SdkError:
    body = response.json()
    inner = body.get("error", {}) if isinstance(body, dict) else {}
    name, kind = _REFUSALS[response.status]
    return SdkError(
        name,
        kind,
        f"Error code: {response.status} - {service_message(body)}",
        ("APIStatusError",),
        response.status,
        inner.get("code"),
        inner.get("param"),
        inner.get("type"),
        response.header("x-request-id"),
        inner,
        headers=response.headers,
    )


def with_outcome(context: StepContext, outcome: Outcome) -> StepContext:
    return replace(context, observation=replace(context.observation, outcome=outcome))


def with_exchange(context: StepContext, index: int, **changes: Any) -> StepContext:
    """``context`` with members of one exchange replaced."""
    exchanges = list(context.observation.exchanges)
    exchanges[index] = replace(exchanges[index], **changes)
    return replace(context, observation=replace(context.observation, exchanges=tuple(exchanges)))


def with_request(context: StepContext, index: int = 0, **changes: Any) -> StepContext:
    return with_exchange(
        context, index, request=replace(context.observation.exchanges[index].request, **changes)
    )


def with_header(context: StepContext, name: str, value: str | None, index: int = 0) -> StepContext:
    """``context`` with a request header set, or removed when ``value`` is None."""
    request = context.observation.exchanges[index].request
    headers: Headers = tuple(pair for pair in request.headers if pair[0].lower() != name.lower())
    return with_request(
        context, index, headers=headers if value is None else (*headers, (name, value))
    )


def with_body(context: StepContext, change: Callable[[Any], None], index: int = 0) -> StepContext:
    """``context`` with the JSON body of one request changed in place."""
    value = context.observation.exchanges[index].request.json()
    change(value)
    return with_request(context, index, body=json.dumps(value).encode())


# Steps, by kind


def chat(**rest: Any) -> StepContext:
    arguments = {
        "model": "conf-chat",
        "messages": [{"role": "user", "content": "When was it founded?"}],
    }
    served = rest.pop("served", None) or (json_answer(rest.pop("body", None) or bodies.chat()),)
    return step("chat.completions.create", {**arguments, **rest.pop("more", {})}, *served, **rest)


def chat_stream(
    events: list[Any] | None = None, raw: bytes | None = None, **rest: Any
) -> StepContext:
    more = {"stream_options": {"include_usage": True}} if events is None else {}
    served = event_stream(bodies.sse(events or bodies.chat_events()) if raw is None else raw)
    return chat(served=(served,), stream=rest.pop("plan", StreamPlan()), more=more, **rest)


def throttled(
    *hints: dict[str, str], waits: tuple[float, ...] | None = None, **rest: Any
) -> StepContext:
    """A chat call that met a 429 for each of ``hints`` (response headers) before it succeeded."""
    hints = hints or ({"retry_after_ms": "40"}, {"retry_after_ms": "40"})
    refused = [json_answer(bodies.rate_limit(), 429, **headers) for headers in hints]
    return chat(
        served=(*refused, json_answer(bodies.chat())), waits=waits or (0.04,) * len(hints), **rest
    )


def refused(body: Any = None, status: int = 400, **rest: Any) -> StepContext:
    """A chat call that was refused for good."""
    served = rest.pop("served", (json_answer(body or bodies.filtered_prompt(), status),))
    return chat(
        served=served, expect={"error": {"status": status}, **rest.pop("expect", {})}, **rest
    )


def completions(**rest: Any) -> StepContext:
    return step(
        "completions.create",
        {"model": "conf-completions", "prompt": ["One?", "Two?"]},
        json_answer(rest.pop("body", None) or bodies.completion()),
        **rest,
    )


def embeddings(**rest: Any) -> StepContext:
    return step(
        "embeddings.create",
        {"model": "conf-embeddings", "input": "text"},
        json_answer(rest.pop("body", None) or bodies.embeddings()),
        **rest,
    )


def images(**rest: Any) -> StepContext:
    return step(
        "images.generate",
        {"model": "conf-images", "prompt": "A bear", "size": "1024x1024"},
        json_answer(bodies.images()),
        **rest,
    )


def transcription(**rest: Any) -> StepContext:
    return step(
        "audio.transcriptions.create",
        {
            "model": "conf-transcription",
            "file": AUDIO,
            "response_format": "verbose_json",
            "temperature": 0.2,
        },
        json_answer(bodies.transcription()),
        **rest,
    )


def transcription_text(**rest: Any) -> StepContext:
    return step(
        "audio.transcriptions.create",
        {"model": "conf-transcription", "file": AUDIO, "response_format": "text"},
        plain_answer(b"Hello.\n", "text/plain"),
        **rest,
    )


def speech(**rest: Any) -> StepContext:
    return step(
        "audio.speech.create",
        {"model": "conf-speech", "input": "Hello.", "voice": "alloy"},
        plain_answer(b"ID3\x00\xff", "application/octet-stream"),
        api_version="2025-04-01-preview",
        **rest,
    )


def responses(**rest: Any) -> StepContext:
    return step(
        "responses.create",
        {"model": "conf-responses", "input": "When?"},
        json_answer(rest.pop("body", None) or bodies.response()),
        api_version="2025-03-01-preview",
        **rest,
    )


def responses_stream(events: list[Any] | None = None, **rest: Any) -> StepContext:
    body = rest.pop("raw", None) or bodies.sse(
        events or bodies.response_events(), named=True, done=False
    )
    return step(
        "responses.create",
        {"model": "conf-responses", "input": "When?"},
        event_stream(body),
        api_version="2025-03-01-preview",
        stream=StreamPlan(),
        **rest,
    )


def upload(**rest: Any) -> StepContext:
    file = {
        "$file": {
            "name": "batch.jsonl",
            "content_type": "application/jsonl",
            "base64": base64.b64encode(b'{"custom_id": "1"}\n').decode(),
        }
    }
    return step(
        "files.create", {"file": file, "purpose": "batch"}, json_answer(bodies.file(), 201), **rest
    )


def file_list(**rest: Any) -> StepContext:
    return step("files.list", {"purpose": "batch"}, json_answer(bodies.files()), **rest)


def file_content(**rest: Any) -> StepContext:
    return step(
        "files.content",
        {"file_id": "file-1"},
        plain_answer(b'{"a": 1}\n', "application/octet-stream"),
        **rest,
    )


def batch(**rest: Any) -> StepContext:
    return step(
        "batches.create",
        {"input_file_id": "file-1", "endpoint": "/chat/completions", "completion_window": "24h"},
        json_answer(bodies.batch()),
        **rest,
    )


def v1_chat(**rest: Any) -> StepContext:
    return chat(api_version="v1", **rest)


def token_chat(**rest: Any) -> StepContext:
    return chat(auth=Auth("token_provider", tokens=(TOKEN,)), **rest)


CONFORMANT: dict[str, Callable[[], StepContext]] = {
    step.__name__: step
    for step in (
        chat,
        chat_stream,
        throttled,
        refused,
        completions,
        embeddings,
        images,
        transcription,
        transcription_text,
        speech,
        responses,
        responses_stream,
        upload,
        file_list,
        file_content,
        batch,
        v1_chat,
        token_chat,
    )
}
"""A conformant step of each kind."""
