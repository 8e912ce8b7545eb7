"""An SDK in the version under test, and how it is reached: from a name and what is there on this
machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.errors import UsageError
from conformance.sdk.registry import Installed, find_adapter, find_installed
from conformance.suite.contract import same_version
from conformance.suite.load import Sdk
from conformance.suite.scenario.model import Scenario
from conformance.wire.vocabulary import LaneKind


@dataclass(frozen=True, slots=True)
class SubjectUnderTest:
    """An SDK in the version that is installed or was asked for. ``absent`` says why it cannot run;
    empty when it can. ``lane`` is how it is reached; ``sockets``: its adapter is there as well,
    although it is reached without."""

    sdk: Sdk
    version: str
    runtime: str = ""
    absent: str = ""
    lane: LaneKind = LaneKind.INPROCESS
    sockets: bool = False

    @property
    def traits(self) -> Mapping[str, Any]:
        """What the contract says of this version."""
        return self.sdk.contract.traits(self.version)

    @property
    def needs_adapter(self) -> bool:
        """Whether it is reached through an adapter, which has to be built."""
        return self.lane is LaneKind.LOOPBACK and not self.absent

    def lane_of(self, scenario: Scenario) -> LaneKind:
        """The lane of the cases of ``scenario``: the subject's own, or the one with sockets where
        the scenario takes them and the subject's adapter is there as well."""
        if self.sockets and not scenario.lane.admits(self.lane):
            return LaneKind.LOOPBACK
        return self.lane


def subject_of(sdk: Sdk, version: str, lane: LaneKind | None, *, named: bool) -> SubjectUnderTest:
    """``sdk`` in ``version`` (empty: the one that is here), reached through ``lane`` (None: in this
    process where it is installed so, else through its adapter). One that was ``named`` need not be
    built yet. Raises UsageError for a version that cannot be had in the lane."""
    if lane is not LaneKind.LOOPBACK:
        subject = _installed(sdk, version, lane)
        if subject is not None:
            return subject
    contract = sdk.contract
    adapter = find_adapter(contract.folder, contract.contract.not_run, version, named=named)
    return SubjectUnderTest(
        sdk, adapter.version, adapter.runtime, adapter.absent, lane=LaneKind.LOOPBACK
    )


def _installed(sdk: Sdk, version: str, lane: LaneKind | None) -> SubjectUnderTest | None:
    """The SDK as it is installed in this process; None where its adapter has to do."""
    contract = sdk.contract.contract
    here = find_installed(sdk.name, list(contract.lanes), contract.not_run)
    fits = not version or same_version(version, here.version)
    has_no_other_lane = lane is LaneKind.INPROCESS or LaneKind.LOOPBACK not in contract.lanes
    if not here.absent and not fits and has_no_other_lane:
        raise UsageError(
            "sdk-version",
            f"{sdk.name}@{version} was asked for but {contract.package} {here.version} is "
            "installed",
            f"install {contract.package}=={version}, or leave out --lane inprocess",
        )
    if lane is None and (here.absent or not fits):
        return None
    return SubjectUnderTest(
        sdk,
        here.version,
        here.runtime,
        here.absent,
        lane=LaneKind.INPROCESS,
        sockets=lane is None and _has_adapter(sdk, here),
    )


def _has_adapter(sdk: Sdk, here: Installed) -> bool:
    """Whether the very version that is installed can be driven through sockets too, with nothing to
    build."""
    contract = sdk.contract.contract
    if here.absent or LaneKind.LOOPBACK not in contract.lanes:
        return False
    try:
        adapter = find_adapter(sdk.contract.folder, contract.not_run, here.version, named=False)
    except UsageError:
        return False  # a version the adapter cannot drive
    return not adapter.absent
