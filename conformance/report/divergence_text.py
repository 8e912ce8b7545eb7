"""Divergences in words, as the page and the terminal share them. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.report.comparison import Difference, Facet
from conformance.report.divergence import Comparison, Divergences, ScenarioDivergence, Seen
from conformance.report.text import count

FACETS: dict[Facet, str] = {
    "request": "Request",
    "answer": "What the caller got",
    "pacing": "Attempts and waits",
}
LENGTH = 110
"""Characters of a value that are shown."""

_WHERE = 3


def sentence(found: Divergences) -> str:
    """What was found, in one sentence."""
    if len(found.columns) < 2 and not found.compared:
        return "Nothing to compare: fewer than two SDKs, versions or surfaces ran"
    verb = "differs" if 1 in (len(found.scenarios), found.compared) else "differ"
    return (
        f"{len(found.scenarios)} of {count(found.compared, 'scenario')} {verb} between "
        f"{count(len(found.columns), 'SDK version')}"
    )


def names(columns: Iterable[str]) -> str:
    """``python 2.54.0, 3.54.0; go 1``: the versions of an SDK behind its name."""
    versions: dict[str, list[str]] = {}
    for column in columns:
        name, _, version = column.partition(" ")
        versions.setdefault(name, []).append(version)
    return "; ".join(f"{name} {', '.join(own)}".strip() for name, own in versions.items())


def short(text: str | None) -> str:
    """A value, cut to what fits a cell."""
    return "absent" if text is None else _cut(text, 0)


def texts(difference: Difference) -> tuple[str | None, ...]:
    """The value of each group; long ones from a little before the place where they part."""
    values = [group.value for group in difference.groups]
    known = [value for value in values if value is not None]
    start = 0
    if len(known) > 1 and max(map(len, known)) > LENGTH:
        start = max(_parting(min(known), max(known)) - LENGTH // 4, 0)
    return tuple(None if value is None else _cut(value, start) for value in values)


def _parting(one: str, other: str) -> int:
    """Where two texts part. Of the first and last in order: where all between them do."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _cut(text: str, start: int) -> str:
    shown = text[start : start + LENGTH]
    return f"{'…' if start else ''}{shown}{'…' if len(text) > start + LENGTH else ''}"


def where_of(seen: Seen, comparisons: int) -> str:
    """In which comparisons a difference shows; empty when it is all of them."""
    if len(seen.where) >= comparisons:
        return ""
    more = f" and {len(seen.where) - _WHERE} more" if len(seen.where) > _WHERE else ""
    return f"in {'; '.join(seen.where[:_WHERE])}{more}"


def step_title(call: Comparison, steps: int) -> str:
    """``step 2, poll: batches.retrieve``; the step is left out when there is only one."""
    return f"Step {call.step}, {call.title}" if steps > 1 else call.title


def drawn(item: ScenarioDivergence) -> list[Comparison]:
    """One comparison of each pattern of attempts, most SDK versions first: what retried alike is
    drawn once."""
    kept: dict[object, Comparison] = {}
    for call in item.calls:
        pattern = tuple(other.call.attempts for other in call.participants)
        if call.retried:
            kept.setdefault((call.step, pattern), call)
    return sorted(
        kept.values(), key=lambda call: -len({other.subject.column for other in call.participants})
    )
