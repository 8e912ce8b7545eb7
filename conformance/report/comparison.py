"""One call of several SDKs compared, member by member: who agrees with whom, and on what. Pure.

Only what is alike is compared: requests of those that sent one, answers of those that were answered
alike (results with results, errors with errors), waits of those that waited. That somebody sent
nothing is one difference, not one for each member. Whoever asked for what no recording holds was
not answered, so what its caller got is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from conformance.report.canonical import CanonicalCall, Members
from conformance.report.text import seconds

Facet = Literal["request", "answer", "pacing"]
FACETS: tuple[Facet, ...] = ("request", "answer", "pacing")
"""What a difference can be about, in the order in which readers are told."""

ALIKE_FACTOR = 1.5
ALIKE_SECONDS = 0.1
"""Two waits are alike within either: the SDKs add jitter of up to a quarter (azcore: from 0.8 to
1.3), and a busy machine some tens of milliseconds. The shortest wait an SDK chooses itself is 0.375
s (0.5 s less a quarter)."""

_CLOCK_SECONDS = (
    0.001  # a wait that falls short of what was asked by less than this was long enough
)
_ROLL_UP = 3  # so many members below one pointer are told as one difference


@dataclass(frozen=True, slots=True)
class ComparedSubject:
    """Who is compared: an SDK version through one of its surfaces."""

    sdk: str
    version: str
    surface: str

    @property
    def column(self) -> str:
        """The SDK in its version, which is one column of a report."""
        return f"{self.sdk} {self.version}".strip()

    @property
    def order(self) -> tuple[str, tuple[tuple[int, str], ...], str]:
        """A key that sorts by name, then by version (10 after 9), then by surface."""
        parts = re.split(r"[.+-]", self.version)
        return self.sdk, tuple(map(_version_part, parts)), self.surface


def _version_part(part: str) -> tuple[int, str]:
    """A key for one part of a version: words, as in ``1.0.0-beta``, before numbers."""
    return (int(part), "") if part.isdigit() else (-1, part)


@dataclass(frozen=True, slots=True)
class Participant:
    """A subject and its call in one comparison. ``at`` is when each attempt began, in seconds from
    the first; ``virtual`` when these passed on the clock of the in-process lane."""

    subject: ComparedSubject
    call: CanonicalCall
    at: tuple[float, ...] = ()
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Subjects that agree on a member. ``value`` is what they have, as JSON text (a range of times
    for waits); None when they do not have the member."""

    value: str | None
    subjects: tuple[ComparedSubject, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The SDK versions among the subjects, each once."""
        return tuple(dict.fromkeys(subject.column for subject in self.subjects))


@dataclass(frozen=True, slots=True)
class MemberDifference:
    """A member on which subjects do not agree: two groups or more, the largest first. It stands for
    ``members`` members, which are those below ``pointer`` when there are several."""

    facet: Facet
    pointer: str
    groups: tuple[Group, ...]
    members: int = 1

    @property
    def partition(self) -> tuple[tuple[ComparedSubject, ...], ...]:
        """The subjects of each group: who agrees with whom, whatever the values are."""
        return tuple(group.subjects for group in self.groups)

    @property
    def dissenters(self) -> tuple[str, ...]:
        """The SDK versions outside the largest group, each once."""
        return tuple(dict.fromkeys(column for group in self.groups[1:] for column in group.columns))


def compare(participants: Iterable[Participant]) -> tuple[MemberDifference, ...]:
    """Where ``participants`` differ, by facet and pointer; the same for any order of them. Empty
    when they agree, or there are fewer than two."""
    ordered = sorted(participants, key=lambda item: item.subject.order)
    differences = [*_request(ordered), *_answer(ordered), *_pacing(ordered)]
    return tuple(
        sorted(_rolled_up(differences), key=lambda item: (FACETS.index(item.facet), item.pointer))
    )


def shared(participants: Sequence[Participant]) -> tuple[tuple[str, str], ...]:
    """The members that are the same in every request that was sent: pointers and values, by
    pointer."""
    requests = [item.call.request for item in participants if item.call.request]
    if not requests:
        return ()
    first, *others = requests
    return tuple(
        sorted(
            (name, value)
            for name, value in first.items()
            if all(other.get(name) == value for other in others)
        )
    )


def _request(participants: list[Participant]) -> Iterable[MemberDifference]:
    senders = [item for item in participants if item.call.request]
    yield from _split("request", "/sent", participants, _sent)
    yield from _members("request", senders, lambda item: item.call.request)


def _sent(item: Participant) -> str:
    return "true" if item.call.request else "false"


def _answer(participants: list[Participant]) -> Iterable[MemberDifference]:
    answered = [item for item in participants if not item.call.missed]
    yield from _split("answer", "/outcome", answered, lambda item: item.call.answer.get("/outcome"))
    answered_alike: dict[tuple[str, str], list[Participant]] = {}
    for item in answered:
        key = (item.call.answer.get("/outcome", ""), item.call.answered_by)
        answered_alike.setdefault(key, []).append(item)
    for key in sorted(answered_alike):
        yield from _members("answer", answered_alike[key], lambda item: item.call.answer)


def _pacing(participants: list[Participant]) -> Iterable[MemberDifference]:
    senders = [item for item in participants if item.call.attempts]
    yield from _split("pacing", "/attempts", senders, _attempts)
    for place in range(max((len(item.call.waits) for item in senders), default=0)):
        yield from _waits(place, [item for item in senders if len(item.call.waits) > place])


def _attempts(item: Participant) -> str:
    return f"{len(item.call.attempts)}: {', '.join(item.call.attempts)}"


def _members(
    facet: Facet, participants: list[Participant], of: Callable[[Participant], Members]
) -> Iterable[MemberDifference]:
    """The differences between the members that ``of`` gives for each of ``participants``."""
    if len(participants) < 2:
        return
    members = [of(item) for item in participants]
    # Equal members are mostly one object, because equal bodies are read once.
    if all(other is members[0] or other == members[0] for other in members):
        return
    # The outcome is a difference of its own, told already.
    for pointer in sorted({name for item in members for name in item} - {"/outcome"}):
        yield from _split(facet, pointer, participants, _Reader(of, pointer))


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads the member ``pointer`` of a participant; None when it has none."""

    of: Callable[[Participant], Members]
    pointer: str

    def __call__(self, item: Participant) -> str | None:
        return self.of(item).get(self.pointer)


def _split(
    facet: Facet,
    pointer: str,
    participants: Iterable[Participant],
    value: Callable[[Participant], str | None],
) -> Iterable[MemberDifference]:
    """The difference between ``participants`` in ``value``, if there is one."""
    subjects_by_value: dict[str | None, list[ComparedSubject]] = {}
    for item in participants:
        subjects_by_value.setdefault(value(item), []).append(item.subject)
    if len(subjects_by_value) > 1:
        groups = (Group(text, tuple(subjects)) for text, subjects in subjects_by_value.items())
        yield MemberDifference(facet, pointer, _ordered(groups))


@dataclass(frozen=True, slots=True)
class _Wait:
    """How long a subject waited in seconds, and whether that is shorter than it was asked to."""

    early: bool
    seconds: float
    subject: ComparedSubject

    @property
    def order(self) -> tuple[object, ...]:
        return self.early, self.seconds, self.subject.order


def _waits(place: int, participants: list[Participant]) -> Iterable[MemberDifference]:
    """The difference between the waits at ``place``, if there is one."""
    known = [
        _Wait(too_early(item.call, place), length, item.subject)
        for item in participants
        if (length := item.call.waits[place]) is not None
    ]
    groups: list[list[_Wait]] = []
    for wait in sorted(known, key=lambda item: item.order):
        if groups and _alike_waits(groups[-1][-1], wait):
            groups[-1].append(wait)
        else:
            groups.append([wait])
    if len(groups) > 1:
        yield MemberDifference("pacing", f"/waits/{place}", _ordered(map(_group_of, groups)))


def _alike_waits(left: _Wait, right: _Wait) -> bool:
    return left.early == right.early and alike(left.seconds, right.seconds)


def _group_of(waits: list[_Wait]) -> Group:
    """Subjects with ``waits`` that are alike, the shortest first."""
    value = _range(waits[0].seconds, waits[-1].seconds)
    if waits[0].early:
        value += ", less than asked"
    subjects = sorted((wait.subject for wait in waits), key=lambda subject: subject.order)
    return Group(value, tuple(subjects))


def too_early(call: CanonicalCall, place: int) -> bool:
    """Whether the wait at ``place`` is shorter than the answer before it asked for."""
    wait, asked = call.waits[place], call.asked[place]
    return wait is not None and asked is not None and wait < asked - _CLOCK_SECONDS


def alike(left: float, right: float) -> bool:
    """Whether two waits, in seconds, are the same but for jitter."""
    shorter, longer = sorted((left, right))
    return longer - shorter <= ALIKE_SECONDS or longer <= shorter * ALIKE_FACTOR


def _range(shortest: float, longest: float) -> str:
    low, high = seconds(shortest), seconds(longest)
    return low if low == high else f"{low} to {high}"


def _ordered(groups: Iterable[Group]) -> tuple[Group, ...]:
    """``groups`` with the one of most SDK versions first."""
    return tuple(
        sorted(
            groups, key=lambda group: (-len(group.columns), [item.order for item in group.subjects])
        )
    )


def _rolled_up(differences: list[MemberDifference]) -> list[MemberDifference]:
    """``differences``, where members of one branch that the same subjects lack are one difference:
    what is missing is the branch, and its leaves say nothing more."""
    branches: dict[object, list[MemberDifference]] = {}
    for item in differences:
        branches.setdefault(_branch_key(item), []).append(item)
    rolled_up = []
    for leaves in branches.values():
        if len(leaves) < _ROLL_UP:
            rolled_up += leaves
        else:
            rolled_up.append(_whole_branch(leaves))
    return rolled_up


def _branch_key(item: MemberDifference) -> object:
    """The same for differences that may be told as one; its own for one that nobody lacks."""
    lacking = tuple(group.value is None for group in item.groups)
    if not any(lacking):
        return id(item)
    branch = item.pointer.split("/")[:3]
    return item.facet, tuple(branch), item.partition, lacking


def _whole_branch(leaves: list[MemberDifference]) -> MemberDifference:
    """One difference for ``leaves``, at the longest pointer that they are all below."""
    first = leaves[0]
    pointers = [item.pointer.split("/") for item in leaves]
    common: list[str] = []
    for tokens in zip(*pointers, strict=False):
        if len(set(tokens)) > 1:
            break
        common.append(tokens[0])
    groups = tuple(
        group if group.value is None else replace(group, value=f"{len(leaves)} members")
        for group in first.groups
    )
    return MemberDifference(first.facet, "/".join(common) or "/", groups, len(leaves))
