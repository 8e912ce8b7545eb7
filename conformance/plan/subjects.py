"""From the SDK names a user gives to the subjects of a run."""

from __future__ import annotations

from conformance.errors import UsageError
from conformance.plan.plan import SubjectUnderTest
from conformance.sdk.registry import find_adapter, find_installed
from conformance.suite.contract import same_version
from conformance.suite.load import Sdk, Suite

ALL = "all"


def subjects_of(
    suite: Suite, wanted: tuple[str, ...], lane: str = ""
) -> tuple[SubjectUnderTest, ...]:
    """The subjects asked for, or every SDK the suite knows when none is named.

    ``name@version`` asks for a version, ``all`` for every SDK: those with an adapter have to run,
    the others are listed with the reason of their contract. ``lane`` is ``inprocess``, ``loopback``
    or empty: in-process for the Python library that is installed here, loopback for all others.
    Raises UsageError for an unknown SDK, and for one that was named but cannot run here: what is
    asked for by name is never silently left out. An adapter that was named is not built here; the
    run does it.
    """
    if not wanted:
        return tuple(_subject(suite, sdk.name, "", lane, named=False) for sdk in suite.sdks)
    names = [name for text in wanted for name in (_everything(suite) if text == ALL else (text,))]
    for name in names:
        if name.endswith("@"):
            raise UsageError(
                "sdk-version", f"{name} names no version", "leave out the @, or write one behind it"
            )
    found = [_subject(suite, *name.partition("@")[::2], lane, named=True) for name in names]
    subjects = tuple({(subject.sdk.name, subject.version): subject for subject in found}.values())
    asked = {text.partition("@")[0] for text in wanted}
    for subject in subjects:
        if subject.absent and (
            subject.sdk.name in asked or not subject.sdk.contract.contract.not_run
        ):
            raise UsageError(
                "sdk-absent",
                f"{subject.sdk.name} cannot run: {subject.absent}",
                "leave it out"
                if subject.sdk.contract.contract.not_run
                else "install it, or leave it out",
            )
    return subjects


def _everything(suite: Suite) -> tuple[str, ...]:
    return tuple(sdk.name for sdk in suite.sdks)


def _subject(suite: Suite, name: str, version: str, lane: str, *, named: bool) -> SubjectUnderTest:
    sdk = suite.sdk(name)
    contract = sdk.contract.contract
    if lane != "loopback":
        here = find_installed(name, list[str](contract.lanes), contract.not_run)
        wanted = not version or same_version(version, here.version)
        if (
            not here.absent
            and not wanted
            and (lane == "inprocess" or "loopback" not in contract.lanes)
        ):
            raise UsageError(
                "sdk-version",
                f"{name}@{version} was asked for but {contract.package} {here.version} is "
                "installed",
                f"install {contract.package}=={version}, or leave out --lane inprocess",
            )
        if lane == "inprocess" or (wanted and not here.absent):
            return SubjectUnderTest(
                sdk,
                here.version,
                here.runtime,
                here.absent,
                "inprocess",
                sockets=not lane and not here.absent and _has_adapter(sdk, here.version),
            )
    found = find_adapter(sdk.contract.folder, contract.not_run, version, named=named)
    return SubjectUnderTest(sdk, found.version, found.runtime, found.absent, "loopback")


def _has_adapter(sdk: Sdk, version: str) -> bool:
    """Whether this very version can be driven through sockets too, with nothing to build."""
    contract = sdk.contract.contract
    if "loopback" not in contract.lanes:
        return False
    try:
        return not find_adapter(sdk.contract.folder, contract.not_run, version, named=False).absent
    except UsageError:
        return False  # a version the adapter cannot drive
