"""Rules about errors as the SDK's caller meets them (sdk-behaviour section 4, wire-contract section
7).

Contract traits: ``errors.kinds`` (status or fault name -> kind, over the table here),
``errors.classes`` (kind -> class name or list of names), ``errors.exposes`` (those of code, param,
type, message, headers that the SDK documents).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from conformance.judge.rules.compare import plain, same
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.expecting import mismatches
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.headers import shows_no_request_id
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import Seen, as_list, seen
from conformance.suite.scenario.match import ABSENT, show
from conformance.wire.exchange import Fault, Response
from conformance.wire.protocol import ErrorKind, SdkError

KIND = Rule(
    "errors.kind",
    "The error's kind is the one of the status",
    Level.MUST,
    Blame.SDK,
    "Callers choose by it between waiting, mending the request and giving up.",
    "article, Error handling; sdk-behaviour section 4",
)
CLASS = Rule(
    "errors.class",
    "The error is of the class the contract names for the status",
    Level.MUST,
    Blame.SDK,
    "except and catch clauses name it.",
    "article, Error handling; sdk-behaviour section 4",
)
STATUS = Rule(
    "errors.status",
    "The status the error shows is the status of the last response",
    Level.MUST,
    Blame.SDK,
    "An error that tells of an earlier attempt misleads whoever handles it.",
    "article, Error handling",
)
MEMBERS = Rule(
    "errors.members",
    "code, param and type of the error equal those of the body's error object",
    Level.SHOULD,
    Blame.SDK,
    "A content filter, a missing deployment and a bad key differ only there.",
    "wire-contract section 7; sdk-behaviour section 4",
)
MESSAGE = Rule(
    "errors.message",
    "The error's message contains the service's message",
    Level.SHOULD,
    Blame.SDK,
    "It says what to do, and it is what gets logged.",
    "sdk-behaviour section 4, message format",
)
HEADERS = Rule(
    "errors.headers",
    "The response headers of a refused call reach the caller",
    Level.SHOULD,
    Blame.SDK,
    "retry-after and the request ids are there.",
    "sdk-behaviour section 5; wire-contract section 8",
)
FAULT_KIND = Rule(
    "errors.fault-kind",
    "A failed connection is a connection error, a silent service a time-out",
    Level.MUST,
    Blame.SDK,
    "Callers retry or fail over on these two, not on others.",
    "article, Error handling; sdk-behaviour section 4",
)
EXPECTED = Rule(
    "expect.error",
    "The error is as the scenario says",
    Level.MUST,
    Blame.SDK,
    "The scenario names what its sources document.",
    "the scenario's own sources",
)
UNEXPECTED_ERROR = Rule(
    "result.unexpected-error",
    "A call that is to succeed succeeds",
    Level.MUST,
    Blame.SDK,
    "The service answered; the caller got an error.",
    "design section 5",
)
UNEXPECTED_SUCCESS = Rule(
    "result.unexpected-success",
    "A call that is to fail fails",
    Level.MUST,
    Blame.SDK,
    "A failure the caller does not see is worse than the failure.",
    "design section 5",
)

_KINDS = {
    400: ErrorKind.BAD_REQUEST,
    401: ErrorKind.AUTHENTICATION,
    403: ErrorKind.PERMISSION_DENIED,
    404: ErrorKind.NOT_FOUND,
    409: ErrorKind.CONFLICT,
    422: ErrorKind.UNPROCESSABLE,
    429: ErrorKind.RATE_LIMIT,
}
_FAULT_KINDS = {
    Fault.CONNECT_REFUSED: ErrorKind.CONNECTION,
    Fault.CONNECTION_RESET: ErrorKind.CONNECTION,
    Fault.CONNECT_TIMEOUT: ErrorKind.TIMEOUT,
    Fault.READ_TIMEOUT: ErrorKind.TIMEOUT,
    Fault.CUT_BODY: ErrorKind.CONNECTION,
}
_TOLD_HEADERS = ("retry-after", "retry-after-ms", "x-request-id", "apim-request-id")
_EXPOSED_AS = {
    "code": "code",
    "param": "param",
    "error_type": "type",
    "message": "message",
    "headers": "headers",
}
_ESCAPES = re.compile(r"\\[nrt]|[\s\\\"'“”‘’]+")


def expected_kind(view: Seen, key: int | Fault) -> str:
    """The kind for a status or a fault: the contract's own word first, then the common table."""
    own = view.trait("errors.kinds")
    if isinstance(own, dict):
        family = f"{key // 100}xx" if isinstance(key, int) else ""
        for name in (key, str(key), family):
            if name in own:
                return str(own[name])
    if isinstance(key, Fault):
        return _FAULT_KINDS[key].value
    return (ErrorKind.INTERNAL_SERVER if key >= 500 else _KINDS.get(key, ErrorKind.STATUS)).value


