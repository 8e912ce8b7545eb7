"""The in-process lane's exchange: every HTTP library of this process, answered by the player of the
running case.

vcrpy's patches stay under the SDK's own client and its own default transport, but they are entered
once and not once a case (design section 7): vcrpy is handed an object shaped like a cassette that
asks whoever is running now (a context variable). Around its patched ``handle_request`` stands one
thin layer of ours, for what a cassette cannot express: header spelling as sent, bodies in pieces,
and the transport's own exceptions for faults.

While entered, nothing waits (the sleeps of openai and azure-core go to the case's clock), backoff
jitter is reproducible, all clients share one SSL context, and a socket that would leave the process
fails. Leaving restores every attribute exactly.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import os
import random
import socket
import threading
import time
from collections.abc import Iterator
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Any
from unittest import mock

from conformance.errors import EnvironmentFault
from conformance.sdk.transport import Answers, HttpxLayer
from conformance.wire.clock import WALL_EPOCH, VirtualClock
from conformance.wire.exchange import Fault, Reply, Request
from conformance.wire.player import Player

_HTTPX_LIKE = ("httpx", "httpx2")
_IN_MEMORY = ("MockTransport", "WSGITransport", "ASGITransport")
_AZURE_SLEEPER = "azure.core.pipeline.transport._base"


class RunningCase:
    """A context in which requests go to ``player``, sleeps to ``clock``, and jitter comes from
    ``seed``.

    Entered around each use of the SDK; it may be entered many times. ``failure`` is what the player
    raised, if it ever did: SDKs before 3 take any exception of a transport for a connection error,
    so it must be looked at here.
    """

    __slots__ = ("_jitter", "_seed", "_token", "clock", "failure", "player")

    def __init__(self, player: Player, clock: VirtualClock, seed: str) -> None:
        self.player = player
        self.clock = clock
        self.failure: Exception | None = None
        self._seed = seed
        self._jitter: random.Random | None = None
        self._token: Token[RunningCase | None] | None = None

    def __enter__(self) -> RunningCase:
        self._token = _RUNNING.set(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._token is not None:
            _RUNNING.reset(self._token)
            self._token = None

    def answer(self, request: Request) -> Reply:
        try:
            return self.player.answer(request)
        except Exception as error:
            self.failure = error
            raise

    def left(self, fault: Fault) -> None:
        """The client has stopped waiting for the answer: its request met ``fault``."""
        tell = getattr(self.player, "left", None)  # only who keeps a record has a use for it
        if tell is not None:
            tell(fault)

    def jitter(self) -> float:
        """The next of the case's reproducible numbers in [0, 1)."""
        if self._jitter is None:
            self._jitter = random.Random(self._seed)  # noqa: S311 - backoff jitter, not a secret
        return self._jitter.random()


_RUNNING: ContextVar[RunningCase | None] = ContextVar("conformance_running_case", default=None)


def _case_for(method: str, url: str) -> RunningCase:
    case = _RUNNING.get()
    if case is None:
        raise EnvironmentFault(
            "request-outside-case",
            f"{method} {url} was sent while no case was running",
            "send requests of other parts before the in-process lane opens or after it closes",
        )
    return case


