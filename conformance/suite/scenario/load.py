"""Finding and reading scenarios and fixtures below a ``scenarios/`` folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from conformance.errors import InputError, InputErrors, UsageError, Where
from conformance.suite.scenario.model import Fixture, Scenario
from conformance.suite.scenario.variables import variables_in
from conformance.suite.validation import validate
from conformance.suite.yaml import Document, load_file

FIXTURES = "fixtures"


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario with its id (the path below ``scenarios/`` without ``.yaml``) and its document,
    for positions."""

    id: str
    capability: str
    scenario: Scenario
    document: Document

    @property
    def file(self) -> str:
        return self.document.file

    @cached_property
    def variables(self) -> tuple[str, ...]:
        """The names of the variables outside of ``matrix`` that have a value before the scenario
        runs, sorted."""
        written = {key: value for key, value in self.document.value.items() if key != "matrix"}
        return tuple(
            sorted(name for name in variables_in(written) if not name.startswith("steps."))
        )

    @cached_property
    def filled(self) -> dict[str, Scenario]:
        """The scenario as it was filled in so far, by the values of its variables: most cases of
        one are alike."""
        return {}


class Fixtures:
    """The bodies below ``scenarios/fixtures``; each is read at first use and kept."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._loaded: dict[str, Fixture] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Every fixture name, sorted."""
        folder = self._root / FIXTURES
        return tuple(
            sorted(p.relative_to(folder).with_suffix("").as_posix() for p in folder.rglob("*.yaml"))
        )

    def get(self, name: str) -> Fixture:
        """The fixture ``name``. Raises InputError when there is none, or its file is wrong."""
        if name not in self._loaded:
            path = self._root / FIXTURES / f"{name}.yaml"
            if ".." in name.split("/") or not path.is_file():
                raise InputError(
                    "fixture-unknown",
                    f"there is no fixture {name!r}",
                    f"known: {', '.join(self.names[:8])}{' ...' if len(self.names) > 8 else ''}",
                )
            document = load_file(path, name=f"scenarios/{FIXTURES}/{name}.yaml")
            self._loaded[name] = validate(document, Fixture, "fixture")
        return self._loaded[name]


def scenario_files(root: Path) -> Iterator[Path]:
    """Scenario files below ``root`` in id order; the fixtures folder is left out."""
    for path in sorted(root.rglob("*.yaml")):
        if path.relative_to(root).parts[0] != FIXTURES:
            yield path


def load_scenario(path: Path, root: Path) -> LoadedScenario:
    """Read one scenario. Raises InputError or InputErrors with positions."""
    relative = path.relative_to(root)
    document = load_file(path, name=f"{root.name}/{relative.as_posix()}")
    scenario = validate(document, Scenario, "scenario")
    identity = relative.with_suffix("").as_posix()
    if len(relative.parts) < 2:
        raise InputError(
            "scenario-place",
            "a scenario stands in the folder of its capability",
            f"move it to {root.name}/<capability>/{relative.name}",
            Where(document.file),
        )
    return LoadedScenario(identity, relative.parts[0], scenario, document)


def load_scenarios(root: Path) -> tuple[LoadedScenario, ...]:
    """Every scenario below ``root``. Raises InputErrors with all problems of all files, UsageError
    when there are none."""
    if not root.is_dir():
        raise UsageError(
            "no-scenarios", f"there is no folder {root}", "run from a folder that has scenarios/"
        )
    loaded: list[LoadedScenario] = []
    problems: list[InputError] = []
    for path in scenario_files(root):
        try:
            loaded.append(load_scenario(path, root))
        except InputErrors as errors:
            problems.extend(errors.errors)
        except InputError as error:
            problems.append(error)
    if problems:
        raise InputErrors(tuple(problems))
    if not loaded:
        raise UsageError(
            "no-scenarios", f"{root} holds no scenarios", "write one: see docs/scenarios.md"
        )
    return tuple(loaded)
