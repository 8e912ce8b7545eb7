"""What of a suite is to be run."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from conformance.errors import UsageError
from conformance.suite.case_id import CaseId, scenario_named
from conformance.suite.load import Suite
from conformance.suite.scenario.load import LoadedScenario


@dataclass(frozen=True, slots=True)
class Selection:
    """What to run. Empty means everything; patterns are globs over scenario ids."""

    patterns: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    case_ids: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        return self == Selection()

    def selects(self, loaded: LoadedScenario) -> bool:
        """Whether cases of the scenario ``loaded`` may be selected."""
        scenario = loaded.scenario
        named = {scenario_named(text) for text in self.case_ids}
        patterns = self.patterns
        return (
            (not patterns or any(matches(loaded.id, pattern) for pattern in patterns))
            and (not self.capabilities or loaded.capability in self.capabilities)
            and (not self.tags or bool(set(self.tags) & set(scenario.tags)))
            and (not self.levels or scenario.level in self.levels)
            and (not named or loaded.id in named)
        )

    def selects_case(self, identity: CaseId) -> bool:
        """Whether the case called ``identity``, of a selected scenario, is selected."""
        return (
            (not self.api_versions or identity.api_version in self.api_versions)
            and (not self.surfaces or identity.surface in self.surfaces)
            and (not self.case_ids or str(identity) in self.case_ids)
        )


EVERYTHING = Selection()


def check_selection(suite: Suite, selection: Selection) -> None:
    """Raises UsageError for a part of ``selection`` that names nothing: a typing error must not run
    a smaller suite."""
    loaded = suite.scenarios
    for pattern in selection.patterns:
        if not any(Selection(patterns=(pattern,)).selects(item) for item in loaded):
            raise _nothing("scenario", pattern, (item.id for item in loaded))
    for capability in selection.capabilities:
        if not any(item.capability == capability for item in loaded):
            raise _nothing("capability", capability, (item.capability for item in loaded))
    for tag in selection.tags:
        if not any(tag in item.scenario.tags for item in loaded):
            raise _nothing("tag", tag, (tag for item in loaded for tag in item.scenario.tags))


def _nothing(what: str, name: str, known: Iterable[str]) -> UsageError:
    near = difflib.get_close_matches(name, sorted(set(known)), n=2)
    hint = "see `conformance list` for what there is"
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    return UsageError(
        "nothing-selected",
        f"there is no {what} {name!r}",
        hint,
    )


def matches(scenario: str, pattern: str) -> bool:
    """Whether ``pattern`` selects the scenario called so: by its id, a folder above it, or a
    glob."""
    folder = pattern.rstrip("/")
    return fnmatchcase(scenario, pattern) or scenario == folder or scenario.startswith(folder + "/")
