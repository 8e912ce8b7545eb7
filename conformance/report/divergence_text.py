"""Divergences in words, the same on the page and in the terminal. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.report.comparison import Facet, MemberDifference
from conformance.report.divergence import (
    ComparedCall,
    Divergences,
    ScenarioDivergence,
    SeenDifference,
)
from conformance.report.text import count

FACET_TITLES: dict[Facet, str] = {
    "request": "Request",
    "answer": "What the caller got",
    "pacing": "Attempts and waits",
}
LENGTH = 110
"""Characters of a value that are shown."""

_COMPARISONS_NAMED = 3


def sentence(run: Divergences) -> str:
    """How many scenarios of a run differ, in one sentence without its full stop."""
    if len(run.columns) < 2 and not run.compared:
        return "Nothing to compare: fewer than two SDKs, versions or surfaces ran"
    verb = "differs" if 1 in (len(run.scenarios), run.compared) else "differ"
    return (
        f"{len(run.scenarios)} of {count(run.compared, 'scenario')} {verb} between "
        f"{count(len(run.columns), 'SDK version')}"
    )


def names(columns: Iterable[str]) -> str:
    """``python 2.54.0, 3.54.0; go 1``: each SDK once, with its versions behind its name."""
    versions_by_name: dict[str, list[str]] = {}
    for column in columns:
        name, _, version = column.partition(" ")
        versions_by_name.setdefault(name, []).append(version)
    return "; ".join(
        f"{name} {', '.join(versions)}".strip() for name, versions in versions_by_name.items()
    )


def short(text: str | None) -> str:
    """The beginning of a value, as long as fits a cell; ``absent`` when there is none."""
    if text is None:
        return "absent"
    return _cut(text, 0)


def texts(difference: MemberDifference) -> tuple[str | None, ...]:
    """The value of each group, as long as fits a cell. Long values begin a little before the place
    where they part."""
    values = [group.value for group in difference.groups]
    start = _start_of_difference([value for value in values if value is not None])
    return tuple(value if value is None else _cut(value, start) for value in values)


def _start_of_difference(values: list[str]) -> int:
    """From which character on ``values`` are shown, so that what differs is seen."""
    if len(values) < 2 or max(map(len, values)) <= LENGTH:
        return 0
    # What the first and the last in alphabetical order begin with alike, all between them do too.
    return max(_shared_length(min(values), max(values)) - LENGTH // 4, 0)


def _shared_length(left: str, right: str) -> int:
    """How many characters both texts begin with."""
    for place, (left_character, right_character) in enumerate(zip(left, right, strict=False)):
        if left_character != right_character:
            return place
    return min(len(left), len(right))


def _cut(text: str, start: int) -> str:
    """`LENGTH` characters of ``text`` from ``start`` on, with dots where something is left out."""
    before = "…" if start else ""
    after = "…" if len(text) > start + LENGTH else ""
    return before + text[start : start + LENGTH] + after


def where_of(seen: SeenDifference, comparisons: int) -> str:
    """In which comparisons a difference was seen; empty when it is in all ``comparisons``."""
    if len(seen.where) >= comparisons:
        return ""
    words = f"in {'; '.join(seen.where[:_COMPARISONS_NAMED])}"
    if len(seen.where) > _COMPARISONS_NAMED:
        words += f" and {len(seen.where) - _COMPARISONS_NAMED} more"
    return words


def step_title(call: ComparedCall, steps: int) -> str:
    """``Step 2, poll: batches.retrieve``; the number is left out when there is only one step."""
    return f"Step {call.step}, {call.title}" if steps > 1 else call.title


def drawn(item: ScenarioDivergence) -> list[ComparedCall]:
    """The calls whose attempts are worth a drawing, those of most SDK versions first: one for each
    step and pattern of attempts in which anybody retried."""
    by_pattern: dict[object, ComparedCall] = {}
    for call in item.calls:
        pattern = tuple(participant.call.attempts for participant in call.participants)
        if call.retried:
            by_pattern.setdefault((call.step, pattern), call)
    return sorted(by_pattern.values(), key=lambda call: -_column_count(call))


def _column_count(call: ComparedCall) -> int:
    return len({participant.subject.column for participant in call.participants})
