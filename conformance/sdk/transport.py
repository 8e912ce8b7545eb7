"""How a reply enters an HTTP library: through vcrpy (:class:`Answers`), and through the layer of
the harness's around it (:class:`HttpxLayer`)."""

from __future__ import annotations

import functools
import http.client
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from http import HTTPStatus
from itertools import zip_longest
from typing import Any

from conformance.sdk.running import RunningCase, case_for
from conformance.wire.exchange import Fault, Headers, Reply, Request, Response

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_BROKEN_CHUNK = frozenset({Fault.BAD_CHUNK, Fault.SHORT_CHUNK})
_MID_BODY = frozenset({Fault.CUT_BODY, Fault.STALL_BODY, Fault.CONNECTION_RESET}) | _BROKEN_CHUNK
"""Faults that can strike after the response has begun."""
_NO_HEADERS: dict[str, str] = {}


class _Passage:
    """One request on its way through a transport.

    vcrpy's stub takes it for the request; a context variable leads back from there to here. It
    shows vcrpy no headers, because vcrpy would fold repeated ones and their case away, and takes as
    long over that as over everything else.
    """

    __slots__ = ("case", "headers", "method", "reply", "request", "stream", "url")

    def __init__(self, request: Any) -> None:
        self.request = request
        self.method = request.method
        self.url = request.url
        self.headers = _NO_HEADERS
        self.stream = request.stream
        self.case: RunningCase | None = None
        self.reply: Reply | None = None

    def headers_as_sent(self) -> Headers:
        return tuple(
            (name.decode("ascii"), value.decode("latin-1"))
            for name, value in self.request.headers.raw
        )

    def timeout(self, phase: str) -> float:
        """Seconds for which the client waits in ``phase``; 0 when it has no limit."""
        return (self.request.extensions.get("timeout") or {}).get(phase) or 0.0

    def wait(self, seconds: float, fault: Fault) -> bool:
        """Let the service be silent for ``seconds``; whether the client waited so long.

        When it does not, it leaves, and its request met ``fault``.
        """
        case, limit = self.case, self.timeout("read")
        if case is None or seconds <= 0.0:
            return True
        if not 0.0 < limit < seconds:
            case.clock.advance(seconds)
            return True
        case.left(fault)
        return False


_PASSAGE: ContextVar[_Passage | None] = ContextVar("conformance_passage", default=None)


class Answers:
    """What vcrpy takes for a cassette: it plays everything, records nothing, and lets no request
    through."""

    custom_patches: tuple[Any, ...] = ()
    write_protected = True
    _path = "Conformance"  # vcrpy names its connection classes after it

    def __init__(
        self,
        skip_patchers: tuple[str, ...],
        layer: HttpxLayer | None,
    ) -> None:
        self.skip_patchers = skip_patchers
        self._layer = layer

    def can_play_response_for(self, request: Any) -> bool:  # noqa: ARG002 - vcrpy's interface
        """Always: what cannot be answered is for the player to say."""
        return True

    def filter_request(self, request: Any) -> Any:
        """``request`` as it is."""
        return request

    def play_response(self, request: Any) -> dict[str, Any]:
        """The running case's answer in vcrpy's form. A fault that comes before any response is
        raised as the library would."""
        case = case_for(request.method, request.uri)
        passage = None
        if self._layer is not None:
            passage = _PASSAGE.get()
        if self._layer is None or passage is None:
            headers = _plain_headers(request.headers)
            reply = case.answer(_as_sent(request, headers))
            if reply.fault is not None:
                raise _socket_error(reply)
        else:
            reply = case.answer(_as_sent(request, passage.headers_as_sent()))
            passage.case, passage.reply = case, reply
            if not passage.wait(reply.delivery.delay, Fault.READ_TIMEOUT):
                raise self._layer.exception(Reply(fault=Fault.READ_TIMEOUT), passage)
            strikes_now = reply.response is None or reply.fault not in _MID_BODY
            if reply.fault is not None and strikes_now:
                raise self._layer.exception(reply, passage)
        if reply.response is None:
            raise ValueError("a reply needs a response or a fault")
        return _vcr_response(reply.response)


def _as_sent(request: Any, headers: Headers) -> Request:
    """The request that vcrpy's ``request`` stands for, with ``headers``."""
    return Request(request.method, request.uri, headers, _plain_body(request.body))


def _plain_headers(headers: Any) -> Headers:
    return tuple((str(name), _text(value)) for name, value in headers.items())


def _text(value: Any) -> str:
    """The value of a header as text, whichever type the library gives it."""
    if isinstance(value, (tuple, list)):
        return ", ".join(map(_text, value))
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return str(value)


def _plain_body(body: Any) -> bytes:
    """All of a body: bytes, text, a file, or pieces of bytes."""
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return bytes(body.read())
    return b"".join(body)


def _vcr_response(response: Response) -> dict[str, Any]:
    headers: dict[str, list[str]] = {}
    for name, value in response.headers:
        headers.setdefault(name, []).append(value)
    return {
        "status": {"code": response.status, "message": _PHRASES.get(response.status, "")},
        "headers": headers,
        "body": {"string": response.body},
    }


