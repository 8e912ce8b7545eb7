"""Recording one cassette: its case is run through the peer against the service, and what passed is
sanitised, scanned and written. Nothing is written unless every step went as the scenario says it
goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol
from urllib.parse import urlsplit

from conformance.errors import InputError
from conformance.judge.attribution import refused_as_limitation
from conformance.plan.plan import SERVICE_ENDPOINT, Case
from conformance.record.cassette_write import Entry, Provenance, render, write_cassette
from conformance.record.forwarder import Budget, Forwarder, Patience, Recorded, at_home
from conformance.record.player import RecordingPlayer
from conformance.record.record import Mode, Result, Task
from conformance.run.execute import build_call, client_config
from conformance.sanitize.exchange import Sanitizer
from conformance.sanitize.redactor import Redactor
from conformance.sdk.inprocess import call_dict, client_dict, outcome_from_dict
from conformance.service.emulator import Emulator, EmulatorConfig
from conformance.service.entra import TokenEndpoint
from conformance.service.peer import Execution, PeerServer
from conformance.service.player import CasePlayer
from conformance.service.remote.proxy import Proxy
from conformance.service.remote.upstream import Credentials, Upstream
from conformance.service.script import compile_step
from conformance.suite.cassette import Cassette, CassettePlayback, match_key
from conformance.suite.load import Suite
from conformance.suite.scenario.model import Scenario, Step
from conformance.suite.scenario.variables import UnknownVariable, substitute
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Exchange, Source
from conformance.wire.protocol import Call, ClientConfig, Outcome

_PACE = 10.0
"""Seconds the emulator stays in a state, and that pass with each request: a poll sees the next
state."""


class Session(Protocol):
    """What a lane opens for a case."""

    def call(self, call: Call) -> Outcome: ...

    def close(self) -> Any: ...


Opener = Callable[[Case, ClientConfig, CasePlayer], Session]
"""Opens a session at a listener of its own, for a case of the loopback lane. Others, and all where
there is none, drive the Python SDK of this process."""


@dataclass(frozen=True, slots=True)
class Service:
    """Who is recorded. ``base`` empty: the embedded emulator, a new one for each cassette.
    ``deployments`` are the service's names by the suite's; ``secrets`` are asked for when something
    is about to be written or told; ``showing`` takes what names the service out of what is told."""

    source: Source = Source.EMULATOR
    ref: str = "conformance.service.emulator"
    base: str = ""
    credentials: Credentials = field(default_factory=Credentials)
    deployments: Mapping[str, str] = field(default_factory=dict)
    secrets: Callable[[], tuple[str, ...]] = field(default=tuple, repr=False)
    ca_file: Path | None = None
    proxy: Proxy | None = None
    showing: Callable[[str], str] = field(default=lambda text: text, repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """``recorded``: the date that goes into the cassette. ``times``: keep the times of stream
    chunks, which differ with each recording."""

    recorded: str = ""
    times: bool = False
    patience: Patience = field(default_factory=Patience)


class Recorder:
    """Records task by task, on a peer of its own. A context manager. ``waiting`` hears of every
    wait for the service, in seconds."""

    def __init__(
        self,
        suite: Suite,
        service: Service,
        options: Options | None = None,
        budget: Budget | None = None,
        open_session: Opener | None = None,
        waiting: Callable[[float], None] | None = None,
    ) -> None:
        self._suite = suite
        self._service = service
        self._options = options or Options()
        self._budget = budget or Budget()
        self._open_session = open_session
        self._waiting = waiting
        self._server = PeerServer()
        if service.base:
            Upstream(service.base)  # a URL that is none is told before anything is done

    def __enter__(self) -> Recorder:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.stop()

    def record(self, task: Task) -> Result:
        """Make the cassette of ``task``. Raises InputError for what must not or cannot be written,
        EnvironmentFault and UsageError for what ends the recording as a whole. What stood there
        before stays until the new one is whole."""
        spec = renamed(task.case.spec, self._service.deployments)
        before = self._budget.spent
        playback = (
            CassettePlayback(task.existing)
            if task.existing and task.mode is Mode.NEW_EPISODES
            else None
        )
        with self._upstream() as upstream:
            forwarder = Forwarder(
                upstream,
                self._service.source,
                self._service.ref,
                budget=self._budget,
                patience=self._options.patience,
                waiting=self._waiting,
            )
            wrong, replayed = self._run(replace(task.case, spec=spec), forwarder, playback)
            forwarder.settle()
        sent = self._budget.spent - before
        if wrong:
            lack = _limitation(forwarder)
            reason = Redactor(self._service.secrets()).text(self._service.showing(lack or wrong))
            return Result(
                task.name, task.case.id, "left-out" if lack else "failed", sent, replayed, reason
            )
        changed = bool(forwarder.recorded) and self._write(task, forwarder.recorded)
        return Result(
            task.name, task.case.id, "recorded" if changed else "unchanged", sent, replayed
        )

    @contextlib.contextmanager
    def _upstream(self) -> Iterator[Upstream]:
        service = self._service
        if service.base:
            yield Upstream(service.base, service.credentials, None, service.ca_file, service.proxy)
            return
        emulator = Emulator(EmulatorConfig(pace=_PACE, seconds_per_request=_PACE))
        with self._server.open(emulator, origin=SERVICE_ENDPOINT) as execution:
            yield Upstream(execution.url)

    def _run(
        self, case: Case, forwarder: Forwarder, playback: CassettePlayback | None
    ) -> tuple[str, int]:
        """(what went otherwise than the scenario says, answers replayed)."""
        config = client_config(case, case.spec.client)
        side = TokenEndpoint(config.auth.tokens) if config.auth.kind == "credential" else None
        player = RecordingPlayer(
            VirtualClock(), urlsplit(config.endpoint).netloc, forwarder, playback, side
        )
        opener = self._open_session if case.lane == "loopback" else None
        session = (opener or self._open_here)(case, config, player)
        done: dict[str, Any] = {}
        try:
            for index, step in enumerate(case.spec.steps):
                filled = _filled(step, done)
                if isinstance(filled, str):
                    return (
                        f"step {index + 1} ({step.call}): no earlier step gave ${{{filled}}}",
                        player.replayed,
                    )
                player.begin_step(compile_step(filled, self._suite.fixtures))
                outcome = session.call(build_call(filled, self._suite.fixtures))
                if forwarder.failure is not None:
                    raise forwarder.failure
                wrong = _unlike(step, outcome) or next(
                    (x.miss for x in player.exchanges if x.miss), ""
                )
                if wrong:
                    return f"step {index + 1} ({step.call}): {wrong}", player.replayed
                done[step.name or str(index)] = {"result": outcome.result, "view": outcome.view}
        finally:
            session.close()
        return "", player.replayed

    def _open_here(self, case: Case, config: ClientConfig, player: CasePlayer) -> Session:  # noqa: ARG002
        return DirectSession(config, player, self._server)

    def _write(self, task: Task, recorded: tuple[Recorded, ...]) -> bool:
        service, subject = self._service, task.case.subject
        authored, secrets = _authored(task.case.spec), service.secrets()

        def sanitizer() -> Sanitizer:
            return Sanitizer(secrets, _names(service), authored)

        new = self._entries(sanitizer(), recorded)
        old = _kept(task, new)
        if old and task.existing is not None:
            _require_same_source(task.existing, service.source, task.path)
            learned = sanitizer()
            for entry in old:  # so that new aliases do not take the names old ones have
                learned.exchange(Exchange(entry.request, entry.response, 0.0))
            new = self._entries(learned, recorded)
        said = Provenance(
            service.source,
            service.ref,
            task.case.api_version,
            f"{subject.sdk.name}@{subject.version}",
            self._options.recorded,
            Sanitizer.digest(),
        )
        return write_cassette(task.path, render((*old, *new), said), secrets, authored)

    def _entries(self, sanitizer: Sanitizer, recorded: tuple[Recorded, ...]) -> tuple[Entry, ...]:
        netloc = urlsplit(SERVICE_ENDPOINT).netloc
        return tuple(
            entry
            for item in recorded
            if (entry := self._entry(sanitizer, item, netloc)) is not None
        )

    def _entry(self, sanitizer: Sanitizer, item: Recorded, netloc: str) -> Entry | None:
        clean = sanitizer.exchange(at_home(item.exchange, netloc))
        if clean is None or clean.response is None:
            return None
        response = clean.response
        if not response.is_event_stream:  # where a network cuts a plain body says nothing
            response = replace(response, chunks=())
        times = (
            item.times if self._options.times and len(item.times) == len(response.chunks) else ()
        )
        return Entry(clean.request, response, times)


class DirectSession:
    """The Python SDK of this process, at a listener of its own, over real HTTP and in real time."""

    def __init__(self, config: ClientConfig, player: CasePlayer, server: PeerServer) -> None:
        from conformance.sdk.python import driver as python_driver

        self._driver = python_driver
        self._runner = asyncio.Runner() if config.surface == "async" else None
        place = urlsplit(config.endpoint)
        origin = f"{place.scheme}://{place.netloc}"
        self._execution: Execution = server.open(player, origin=origin)
        moved = replace(config, endpoint=self._execution.url + config.endpoint[len(origin) :])
        self._handle = python_driver.build_client(client_dict(moved))

    def call(self, call: Call) -> Outcome:
        """Perform ``call``."""
        if self._runner is None:
            return outcome_from_dict(self._driver.perform(self._handle, call_dict(call)))
        return outcome_from_dict(
            self._runner.run(self._driver.perform_async(self._handle, call_dict(call)))
        )

    def close(self) -> None:
        """Close the client and its listener."""
        with contextlib.suppress(Exception):
            if self._runner is None:
                self._driver.close(self._handle)
            else:
                self._runner.run(self._driver.close_async(self._handle))
        if self._runner is not None:
            self._runner.close()
        self._execution.close()


def _limitation(forwarder: Forwarder) -> str:
    """What the emulator said it cannot do in its last answer; empty when it said nothing of the
    kind."""
    last = forwarder.exchanges[-1:]
    return refused_as_limitation(last[0].response) if last else ""


def renamed(spec: Scenario, deployments: Mapping[str, str]) -> Scenario:
    """``spec`` with the suite's deployments under the names the service has for them."""
    if not deployments:
        return spec

    def changed(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: changed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [changed(item) for item in value]
        return deployments.get(value, value) if isinstance(value, str) else value

    return Scenario.model_validate(changed(spec.model_dump(by_alias=True, exclude_unset=True)))


def _names(service: Service) -> dict[str, str]:
    """What stands for what: the service's deployments and resource, under the suite's names."""
    names = {theirs: ours for ours, theirs in service.deployments.items()}
    host = urlsplit(service.base).hostname or ""
    label, dot, _ = host.partition(".")
    if dot and not label.isdigit():
        names[label] = "conformance"
    return names


def _authored(spec: Scenario) -> frozenset[str]:
    """Every text a scenario itself wrote: published already, and what a replay will send again."""
    found: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, str):
            found.add(value)
        elif isinstance(value, dict):
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    collect(
        [
            step.model_dump(by_alias=True, exclude_unset=True, include={"with_", "options"})
            for step in spec.steps
        ]
    )
    collect(dict(spec.client.headers))
    return frozenset(text for text in found if text and "${" not in text)


