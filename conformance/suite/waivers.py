"""Waivers: known deviations of an SDK from what it documents (``adapters/<sdk>/waivers.yaml``).

A waiver pins one rule, some scenarios, some versions and the fingerprint of the failure. It excuses
exactly that and has to keep matching: a waiver that no longer matches, or has expired, turns the
run red.
"""

from __future__ import annotations

import re
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from conformance.errors import InputError
from conformance.suite.contract import check_versions, in_range
from conformance.suite.scenario.model import Part
from conformance.suite.validation import validate
from conformance.suite.yaml import load_file


class Waiver(Part):
    """One known deviation. ``fingerprint`` is a regular expression searched in
    ``<pointer> <message>`` of a finding.

    ``versions`` empty means every version; ``scenarios`` are globs over scenario ids; ``expires``
    is a date after which the waiver is red, so that nobody forgets it.
    """

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
    rule: str
    scenarios: Annotated[list[str], Field(min_length=1)]
    versions: str = ""
    surfaces: list[Literal["sync", "async"]] = Field(default_factory=list)
    api_versions: list[str] = Field(default_factory=list)
    fingerprint: Annotated[str, Field(min_length=3)]
    reason: Annotated[str, Field(min_length=12)]
    link: Annotated[str, Field(pattern=r"^https?://")]
    expires: str

    _check_versions = field_validator("versions")(check_versions)

    @field_validator("fingerprint")
    @classmethod
    def _is_regex(cls, value: str) -> str:
        try:
            re.compile(value)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"not a regular expression: {error}") from None
        return value

    @field_validator("expires")
    @classmethod
    def _is_date(cls, value: str) -> str:
        try:
            date.fromisoformat(value)
        except ValueError:
            raise ValueError("a date such as 2027-06-30") from None
        return value

    def covers(self, scenario: str, version: str, surface: str, api_version: str) -> bool:
        """Whether a case lies in the waiver's scope."""
        return (
            in_range(version, self.versions)
            and (not self.surfaces or surface in self.surfaces)
            and (not self.api_versions or api_version in self.api_versions)
            and any(fnmatchcase(scenario, pattern) for pattern in self.scenarios)
        )

    def expired(self, today: date) -> bool:
        return date.fromisoformat(self.expires) < today


class WaiverFile(Part):
    """The file: a list of waivers with distinct ids."""

    waivers: list[Waiver] = Field(default_factory=list)

    @field_validator("waivers", mode="before")
    @classmethod
    def _none_yet(cls, value: object) -> object:
        if value is None:
            return []
        return value


def load_waivers(folder: Path) -> tuple[Waiver, ...]:
    """The waivers of the SDK in ``folder``; none when it has no file. Raises InputError(s) with
    positions."""
    path = folder / "waivers.yaml"
    if not path.exists():
        return ()
    document = load_file(path, name=f"{folder.parent.name}/{folder.name}/waivers.yaml")
    waivers = validate(document, WaiverFile, "waiver file").waivers
    seen: set[str] = set()
    for index, waiver in enumerate(waivers):
        if waiver.id in seen:
            raise InputError(
                "waiver-duplicate",
                f"two waivers are called {waiver.id!r}",
                "give each its own id",
                document.where(["waivers", index, "id"]),
            )
        seen.add(waiver.id)
    return tuple(waivers)