def _refused(context: StepContext) -> tuple[Seen, SdkError, Response] | None:
    """The step when the last response was a refusal and the caller met an error."""
    view = seen(context)
    error, refusal = view.error, view.refusal
    return None if error is None or refusal is None else (view, error, refusal)


def _failed(context: StepContext) -> tuple[Seen, SdkError, Fault] | None:
    """The step when the last attempt met a fault in place of a response and the caller met an
    error."""
    view = seen(context)
    if view.error is None or view.last is None or view.last.response is not None:
        return None
    return None if view.last.fault not in _FAULT_KINDS else (view, view.error, view.last.fault)


@rule_check(KIND)
def _kind(context: StepContext) -> Iterable[Finding] | None:
    met = _refused(context)
    if met is None:
        return None
    view, error, refusal = met
    wanted = expected_kind(view, refusal.status)
    if error.kind == wanted:
        return ()
    return (
        finding(
            KIND,
            f"Status {refusal.status} reached the caller as {error.kind} ({error.type}); expected "
            f"{wanted}.",
            pointer="/error/kind",
            expected=wanted,
            actual=str(error.kind),
            step=context.index,
        ),
    )


@rule_check(FAULT_KIND)
def _fault_kind(context: StepContext) -> Iterable[Finding] | None:
    met = _failed(context)
    if met is None:
        return None
    view, error, fault = met
    wanted = expected_kind(view, fault)
    if error.kind == wanted:
        return ()
    return (
        finding(
            FAULT_KIND,
            f"The fault {fault} reached the caller as {error.kind} ({error.type}); expected "
            f"{wanted}.",
            pointer="/error/kind",
            expected=wanted,
            actual=str(error.kind),
            step=context.index,
        ),
    )


@rule_check(CLASS)
def _class(context: StepContext) -> Iterable[Finding] | None:
    refused, failed = _refused(context), _failed(context)
    classes = seen(context).trait("errors.classes")
    if not isinstance(classes, dict) or (refused is None and failed is None):
        return None
    view, error, key = (refused[0], refused[1], refused[2].status) if refused else failed  # type: ignore[misc]
    named = classes.get(expected_kind(view, key))
    allowed = as_list(named)
    if not allowed:
        return None
    if error.type in allowed:
        return ()
    return (
        finding(
            CLASS,
            f"The error is a {error.type}; the contract names {' or '.join(map(str, allowed))} for "
            f"{key}.",
            pointer="/error/type",
            expected=named,
            actual=error.type,
            step=context.index,
        ),
    )


@rule_check(STATUS)
def _status(context: StepContext) -> Iterable[Finding] | None:
    met = _refused(context)
    if met is None:
        return None
    view, error, refusal = met
    if error.status == refusal.status:
        return ()
    earlier = [
        a.exchange.response.status for a in view.attempts[:-1] if a.exchange.response is not None
    ]
    place = ", the status of an earlier attempt" if error.status in earlier else ""
    return (
        finding(
            STATUS,
            f"The error shows status {error.status}{place}; the last response was {refusal.status}.",
            pointer="/error/status",
            expected=refusal.status,
            actual=error.status,
            step=context.index,
        ),
    )


def _exposes(view: Seen, member: str) -> bool:
    trait = view.trait("errors.exposes")
    return not isinstance(trait, list | tuple) or member in trait


def _wrapped(view: Seen) -> dict[str, Any] | None:
    """The ``error`` object of the last response's body."""
    error = view.body.get("error") if isinstance(view.body, dict) else None
    return error if isinstance(error, dict) else None


