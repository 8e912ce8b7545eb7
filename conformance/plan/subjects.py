"""From the SDK names a user gives to the subjects of a run."""

from __future__ import annotations

from conformance.errors import UsageError
from conformance.sdk.subject import SubjectUnderTest, subject_of
from conformance.suite.load import Suite
from conformance.wire.vocabulary import LaneKind

ALL = "all"


def subjects_of(
    suite: Suite, names: tuple[str, ...], lane: LaneKind | None = None
) -> tuple[SubjectUnderTest, ...]:
    """The subjects called ``names``, or every SDK the suite knows when none is named.

    ``name@version`` asks for a version, ``all`` for every SDK: those with an adapter have to run,
    the others are listed with the reason of their contract. ``lane`` None: in this process for the
    Python library that is installed here, through an adapter for all others. Raises UsageError for
    an unknown SDK, and for one that was named but cannot run here: what is asked for by name is
    never silently left out. An adapter that was named is not built here; the run does it.
    """
    if not names:
        return tuple(subject_of(sdk, "", lane, named=False) for sdk in suite.sdks)
    subjects: dict[tuple[str, str], SubjectUnderTest] = {}
    for name, version in _each_named(suite, names):
        subject = subject_of(suite.sdk(name), version, lane, named=True)
        subjects[subject.sdk.name, subject.version] = subject
    by_name = {name.partition("@")[0] for name in names}
    for subject in subjects.values():
        if subject.absent:
            _require(subject, by_name)
    return tuple(subjects.values())


def _each_named(suite: Suite, names: tuple[str, ...]) -> list[tuple[str, str]]:
    """The name and the version of each SDK that is asked for."""
    each: list[tuple[str, str]] = []
    for text in names:
        if text == ALL:
            each += [(sdk.name, "") for sdk in suite.sdks]
            continue
        name, at, version = text.partition("@")
        if at and not version:
            raise UsageError(
                "sdk-version", f"{text} names no version", "leave out the @, or write one behind it"
            )
        each.append((name, version))
    return each


def _require(subject: SubjectUnderTest, by_name: set[str]) -> None:
    """Raises UsageError for an absent ``subject`` that has to run: it is among those asked for
    ``by_name``, or nothing in its contract says that it does not run."""
    is_contract_only = bool(subject.sdk.contract.contract.not_run)
    if is_contract_only and subject.sdk.name not in by_name:
        return
    raise UsageError(
        "sdk-absent",
        f"{subject.sdk.name} cannot run: {subject.absent}",
        "leave it out" if is_contract_only else "install it, or leave it out",
    )