def _filled(step: Step, done: Mapping[str, Any]) -> Step | str:
    """``step`` with what earlier steps gave, or the name of what none of them did."""
    if not done:
        return step
    try:
        return Step.model_validate(
            substitute(step.model_dump(by_alias=True, exclude_unset=True), {"steps": done})
        )
    except UnknownVariable as error:
        return error.name


def _unlike(step: Step, outcome: Outcome) -> str:
    """How ``outcome`` differs from what the step says will happen; empty when it does not."""
    if outcome.status in ("crash", "unsupported"):
        return outcome.reason
    if outcome.status == "ok":
        return (
            "" if step.expect.error is None else "it succeeded, and the scenario is about an error"
        )
    error = outcome.error
    if step.expect.error is not None:
        return ""
    said = (
        f"{error.type} {error.status or ''}: {error.message}"
        if error is not None
        else outcome.reason
    )
    return f"it failed, and the scenario is about an answer: {said}"[:400]


def _kept(task: Task, new: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """What stays of the existing cassette: everything where its answers were replayed, else what
    was not asked anew."""
    if task.existing is None:
        return ()
    asked = set() if task.mode is Mode.NEW_EPISODES else {match_key(entry.request) for entry in new}
    return tuple(
        Entry(
            item.request,
            item.response,
            tuple(round(at, 3) for at in accumulate(item.response.pauses)),
        )
        for item in task.existing.interactions
        if match_key(item.request) not in asked
    )


def _require_same_source(existing: Cassette, source: Source, path: Path) -> None:
    if existing.provenance.source is not source:
        raise InputError(
            "cassette-mixed",
            f"{path.name} holds answers of source {existing.provenance.source}, and new "
            f"ones would be of source {source}",
            "one cassette has one source: record it with --mode rewrite, or in another folder",
        )
