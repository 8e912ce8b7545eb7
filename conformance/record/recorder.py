"""Recording: the case of a task is run against the service, through a forwarder that keeps what
passes, and what passed is sanitised, scanned and written. Nothing is written unless every step went
as the scenario says it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal

from conformance.errors import EnvironmentFault, HarnessError, InputError, UsageError
from conformance.judge.attribution import refused_as_limitation
from conformance.plan.case import Case
from conformance.record.cassette_text import CassetteOrigin, render
from conformance.record.cassette_write import write_cassette
from conformance.record.entries import Cleaning, authored_texts, entries_of
from conformance.record.forwarder import Budget, Forwarder, Patience, Recorded
from conformance.record.player import RecordingPlayer
from conformance.record.task import Mode, Task
from conformance.run.calls import client_config
from conformance.run.conversation import Conversation, MissingResult, Turn
from conformance.sanitize.exchange import Sanitizer
from conformance.sanitize.redactor import Redactor
from conformance.sdk.lanes import Lanes, build_adapters
from conformance.service.entra import token_endpoint
from conformance.service.service import RecordableService
from conformance.suite.cassette import CassettePlayback
from conformance.suite.load import Suite
from conformance.suite.scenario.model import Scenario, Step
from conformance.wire.clock import VirtualClock
from conformance.wire.protocol import Outcome


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """``recorded``: the date that goes into the cassette. ``times``: keep the times of stream
    chunks, which differ with each recording."""

    recorded: str = ""
    times: bool = False
    patience: Patience = field(default_factory=Patience)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What became of a task. ``unchanged``: the same was recorded again. ``left-out``: this service
    cannot give what the scenario is about. ``replayed``: answers taken from the cassette.
    ``reason`` says why it failed or was left out.
    """

    name: str
    case: str
    status: Literal["recorded", "unchanged", "left-out", "failed"]
    requests: int = 0
    replayed: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """The results of a run of the recorder, and what ended it early."""

    results: tuple[TaskResult, ...]
    planned: int
    interrupted: bool = False
    stopped: HarnessError | None = None

    @property
    def failed(self) -> tuple[TaskResult, ...]:
        return tuple(result for result in self.results if result.status == "failed")


