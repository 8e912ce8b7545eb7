"""The identity of a case: built, written and read here alone.

As text: ``scenario[row]::api-version::sdk@version-surface``, without the brackets where the
scenario has no matrix. Sharding, waivers and reports rest on that text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

_SEPARATOR = "::"


@total_ordering
@dataclass(frozen=True, slots=True)
class CaseId:
    """One scenario x matrix row x api-version x SDK version x surface. ``row`` is the matrix row as
    text, ``name=value`` for each parameter; empty when there is no matrix."""

    scenario: str
    row: str
    api_version: str
    sdk: str
    version: str
    surface: str

    def __str__(self) -> str:
        return _SEPARATOR.join((self.scenario_and_row, self.api_version, self.subject))

    def __lt__(self, other: CaseId) -> bool:
        return str(self) < str(other)

    @property
    def scenario_and_row(self) -> str:
        """The part that does not depend on who runs the case."""
        return f"{self.scenario}{_bracketed(self.row)}"

    @property
    def subject(self) -> str:
        """Who runs the case: ``sdk@version-surface``."""
        return f"{self.sdk}@{self.version}-{self.surface}"

    @property
    def item_name(self) -> str:
        """What the case is called where its scenario is known: within a scenario's file."""
        return f"{self.subject}-{self.api_version}{_bracketed(self.row)}"

    @classmethod
    def parse(cls, text: str) -> CaseId:
        """The identity written as ``text``. Raises ValueError for what is no identity of a
        case."""
        parts = text.rsplit(_SEPARATOR, 2)
        if len(parts) != 3:
            raise ValueError(f"{text!r} is no case id: scenario::api-version::sdk@version-surface")
        place, api_version, subject = parts
        scenario, row = _split_row(place)
        sdk, at, rest = subject.partition("@")
        version, dash, surface = rest.rpartition("-")
        if not (scenario and at and dash):
            raise ValueError(f"{text!r} is no case id: scenario::api-version::sdk@version-surface")
        return cls(
            scenario=scenario,
            row=row,
            api_version=api_version,
            sdk=sdk,
            version=version,
            surface=surface,
        )


def row_text(row: Mapping[str, Any]) -> str:
    """A matrix row as identities write it: its parameters by name, a mapping by its ``name`` or its
    first value."""
    return ",".join(f"{key}={_value_text(value)}" for key, value in sorted(row.items()))


def is_case_id(text: str) -> bool:
    """Whether ``text`` names one case, and not a whole scenario."""
    return _SEPARATOR in text


def row_named(text: str) -> str:
    """The matrix row that the case id ``text`` names; empty when the scenario has no matrix."""
    place, separator, _ = text.partition(_SEPARATOR)
    return _split_row(place)[1] if separator else ""


def scenario_named(text: str) -> str:
    """The id of the scenario that ``text`` names: a case id, a scenario id, or the path of the
    scenario's file in a suite."""
    place = text.partition(_SEPARATOR)[0]
    return _split_row(place)[0].removeprefix("scenarios/").removesuffix(".yaml")


def _split_row(place: str) -> tuple[str, str]:
    scenario, bracket, row = place.partition("[")
    return scenario, row.removesuffix("]") if bracket else ""


def _bracketed(row: str) -> str:
    return f"[{row}]" if row else ""


def _value_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name", next(iter(value.values()), "")))
    return str(value).replace(_SEPARATOR, ":")
