"""Rules about where a request goes: method, path, query, content type. What it carries is in
``request_body``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import seen
from conformance.suite.scenario.match import show

METHOD = Rule(
    "request.method",
    "The request uses the operation's method",
    Level.MUST,
    Blame.SDK,
    "Another method is another operation, or none.",
    "wire-contract section 2",
)
ROUTE = Rule(
    "request.route",
    "The request goes to the operation's path, the deployment percent-encoded, no doubled slash",
    Level.MUST,
    Blame.SDK,
    "A wrong path reaches another deployment or operation, or answers 404; every SDK builds Azure paths itself.",
    "wire-contract section 2; sdk-behaviour section 1; article, all client sections",
)
API_VERSION = Rule(
    "request.api-version",
    "A dated route carries exactly one api-version, the configured one; the v1 route none",
    Level.MUST,
    Blame.SDK,
    "Without it, or with another, Azure answers 404 or serves another contract; on v1 it is optional and not the "
    "caller's wish.",
    "wire-contract section 2; sdk-behaviour section 1.2 api-version",
)
QUERY_UNASKED = Rule(
    "request.query-unasked",
    "No query member is sent that the caller did not ask for",
    Level.MUST,
    Blame.SDK,
    "A gateway or a signature may refuse it, and the caller cannot know of it.",
    "design section 5, universal checks",
)
QUERY_COMPLETE = Rule(
    "request.query-complete",
    "Every query member the caller gave reaches the wire with its value",
    Level.MUST,
    Blame.SDK,
    "A lost limit or cursor silently answers another question.",
    "design section 5, universal checks",
)
CONTENT_TYPE = Rule(
    "request.content-type",
    "The content type fits the kind of body the operation takes",
    Level.MUST,
    Blame.SDK,
    "The service chooses its parser by it.",
    "wire-contract section 2, request -> response types",
)
CALLER_HEADERS = Rule(
    "request.caller-headers",
    "Every header the caller asked for reaches the wire with its value",
    Level.MUST,
    Blame.SDK,
    "Tracing and gateway routing rest on them.",
    "sdk-behaviour section 2, per-call header overrides",
)


def path_arguments(context: StepContext) -> frozenset[str]:
    """The names of arguments that stand in the path of the operation."""
    path = context.operation.path
    return frozenset(part[1:-1] for part in path.split("/") if part.startswith("{"))


def expected_segments(context: StepContext) -> list[str] | None:
    """The decoded segments of the path the request must have; None when an argument the path needs
    was not given."""
    operation, client = context.operation, context.client
    prefix = urlsplit(client.endpoint).path.rstrip("/")
    if client.api == "v1":
        template, prefix = operation.v1_path(), prefix.removesuffix("/openai/v1")
    else:
        template, prefix = operation.classic_path(), prefix.removesuffix("/openai")
    segments = [unquote(part) for part in prefix.split("/")[1:]]
    for part in template.split("/")[1:]:
        if not part.startswith("{"):
            segments.append(part)
            continue
        name = part[1:-1]
        value = deployment_of(context) if name == "deployment" else context.call.arguments.get(name)
        if not isinstance(value, str) or not value:
            return None
        segments.append(value)
    return segments


def deployment_of(context: StepContext) -> str | None:
    """The deployment the request must name: the client's, else the call's ``model`` (sdk-behaviour
    section 1.1)."""
    return context.client.deployment or context.call.arguments.get("model")


@rule_check(METHOD)
def _method(context: StepContext) -> Iterable[Finding] | None:
    request = seen(context).first_request
    if request is None:
        return None
    if request.method == context.operation.method:
        return ()
    return (
        finding(
            METHOD,
            f"{context.operation.id} was sent as {request.method}, not {context.operation.method}.",
            pointer="/requests/0/method",
            expected=context.operation.method,
            actual=request.method,
            step=context.index,
        ),
    )


@rule_check(ROUTE)
def _route(context: StepContext) -> Iterable[Finding] | None:
    request = seen(context).first_request
    expected = expected_segments(context) if request is not None else None
    if request is None or expected is None:
        return None
    raw = request.path
    segments = [unquote(part) for part in raw.split("/")[1:]]
    # A literal dot segment is removed on the way (RFC 3986 section 5.2.4), and the path climbs out
    # of the deployment.
    unescaped = not raw.isascii() or " " in raw or "/../" in f"{raw}/" or "/./" in f"{raw}/"
    if segments == expected and not unescaped:
        return ()
    wanted = "/" + "/".join(expected)
    if segments == expected:
        said = f"The path {raw} carries characters or dot segments that have to be percent-encoded."
    elif "//" in raw and [part for part in segments if part] == expected:
        said = f"The path {raw} has a doubled slash; expected {wanted}."
    else:
        said = f"The request went to {raw}; expected {wanted}."
    return (
        finding(
            ROUTE, said, pointer="/requests/0/path", expected=wanted, actual=raw, step=context.index
        ),
    )


@rule_check(API_VERSION)
def _api_version(context: StepContext) -> Iterable[Finding] | None:
    request = seen(context).first_request
    if request is None:
        return None
    sent = [value for name, value in request.query if name == "api-version"]
    asked = [value for name, value in context.call.options.query if name == "api-version"]
    wanted = asked or ([context.client.api_version] if context.client.api == "azure" else [])
    if sent == wanted:
        return ()
    return (
        finding(
            API_VERSION,
            f"The query carries api-version {_listed(sent)}; expected {_listed(wanted)}.",
            pointer="/requests/0/query/api-version",
            expected=wanted,
            actual=sent,
            step=context.index,
        ),
    )


def _listed(values: list[str]) -> str:
    return " and ".join(values) if values else "nothing"


def _given_query(context: StepContext) -> list[tuple[str, str]]:
    """What the caller put in the query: options, and the arguments of an operation without a
    body."""
    given = [(name, value) for name, value in context.call.options.query if name != "api-version"]
    if context.operation.body == "none" and context.operation.method == "GET":
        in_path = path_arguments(context)
        for name, value in context.call.arguments.items():
            if name not in in_path and value is not None:
                values = value if isinstance(value, list) else [value]
                given.extend((name, _query_text(item)) for item in values)
    return given


def _query_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@rule_check(QUERY_UNASKED)
def _query_unasked(context: StepContext) -> Iterable[Finding] | None:
    request = seen(context).first_request
    if request is None:
        return None
    given = {name for name, _ in _given_query(context)} | {"api-version"}
    return [
        finding(
            QUERY_UNASKED,
            f"The query member {name}={value} was sent although the caller did not ask for it.",
            pointer=f"/requests/0/query/{name}",
            actual=value,
            step=context.index,
        )
        for name, value in request.query
        if name.split("[")[0] not in given
    ]


@rule_check(QUERY_COMPLETE)
def _query_complete(context: StepContext) -> Iterable[Finding] | None:
    request = seen(context).first_request
    given = _given_query(context) if request is not None else None
    if request is None or not given:
        return None
    sent = [(name.split("[")[0], value) for name, value in request.query]
    return list(_lost_query(context, given, sent))


def _lost_query(
    context: StepContext, given: list[tuple[str, str]], sent: list[tuple[str, str]]
) -> Iterator[Finding]:
    for name, value in given:
        have = [text for key, text in sent if key == name]
        if value not in have and value not in ",".join(have).split(","):
            yield finding(
                QUERY_COMPLETE,
                f"The caller gave {name}={value}; the query has "
                f"{show(have) if have else 'no such member'}.",
                pointer=f"/requests/0/query/{name}",
                expected=value,
                actual=have,
                step=context.index,
            )


_MEDIA = {"json": "application/json", "multipart": "multipart/form-data"}


@rule_check(CONTENT_TYPE)
def _content_type(context: StepContext) -> Iterable[Finding] | None:
    request = seen(context).first_request
    wanted = _MEDIA.get(context.operation.body)
    if request is None or wanted is None:
        return None
    sent = request.header("content-type") or ""
    media = sent.split(";")[0].strip().lower()
    if media == wanted and (wanted != "multipart/form-data" or "boundary=" in sent):
        return ()
    return (
        finding(
            CONTENT_TYPE,
            f"The content type is {sent or 'missing'}; {context.operation.id} takes {wanted}.",
            pointer="/requests/0/headers/content-type",
            expected=wanted,
            actual=sent,
            step=context.index,
        ),
    )


@rule_check(CALLER_HEADERS)
def _caller_headers(context: StepContext) -> Iterable[Finding] | None:
    given = {**dict(context.client.headers), **dict(context.call.options.headers)}
    request = seen(context).first_request
    if request is None or not given:
        return None
    return [
        finding(
            CALLER_HEADERS,
            f"The caller set the header {name}: {value}; the request carries "
            f"{show(request.header(name)) if request.header(name) is not None else 'no such header'}.",
            pointer=f"/requests/0/headers/{name.lower()}",
            expected=value,
            actual=request.header(name),
            step=context.index,
        )
        for name, value in given.items()
        if request.header(name) != value
    ]
