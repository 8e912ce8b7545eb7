"""Rules about usage as served: it adds up (facts/service#usage).

``expect: {response: {usage: unchecked}}`` silences them for a step that serves wrong numbers on
purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.judge.rules.compare import dig
from conformance.judge.rules.finding import Blame, Breach, Breaches
from conformance.judge.rules.rule import About, expectation, fact, service_rule
from conformance.judge.rules.served import Served
from conformance.judge.rules.step import ObservedStep

_SUMS = (("prompt_tokens", "completion_tokens"), ("input_tokens", "output_tokens"))
_PARTS = (
    ("completion_tokens", "completion_tokens_details"),
    ("prompt_tokens", "prompt_tokens_details"),
    ("output_tokens", "output_tokens_details"),
    ("input_tokens", "input_tokens_details"),
)


def _unchecked(step: ObservedStep) -> bool:
    return step.expected_response.usage == "unchecked"


def _unchecked_or_absent(step: ObservedStep) -> bool:
    return step.expected_response.usage in ("unchecked", "absent")


@service_rule("usage.totals", about=About.USAGE, sources=[fact("service#usage")], unless=_unchecked)
def totals_are_sums(served: Served) -> Breaches | None:
    """total_tokens is the sum of its parts.

    Bills and budgets are computed from it; the sum held in every recorded answer.
    """
    if not served.usages:
        return None
    return [breach for pointer, usage in served.usages for breach in _wrong_sums(pointer, usage)]


def _wrong_sums(pointer: str, usage: dict[str, Any]) -> Iterator[Breach]:
    total = _count(usage.get("total_tokens"))
    for sent, received in _SUMS:
        # Embeddings count no completion: a second part that is not there is 0.
        sent_count, received_count = _count(usage.get(sent)), _count(usage.get(received, 0))
        if sent_count is None or received_count is None or total is None:
            continue
        if sent_count + received_count != total:
            yield Breach(
                f"/response{pointer}/total_tokens",
                f"{sent} {sent_count} and {received} {received_count} make "
                f"{sent_count + received_count}; total_tokens is {total}.",
                expected=sent_count + received_count,
                actual=total,
            )


def _count(value: Any) -> int | None:
    """``value`` when it is a whole number; true is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return None


@service_rule(
    "usage.details", about=About.USAGE, sources=[fact("service#usage-details")], unless=_unchecked
)
def details_are_part_of_their_count(served: Served) -> Breaches | None:
    """No detail exceeds the count it is a part of.

    reasoning tokens are completion tokens, cached tokens are prompt tokens.
    """
    if not served.usages:
        return None
    return [
        breach for pointer, usage in served.usages for breach in _too_large_parts(pointer, usage)
    ]


def _too_large_parts(pointer: str, usage: dict[str, Any]) -> Iterator[Breach]:
    for whole, details in _PARTS:
        limit, parts = _count(usage.get(whole)), usage.get(details)
        if limit is None or not isinstance(parts, dict):
            continue
        for name, value in parts.items():
            count = _count(value)
            if name.endswith("_tokens") and count is not None and count > limit:
                yield Breach(
                    f"/response{pointer}/{details}/{name}",
                    f"{name} is {count}, more than the {limit} {whole} it is part of.",
                    expected=limit,
                    actual=count,
                )


@service_rule(
    "usage.not-negative", about=About.USAGE, sources=[fact("service#usage")], unless=_unchecked
)
def no_count_is_negative(served: Served) -> Breaches | None:
    """No count of tokens is negative.

    A count counts.
    """
    if not served.usages:
        return None
    return [
        Breach(f"/response{pointer}/{name}", f"{name} is {value}.", actual=value)
        for pointer, usage in served.usages
        for name, value in _counts(usage)
        if name.endswith("_tokens") and (_count(value) or 0) < 0
    ]


def _counts(usage: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The members of ``usage`` and of its details, by the pointer below it."""
    yield from usage.items()
    for _, details in _PARTS:
        parts = usage.get(details)
        if isinstance(parts, dict):
            for name, value in parts.items():
                yield f"{details}/{name}", value


@service_rule(
    "usage.stream-once", about=About.USAGE, sources=[fact("service#usage-chunk")], unless=_unchecked
)
def a_stream_has_one_usage(served: Served) -> Breaches | None:
    """A stream carries at most one usage.

    A caller who adds up chunks would count twice.
    """
    usages = served.usages
    if served.stream is None or served.operation.usage != "chat" or not usages:
        return None
    if len(usages) == 1:
        return ()
    places = ", ".join(pointer for pointer, _ in usages[:5])
    return [
        Breach(
            f"/response{usages[1][0]}",
            f"The stream carries {len(usages)} usages, at {places}.",
            expected=1,
            actual=len(usages),
        )
    ]


@service_rule(
    "usage.stream-asked",
    about=About.USAGE,
    sources=[fact("service#usage-chunk")],
    unless=_unchecked_or_absent,
)
def a_stream_has_the_usage_asked_for(served: Served) -> Breaches | None:
    """A stream asked for usage carries it.

    include_usage is how a streaming caller learns what a call cost.
    """
    if served.whole_stream is None or served.operation.usage != "chat":
        return None
    if dig(served.request_json, "stream_options", "include_usage") is not True:
        return None
    if served.usages:
        return ()
    return [
        Breach(
            "/response",
            "The request asked for usage (stream_options.include_usage); no event carries it.",
        )
    ]


def _expected_usage(step: ObservedStep) -> str | None:
    """What the scenario says of usage, of a step that can tell."""
    if _unchecked(step) or not step.answered or step.served.response is None:
        return None
    return step.expected_response.usage


@expectation("expect.usage", Blame.CASSETTE, about=About.USAGE, on=_expected_usage)
def usage_is_as_expected(step: ObservedStep, expected: str) -> Breaches:
    """Usage is reported, or is absent, as the scenario says.

    The scenario's statement holds only for the answer it names.
    """
    reported = bool(step.served.usages)
    if reported and expected != "consistent":
        message = "The answer carries a usage; the scenario expects none."
    elif not reported and expected == "consistent":
        message = "The answer carries no usage; the scenario expects one."
    else:
        return ()
    return [Breach("/response/usage", message, expected=expected)]
