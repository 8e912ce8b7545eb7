"""Rules about what was served: its schema, the members nobody described, and what a scenario says
of it.

A served body that is not as specified is the fault of the cassette or the script, not of the SDK. A
scenario that serves one on purpose says ``expect: {response: {schema: none}}``, which silences the
universal rules here and those of the stream's end; ``content_filter: unchecked`` and
``usage: unchecked`` do the same for theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.expecting import mismatches
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import Seen, seen
from conformance.wire.exchange import Exchange
from conformance.wire.sse import NOT_JSON, EventStream

SCHEMA = Rule(
    "response.schema",
    "A served body satisfies the schema of its operation, event or error",
    Level.MUST,
    Blame.CASSETTE,
    "A test that rests on a body no service sends proves nothing.",
    "wire-contract sections 3 to 9; the published specifications",
)
UNKNOWN = Rule(
    "response.unknown-members",
    "A served body has only members the specification knows",
    Level.MAY,
    Blame.CASSETTE,
    "New members may come without a new api-version: worth knowing, and no failure unless strictness is asked.",
    "wire-contract section 1, rule 2",
)
EXPECTED = Rule(
    "expect.response",
    "Status, headers and body of the served answer are as the scenario says",
    Level.MUST,
    Blame.CASSETTE,
    "The scenario's statement holds only for the answer it names.",
    "the scenario's own sources",
)

_TEXT_FORMATS = ("text", "srt", "vtt")


def served_as_told(context: StepContext) -> bool:
    """Whether the scenario says that what is served is deliberately not as specified."""
    response = context.expect.response
    return response is not None and response.schema_ == "none"


def judged_bodies(context: StepContext) -> list[tuple[str, str, Any]]:
    """(pointer, schema name, JSON value) of each body and event to be judged. NOT_JSON stands for
    an unreadable one."""
    found: list[tuple[str, str, Any]] | None = context.memo.get("judged")
    if found is None:
        found = context.memo["judged"] = [] if served_as_told(context) else list(_judged(context))
    return found


def _judged(context: StepContext) -> Iterator[tuple[str, str, Any]]:
    view = seen(context)
    for index, exchange in enumerate(view.exchanges):
        response = exchange.response
        if response is None or exchange.fault is not None or exchange.miss is not None:
            continue
        if exchange is view.last and view.stream is not None:
            yield from _events(context, view.stream, f"/responses/{index}")
        elif response.status >= 400:
            body = view.parse(response.content)
            if body is not None:
                yield f"/responses/{index}", _override(context, view, exchange) or "error", body
        elif response.status < 300:
            yield from _body(context, view, exchange, f"/responses/{index}")


def _override(context: StepContext, view: Seen, exchange: Exchange) -> str | None:
    response = context.expect.response
    return response.schema_ if response is not None and exchange is view.last else None


def _events(
    context: StepContext, stream: EventStream, pointer: str
) -> Iterator[tuple[str, str, Any]]:
    response = context.expect.response
    schema = (response.schema_ if response is not None else None) or context.operation.chunk_schema
    if schema is None:
        return
    for number, event in enumerate(stream.events):
        failed = (
            schema != "response-event"
            and isinstance(event.value, dict)
            and event.value.get("error") is not None
        )
        yield f"{pointer}/events/{number}", "stream-error" if failed else schema, event.value


def _body(
    context: StepContext, view: Seen, exchange: Exchange, pointer: str
) -> Iterator[tuple[str, str, Any]]:
    operation = context.operation
    schema = _override(context, view, exchange) or operation.schema
    assert exchange.response is not None  # the caller has looked
    body = exchange.response.content
    if schema is None or operation.answer != "json":
        return
    wanted = (
        context.call.arguments.get("response_format") if operation.capability == "audio" else None
    )
    if wanted in _TEXT_FORMATS:
        named = f"{'translation' if 'translations' in operation.id else 'transcription'}-{wanted}"
        if named in context.schemas.names(context.api_version):
            yield pointer, named, body.decode("utf-8", "replace")
        return
    value = view.parse(body)
    yield pointer, schema, NOT_JSON if value is None and body.strip() != b"null" else value


@rule_check(SCHEMA)
def _schema(context: StepContext) -> Iterable[Finding] | None:
    bodies = judged_bodies(context)
    if not bodies:
        return None
    found = []
    for pointer, schema, value in bodies:
        if value is NOT_JSON:
            found.append(
                finding(
                    SCHEMA,
                    f"The body at {pointer} is not JSON, but {schema} is.",
                    pointer=pointer,
                    expected=schema,
                    step=context.index,
                )
            )
            continue
        for problem in context.schemas.validate(schema, context.api_version, value):
            found.append(
                finding(
                    SCHEMA,
                    f"Not a {schema} at {problem.pointer or 'the root'}: "
                    f"{problem.message.rstrip('.')}.",
                    pointer=pointer + problem.pointer,
                    expected=problem.expected,
                    actual=problem.actual,
                    step=context.index,
                )
            )
    return found


@rule_check(UNKNOWN)
def _unknown(context: StepContext) -> Iterable[Finding] | None:
    bodies = judged_bodies(context)
    if not bodies:
        return None
    level = Level.MUST if context.strict else UNKNOWN.level
    found: dict[tuple[str, str], Finding] = {}
    for pointer, schema, value in bodies:
        if not isinstance(value, dict):
            continue
        for member in context.schemas.unknown_members(schema, context.api_version, value):
            found.setdefault(
                (schema, member.name),
                finding(
                    UNKNOWN,
                    f"The {schema} has a member its specification does not know: {member}.",
                    pointer=pointer + member.pointer,
                    actual=member.name,
                    step=context.index,
                    level=level,
                ),
            )
    return list(found.values())


@rule_check(EXPECTED)
def _expected(context: StepContext) -> Iterable[Finding] | None:
    expected, view = context.expect.response, seen(context)
    if expected is None or not view.answered:
        return None
    wanted: dict[str, Any] = {}
    if expected.status is not None:
        wanted["status"] = expected.status
    if expected.headers:
        wanted["headers"] = {name.lower(): value for name, value in expected.headers.items()}
    if expected.body is not None:
        wanted["body"] = expected.body
    if not wanted:
        return None
    return mismatches(EXPECTED, context, wanted, _served(view), "/response")


def _served(view: Seen) -> dict[str, Any]:
    """The last response as the scenario names its members; nothing in it when there was none."""
    response = view.response
    if response is None:
        return {}
    body = view.body if view.body is not None else response.content.decode("utf-8", "replace")
    if view.stream is not None:
        body = [
            event.data if event.value is NOT_JSON else event.value for event in view.stream.events
        ]
    headers: dict[str, str] = {}
    for name, value in response.headers:
        headers.setdefault(name.lower(), value)
    return {"status": response.status, "headers": headers, "body": body}
