"""Rules about usage as served: it adds up (wire-contract section 5).

``expect: {response: {usage: unchecked}}`` silences them for a step that serves wrong numbers on
purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.judge.rules.compare import dig
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import seen

TOTALS = Rule(
    "usage.totals",
    "total_tokens is the sum of its parts",
    Level.MUST,
    Blame.CASSETTE,
    "Bills and budgets are computed from it; the sum held in every recorded answer.",
    "wire-contract section 5",
)
DETAILS = Rule(
    "usage.details",
    "No detail exceeds the count it is a part of",
    Level.MUST,
    Blame.CASSETTE,
    "reasoning tokens are completion tokens, cached tokens are prompt tokens.",
    "wire-contract section 5",
)
NEGATIVE = Rule(
    "usage.not-negative",
    "No count of tokens is negative",
    Level.MUST,
    Blame.CASSETTE,
    "A count counts.",
    "wire-contract section 5",
)
STREAM_ONCE = Rule(
    "usage.stream-once",
    "A stream carries at most one usage",
    Level.MUST,
    Blame.CASSETTE,
    "A caller who adds up chunks would count twice.",
    "wire-contract section 6, order of chunks",
)
STREAM_ASKED = Rule(
    "usage.stream-asked",
    "A stream asked for usage carries it",
    Level.MUST,
    Blame.CASSETTE,
    "include_usage is how a streaming caller learns what a call cost.",
    "wire-contract section 6, order of chunks",
)
EXPECTED = Rule(
    "expect.usage",
    "Usage is reported, or is absent, as the scenario says",
    Level.MUST,
    Blame.CASSETTE,
    "The scenario's statement holds only for the answer it names.",
    "the scenario's own sources",
)

_SUMS = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
_PARTS = (
    ("completion_tokens", "completion_tokens_details"),
    ("prompt_tokens", "prompt_tokens_details"),
    ("output_tokens", "output_tokens_details"),
    ("input_tokens", "input_tokens_details"),
)


def _usages(context: StepContext) -> list[tuple[str, dict[str, Any]]]:
    """(pointer, usage) of the last response, in the order served; none when the scenario says
    unchecked."""
    response = context.expect.response
    if context.operation.usage == "none" or (
        response is not None and response.usage == "unchecked"
    ):
        return []
    found: list[tuple[str, dict[str, Any]]] | None = context.memo.get("usages")
    if found is None:
        found = context.memo["usages"] = list(_find(context))
    return found


def _find(context: StepContext) -> Iterator[tuple[str, dict[str, Any]]]:
    view = seen(context)
    if view.stream is not None:
        for number, event in enumerate(view.stream.events):
            for path in (("usage",), ("response", "usage")):
                usage = dig(event.value, *path)
                if isinstance(usage, dict):
                    yield f"/events/{number}/{'/'.join(path)}", usage
    elif view.success is not None and isinstance(usage := dig(view.body, "usage"), dict):
        yield "/usage", usage


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@rule_check(TOTALS)
def _totals(context: StepContext) -> Iterable[Finding] | None:
    usages = _usages(context)
    if not usages:
        return None
    found = []
    for pointer, usage in usages:
        for first, second in _SUMS:
            one, total = _count(usage.get(first)), _count(usage.get("total_tokens"))
            two = _count(usage.get(second, 0))
            if one is not None and two is not None and total is not None and one + two != total:
                found.append(
                    finding(
                        TOTALS,
                        f"{first} {one} and {second} {two} make {one + two}; total_tokens is "
                        f"{total}.",
                        pointer=f"/response{pointer}/total_tokens",
                        expected=one + two,
                        actual=total,
                        step=context.index,
                    )
                )
    return found


@rule_check(DETAILS)
def _details(context: StepContext) -> Iterable[Finding] | None:
    usages = _usages(context)
    if not usages:
        return None
    found = []
    for pointer, usage in usages:
        for whole, details in _PARTS:
            limit, parts = _count(usage.get(whole)), usage.get(details)
            if limit is None or not isinstance(parts, dict):
                continue
            for name, value in parts.items():
                if (
                    name.endswith("_tokens")
                    and (count := _count(value)) is not None
                    and count > limit
                ):
                    found.append(
                        finding(
                            DETAILS,
                            f"{name} is {count}, more than the {limit} {whole} it is part of.",
                            pointer=f"/response{pointer}/{details}/{name}",
                            expected=limit,
                            actual=count,
                            step=context.index,
                        )
                    )
    return found


@rule_check(NEGATIVE)
def _negative(context: StepContext) -> Iterable[Finding] | None:
    usages = _usages(context)
    if not usages:
        return None
    found = []
    for pointer, usage in usages:
        counts = list(usage.items())
        for _, details in _PARTS:
            parts = usage.get(details)
            counts += (
                [(f"{details}/{name}", value) for name, value in parts.items()]
                if isinstance(parts, dict)
                else []
            )
        found += [
            finding(
                NEGATIVE,
                f"{name} is {value}.",
                pointer=f"/response{pointer}/{name}",
                actual=value,
                step=context.index,
            )
            for name, value in counts
            if name.endswith("_tokens") and (_count(value) or 0) < 0
        ]
    return found


@rule_check(STREAM_ONCE)
def _stream_once(context: StepContext) -> Iterable[Finding] | None:
    if seen(context).stream is None or context.operation.usage != "chat":
        return None
    usages = _usages(context)
    if len(usages) <= 1:
        return () if usages else None
    return (
        finding(
            STREAM_ONCE,
            f"The stream carries {len(usages)} usages, at {', '.join(p for p, _ in usages[:5])}.",
            pointer=f"/response{usages[1][0]}",
            expected=1,
            actual=len(usages),
            step=context.index,
        ),
    )


@rule_check(STREAM_ASKED)
def _stream_asked(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    asked = dig(view.request_json, "stream_options", "include_usage") is True
    response = context.expect.response
    if view.whole_stream is None or not asked or context.operation.usage != "chat":
        return None
    if response is not None and response.usage in ("unchecked", "absent"):
        return None
    if _usages(context):
        return ()
    return (
        finding(
            STREAM_ASKED,
            "The request asked for usage (stream_options.include_usage); no event carries it.",
            pointer="/response",
            step=context.index,
        ),
    )


@rule_check(EXPECTED)
def _expected(context: StepContext) -> Iterable[Finding] | None:
    response, view = context.expect.response, seen(context)
    wanted = response.usage if response is not None else None
    if wanted is None or wanted == "unchecked" or not view.answered or view.response is None:
        return None
    there = bool(_usages(context))
    if there == (wanted == "consistent"):
        return ()
    return (
        finding(
            EXPECTED,
            f"The answer carries {'a' if there else 'no'} usage; the scenario expects "
            f"{'none' if there else 'one'}.",
            pointer="/response/usage",
            expected=wanted,
            step=context.index,
            level=context.level,
        ),
    )
