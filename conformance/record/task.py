"""What is to be recorded: which cassettes, by which cases, and how many requests that takes. Plans
only; the work is done in :mod:`conformance.record.recorder`.

One cassette may serve many cases (both surfaces, every SDK, scenarios that share it). It is
recorded by one of them, the plainest, because all of them ask for the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from conformance.errors import UsageError
from conformance.plan.case import Case
from conformance.record.cassette_write import cassette_path
from conformance.service.asking import unprovoked
from conformance.service.service import Service
from conformance.suite.cassette import Cassette
from conformance.suite.load import Cassettes
from conformance.suite.scenario.model import Scenario, Step
from conformance.suite.settings import DEPLOYMENTS
from conformance.wire.vocabulary import Surface


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


def askable(cases: Iterable[Case], service: Service) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """The cases whose deployments ``service`` has, and the capabilities that have none."""
    if service.deployments is None:
        return tuple(cases), ()
    missing = set(DEPLOYMENTS) - set(service.deployments)
    left: list[Case] = []
    lacking: set[str] = set()
    for case in cases:
        text = case.loaded.document.text
        lacks = {name for name in missing if f"${{deployment.{name}}}" in text}
        lacking |= lacks
        if not lacks:
            left.append(case)
    return tuple(left), tuple(sorted(lacking))


def tasks_of(cases: Iterable[Case], mode: Mode, root: Path) -> tuple[Task, ...]:
    """The cassettes that ``cases`` need and ``mode`` records below ``root``, by name. Raises
    InputError for an existing one that cannot be read, where the mode keeps what is in it."""
    if mode is Mode.NONE:
        return ()
    candidates: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.runs and wanted(case.spec):
            candidates[case.cassette].append(case)
    shelf = Cassettes(root)
    tasks = []
    for name, cases_of_it in sorted(candidates.items()):
        path = cassette_path(root, name)
        if mode is Mode.ONCE and path.exists():
            continue
        existing = shelf.get(name) if mode in (Mode.NEW_EPISODES, Mode.ALL) else None
        case = min(
            cases_of_it, key=lambda item: (bool(unprovoked(item.spec)), _plainness(item, name))
        )
        obstacle = unprovoked(case.spec)
        task = Task(
            name,
            path,
            case,
            mode,
            requests=0 if obstacle else wanted(case.spec),
            existing=existing,
            obstacle=obstacle,
        )
        tasks.append(task)
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
        case.lane.is_real_time,
        sum(map(_scripted, spec.steps)),
        spec.client.auth != "api_key",
        len(spec.client.model_fields_set),
        early,
        case.surface is not Surface.SYNC,
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
