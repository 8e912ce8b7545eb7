"""What the harness asks of an SDK, and what it hears back: the values of adapter protocol 1
(docs/adapters.md).

The same values serve the in-process Python driver and every adapter process. On the way to a
process they are JSON, whose form ``conformance.sdk.messages`` alone knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import urlsplit

from conformance.wire.vocabulary import Surface


class ErrorKind(StrEnum):
    """SDK error classes under one name each, so that one scenario fits all SDKs."""

    BAD_REQUEST = "bad_request"
    AUTHENTICATION = "authentication"
    PERMISSION_DENIED = "permission_denied"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    UNPROCESSABLE = "unprocessable"
    RATE_LIMIT = "rate_limit"
    INTERNAL_SERVER = "internal_server"
    STATUS = "status"
    CONNECTION = "connection"
    TIMEOUT = "timeout"
    STREAM = "stream"
    DECODE = "decode"
    CONFIGURATION = "configuration"
    TRANSPORT = "transport"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Auth:
    """How the client authenticates.

    ``api_key``: ``key`` is used. ``token``: a static Entra token. ``token_provider``: a callable
    that answers ``tokens`` one after the other, the last one for ever. ``credential``: a real Entra
    credential object (client secret flow) whose token endpoint is served by the case. ``none``:
    nothing is configured.
    """

    kind: Literal["api_key", "token", "token_provider", "credential", "none"] = "api_key"
    key: str = ""
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClientConfig:
    """The client to build. ``api`` is ``azure`` (api-version in the query) or ``v1``
    (``/openai/v1/`` base URL).

    ``max_retries`` and ``timeout`` (seconds) None mean: leave the SDK's default. ``deployment`` is
    a client-level deployment, None when each call names its own. ``environment`` is set while the
    client is built and used; every variable an SDK reads by itself is removed first
    (facts/sdks#environment).
    """

    endpoint: str
    api: Literal["azure", "v1"]
    api_version: str
    auth: Auth = field(default_factory=Auth)
    max_retries: int | None = None
    timeout: float | None = None
    deployment: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    surface: Surface = Surface.SYNC

    @property
    def host(self) -> str:
        """Host and port of the endpoint; empty where the endpoint is no URL."""
        return urlsplit(self.endpoint).netloc


@dataclass(frozen=True, slots=True)
class CallOptions:
    """Per-request overrides, by the SDK's own documented means. None: not overridden."""

    max_retries: int | None = None
    timeout: float | None = None
    headers: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """How a stream is consumed: ``all`` events, or ``first`` so many and then closed by the
    caller."""

    consume: Literal["all", "first"] = "all"
    count: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One operation to perform. ``arguments`` are REST-shaped JSON; a file is ``{"$file": {"name":
    ..., "content_type": ..., "base64": ...}}``. ``stream`` is None for a plain call."""

    operation: str
    arguments: dict[str, Any]
    options: CallOptions = field(default_factory=CallOptions)
    stream: StreamPlan | None = None


@dataclass(frozen=True, slots=True)
class SdkError:
    """An error as the SDK's caller meets it.

    ``type`` is the SDK's own class name, ``bases`` its public ancestors nearest first. ``code``,
    ``param`` and ``error_type`` are read from the SDK's typed accessors, ``body`` is what it keeps
    of the response body, and ``headers`` the response headers it lets a caller reach.
    ``content_filter`` is what a caller can reach of the filter's detail. Members the SDK has no
    accessor for are None.
    """

    type: str
    kind: ErrorKind
    message: str = ""
    bases: tuple[str, ...] = ()
    status: int | None = None
    code: Any = None
    param: Any = None
    error_type: Any = None
    request_id: str | None = None
    body: Any = None
    content_filter: Any = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the caller got.

    ``result`` is the SDK's own serialisation (the last chunk of a stream is not special: see
    ``chunks``); ``view`` is read through the SDK's typed accessors, with the member names of
    ``schemas/views``. ``token_calls`` counts how often the token provider was called,
    ``clean_close`` whether a stream ended by itself. ``status`` "crash" means the driver itself
    failed; ``reason`` then holds why.
    """

    status: Literal["ok", "error", "unsupported", "crash"]
    result: Any = None
    view: dict[str, Any] | None = None
    chunks: tuple[Any, ...] | None = None
    request_id: str | None = None
    error: SdkError | None = None
    reason: str = ""
    token_calls: int | None = None
