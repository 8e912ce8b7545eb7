"""SDK contracts: what an SDK documents about itself, each trait with its source
(``adapters/<sdk>/contract.yaml``).

A contract says what is promised, not what the code happens to do: a difference between the two is a
waiver. Where a later version documents something else, the trait lists it under ``changes`` with
the versions it holds for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version
from pydantic import Field, field_validator

from conformance.errors import InputError
from conformance.suite.scenario.model import Part, SourceRef
from conformance.suite.validation import validate
from conformance.suite.yaml import Document, load_file
from conformance.wire.vocabulary import LaneKind, Surface


def check_versions(text: str) -> str:
    """``text`` when it is a range of versions (PEP 440); raises ValueError."""
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise ValueError("a version range such as '>=1.0,<2.34'") from None
    return text


class Change(Part):
    """A trait's value for some versions only."""

    versions: str
    value: Any
    source: SourceRef

    _check = field_validator("versions")(check_versions)


class Trait(Part):
    """One documented property: its value, where it is documented, and what later versions
    changed."""

    value: Any
    source: SourceRef
    note: str = ""
    changes: list[Change] = Field(default_factory=list)

    def for_version(self, version: str) -> Any:
        """The value that holds for ``version``."""
        for change in self.changes:
            if in_range(version, change.versions):
                return change.value
        return self.value


class Support(Part):
    """An operation or ability the SDK documents. ``versions`` narrows it."""

    source: SourceRef
    versions: str = ""
    note: str = ""

    _check = field_validator("versions")(check_versions)


class Lack(Part):
    """An operation or ability the SDK says it lacks: cases that need it are ``unsupported`` with
    ``reason``."""

    reason: str
    source: SourceRef
    versions: str = ""

    _check = field_validator("versions")(check_versions)


class Contract(Part):
    """One SDK. ``traits`` are looked up by scenarios as ``${contract.<name>}``."""

    sdk: str
    title: str
    language: str
    package: str
    home: str
    surfaces: Annotated[list[Surface], Field(min_length=1)]
    lanes: list[LaneKind]
    not_run: str = ""
    article: str = ""
    operations: dict[str, Support]
    abilities: dict[str, Support] = Field(default_factory=dict)
    lacks: dict[str, Lack] = Field(default_factory=dict)
    traits: dict[str, Trait]


@dataclass(frozen=True)
class LoadedContract:
    """A contract and its document."""

    contract: Contract
    document: Document
    folder: Path

    def traits(self, version: str) -> dict[str, Any]:
        """Every trait's value for ``version``, by name."""
        return {name: trait.for_version(version) for name, trait in self.contract.traits.items()}

    def unsupported(self, ability: str, version: str) -> str | None:
        """Why ``version`` does not have ``ability`` (an operation id or an ability name); None when
        it has it."""
        lack = self.contract.lacks.get(ability)
        if lack is not None and in_range(version, lack.versions):
            return lack.reason
        support = self.contract.operations.get(ability) or self.contract.abilities.get(ability)
        if support is None and lack is not None:
            return None
        if support is None:
            return f"the contract of {self.contract.sdk} does not list {ability}"
        if not in_range(version, support.versions):
            return f"{ability} is documented for {self.contract.package} {support.versions} only"
        return None


@cache
def in_range(version: str, versions: str) -> bool:
    """Whether ``version`` lies in the range; the empty range holds everything, pre-releases
    included.

    A version that is not PEP 440 (another registry's) is in no range but the empty one.
    """
    if not versions:
        return True
    try:
        return SpecifierSet(versions).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return False


def same_version(left: str, right: str) -> bool:
    """Whether both name one version: alike, or equal as PEP 440 has it (3.54 is 3.54.0, 1.0.0b2 is
    1.0.0-beta.2)."""
    try:
        return left == right or Version(left) == Version(right)
    except InvalidVersion:
        return False


def load_contract(folder: Path) -> LoadedContract:
    """The contract in ``folder``. Raises InputError(s) with positions."""
    path = folder / "contract.yaml"
    shown = f"{folder.parent.name}/{folder.name}/contract.yaml"
    document = load_file(path, name=shown)
    contract = validate(document, Contract, "contract")
    if contract.sdk != folder.name:
        raise InputError(
            "contract-name",
            f"the folder is {folder.name!r} but the contract says {contract.sdk!r}",
            "name both alike",
            document.where(["sdk"]),
        )
    return LoadedContract(contract, document, folder)