class Switchboard:
    """The patches as one thing. ``cover_azure`` adds those of azure-core, which is too slow to
    import unasked."""

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._azure = False

    def connect(self) -> None:
        """Enter every patch. Raises EnvironmentFault when vcrpy or pytest-recording is missing."""
        with contextlib.ExitStack() as undo:
            undo.callback(self.disconnect)
            try:
                self._block_network()
                self._route_requests()
            except ImportError as error:
                raise EnvironmentFault(
                    "missing-package",
                    f"the in-process lane needs {error.name}",
                    "install the package's own dependencies",
                ) from error
            self._share_ssl_context()
            self._shadow_openai()
            undo.pop_all()

    def disconnect(self) -> None:
        """Restore everything; the object can be connected again."""
        self._azure = False
        self._stack.close()

    def cover_azure(self) -> None:
        """Send azure-core's retry sleeps to the running case too: those of its synchronous
        transports, as the driver uses the synchronous credential on both surfaces."""
        if self._azure:
            return
        self._azure = True
        module = _optional(_AZURE_SLEEPER)
        if module is not None:
            self._patch(module, "time", _TIME)

    def _patch(self, target: Any, attribute: str, replacement: Any) -> None:
        self._stack.enter_context(mock.patch.object(target, attribute, replacement))

    def _block_network(self) -> None:
        # pytest-recording's own blocking_context puts back the sockets of import time, which would
        # lift a block that somebody else (--block-network) has set up around us. Its guards on our
        # patches restore what was there.
        from pytest_recording.network import make_network_guard, make_socketpair_guard

        self._patch(socket.socket, "connect", make_network_guard(socket.socket.connect))
        self._patch(socket.socket, "connect_ex", make_network_guard(socket.socket.connect_ex))
        self._patch(socket, "socketpair", make_socketpair_guard(socket.socketpair))

    def _route_requests(self) -> None:
        import vcr.patch

        modules = {name: module for name in _HTTPX_LIKE if (module := _optional(name)) is not None}
        layers = {name: HttpxLayer(module) for name, module in modules.items()}
        others = tuple(name for name in vcr.patch.PATCHER_NAMES if name not in _HTTPX_LIKE)
        in_memory = {getattr(module, name) for module in modules.values() for name in _IN_MEMORY}
        for names, layer in (*(((name,), layers[name]) for name in layers), (others, None)):
            skipped = tuple(name for name in vcr.patch.PATCHER_NAMES if name not in names)
            answers = Answers(skipped, layer, _case_for)
            for patcher in vcr.patch.CassettePatcherBuilder(answers).build():
                # vcrpy also takes over transports that have no network; those may serve whom they
                # like.
                if not (hasattr(patcher, "getter") and patcher.getter() in in_memory):
                    self._stack.enter_context(patcher)
        for name, module in modules.items():
            transport, asynchronous = module.HTTPTransport, module.AsyncHTTPTransport
            self._patch(transport, "handle_request", layers[name].wrap(transport.handle_request))
            self._patch(
                asynchronous,
                "handle_async_request",
                layers[name].wrap_async(asynchronous.handle_async_request),
            )

    def _share_ssl_context(self) -> None:
        for name in _HTTPX_LIKE:
            module = _optional(f"{name}._transports.default")
            if module is not None:
                self._patch(module, "create_ssl_context", _shared(module.create_ssl_context))

    def _shadow_openai(self) -> None:
        module = _optional("openai._base_client")
        if module is not None:
            self._patch(module, "time", _TIME)
            self._patch(
                module, "anyio", _Shadow(module.anyio, sleep=_sleep_async(module.anyio.sleep))
            )
            self._patch(module, "random", _jitter)
            self._patch(module, "asyncify", _inline(module.asyncify))


_LOCK = threading.RLock()
_BOARD = Switchboard()
_depth = 0


@contextlib.contextmanager
def switchboard() -> Iterator[Switchboard]:
    """Keep the process's HTTP libraries connected to the running case. Nested uses share the
    outermost patches."""
    global _depth
    with _LOCK:
        if _depth == 0:
            _BOARD.connect()
        _depth += 1
    try:
        yield _BOARD
    finally:
        with _LOCK:
            _depth -= 1
            if _depth == 0:
                _BOARD.disconnect()


def _optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_SSL_CONTEXTS: dict[tuple[Any, ...], Any] = {}


def _shared(factory: Any) -> Any:
    """``factory`` with its default context made once: the whole 20 ms of building a client (design
    section 7)."""

    @functools.wraps(factory)
    def create_ssl_context(verify: Any = True, cert: Any = None, trust_env: bool = True) -> Any:
        if verify is not True or cert is not None:
            return factory(verify=verify, cert=cert, trust_env=trust_env)
        key = (factory, trust_env, os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR"))
        if key not in _SSL_CONTEXTS:
            _SSL_CONTEXTS[key] = factory(verify=verify, cert=cert, trust_env=trust_env)
        return _SSL_CONTEXTS[key]

    return create_ssl_context


class _Shadow:
    """A module as one other module sees it: some functions replaced, the rest looked up in the
    original."""

    def __init__(self, original: Any, **replaced: Any) -> None:
        self._original = original
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _sleep(seconds: float) -> None:
    case = _RUNNING.get()
    if case is None:
        time.sleep(seconds)
    else:
        case.clock.sleep(seconds)


def _sleep_async(original: Any) -> Any:
    @functools.wraps(original)
    async def sleep(delay: float, *args: Any) -> Any:
        case = _RUNNING.get()
        if case is None:
            return await original(delay, *args)
        case.clock.sleep(delay)
        return await asyncio.sleep(0, *args)

    return sleep


def _inline(asyncify: Any) -> Any:
    """``asyncify`` without its thread. Each asynchronous client asks once for the name of the
    platform in one, which costs a third of a case and gives the same name."""

    @functools.wraps(asyncify)
    def inline(function: Any) -> Any:
        threaded = asyncify(function)

        @functools.wraps(function)
        async def called(*args: Any, **keywords: Any) -> Any:
            return (
                await threaded(*args, **keywords)
                if _RUNNING.get() is None
                else function(*args, **keywords)
            )

        return called

    return inline


def _wall() -> float:
    case = _RUNNING.get()
    return time.time() if case is None else WALL_EPOCH + case.clock.now()


_global_random = random.random


def _jitter() -> float:
    # openai draws backoff jitter from the global generator (R, all three majors); a generator of
    # the case's own leaves that one to everybody else, and no order of cases can shift the waits.
    case = _RUNNING.get()
    return _global_random() if case is None else case.jitter()


_TIME = _Shadow(time, sleep=_sleep, time=_wall)
