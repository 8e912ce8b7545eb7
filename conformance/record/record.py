"""Recording: which cassettes are to be made, by which cases, and how many requests that takes.
Plans only; the work is done in :mod:`conformance.record.record_case`.

One cassette may serve many cases (both surfaces, every SDK, scenarios that share it). It is
recorded by one of them, the plainest, because all of them ask for the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

from conformance.errors import EnvironmentFault, HarnessError, InputError, UsageError
from conformance.plan.plan import Case
from conformance.record.cassette_write import cassette_path
from conformance.run.execute import cassette_name
from conformance.service.targets import unprovoked
from conformance.suite.cassette import Cassette
from conformance.suite.load import Cassettes
from conformance.suite.scenario.model import Scenario, Step


class Mode(StrEnum):
    """What is asked of the service and what of the cassette; the words are vcrpy's and
    pytest-recording's.

    ``none``: nothing is recorded. ``once``: cassettes that are not there. ``new_episodes``: what is
    recorded is replayed, the rest is recorded beside it. ``all``: everything is asked anew and
    takes the place of what it asked for before; the rest of the cassette stays. ``rewrite``:
    cassettes are made anew.
    """

    NONE = "none"
    ONCE = "once"
    NEW_EPISODES = "new_episodes"
    ALL = "all"
    REWRITE = "rewrite"


def mode_of(text: str) -> Mode:
    """The mode called ``text``. Raises UsageError."""
    try:
        return Mode(text)
    except ValueError:
        raise UsageError(
            "option", f"--mode {text!r} is not known", f"one of {', '.join(Mode)}"
        ) from None


@dataclass(frozen=True, slots=True)
class Task:
    """A cassette to be made by ``case``. ``existing`` is what stands there and is taken into
    account. ``requests`` is how many it takes at most. ``obstacle`` says why it is not tried:
    asking would give another answer than the one the scenario is about, and take the place of that
    one."""

    name: str
    path: Path
    case: Case
    mode: Mode
    requests: int
    existing: Cassette | None = None
    obstacle: str = ""

    @property
    def replaces(self) -> bool:
        """Whether recorded answers could be lost."""
        return not self.obstacle and self.mode in (Mode.ALL, Mode.REWRITE) and self.path.exists()


@dataclass(frozen=True, slots=True)
class Result:
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

    results: tuple[Result, ...]
    planned: int
    interrupted: bool = False
    stopped: HarnessError | None = None

    @property
    def failed(self) -> tuple[Result, ...]:
        return tuple(result for result in self.results if result.status == "failed")


def tasks_of(cases: Iterable[Case], mode: Mode, root: Path) -> tuple[Task, ...]:
    """The cassettes that ``cases`` need and ``mode`` records below ``root``, by name. Raises
    InputError for an existing one that cannot be read, where the mode keeps what is in it."""
    if mode is Mode.NONE:
        return ()
    candidates: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.status == "run" and wanted(case.spec):
            candidates[cassette_name(case.spec, case.loaded.id, case.api_version)].append(case)
    shelf = Cassettes(root)
    tasks = []
    for name, found in sorted(candidates.items()):
        path = cassette_path(root, name)
        if mode is Mode.ONCE and path.exists():
            continue
        existing = shelf.get(name) if mode in (Mode.NEW_EPISODES, Mode.ALL) else None
        case = min(found, key=lambda item: (bool(unprovoked(item.spec)), _plainness(item, name)))
        obstacle = unprovoked(case.spec)
        tasks.append(
            Task(name, path, case, mode, 0 if obstacle else wanted(case.spec), existing, obstacle)
        )
    return tuple(tasks)


def wanted(spec: Scenario) -> int:
    """How many answers of the cassette a scenario asks for."""
    return sum(_of_cassette(step) for step in spec.steps)


def _of_cassette(step: Step) -> int:
    return (
        1
        if step.service is None or isinstance(step.service, str)
        else sum(isinstance(s, str) for s in step.service)
    )


def _scripted(step: Step) -> int:
    return len(step.service) - _of_cassette(step) if isinstance(step.service, list) else 0


def _plainness(case: Case, name: str) -> tuple[bool, int, bool, int, int, bool, bool, str]:
    """Least for the case that is least about anything but its answers."""
    spec = case.spec
    early = sum(
        step.stream is not None and not isinstance(step.stream, bool) for step in spec.steps
    )
    return (
        case.lane != "inprocess",
        sum(map(_scripted, spec.steps)),
        spec.client.auth != "api_key",
        len(spec.client.model_fields_set),
        early,
        case.surface != "sync",
        not name.endswith(f"/{case.loaded.id}"),
        case.id,
    )


def check_budget(tasks: Iterable[Task], limit: int | None) -> int:
    """How many requests ``tasks`` take at most. Raises UsageError ``too-many-requests`` before any
    is made when that is more than ``limit``."""
    planned = sum(task.requests for task in tasks)
    if limit is not None and planned > limit:
        raise UsageError(
            "too-many-requests",
            f"recording takes up to {planned} requests, and --max-requests allows {limit}",
            "select fewer scenarios, or raise it",
        )
    return planned


def record_all(
    tasks: tuple[Task, ...],
    record: Callable[[Task], Result],
    told: Callable[[Task, Result | None], None] = lambda _task, _result: None,
) -> Recording:
    """Do ``tasks`` one by one. ``told`` hears of each before and after it.

    A cassette that cannot be made costs itself. A service that is out of reach, a used-up budget or
    a full disk ends the run, as does Ctrl-C; what was written before stays.
    """
    results: list[Result] = []
    planned = sum(task.requests for task in tasks)
    for task in tasks:
        told(task, None)
        try:
            results.append(
                Result(task.name, task.case.id, "left-out", reason=task.obstacle)
                if task.obstacle
                else record(task)
            )
        except KeyboardInterrupt:
            return Recording(tuple(results), planned, interrupted=True)
        except InputError as error:
            results.append(Result(task.name, task.case.id, "failed", reason=str(error)))
        except (EnvironmentFault, UsageError) as error:
            return Recording(tuple(results), planned, stopped=error)
        told(task, results[-1])
    return Recording(tuple(results), planned)
