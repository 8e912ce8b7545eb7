"""One call of several SDKs compared, member by member: who agrees with whom, and on what. Pure.

Members are compared among those that have them to give: what callers got among those who were
answered alike, results with results and errors with errors, and the waits of those that waited.
That somebody has none is one difference, not one for each member; and who asked for what no
recording holds was not answered at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from conformance.report.canonical import CanonicalCall, Members
from conformance.report.text import seconds

Facet = Literal["request", "answer", "pacing"]
ALIKE_FACTOR = 1.5
ALIKE_SECONDS = 0.1
"""Two waits are alike within either: the SDKs add jitter of up to a quarter (azcore: from 0.8 to
1.3), and a busy machine some tens of milliseconds. The shortest wait an SDK chooses itself is 0.375
s (0.5 s less a quarter)."""

_TIMER = 0.001
_ROLL_UP = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """An SDK version through one of its surfaces."""

    sdk: str
    version: str
    surface: str

    @property
    def column(self) -> str:
        """The SDK in its version, which is one column of a report."""
        return f"{self.sdk} {self.version}".strip()

    @property
    def order(self) -> tuple[str, tuple[tuple[int, str], ...], str]:
        """Sorts by name, then version as numbers, then surface."""
        numbers = tuple(
            (int(part), "") if part.isdigit() else (-1, part)
            for part in re.split(r"[.+-]", self.version)
        )
        return self.sdk, numbers, self.surface


@dataclass(frozen=True, slots=True)
class Participant:
    """A subject's call in one comparison. ``virtual`` when its waits passed on the clock of the
    in-process lane."""

    subject: Subject
    call: CanonicalCall
    at: tuple[float, ...] = ()
    virtual: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Subjects that agree. ``value`` is JSON text (a range of time for waits), None when the member
    is absent."""

    value: str | None
    subjects: tuple[Subject, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(subject.column for subject in self.subjects))


@dataclass(frozen=True, slots=True)
class Difference:
    """A member on which subjects part ways: at least two groups, the largest first. ``members`` is
    how many members below ``pointer`` it stands for."""

    facet: Facet
    pointer: str
    groups: tuple[Group, ...]
    members: int = 1

    @property
    def partition(self) -> tuple[tuple[Subject, ...], ...]:
        return tuple(group.subjects for group in self.groups)

    @property
    def dissenters(self) -> tuple[str, ...]:
        """The SDK versions outside the largest group."""
        return tuple(dict.fromkeys(column for group in self.groups[1:] for column in group.columns))


def compare(participants: Iterable[Participant]) -> tuple[Difference, ...]:
    """Where ``participants`` differ, in any order of them the same; empty when they agree or fewer
    than two are given."""
    found = sorted(participants, key=lambda item: item.subject.order)
    differences = [*_request(found), *_answer(found), *_pacing(found)]
    return tuple(
        sorted(_rolled_up(differences), key=lambda item: (_FACETS.index(item.facet), item.pointer))
    )


_FACETS: tuple[Facet, ...] = ("request", "answer", "pacing")


def shared(participants: Sequence[Participant]) -> tuple[tuple[str, str], ...]:
    """The members of the canonical request that all senders have in common, by pointer."""
    requests = [item.call.request for item in participants if item.call.request]
    if not requests:
        return ()
    return tuple(
        sorted(
            (name, value)
            for name, value in requests[0].items()
            if all(other.get(name) == value for other in requests[1:])
        )
    )


def _request(found: list[Participant]) -> Iterable[Difference]:
    yield from _split(
        "request", "/sent", found, lambda item: "true" if item.call.request else "false"
    )
    yield from _members(
        "request", [item for item in found if item.call.request], lambda item: item.call.request
    )


def _answer(found: list[Participant]) -> Iterable[Difference]:
    answered = [item for item in found if not item.call.missed]
    yield from _split("answer", "/outcome", answered, lambda item: item.call.answer.get("/outcome"))
    alike_so_far: dict[tuple[str, str], list[Participant]] = {}
    for item in answered:
        alike_so_far.setdefault(
            (item.call.answer.get("/outcome", ""), item.call.answered_by), []
        ).append(item)
    for key in sorted(alike_so_far):
        yield from _members("answer", alike_so_far[key], lambda item: item.call.answer)


