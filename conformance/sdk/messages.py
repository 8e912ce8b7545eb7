"""Adapter protocol 1 (``docs/adapters.md``) as JSON: the only place that knows the JSON form of
calls and outcomes.

Both directions are published as JSON Schemas (``conformance/published``) and checked against them:
what the harness sends in its tests, what an adapter answers always.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from conformance.suite.published import PUBLISHED
from conformance.suite.views import view_name, view_problem
from conformance.wire.protocol import Call, ClientConfig, ErrorKind, Outcome, SdkError, StreamPlan
from conformance.wire.vocabulary import Surface

PROTOCOL = 1
Answer = Literal["hello", "outcome", "done"]
"""The kinds of answers, each a ``$defs`` entry of the response schema: to hello, to call, and to
close or shutdown."""

REQUEST_SCHEMA = PUBLISHED / "adapter-request.schema.json"
RESPONSE_SCHEMA = PUBLISHED / "adapter-response.schema.json"


@dataclass(frozen=True, slots=True)
class Hello:
    """What an adapter says of itself. ``concurrency``: how many calls it performs at once."""

    sdk: str
    package: str
    version: str
    runtime: str
    surfaces: tuple[Surface, ...]
    operations: tuple[str, ...]
    concurrency: int = 1


def hello_message() -> dict[str, Any]:
    """The first message; its ``id`` is added by whoever sends it."""
    return {"op": "hello", "protocol": PROTOCOL}


def call_message(
    session: str,
    client: ClientConfig,
    call: Call,
    authority: str | None = None,
    deadline: float | None = None,
) -> dict[str, Any]:
    """``call`` through the client of ``session``. ``authority`` is where a real credential gets its
    tokens; ``deadline``: seconds after which the harness gives the call up."""
    options = call.options
    return {
        "op": "call",
        "session": session,
        "client": client_message(client, authority),
        "operation": call.operation,
        "arguments": call.arguments,
        "options": {
            "max_retries": options.max_retries,
            "timeout_ms": _milliseconds(options.timeout),
            "headers": dict(options.headers),
            "query": dict(options.query),
        },
        "stream": _stream_message(call.stream),
    } | ({} if deadline is None else {"deadline_ms": _milliseconds(deadline)})


def _stream_message(stream: StreamPlan | None) -> dict[str, Any] | None:
    """How much of the stream is read; None for a call that does not stream."""
    if stream is None:
        return None
    if stream.consume == "first":
        return {"consume": "first", "count": stream.count}
    return {"consume": stream.consume}


def client_message(client: ClientConfig, authority: str | None = None) -> dict[str, Any]:
    """The ``client`` of a call. The environment is no part of it: the process is started with
    it."""
    auth: dict[str, Any] = {"kind": client.auth.kind}
    if client.auth.kind == "api_key":
        auth["key"] = client.auth.key
    elif client.auth.kind in ("token", "token_provider"):
        auth["tokens"] = list(client.auth.tokens)
    elif client.auth.kind == "credential" and authority is not None:
        auth["authority"] = authority
    return {
        "endpoint": client.endpoint,
        "api": client.api,
        "api_version": client.api_version,
        "auth": auth,
        "surface": client.surface,
        "max_retries": client.max_retries,
        "timeout_ms": _milliseconds(client.timeout),
        "deployment": client.deployment,
        "headers": dict(client.headers),
    }


def close_message(session: str) -> dict[str, Any]:
    """Asks for the client of ``session`` to be closed."""
    return {"op": "close", "session": session}


def shutdown_message() -> dict[str, Any]:
    """Asks the adapter to end."""
    return {"op": "shutdown"}


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)


def hello_of(message: dict[str, Any]) -> Hello:
    """The Hello of a valid answer to hello."""
    adapter = message["adapter"]
    return Hello(
        sdk=adapter["sdk"],
        package=adapter["package"],
        version=adapter["version"],
        runtime=adapter["runtime"],
        surfaces=tuple(Surface(name) for name in message["surfaces"]),
        operations=tuple(message["operations"]),
        concurrency=message.get("concurrency", 1),
    )


def outcome_of(message: dict[str, Any], member: str = "outcome") -> Outcome:
    """The Outcome of a valid answer to call, or of what the in-process driver says; ``member``
    holds its status."""
    error, chunks = message.get("error"), message.get("chunks")
    return Outcome(
        status=message[member],
        result=message.get("result"),
        view=message.get("view"),
        chunks=None if chunks is None else tuple(chunks),
        request_id=message.get("request_id"),
        error=None if error is None else _error(error),
        reason=message.get("reason", ""),
        token_calls=message.get("token_calls"),
    )


def _error(error: dict[str, Any]) -> SdkError:
    return SdkError(
        **{
            **error,
            "kind": ErrorKind(error["kind"]),
            "bases": tuple(error.get("bases") or ()),
            "headers": tuple((name, value) for name, value in error.get("headers") or ()),
        }
    )


def parsed(line: bytes) -> Any:
    """One line of an adapter as JSON (RFC 8259: UTF-8, no NaN and no infinity). Raises
    ValueError."""
    try:
        return json.loads(line.decode("utf-8"), parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


DEEPEST = 128
"""Levels an answer may nest: no SDK's value has as many, and what follows values by recursion has
its end."""


def answer_problem(message: Any, kind: Answer, view: str | None = None) -> str | None:
    """What is wrong with ``message`` as an answer of ``kind``, in one line; None when nothing is.

    ``view`` is the name of the view an outcome must keep to (``conformance.suite.views``).
    """
    if _is_deeper(message, DEEPEST):
        return f"it nests deeper than {DEEPEST} levels"
    # Against the one branch that is meant: a schema of alternatives can only say that none of them
    # fits.
    outcome = message.get("outcome") if isinstance(message, dict) else None
    branch = outcome if kind == "outcome" and outcome in ("ok", "error", "unsupported") else kind
    problem = _problem(_validator(RESPONSE_SCHEMA, branch), message)
    if problem is None and view is not None and message.get("view") is not None:
        return view_problem(view, message["view"])
    return problem


def expected_view(message: dict[str, Any]) -> str | None:
    """The name of the view that the answer to ``message`` must keep to; None where it has none."""
    if message.get("op") != "call":
        return None
    streamed = message.get("stream") is not None
    return view_name(message.get("operation", ""), streamed=streamed)


def request_problem(message: Any) -> str | None:
    """What is wrong with ``message`` as one of the harness; None when nothing is."""
    op = message.get("op") if isinstance(message, dict) else None
    return _problem(
        _validator(REQUEST_SCHEMA, op if op in ("hello", "call", "close", "shutdown") else ""),
        message,
    )


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether ``value`` nests deeper than ``levels``, found out level by level."""
    level = [value]
    for _ in range(levels):
        level = [
            item
            for part in level
            if isinstance(part, dict | list)
            for item in (part.values() if isinstance(part, dict) else part)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True


def _problem(validator: Any, message: Any) -> str | None:
    if validator.is_valid(message):
        return None
    error = next(iter(validator.iter_errors(message)))
    place = "/".join(str(part) for part in error.instance_path)
    text = str(error.message)
    return f"{f'/{place}: ' if place else ''}{text if len(text) <= 300 else text[:297] + '...'}"


@functools.cache
def _validator(path: Path, definition: str) -> Any:
    import jsonschema_rs

    schema = json.loads(path.read_text(encoding="utf-8"))
    if definition:
        schema = {
            "$schema": schema["$schema"],
            "$ref": f"#/$defs/{definition}",
            "$defs": schema["$defs"],
        }
    return jsonschema_rs.validator_for(schema)
