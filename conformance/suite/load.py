"""Everything a run reads before it starts: scenarios, fixtures, contracts, waivers, schemas,
cassettes on demand."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from conformance.errors import InputError, InputErrors, UsageError
from conformance.suite.cassette import Cassette, load_cassette
from conformance.suite.contract import LoadedContract, load_contract
from conformance.suite.home import Home
from conformance.suite.manifest import load_manifest
from conformance.suite.scenario.load import Fixtures, LoadedScenario, load_scenarios
from conformance.suite.schema import SchemaRegistry
from conformance.suite.waivers import Waiver, load_waivers


@dataclass(frozen=True)
class Sdk:
    """One SDK the suite knows: its contract and its waivers."""

    name: str
    contract: LoadedContract
    waivers: tuple[Waiver, ...]


class Cassettes:
    """Cassettes below one folder, each read at first use. Safe for several threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._loaded: dict[str, Cassette | None] = {}

    def get(self, name: str) -> Cassette | None:
        """The cassette ``<api-version>/<path>``, or None when there is no such file. Raises
        InputError."""
        if name not in self._loaded:
            path = self.root / f"{name}.yaml"
            # Kept once it is whole: other threads ask at the same time.
            cassette = load_cassette(path, self.root) if path.is_file() else None
            self._loaded[name] = cassette
        return self._loaded[name]

    def forget(self, name: str) -> None:
        """Read the cassette ``name`` again when it is next asked for: it was recorded anew."""
        self._loaded.pop(name, None)


@dataclass(frozen=True)
class Suite:
    """A loaded suite. Scenarios and SDKs are in name order."""

    home: Home
    scenarios: tuple[LoadedScenario, ...]
    sdks: tuple[Sdk, ...]
    fixtures: Fixtures
    cassettes: Cassettes
    schemas: SchemaRegistry = field(repr=False)

    @cached_property
    def by_id(self) -> dict[str, LoadedScenario]:
        return {loaded.id: loaded for loaded in self.scenarios}

    def sdk(self, name: str) -> Sdk:
        """The SDK called ``name``. Raises UsageError naming those there are."""
        for sdk in self.sdks:
            if sdk.name == name:
                return sdk
        known = ", ".join(sdk.name for sdk in self.sdks)
        raise UsageError("sdk-unknown", f"there is no SDK {name!r}", f"known: {known}")


def load_suite(home: Home) -> Suite:
    """Read a suite. Raises InputErrors with every problem found in scenarios, contracts and
    waivers."""
    problems: list[InputError] = []
    scenarios: tuple[LoadedScenario, ...] = ()
    try:
        scenarios = load_scenarios(home.scenarios)
    except InputErrors as errors:
        problems.extend(errors.errors)
    sdks = load_sdks(home.adapters, problems)
    if problems:
        raise InputErrors(tuple(problems))
    return Suite(
        home=home,
        scenarios=scenarios,
        sdks=sdks,
        fixtures=Fixtures(home.scenarios),
        cassettes=Cassettes(home.cassettes),
        schemas=SchemaRegistry.load(home.schemas),
    )


def load_sdks(adapters: Path, problems: list[InputError]) -> tuple[Sdk, ...]:
    """Every SDK with a contract below ``adapters``; what is wrong is added to ``problems``, also
    where it stands in a manifest."""
    sdks: list[Sdk] = []
    for folder in sorted(p.parent for p in adapters.glob("*/contract.yaml")):
        try:
            sdks.append(Sdk(folder.name, load_contract(folder), load_waivers(folder)))
            load_manifest(folder)
        except InputErrors as errors:
            problems.extend(errors.errors)
        except InputError as error:
            problems.append(error)
    return tuple(sdks)
