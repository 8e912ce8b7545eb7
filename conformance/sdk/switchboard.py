"""Connects every HTTP library of this process to the running case of the in-process lane.

vcrpy's patches stand below the SDK's own client and its own default transport. They are entered
once for the lane, not once a case (docs/decisions.md): vcrpy is handed an object shaped like a
cassette that asks for the running case, which is a context variable. Around the ``handle_request``
that vcrpy patches stands one thin layer of the harness's, for what a cassette cannot express:
headers spelled as they were sent, bodies in pieces, and the transport's own exceptions for faults.

While the patches are entered, nothing waits (the sleeps of openai and azure-core go to the case's
clock), the jitter of backoff is reproducible, all clients share one SSL context, and a socket that
would leave the process fails. Leaving restores every attribute exactly.
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
from collections.abc import Iterable, Iterator
from typing import Any
from unittest import mock

from conformance.errors import EnvironmentFault
from conformance.sdk.running import running_case
from conformance.sdk.transport import Answers, HttpxLayer
from conformance.wire.clock import WALL_EPOCH

_HTTPX_LIKE = ("httpx", "httpx2")
_IN_MEMORY = ("MockTransport", "WSGITransport", "ASGITransport")
_AZURE_SLEEPER = "azure.core.pipeline.transport._base"


class Switchboard:
    """All patches together. Those of azure-core come with ``cover_azure`` alone, because importing
    it takes long."""

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
        """Undo every patch. The switchboard can be connected again."""
        self._azure = False
        self._stack.close()

    def cover_azure(self) -> None:
        """Send the sleeps of azure-core's retries to the running case too.

        Those of its synchronous transports suffice: the driver uses the synchronous credential on
        both surfaces.
        """
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
        # lift a block that somebody else (--block-network) has set up. Its guards in patches of
        # the harness's restore what was there.
        from pytest_recording.network import make_network_guard, make_socketpair_guard

        self._patch(socket.socket, "connect", make_network_guard(socket.socket.connect))
        self._patch(socket.socket, "connect_ex", make_network_guard(socket.socket.connect_ex))
        self._patch(socket, "socketpair", make_socketpair_guard(socket.socketpair))

    def _route_requests(self) -> None:
        import vcr.patch

        modules = _installed(_HTTPX_LIKE)
        layers = {name: HttpxLayer(module) for name, module in modules.items()}
        in_memory = {getattr(module, name) for module in modules.values() for name in _IN_MEMORY}
        others = [name for name in vcr.patch.PATCHER_NAMES if name not in _HTTPX_LIKE]
        routes: list[tuple[list[str], HttpxLayer | None]] = [
            ([name], layer) for name, layer in layers.items()
        ]
        routes.append((others, None))
        for patched, layer in routes:
            skipped = tuple(name for name in vcr.patch.PATCHER_NAMES if name not in patched)
            answers = Answers(skipped, layer)
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
        for module in _installed(f"{name}._transports.default" for name in _HTTPX_LIKE).values():
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


def _installed(names: Iterable[str]) -> dict[str, Any]:
    """Those modules of ``names`` that are installed, by name."""
    modules = {name: _optional(name) for name in names}
    return {name: module for name, module in modules.items() if module is not None}


def _optional(name: str) -> Any:
    """The module ``name``; None when it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_SSL_CONTEXTS: dict[tuple[Any, ...], Any] = {}


def _shared(factory: Any) -> Any:
    """``factory``, but the default context is made once: making it takes nearly all of the 20 ms
    that building a client takes."""

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
    """A module as one other module sees it: some functions are replaced, the rest is looked up in
    the original. Everybody else still sees the original."""

    def __init__(self, original: Any, **replaced: Any) -> None:
        self._original = original
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


def _sleep(seconds: float) -> None:
    """``time.sleep``, but on the clock of the running case where there is one."""
    case = running_case()
    if case is None:
        time.sleep(seconds)
    else:
        case.clock.sleep(seconds)


def _sleep_async(original: Any) -> Any:
    """``anyio.sleep``, but on the clock of the running case where there is one."""

    @functools.wraps(original)
    async def sleep(delay: float, *args: Any) -> Any:
        case = running_case()
        if case is None:
            return await original(delay, *args)
        case.clock.sleep(delay)
        return await asyncio.sleep(0, *args)

    return sleep


def _inline(asyncify: Any) -> Any:
    """``asyncify`` that runs the function here, not in a thread, while a case is running.

    Each asynchronous client asks in a thread for the name of the platform, which is always the same
    and costs a third of a case.
    """

    @functools.wraps(asyncify)
    def inline(function: Any) -> Any:
        threaded = asyncify(function)

        @functools.wraps(function)
        async def called(*args: Any, **keywords: Any) -> Any:
            if running_case() is None:
                return await threaded(*args, **keywords)
            return function(*args, **keywords)

        return called

    return inline


def _wall() -> float:
    """``time.time``, but of the clock of the running case where there is one."""
    case = running_case()
    if case is None:
        return time.time()
    return WALL_EPOCH + case.clock.now()


_global_random = random.random


def _jitter() -> float:
    """``random.random``, but the jitter of the running case where there is one."""
    # openai draws the jitter of backoff from the global generator, in all three major versions.
    # With a generator for each case, no order of cases can change the waits of any.
    case = running_case()
    if case is None:
        return _global_random()
    return case.jitter()


_TIME = _Shadow(time, sleep=_sleep, time=_wall)
