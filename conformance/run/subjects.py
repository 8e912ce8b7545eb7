"""From the SDK names a user gives to the subjects of a run."""

from __future__ import annotations

from conformance.errors import UsageError
from conformance.run.plan import SubjectUnderTest
from conformance.run.suite import Suite
from conformance.sdk.registry import find_installed


def subjects_of(suite: Suite, wanted: tuple[str, ...]) -> tuple[SubjectUnderTest, ...]:
    """The subjects asked for, or every SDK the suite knows when none is named.

    ``name@version`` asks for a version. Raises UsageError for an unknown SDK, and for one that was named but cannot run
    here: what is asked for by name is never silently left out.
    """
    if not wanted:
        return tuple(_subject(suite, sdk.name) for sdk in suite.sdks)
    subjects = tuple(_subject(suite, *name.partition("@")[::2]) for name in wanted)
    subjects = tuple({subject.sdk.name: subject for subject in subjects}.values())
    for subject in subjects:
        if subject.absent:
            raise UsageError("sdk-absent", f"{subject.sdk.name} cannot run: {subject.absent}",
                             "install it, or leave it out of --sdk")
    return subjects


def _subject(suite: Suite, name: str, version: str = "") -> SubjectUnderTest:
    sdk = suite.sdk(name)
    contract = sdk.contract.contract
    found = find_installed(name, list(contract.lanes), contract.not_run)
    if version and found.version != version:
        raise UsageError("sdk-version", f"{name}@{version} was asked for but {contract.package} {found.version} is "
                         "installed", f"install {contract.package}=={version}, or use the tox environment for it")
    return SubjectUnderTest(sdk, found.version, found.runtime, found.absent)
