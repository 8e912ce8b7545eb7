"""Rules about where a request goes: method, path, query, content type. What it carries is in
:mod:`conformance.judge.rules.request_body`."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, article, docs, fact, rule
from conformance.judge.rules.step import ObservedStep
from conformance.suite.scenario.match import show
from conformance.wire.exchange import Request

_MEDIA_TYPES = {"json": "application/json", "multipart": "multipart/form-data"}
"""Content types by the kind of body an operation takes."""


def _first_request(step: ObservedStep) -> Request | None:
    return step.first_request


@rule(
    "request.method",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[fact("service#operations")],
    on=_first_request,
)
def method_is_the_operations(step: ObservedStep, request: Request) -> Breaches:
    """The request uses the operation's method.

    Another method is another operation, or none.
    """
    method = step.operation.method
    if request.method != method:
        yield Breach(
            "/requests/0/method",
            f"{step.operation.id} was sent as {request.method}, not {method}.",
            expected=method,
            actual=request.method,
        )


@rule(
    "request.route",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[
        fact("service#operations"),
        fact("sdks#urls"),
        article("all client sections"),
    ],
    on=_first_request,
)
def path_is_the_operations(step: ObservedStep, request: Request) -> Breaches | None:
    """The request goes to the operation's path, the deployment percent-encoded, no doubled slash.

    A wrong path reaches another deployment or operation, or answers 404; every SDK builds Azure
    paths itself.
    """
    expected = expected_segments(step)
    if expected is None:
        return None
    path, expected_path = request.path, "/" + "/".join(expected)
    segments = [unquote(part) for part in path.split("/")[1:]]
    # A literal dot segment is removed on the way (RFC 3986 section 5.2.4), and the path climbs out
    # of the deployment.
    unescaped = not path.isascii() or " " in path or "/../" in f"{path}/" or "/./" in f"{path}/"
    if segments == expected and not unescaped:
        return ()
    if segments == expected:
        problem = (
            f"The path {path} carries characters or dot segments that have to be percent-encoded."
        )
    elif "//" in path and [part for part in segments if part] == expected:
        problem = f"The path {path} has a doubled slash; expected {expected_path}."
    else:
        problem = f"The request went to {path}; expected {expected_path}."
    return [Breach("/requests/0/path", problem, expected=expected_path, actual=path)]


def expected_segments(step: ObservedStep) -> list[str] | None:
    """The decoded segments of the path the request must have; None when an argument the path needs
    was not given."""
    operation, client = step.operation, step.client
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
        value = step.call.arguments.get(name)
        if name == "deployment":
            # Which of two names wins: facts/sdks#deployment-name.
            value = client.deployment or step.call.arguments.get("model")
        if not isinstance(value, str) or not value:
            return None
        segments.append(value)
    return segments


@rule(
    "request.api-version",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[fact("service#operations"), fact("sdks#api-version")],
    on=_first_request,
)
def api_version_is_the_configured_one(step: ObservedStep, request: Request) -> Breaches:
    """A dated route carries exactly one api-version, the configured one; the v1 route none.

    Without it, or with another, Azure answers 404 or serves another contract; on v1 it is optional
    and not the caller's wish.
    """
    sent = [value for name, value in request.query if name == "api-version"]
    expected = [value for name, value in step.call.options.query if name == "api-version"]
    if not expected and step.client.api == "azure":
        expected = [step.client.api_version]
    if sent != expected:
        yield Breach(
            "/requests/0/query/api-version",
            f"The query carries api-version {_listed(sent)}; expected {_listed(expected)}.",
            expected=expected,
            actual=sent,
        )


def _listed(values: list[str]) -> str:
    return " and ".join(values) or "nothing"


def _query_of_caller(step: ObservedStep) -> list[tuple[str, str]]:
    """What the caller put in the query: options, and the arguments of an operation without a
    body."""
    pairs = [(name, value) for name, value in step.call.options.query if name != "api-version"]
    if step.operation.body == "none" and step.operation.method == "GET":
        for name, value in step.call.arguments.items():
            if name in step.path_arguments or value is None:
                continue
            values = value
            if not isinstance(value, list):
                values = [value]
            pairs.extend((name, _query_text(item)) for item in values)
    return pairs


def _query_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


@rule(
    "request.query-unasked",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[docs("scenarios#what-can-be-expected")],
    on=_first_request,
)
def query_has_only_what_the_caller_asked_for(step: ObservedStep, request: Request) -> Breaches:
    """No query member is sent that the caller did not ask for.

    A gateway or a signature may refuse it, and the caller cannot know of it.
    """
    allowed = {name for name, _ in _query_of_caller(step)} | {"api-version"}
    for name, value in request.query:
        if name.split("[")[0] not in allowed:
            yield Breach(
                f"/requests/0/query/{name}",
                f"The query member {name}={value} was sent although the caller did not ask for it.",
                actual=value,
            )


@rule(
    "request.query-complete",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[docs("scenarios#what-can-be-expected")],
    when=lambda step: step.first_request is not None and bool(_query_of_caller(step)),
    on=_first_request,
)
def query_has_all_the_caller_gave(step: ObservedStep, request: Request) -> Breaches:
    """Every query member the caller gave reaches the wire with its value.

    A lost limit or cursor silently answers another question.
    """
    sent = [(name.split("[")[0], value) for name, value in request.query]
    for name, value in _query_of_caller(step):
        have = [text for key, text in sent if key == name]
        if value in have or value in ",".join(have).split(","):
            continue
        query = "no such member"
        if have:
            query = show(have)
        yield Breach(
            f"/requests/0/query/{name}",
            f"The caller gave {name}={value}; the query has {query}.",
            expected=value,
            actual=have,
        )


@rule(
    "request.content-type",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[fact("service#operations")],
    when=lambda step: step.operation.body in _MEDIA_TYPES,
    on=_first_request,
)
def content_type_fits_the_body(step: ObservedStep, request: Request) -> Breaches:
    """The content type fits the kind of body the operation takes.

    The service chooses its parser by it.
    """
    expected = _MEDIA_TYPES[step.operation.body]
    sent = request.header("content-type") or ""
    media_type = sent.split(";")[0].strip().lower()
    lacks_boundary = expected == "multipart/form-data" and "boundary=" not in sent
    if media_type != expected or lacks_boundary:
        yield Breach(
            "/requests/0/headers/content-type",
            f"The content type is {sent or 'missing'}; {step.operation.id} takes {expected}.",
            expected=expected,
            actual=sent,
        )


def _headers_of_caller(step: ObservedStep) -> dict[str, str] | None:
    """The headers the caller set, those of the call over those of the client; None: no request was
    sent, or no header was set."""
    if step.first_request is None:
        return None
    return {**dict(step.client.headers), **dict(step.call.options.headers)} or None


@rule(
    "request.caller-headers",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[fact("sdks#call-headers")],
    on=_headers_of_caller,
)
def caller_headers_are_sent(step: ObservedStep, headers: dict[str, str]) -> Breaches:
    """Every header the caller asked for reaches the wire with its value.

    Tracing and gateway routing rest on them.
    """
    assert step.first_request is not None  # _headers_of_caller has looked
    for name, value in headers.items():
        sent = step.first_request.header(name)
        if sent == value:
            continue
        carried = "no such header"
        if sent is not None:
            carried = show(sent)
        yield Breach(
            f"/requests/0/headers/{name.lower()}",
            f"The caller set the header {name}: {value}; the request carries {carried}.",
            expected=value,
            actual=sent,
        )
