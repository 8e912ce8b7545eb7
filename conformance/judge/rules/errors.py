"""Rules about errors as the SDK's caller meets them.

Contract traits: ``errors.kinds`` (status or fault name -> kind, over the table here),
``errors.classes`` (kind -> class name or list of names), ``errors.exposes`` (those of code, param,
type, message, headers that the SDK documents).
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any

from conformance.judge.rules.compare import mismatches, plain, same
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, article, docs, expectation, fact, rule
from conformance.judge.rules.step import ObservedStep, as_list
from conformance.suite.scenario.match import ABSENT, show
from conformance.wire.exchange import Fault, Response
from conformance.wire.protocol import ErrorKind, SdkError

_KIND_OF_STATUS = {
    400: ErrorKind.BAD_REQUEST,
    401: ErrorKind.AUTHENTICATION,
    403: ErrorKind.PERMISSION_DENIED,
    404: ErrorKind.NOT_FOUND,
    409: ErrorKind.CONFLICT,
    422: ErrorKind.UNPROCESSABLE,
    429: ErrorKind.RATE_LIMIT,
}
_KIND_OF_FAULT = {
    Fault.CONNECT_REFUSED: ErrorKind.CONNECTION,
    Fault.CONNECTION_RESET: ErrorKind.CONNECTION,
    Fault.CONNECT_TIMEOUT: ErrorKind.TIMEOUT,
    Fault.READ_TIMEOUT: ErrorKind.TIMEOUT,
    Fault.CUT_BODY: ErrorKind.CONNECTION,
}
_NEEDED_HEADERS = ("retry-after", "retry-after-ms", "x-request-id", "apim-request-id")
"""The response headers a caller needs of a refusal."""
_EXPOSED_AS = {
    "code": "code",
    "param": "param",
    "error_type": "type",
    "message": "message",
    "headers": "headers",
}
"""The names in the trait ``errors.exposes`` by the names in a scenario."""
_ESCAPES = re.compile(r"\\[nrt]|[\s\\\"'“”‘’]+")


@dataclass(frozen=True, slots=True)
class MetRefusal:
    """An error the caller met, and the refusal it came of."""

    error: SdkError
    refusal: Response


def _met_refusal(step: ObservedStep) -> MetRefusal | None:
    """The error the caller met where the last response was a refusal."""
    if step.error is None or step.served.refusal is None:
        return None
    return MetRefusal(step.error, step.served.refusal)


def _met_fault(step: ObservedStep) -> tuple[SdkError, Fault] | None:
    """The error the caller met where the last attempt met a fault in place of a response, and the
    fault."""
    last = step.served.last
    if step.error is None or last is None or last.response is not None:
        return None
    if last.fault is None or last.fault not in _KIND_OF_FAULT:
        return None
    return step.error, last.fault


def _exposes(step: ObservedStep, member: str) -> bool:
    """Whether the SDK documents an accessor for this member of an error."""
    trait = step.trait("errors.exposes")
    return not isinstance(trait, list | tuple) or member in trait


def expected_kind(step: ObservedStep, key: int | Fault) -> str:
    """The kind for a status or a fault: the contract's own word first, then the common table."""
    kinds = step.trait("errors.kinds")
    if isinstance(kinds, dict):
        names: list[Any] = [key, str(key)]
        if isinstance(key, int):
            names.append(f"{key // 100}xx")
        for name in names:
            if name in kinds:
                return str(kinds[name])
    if isinstance(key, Fault):
        return _KIND_OF_FAULT[key].value
    if key >= 500:
        return ErrorKind.INTERNAL_SERVER.value
    return _KIND_OF_STATUS.get(key, ErrorKind.STATUS).value


@rule(
    "errors.kind",
    Level.MUST,
    Blame.SDK,
    about=About.ERROR,
    sources=[article("Error handling"), fact("sdks#errors")],
    on=_met_refusal,
)
def kind_is_of_the_status(step: ObservedStep, met: MetRefusal) -> Breaches:
    """The error's kind is the one of the status.

    Callers choose by it between waiting, mending the request and giving up.
    """
    error, status = met.error, met.refusal.status
    expected = expected_kind(step, status)
    if error.kind != expected:
        yield Breach(
            "/error/kind",
            f"Status {status} reached the caller as {error.kind} ({error.type}); expected "
            f"{expected}.",
            expected=expected,
            actual=str(error.kind),
        )


