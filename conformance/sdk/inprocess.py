"""The in-process lane: the installed Python SDK, driven in this process and answered by the case's
player.

It is a lane, not a judge: whatever the SDK or the driver does comes back as an
Outcome.
"""

from __future__ import annotations

import asyncio
import contextlib
import platform
import traceback
from collections.abc import Callable, Coroutine, Iterator
from contextvars import copy_context
from importlib import metadata
from types import TracebackType
from typing import Any

from conformance.sdk.lane import Traffic
from conformance.sdk.messages import outcome_of
from conformance.sdk.running import RunningCase
from conformance.sdk.switchboard import Switchboard, switchboard
from conformance.service.player import CasePlayer
from conformance.suite.views import view_name, view_problem
from conformance.wire.clock import VirtualClock
from conformance.wire.player import Player
from conformance.wire.protocol import Call, ClientConfig, Outcome
from conformance.wire.vocabulary import Surface


def installed() -> tuple[str, str]:
    """(version of ``openai``, this Python), without importing openai. ("", ...) when it is not
    installed."""
    runtime = f"python{platform.python_version()}"
    try:
        return metadata.version("openai"), runtime
    except metadata.PackageNotFoundError:
        return "", runtime


class InProcessLane:
    """The lane. A context manager; patches are entered and ``openai`` is imported when the first
    client is opened.

    Cases run one after the other: the environment and the event loop are the process's. ``open``
    raises EnvironmentFault when a package of the lane is missing, and nothing for what the SDK
    does.
    """

    wait_slack = 0.0

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._board: Switchboard | None = None
        self._runner: asyncio.Runner | None = None

    def __enter__(self) -> InProcessLane:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the lane's event loop and restore every patch. The lane may be used again."""
        self._runner = self._board = None
        with _no_running_loop():
            self._stack.close()

    def open(
        self,
        config: ClientConfig,
        player: Player,
        clock: VirtualClock,
        seed: str,
        waits: float = 0.0,  # noqa: ARG002 - its clock is virtual
    ) -> InProcessSession:
        """One client for one case. ``seed`` makes the SDK's jitter reproducible."""
        if self._board is None:
            self._board = self._stack.enter_context(switchboard())
        if config.auth.kind == "credential":
            self._board.cover_azure()
        runner = self._loop() if config.surface == Surface.ASYNC else None
        return InProcessSession(config, RunningCase(player, clock, seed), runner)

    def perform(
        self, config: ClientConfig, call: Call, player: Player, clock: VirtualClock, seed: str
    ) -> Outcome:
        """A client, one call and its end."""
        session = self.open(config, player, clock, seed)
        try:
            return session.call(call)
        finally:
            session.close()

    def _loop(self) -> asyncio.Runner:
        # One loop for all cases of the lane: a new one each would cost more than the call.
        if self._runner is None:
            self._runner = self._stack.enter_context(asyncio.Runner())
        return self._runner


class InProcessSession:
    """One client of one case. Nothing here raises; a defect of driver or player is an Outcome with
    status crash."""

    def __init__(
        self, config: ClientConfig, case: RunningCase, runner: asyncio.Runner | None
    ) -> None:
        from conformance.sdk.python import driver as python_driver

        self._driver = python_driver
        self._case = case
        self._runner = runner
        self._handle: python_driver.Handle | None = None
        self._crash: Outcome | None = None
        try:
            with case:
                self._handle = python_driver.build_client(client_dict(config))
        except Exception as error:
            self._crash = _crashed(error)

    def call(self, call: Call) -> Outcome:
        """Perform ``call``. What the player raised, if it did, wins over what the SDK made of
        it."""
        if self._handle is None:
            return self._crash or Outcome("crash", reason="the session is closed")
        try:
            message = self._run(self._driver.perform, self._driver.perform_async, call_dict(call))
        except Exception as error:
            return _crashed(error)
        if self._case.failure is not None:
            return _crashed(self._case.failure)
        outcome = outcome_from_dict(message)
        problem = _view_problem(call, outcome)
        return outcome if problem is None else Outcome("crash", reason=problem)

    def observed(self, player: CasePlayer) -> Traffic:
        """What the player of the case saw of the last call."""
        return Traffic(tuple(player.exchanges), player.waits, tuple(player.side_exchanges))

    def close(self) -> str:
        """Close the client. An SDK that cannot be closed is of no interest to its case."""
        if self._handle is not None:
            with contextlib.suppress(Exception):
                self._run(self._driver.close, self._driver.close_async)
        self._handle = None
        return ""

    def _run(
        self,
        sync: Callable[..., Any],
        asynchronous: Callable[..., Coroutine[Any, Any, Any]],
        *rest: Any,
    ) -> Any:
        with self._case:
            if self._runner is None:
                return sync(self._handle, *rest)
            # In a context made now: the runner's own is from its first use and knows nothing of the
            # running case. Not by Runner.run, which exchanges signal handlers each time: a tenth of
            # a case.
            loop = self._runner.get_loop()
            task = loop.create_task(asynchronous(self._handle, *rest), context=copy_context())
            with _no_running_loop():
                return loop.run_until_complete(task)


@contextlib.contextmanager
def _no_running_loop() -> Iterator[None]:
    """Set a loop that counts as running in this thread aside, so that ours can run.

    Playwright's sync API (pytest-playwright) suspends its loop in a greenlet but leaves it marked
    as running; without this, no async case could run in the same pytest session.
    """
    outer = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)


def _view_problem(call: Call, outcome: Outcome) -> str | None:
    """How the driver's view leaves the vocabulary that every adapter is held to."""
    name = view_name(call.operation, streamed=call.stream is not None)
    if name is None or outcome.view is None:
        return None
    problem = view_problem(name, outcome.view)
    return None if problem is None else f"the view of {call.operation} is not valid: {problem}"


def _crashed(error: Exception) -> Outcome:
    return Outcome("crash", reason=traceback.format_exception_only(error)[-1].strip())


def client_dict(config: ClientConfig) -> dict[str, Any]:
    auth = config.auth
    return {
        "endpoint": config.endpoint,
        "api": config.api,
        "api_version": config.api_version,
        "auth": {"kind": auth.kind, "key": auth.key, "tokens": list(auth.tokens)},
        "max_retries": config.max_retries,
        "timeout": config.timeout,
        "deployment": config.deployment,
        "headers": config.headers,
        "environment": config.environment,
        "surface": str(config.surface),
    }


def call_dict(call: Call) -> dict[str, Any]:
    """``call`` as the driver takes it. Arguments are handed over as they are: the driver does not
    change them."""
    options, stream = call.options, call.stream
    return {
        "operation": call.operation,
        "arguments": call.arguments,
        "options": {
            "max_retries": options.max_retries,
            "timeout": options.timeout,
            "headers": options.headers,
            "query": options.query,
        },
        "stream": None if stream is None else {"consume": stream.consume, "count": stream.count},
    }


def outcome_from_dict(message: dict[str, Any]) -> Outcome:
    """The Outcome the driver's ``message`` stands for."""
    return outcome_of(message, "status")
