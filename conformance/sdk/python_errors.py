"""What a caller of the Python ``openai`` package can learn from an exception. Standard library
only, as the driver."""

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
"""SDK class to error kind; the nearest ancestor decides. A bare APIError only ever comes out of a
stream."""

_TRANSPORTS = frozenset({"httpx", "httpx2", "httpcore", "httpcore2"})
_AFTER_RESPONSE = frozenset({"_process_response", "__stream__"})


def describe(error: BaseException) -> dict[str, Any]:
    """``error`` as a dict of :class:`conformance.wire.protocol.SdkError`."""
    body = getattr(error, "body", None)
    response = getattr(error, "response", None)
    headers: Any = getattr(response, "headers", None)
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
        "headers": [list(pair) for pair in headers.multi_items()]
        if hasattr(headers, "multi_items")
        else [],
        "message": str(getattr(error, "message", None) or error),
    }


def kind_of(error: BaseException) -> str:
    """The kind of ``error``: by openai class, else by whether anything had come back when it was
    raised."""
    for base in type(error).__mro__:
        if base.__name__ in KINDS and _root(base) == "openai":
            return KINDS[base.__name__]
    if _root(type(error)) in _TRANSPORTS:
        return "transport"
    if _after_response(error.__traceback__):
        return "decode" if isinstance(error, (ValueError, TypeError)) else "other"
    if isinstance(error, (ValueError, TypeError)) or any(
        _root(base) == "openai" for base in type(error).__mro__
    ):
        return "configuration"
    return "other"


def content_filter(body: Any) -> Any:
    """The filter's detail in an error body, under either of its documented spellings, or None."""
    if not isinstance(body, dict):
        return None
    for holder in (body.get("innererror"), body.get("inner_error"), body):
        if isinstance(holder, dict):
            for name in ("content_filter_result", "content_filter_results"):
                if name in holder:
                    return holder[name]
    return None


def _root(kind: type) -> str:
    return kind.__module__.split(".", 1)[0]


def _after_response(trace: TracebackType | None) -> bool:
    """Whether ``trace`` runs through the SDK's handling of an answer: nothing public tells before
    from after."""
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_name in _AFTER_RESPONSE and "openai" in code.co_filename:
            return True
        trace = trace.tb_next
    return False
