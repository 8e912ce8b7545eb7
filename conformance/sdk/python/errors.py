"""What a caller of the Python ``openai`` package can learn from an exception."""

from __future__ import annotations

from types import TracebackType
from typing import Any

KINDS = {
    "BadRequestError": "bad_request",
    "AuthenticationError": "authentication",
    "PermissionDeniedError": "permission_denied",
    "NotFoundError": "not_found",
    "ConflictError": "conflict",
    "UnprocessableEntityError": "unprocessable",
    "RateLimitError": "rate_limit",
    "InternalServerError": "internal_server",
    "APIStatusError": "status",
    "APITimeoutError": "timeout",
    "APIConnectionError": "connection",
    "APIResponseValidationError": "decode",
    "APIError": "stream",
}
"""Class of the SDK to error kind; of an exception's classes the nearest one counts. A bare APIError
only ever comes out of a stream."""

_TRANSPORTS = frozenset({"httpx", "httpx2", "httpcore", "httpcore2"})
# Functions of the SDK that handle an answer: nothing public tells whether one had come.
_AFTER_RESPONSE = frozenset({"_process_response", "__stream__"})


def describe(error: BaseException) -> dict[str, Any]:
    """``error`` as a dict of :class:`conformance.wire.protocol.SdkError`."""
    body = getattr(error, "body", None)
    response = getattr(error, "response", None)
    return {
        "type": type(error).__name__,
        "bases": [base.__name__ for base in type(error).__mro__[1:] if _root(base) == "openai"],
        "kind": kind_of(error),
        "status": getattr(error, "status_code", None),
        "code": getattr(error, "code", None),
        "param": getattr(error, "param", None),
        "error_type": getattr(error, "type", None),
        "request_id": getattr(error, "request_id", None),
        "body": body,
        "content_filter": content_filter(body),
        "headers": _header_pairs(response),
        "message": str(getattr(error, "message", None) or error),
    }


def _header_pairs(response: Any) -> list[list[str]]:
    """Name and value of every header, in order; none without a response."""
    headers: Any = getattr(response, "headers", None)
    if not hasattr(headers, "multi_items"):
        return []
    return [list(pair) for pair in headers.multi_items()]


def kind_of(error: BaseException) -> str:
    """The kind of ``error``: by its class of the SDK, else by whether an answer had come when it
    was raised."""
    for base in type(error).__mro__:
        if base.__name__ in KINDS and _root(base) == "openai":
            return KINDS[base.__name__]
    if _root(type(error)) in _TRANSPORTS:
        return "transport"
    is_about_values = isinstance(error, (ValueError, TypeError))
    if _after_response(error.__traceback__):
        if is_about_values:
            return "decode"
        return "other"
    if is_about_values or any(_root(base) == "openai" for base in type(error).__mro__):
        return "configuration"
    return "other"


def content_filter(body: Any) -> Any:
    """The result of the content filter in an error body, under any of its documented names; None
    when there is none."""
    if not isinstance(body, dict):
        return None
    for holder in (body.get("innererror"), body.get("inner_error"), body):
        if isinstance(holder, dict):
            for name in ("content_filter_result", "content_filter_results"):
                if name in holder:
                    return holder[name]
    return None


def _root(kind: type) -> str:
    """The package that defines ``kind``."""
    return kind.__module__.split(".", 1)[0]


def _after_response(trace: TracebackType | None) -> bool:
    """Whether ``trace`` runs through the SDK's handling of an answer."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name in _AFTER_RESPONSE and "openai" in code.co_filename:
            return True
        trace = trace.tb_next
    return False