@rule(
    "errors.fault-kind",
    Level.MUST,
    Blame.SDK,
    about=About.ERROR,
    sources=[article("Error handling"), fact("sdks#errors")],
    on=_met_fault,
)
def kind_is_of_the_fault(step: ObservedStep, met: tuple[SdkError, Fault]) -> Breaches:
    """A failed connection is a connection error, a silent service a time-out.

    Callers retry or fail over on these two, not on others.
    """
    error, fault = met
    expected = expected_kind(step, fault)
    if error.kind != expected:
        yield Breach(
            "/error/kind",
            f"The fault {fault} reached the caller as {error.kind} ({error.type}); expected "
            f"{expected}.",
            expected=expected,
            actual=str(error.kind),
        )


def _met_error(step: ObservedStep) -> tuple[SdkError, int | Fault] | None:
    """The error the caller met, and the status or the fault it came of."""
    refused = _met_refusal(step)
    if refused is not None:
        return refused.error, refused.refusal.status
    return _met_fault(step)


@rule(
    "errors.class",
    Level.MUST,
    Blame.SDK,
    about=About.ERROR,
    sources=[article("Error handling"), fact("sdks#errors")],
    on=_met_error,
)
def class_is_the_documented_one(
    step: ObservedStep, met: tuple[SdkError, int | Fault]
) -> Breaches | None:
    """The error is of the class the contract names for the status.

    except and catch clauses name it.
    """
    error, key = met
    classes = step.trait("errors.classes")
    if not isinstance(classes, dict):
        return None
    named = classes.get(expected_kind(step, key))
    allowed = as_list(named)
    if not allowed:
        return None
    if error.type in allowed:
        return ()
    return [
        Breach(
            "/error/type",
            f"The error is a {error.type}; the contract names {' or '.join(map(str, allowed))} for "
            f"{key}.",
            expected=named,
            actual=error.type,
        )
    ]


@rule(
    "errors.status",
    Level.MUST,
    Blame.SDK,
    about=About.ERROR,
    sources=[article("Error handling")],
    on=_met_refusal,
)
def status_is_of_the_last_response(step: ObservedStep, met: MetRefusal) -> Breaches:
    """The status the error shows is the status of the last response.

    An error that tells of an earlier attempt misleads whoever handles it.
    """
    shown, status = met.error.status, met.refusal.status
    if shown == status:
        return
    earlier = [
        attempt.exchange.response.status
        for attempt in step.attempts[:-1]
        if attempt.exchange.response is not None
    ]
    place = ""
    if shown in earlier:
        place = ", the status of an earlier attempt"
    yield Breach(
        "/error/status",
        f"The error shows status {shown}{place}; the last response was {status}.",
        expected=status,
        actual=shown,
    )


def _error_object(step: ObservedStep) -> dict[str, Any] | None:
    """The ``error`` object of the last response's body, of a refusal the caller met."""
    if _met_refusal(step) is None or not isinstance(step.served.body, dict):
        return None
    error = step.served.body.get("error")
    if not isinstance(error, dict):
        return None
    return error


@rule(
    "errors.members",
    Level.SHOULD,
    Blame.SDK,
    about=About.ERROR,
    sources=[fact("service#errors"), fact("sdks#error-members")],
    on=_error_object,
)
def members_equal_the_bodys(step: ObservedStep, served: dict[str, Any]) -> Breaches:
    """code, param and type of the error equal those of the body's error object.

    A content filter, a missing deployment and a bad key differ only there.
    """
    error = step.error
    assert error is not None  # _error_object has looked
    shown = {"code": error.code, "param": error.param, "type": error.error_type}
    for name, value in shown.items():
        if _exposes(step, name) and not same(served.get(name), value):
            yield Breach(
                f"/error/{name}",
                f"The body's error has {name} {show(served.get(name))}; the caller reads "
                f"{show(value)}.",
                expected=served.get(name),
                actual=value,
            )


def service_message(body: Any) -> str | None:
    """The message of an error body, in its ``error`` object or beside none (facts/service#errors);
    None when it has none."""
    if not isinstance(body, dict):
        return None
    holder = body.get("error")
    if not isinstance(holder, dict):
        holder = body
    message = holder.get("message")
    if not isinstance(message, str) or not message:
        return None
    return message


def _message_to_show(step: ObservedStep) -> str | None:
    """The service's message, of a refusal the caller met, where the SDK documents to show it."""
    if _met_refusal(step) is None or not _exposes(step, "message"):
        return None
    return service_message(step.served.body)