def _socket_error(reply: Reply) -> Exception:
    """The fault as the socket below urllib3 and requests (azure-identity uses them) would raise it.
    They wrap it in exceptions of their own."""
    match reply.fault:
        case Fault.CONNECT_REFUSED:
            return ConnectionRefusedError(111, "Connection refused")
        case Fault.CONNECT_TIMEOUT | Fault.READ_TIMEOUT | Fault.STALL_BODY:
            return TimeoutError("timed out")
        case Fault.CUT_BODY:
            body = b""
            if reply.response is not None:
                body = reply.response.body
            return http.client.IncompleteRead(body)
        case _:
            return ConnectionResetError(104, "Connection reset by peer")


class HttpxLayer:
    """What stands around the transport that vcrpy patches. ``module`` is ``httpx`` or ``httpx2``,
    whichever has the transport."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._pieces = _pieces_class(module)

    def wrap(self, handle_request: Any) -> Any:
        """``handle_request``, but the player sees headers as they were sent, and the client gets
        bodies in pieces and faults."""

        @functools.wraps(handle_request)
        def answered(transport: Any, request: Any) -> Any:
            passage = _Passage(request)
            token = _PASSAGE.set(passage)
            try:
                response = handle_request(transport, passage)
            finally:
                _PASSAGE.reset(token)
                request.stream = passage.stream
            return self._dress(response, passage)

        return answered

    def wrap_async(self, handle_request: Any) -> Any:
        """The same for the asynchronous transport."""

        @functools.wraps(handle_request)
        async def answered(transport: Any, request: Any) -> Any:
            passage = _Passage(request)
            token = _PASSAGE.set(passage)
            try:
                response = await handle_request(transport, passage)
            finally:
                _PASSAGE.reset(token)
                request.stream = passage.stream
            return self._dress(response, passage)

        return answered

    def _dress(self, response: Any, passage: _Passage) -> Any:
        reply = passage.reply
        if reply is None or reply.response is None:
            return response
        served = reply.response
        if reply.fault or served.chunks or served.pauses or reply.delivery.linger:
            response.stream = self._pieces(reply, passage, self.exception)
        return response

    def exception(self, reply: Reply, passage: _Passage) -> Exception:
        """The transport's own exception for ``reply.fault``. A timeout also takes its time on the
        case's clock."""
        module, fault, response = self._module, reply.fault, reply.response
        match fault:
            case Fault.CONNECT_REFUSED:
                error = module.ConnectError("[Errno 111] Connection refused")
            case Fault.CONNECT_TIMEOUT:
                _spend(passage, "connect")
                error = module.ConnectTimeout("timed out")
            case Fault.READ_TIMEOUT | Fault.STALL_BODY:
                _spend(passage, "read")
                error = module.ReadTimeout("The read operation timed out")
            case Fault.CUT_BODY | Fault.SHORT_CHUNK:
                error = module.RemoteProtocolError(_cut_message(response))
            case Fault.BAD_CHUNK:
                error = module.RemoteProtocolError(
                    "illegal chunk header: bytearray(b'XYZ not a size\\r\\n')"
                )
            case _:
                error = module.ReadError("[Errno 104] Connection reset by peer")
        assert isinstance(error, Exception)
        return error


def _spend(passage: _Passage, phase: str) -> None:
    if passage.case is not None:
        passage.case.clock.advance(passage.timeout(phase))


def _cut_message(response: Response | None) -> str:
    """What h11 says of a body that ends early, by how its length was announced."""
    if response is None:
        return "Server disconnected without sending a response."
    promised = response.header("content-length")
    how = "incomplete chunked read"
    if promised:
        how = f"received {len(response.body)} bytes, expected {promised}"
    return f"peer closed connection without sending complete message body ({how})"


def _pieces_class(module: Any) -> Any:
    """A class of byte streams of ``module``, for both surfaces: the pieces of a body, and then its
    fault where it has one."""

    class Pieces(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[misc]
        def __init__(
            self, reply: Reply, passage: _Passage, exception: Callable[[Reply, _Passage], Exception]
        ) -> None:
            self._reply = reply
            self._passage = passage
            self._exception = exception

        def __iter__(self) -> Iterator[bytes]:
            reply, response = self._reply, self._reply.response
            assert response is not None  # only a response is dressed
            start = 0
            for stop, pause in zip_longest(
                (*response.chunks, len(response.body)), response.pauses, fillvalue=0.0
            ):
                if stop > start:
                    self._wait(pause)
                    yield response.body[start : int(stop)]
                    start = int(stop)
            self._wait(reply.delivery.linger)
            if reply.fault is not None:
                raise self._exception(reply, self._passage)

        def _wait(self, seconds: float) -> None:
            if not self._passage.wait(seconds, Fault.STALL_BODY):
                raise self._exception(Reply(fault=Fault.STALL_BODY), self._passage)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in self:
                yield piece

    return Pieces