def _pacing(found: list[Participant]) -> Iterable[Difference]:
    sent = [item for item in found if item.call.attempts]
    yield from _split(
        "pacing",
        "/attempts",
        sent,
        lambda item: f"{len(item.call.attempts)}: {', '.join(item.call.attempts)}",
    )
    for place in range(max((len(item.call.waits) for item in sent), default=0)):
        yield from _waits(place, [item for item in sent if len(item.call.waits) > place])


def _members(
    facet: Facet, found: list[Participant], of: Callable[[Participant], Members]
) -> Iterable[Difference]:
    if len(found) < 2:
        return
    first = of(found[0])
    if all(of(item) is first or of(item) == first for item in found):
        return
    for pointer in sorted({name for item in found for name in of(item)} - {"/outcome"}):
        yield from _split(facet, pointer, found, lambda item, name=pointer: of(item).get(name))  # type: ignore[misc]


def _split(
    facet: Facet,
    pointer: str,
    found: Iterable[Participant],
    value: Callable[[Participant], str | None],
) -> Iterable[Difference]:
    groups: dict[str | None, list[Subject]] = {}
    for item in found:
        groups.setdefault(value(item), []).append(item.subject)
    if len(groups) > 1:
        yield Difference(
            facet, pointer, _ordered(Group(text, tuple(own)) for text, own in groups.items())
        )


def _waits(place: int, found: list[Participant]) -> Iterable[Difference]:
    known = [
        (too_early(item.call, place), wait, item.subject)
        for item in found
        if (wait := item.call.waits[place]) is not None
    ]
    groups: list[list[tuple[bool, float, Subject]]] = []
    for early, wait, subject in sorted(known, key=lambda one: (one[0], one[1], one[2].order)):
        if groups and groups[-1][-1][0] == early and alike(groups[-1][-1][1], wait):
            groups[-1].append((early, wait, subject))
        else:
            groups.append([(early, wait, subject)])
    if len(groups) > 1:
        yield Difference(
            "pacing",
            f"/waits/{place}",
            _ordered(
                Group(
                    _range(own[0][1], own[-1][1]) + (", less than asked" if own[0][0] else ""),
                    tuple(sorted((subject for _, _, subject in own), key=_order)),
                )
                for own in groups
            ),
        )


def too_early(call: CanonicalCall, place: int) -> bool:
    """Whether the wait at ``place`` is shorter than the answer before it asked for."""
    wait, asked = call.waits[place], call.asked[place]
    return wait is not None and asked is not None and wait < asked - _TIMER


def alike(one: float, other: float) -> bool:
    """Whether two waits, in seconds, are the same but for jitter."""
    return abs(one - other) <= ALIKE_SECONDS or max(one, other) <= min(one, other) * ALIKE_FACTOR


def _range(shortest: float, longest: float) -> str:
    low, high = seconds(shortest), seconds(longest)
    return low if low == high else f"{low} to {high}"


def _order(subject: Subject) -> tuple[str, tuple[tuple[int, str], ...], str]:
    return subject.order


def _ordered(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(
        sorted(
            groups, key=lambda group: (-len(group.columns), [item.order for item in group.subjects])
        )
    )


def _rolled_up(differences: list[Difference]) -> list[Difference]:
    """A whole branch that the same subjects lack is one difference: its leaves say nothing more."""
    branches: dict[object, list[Difference]] = {}
    for item in differences:
        lacking = tuple(group.value is None for group in item.groups)
        key: object = (
            (item.facet, _branch(item.pointer), item.partition, lacking)
            if any(lacking)
            else (id(item),)
        )
        branches.setdefault(key, []).append(item)
    return [
        item
        for own in branches.values()
        for item in (own if len(own) < _ROLL_UP else [_whole(own)])
    ]


def _branch(pointer: str) -> str:
    return "/".join(pointer.split("/")[:3])


def _whole(leaves: list[Difference]) -> Difference:
    first = leaves[0]
    tokens = [item.pointer.split("/") for item in leaves]
    common = [found[0] for found in zip(*tokens, strict=False) if len(set(found)) == 1]
    # Only what stands first: `/a/x/0` and `/a/y/0` have `/a` in common, not `/a/0`.
    length = next(
        (place for place, found in enumerate(zip(*tokens, strict=False)) if len(set(found)) > 1),
        len(common),
    )
    groups = tuple(
        group if group.value is None else replace(group, value=f"{len(leaves)} members")
        for group in first.groups
    )
    return Difference(first.facet, "/".join(tokens[0][:length]) or "/", groups, len(leaves))