class Recorder:
    """Records task by task, with the SDK that each case names. A context manager; leaving it ends
    the adapters. ``waiting`` hears of every wait for the service, in seconds; ``tell`` of an
    adapter that has to be built first."""

    def __init__(
        self,
        suite: Suite,
        service: RecordableService,
        options: RecordingOptions | None = None,
        budget: Budget | None = None,
        *,
        waiting: Callable[[float], None] | None = None,
        tell: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._suite = suite
        self._service = service
        self._options = options or RecordingOptions()
        self._budget = budget or Budget()
        self._waiting = waiting
        self._tell = tell
        self._lanes = Lanes(over_http=True)

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the adapters and the recorder's own peer."""
        self._lanes.close()

    def record(self, task: Task) -> TaskResult:
        """Make the cassette of ``task``. Raises InputError for what must not or cannot be written,
        EnvironmentFault and UsageError for what ends the recording as a whole. What stood there
        before stays until the new one is whole."""
        before = self._budget.spent
        playback = None
        if task.existing and task.mode is Mode.NEW_EPISODES:
            playback = CassettePlayback(task.existing)
        with self._service.upstream(self._lanes.server) as upstream:
            origin = self._service.recorded_as
            forwarder = Forwarder(
                upstream,
                origin.source,
                origin.ref,
                budget=self._budget,
                patience=self._options.patience,
                waiting=self._waiting,
            )
            wrong, replayed = self._hold(task.case, forwarder, playback)
            forwarder.settle()
        sent = self._budget.spent - before
        if wrong:
            lack = _limitation(forwarder)
            return TaskResult(
                task.name,
                task.case.id,
                "left-out" if lack else "failed",
                requests=sent,
                replayed=replayed,
                reason=self._showing(lack or wrong),
            )
        changed = bool(forwarder.recorded) and self._write(task, forwarder.recorded)
        return TaskResult(
            task.name,
            task.case.id,
            "recorded" if changed else "unchanged",
            requests=sent,
            replayed=replayed,
        )

    def _hold(
        self, case: Case, forwarder: Forwarder, playback: CassettePlayback | None
    ) -> tuple[str, int]:
        """(what went otherwise than the scenario says, answers replayed)."""
        spec = _renamed(case.spec, self._service.deployment_names)
        config = client_config(spec.client, case.api_version, case.surface)
        clock = VirtualClock()
        player = RecordingPlayer(
            clock,
            config.host,
            forwarder,
            recorded=playback,
            side=token_endpoint(config.auth),
        )
        build_adapters((case.subject,), self._tell)
        # Alone, so that an adapter that fails is this case's failure.
        lane = self._lanes.of(case.subject, case.lane, alone=True)
        session = lane.open(config, player, clock, case.id)
        try:
            for turn in Conversation(tuple(spec.steps), self._suite.fixtures, session, player):
                if forwarder.failure is not None:
                    raise forwarder.failure
                wrong = _unlike(turn.step, turn.outcome) or _miss(player)
                if wrong:
                    return f"{_called(turn)}: {wrong}", player.replayed
        except MissingResult as missing:
            return (
                f"{_called(missing)}: no earlier step gave ${{{missing.name}}}",
                player.replayed,
            )
        finally:
            session.close()
        return "", player.replayed

    def _showing(self, text: str) -> str:
        return Redactor(self._service.secrets).text(self._service.showing(text))

    def _write(self, task: Task, recorded: tuple[Recorded, ...]) -> bool:
        service, subject = self._service, task.case.subject
        cleaning = Cleaning(
            service.secrets,
            service.shown_names,
            authored_texts(task.case.spec),
            times=self._options.times,
        )
        entries = entries_of(task, recorded, cleaning, service.recorded_as.source)
        origin = CassetteOrigin(
            source=service.recorded_as.source,
            ref=service.recorded_as.ref,
            api_version=task.case.api_version,
            sdk=f"{subject.sdk.name}@{subject.version}",
            recorded=self._options.recorded,
            rules=Sanitizer.digest(),
        )
        return write_cassette(
            task.path, render(entries, origin), cleaning.secrets, cleaning.authored
        )


def record_all(
    tasks: tuple[Task, ...],
    record: Callable[[Task], TaskResult],
    hear: Callable[[TaskResult], None] = lambda _result: None,
) -> Recording:
    """Do ``tasks`` one by one. ``hear`` is told what became of each.

    A cassette that cannot be made costs itself. A service that is out of reach, a used-up budget or
    a full disk ends the run, as does Ctrl-C; what was written before stays.
    """
    results: list[TaskResult] = []
    planned = sum(task.requests for task in tasks)
    for task in tasks:
        try:
            results.append(
                TaskResult(task.name, task.case.id, "left-out", reason=task.obstacle)
                if task.obstacle
                else record(task)
            )
        except KeyboardInterrupt:
            return Recording(tuple(results), planned, interrupted=True)
        except InputError as error:
            results.append(TaskResult(task.name, task.case.id, "failed", reason=str(error)))
        except (EnvironmentFault, UsageError) as error:
            return Recording(tuple(results), planned, stopped=error)
        hear(results[-1])
    return Recording(tuple(results), planned)


def _called(turn: Turn | MissingResult) -> str:
    return f"step {turn.index + 1} ({turn.step.call})"


def _miss(player: RecordingPlayer) -> str:
    """Why the player had no answer; empty when it had each."""
    return next((exchange.miss for exchange in player.exchanges if exchange.miss), "")


def _limitation(forwarder: Forwarder) -> str:
    """What the emulator said it cannot do in its last answer; empty when it said nothing of the
    kind."""
    last = forwarder.exchanges[-1:]
    return refused_as_limitation(last[0].response) if last else ""


def _renamed(spec: Scenario, deployments: Mapping[str, str]) -> Scenario:
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


def _unlike(step: Step, outcome: Outcome) -> str:
    """How ``outcome`` differs from what the step says will happen; empty when it does not."""
    if outcome.status in ("crash", "unsupported"):
        return outcome.reason
    if outcome.status == "ok":
        if step.expect.error is None:
            return ""
        return "it succeeded, and the scenario is about an error"
    error = outcome.error
    if step.expect.error is not None:
        return ""
    what = outcome.reason
    if error is not None:
        what = f"{error.type} {error.status or ''}: {error.message}"
    return f"it failed, and the scenario is about an answer: {what}"[:400]