@rule_check(MEMBERS)
def _members(context: StepContext) -> Iterable[Finding] | None:
    met = _refused(context)
    wire = _wrapped(met[0]) if met else None
    if met is None or wire is None:
        return None
    view, error, _ = met
    shown = {"code": error.code, "param": error.param, "type": error.error_type}
    found = []
    for name, value in shown.items():
        wanted = wire.get(name)
        if _exposes(view, name) and not same(wanted, value):
            found.append(
                finding(
                    MEMBERS,
                    f"The body's error has {name} {show(wanted)}; the caller reads {show(value)}.",
                    pointer=f"/error/{name}",
                    expected=wanted,
                    actual=value,
                    step=context.index,
                )
            )
    return found


def service_message(body: Any) -> str | None:
    """The message of an error body, wrapped or not (wire-contract section 7)."""
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    holder = error if isinstance(error, dict) else body
    message = holder.get("message")
    return message if isinstance(message, str) and message else None


@rule_check(MESSAGE)
def _message(context: StepContext) -> Iterable[Finding] | None:
    met = _refused(context)
    wanted = service_message(met[0].body) if met else None
    if met is None or wanted is None or not _exposes(met[0], "message"):
        return None
    error = met[1]
    if wanted in error.message or _bare(wanted) in _bare(error.message):
        return ()
    return (
        finding(
            MESSAGE,
            f"The service said {show(wanted)}; the error says {show(error.message)}.",
            pointer="/error/message",
            expected=wanted,
            actual=error.message,
            step=context.index,
        ),
    )


def _bare(text: str) -> str:
    """``text`` without white space, quotes and escapes, which SDKs write in their own way inside a
    message."""
    return _ESCAPES.sub("", text)


@rule_check(HEADERS)
def _headers(context: StepContext) -> Iterable[Finding] | None:
    met = _refused(context)
    if met is None or not _exposes(met[0], "headers"):
        return None
    _, error, refusal = met
    reached = {name.lower(): value for name, value in error.headers}
    served = {name: value for name in _TOLD_HEADERS if (value := refusal.header(name)) is not None}
    if not served:
        return None
    return [
        finding(
            HEADERS,
            f"The response header {name}: {value} does not reach the caller"
            f"{f' as it is, but as {show(reached[name])}' if name in reached else ''}.",
            pointer=f"/error/headers/{name}",
            expected=value,
            actual=reached.get(name),
            step=context.index,
        )
        for name, value in served.items()
        if reached.get(name) != value
    ]


@rule_check(EXPECTED)
def _expected(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    error = view.error
    if not context.expect.error or error is None:
        return None
    wanted = {
        name: value for name, value in context.expect.error.items() if not _hidden(view, name)
    }
    return mismatches(EXPECTED, context, wanted, error_as_json(error), "/error")


def _hidden(view: Seen, member: str) -> bool:
    """Whether the contract says that a caller has no accessor for this member of an error."""
    if member == "request_id":
        return shows_no_request_id(view)
    name = _EXPOSED_AS.get(member)
    return name is not None and not _exposes(view, name)


def error_as_json(error: SdkError) -> dict[str, Any]:
    """The error under the member names a scenario uses; headers by lower-case name, the first value
    of each."""
    value = asdict(error)
    value["kind"] = str(error.kind)
    value["bases"] = list(error.bases)
    headers: dict[str, str] = {}
    for name, text in error.headers:
        headers.setdefault(name.lower(), text)
    value["headers"] = headers
    return value


@rule_check(UNEXPECTED_ERROR)
def _unexpected_error(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if context.expects_error or not view.answered:
        return None
    error = view.error
    if error is None:
        return (
            ()
            if view.succeeded
            else (
                finding(
                    UNEXPECTED_ERROR,
                    "The call failed without an error.",
                    pointer="/outcome",
                    step=context.index,
                ),
            )
        )
    return (
        finding(
            UNEXPECTED_ERROR,
            f"The call failed with {error.type} ({error.kind}): {error.message[:300]}",
            pointer="/outcome",
            expected="ok",
            actual=error.type,
            step=context.index,
        ),
    )


@rule_check(UNEXPECTED_SUCCESS)
def _unexpected_success(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if not context.expects_error or not view.answered:
        return None
    if not view.succeeded:
        return ()
    wanted = (context.expect.error or {}).get("kind", ABSENT)
    return (
        finding(
            UNEXPECTED_SUCCESS,
            f"The call succeeded; an error {show(wanted) if wanted is not ABSENT else ''} "
            "was expected.".replace("  ", " "),
            pointer="/outcome",
            expected=plain(wanted),
            actual="ok",
            step=context.index,
        ),
    )