@rule(
    "errors.message",
    Level.SHOULD,
    Blame.SDK,
    about=About.ERROR,
    sources=[fact("sdks#message-format")],
    on=_message_to_show,
)
def message_has_the_services(step: ObservedStep, message: str) -> Breaches:
    """The error's message contains the service's message.

    It says what to do, and it is what gets logged.
    """
    assert step.error is not None  # _message_to_show has looked
    shown = step.error.message
    if message not in shown and _bare(message) not in _bare(shown):
        yield Breach(
            "/error/message",
            f"The service said {show(message)}; the error says {show(shown)}.",
            expected=message,
            actual=shown,
        )


def _bare(text: str) -> str:
    """``text`` without white space, quotes and escapes, which SDKs write in their own way inside a
    message."""
    return _ESCAPES.sub("", text)


def _headers_to_show(step: ObservedStep) -> dict[str, str] | None:
    """The headers a caller needs, of a refusal he met that has any, where the SDK documents to show
    headers."""
    met = _met_refusal(step)
    if met is None or not _exposes(step, "headers"):
        return None
    served = {name: met.refusal.header(name) for name in _NEEDED_HEADERS}
    return {name: value for name, value in served.items() if value is not None} or None


@rule(
    "errors.headers",
    Level.SHOULD,
    Blame.SDK,
    about=About.ERROR,
    sources=[fact("sdks#request-ids"), fact("service#headers")],
    on=_headers_to_show,
)
def headers_reach_the_caller(step: ObservedStep, served: dict[str, str]) -> Breaches:
    """The response headers of a refused call reach the caller.

    retry-after and the request ids are there.
    """
    assert step.error is not None  # _headers_to_show has looked
    reached = {name.lower(): value for name, value in step.error.headers}
    for name, value in served.items():
        if reached.get(name) == value:
            continue
        otherwise = ""
        if name in reached:
            otherwise = f" as it is, but as {show(reached[name])}"
        yield Breach(
            f"/error/headers/{name}",
            f"The response header {name}: {value} does not reach the caller{otherwise}.",
            expected=value,
            actual=reached.get(name),
        )


def _expected_error(step: ObservedStep) -> dict[str, Any] | None:
    """What the scenario says of the error, of a step in which the caller met one."""
    if step.error is None:
        return None
    return step.expect.error or None


@expectation("expect.error", Blame.SDK, about=About.OUTCOME, on=_expected_error)
def error_is_as_expected(step: ObservedStep, expected: dict[str, Any]) -> Breaches:
    """The error is as the scenario says.

    The scenario names what its sources document.
    """
    assert step.error is not None  # _expected_error has looked
    visible = {name: value for name, value in expected.items() if not _hidden(step, name)}
    return mismatches(visible, error_as_json(step.error), "/error")


def _hidden(step: ObservedStep, member: str) -> bool:
    """Whether the contract says that a caller has no accessor for this member of an error."""
    if member == "request_id":
        return step.shows_no_request_id
    return member in _EXPOSED_AS and not _exposes(step, _EXPOSED_AS[member])


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


@rule(
    "result.unexpected-error",
    Level.MUST,
    Blame.SDK,
    about=About.OUTCOME,
    sources=[docs("scenarios#what-can-be-expected")],
    when=lambda step: step.answered and not step.context.expects_error,
)
def a_call_succeeds_that_is_to(step: ObservedStep) -> Breaches:
    """A call that is to succeed succeeds.

    The service answered; the caller got an error.
    """
    error = step.error
    if error is not None:
        yield Breach(
            "/outcome",
            f"The call failed with {error.type} ({error.kind}): {error.message[:300]}",
            expected="ok",
            actual=error.type,
        )
    elif not step.succeeded:
        yield Breach("/outcome", "The call failed without an error.")


@rule(
    "result.unexpected-success",
    Level.MUST,
    Blame.SDK,
    about=About.OUTCOME,
    sources=[docs("scenarios#what-can-be-expected")],
    when=lambda step: step.answered and step.context.expects_error,
)
def a_call_fails_that_is_to(step: ObservedStep) -> Breaches:
    """A call that is to fail fails.

    A failure the caller does not see is worse than the failure.
    """
    if not step.succeeded:
        return
    kind = (step.expect.error or {}).get("kind", ABSENT)
    error = "an error"
    if kind is not ABSENT:
        error = f"an error {show(kind)}"
    yield Breach(
        "/outcome",
        f"The call succeeded; {error} was expected.",
        expected=plain(kind),
        actual="ok",
    )
