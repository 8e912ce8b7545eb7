"""Rules about content filter annotations as served (facts/service#content-filter).

``expect: {response: {content_filter: unchecked}}`` silences them for a step that serves a wrong
block on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.judge.rules.compare import dig, objects
from conformance.judge.rules.filter_blocks import FilterBlock, is_filtered
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, expectation, fact, service_rule
from conformance.judge.rules.served import Served, ServedChoice
from conformance.judge.rules.step import ObservedStep
from conformance.suite.scenario.match import show

_CODES = (
    "content_filter",
    "content_policy_violation",
    "contentFilter",
    "ResponsibleAIPolicyViolation",
)
"""The codes by which a refused prompt is recognised (facts/service#error-filter)."""


def _unchecked(step: ObservedStep) -> bool:
    return step.expected_response.content_filter == "unchecked"


def _filtered_entries(served: Served) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(pointer, name, entry) of each category that was filtered."""
    for block in served.blocks:
        for name, entry in block.entries():
            if entry.get("filtered") is True:
                yield f"/response{block.pointer}/{name}", name, entry


@service_rule(
    "content_filter.severity",
    about=About.FILTER,
    sources=[fact("service#severity")],
    unless=_unchecked,
)
def what_is_filtered_by_severity_is_not_safe(served: Served) -> Breaches | None:
    """A category filtered by severity is not safe.

    filtered says that the severity was over the threshold; safe is below every threshold.
    """
    if not served.blocks:
        return None
    return [
        Breach(
            pointer,
            f"The category {name} is filtered with severity {show(entry['severity'])}.",
            actual=entry,
        )
        for pointer, name, entry in _filtered_entries(served)
        if "severity" in entry and entry["severity"] in ("safe", None)
    ]


@service_rule(
    "content_filter.detection",
    about=About.FILTER,
    sources=[fact("service#detection"), fact("service#blocklists")],
    unless=_unchecked,
)
def what_is_filtered_was_detected(served: Served) -> Breaches | None:
    """A category filtered by detection was detected; a block list filtered has an entry.

    Nothing is filtered that was not found.
    """
    if not served.blocks:
        return None
    return [
        Breach(pointer, f"The category {name} is filtered but {contradiction}.", actual=entry)
        for pointer, name, entry in _filtered_entries(served)
        if (contradiction := _contradiction(entry))
    ]


def _contradiction(entry: dict[str, Any]) -> str:
    """Why a filtered entry contradicts itself; empty when it does not."""
    if "detected" in entry:
        if entry["detected"] is True:
            return ""
        return f"detected is {show(entry['detected'])}"
    details = [item for item in objects(entry.get("details")) if "filtered" in item]
    if details and not any(is_filtered(item) for item in details):
        return "none of its entries is"
    return ""


def _annotated_choices(served: Served) -> dict[int, ServedChoice] | None:
    """The choices of an answer with a block about a choice; None when it has no such block."""
    if not any(block.place == "choice" for block in served.blocks):
        return None
    return served.choices


@service_rule(
    "content_filter.finish-reason",
    about=About.FILTER,
    sources=[fact("service#filtered-completion")],
    unless=_unchecked,
)
def a_filtered_choice_ends_so(served: Served) -> Breaches | None:
    """A choice with a filtered category ends with finish_reason content_filter.

    Callers look at the reason, not at the categories.
    """
    choices = _annotated_choices(served)
    if choices is None:
        return None
    return [
        Breach(
            f"/response/choices/{index}/finish_reason",
            f"Choice {index} has {', '.join(dict.fromkeys(choice.filtered))} filtered and ends "
            f"with {show(_last_reason(choice))}, not content_filter.",
            expected="content_filter",
            actual=choice.finish_reasons[-1],
        )
        for index, choice in choices.items()
        if choice.filtered and "content_filter" not in choice.finish_reasons
    ]


def _last_reason(choice: ServedChoice) -> Any:
    return next((reason for reason in reversed(choice.finish_reasons) if reason), None)


@service_rule(
    "content_filter.named",
    Level.MAY,
    about=About.FILTER,
    sources=[fact("service#content-filter"), fact("service#filtered-completion")],
    unless=_unchecked,
)
def a_stopped_choice_names_a_category(served: Served) -> Breaches | None:
    """A choice that ends with content_filter names a filtered category, or has an empty block.

    Without it nobody learns why.
    """
    choices = _annotated_choices(served) or {}
    stopped = {
        index: choice
        for index, choice in choices.items()
        if "content_filter" in choice.finish_reasons
    }
    if not stopped:
        return None
    return [
        Breach(
            f"/response/choices/{index}",
            f"Choice {index} ends with content_filter, but no category of it is filtered.",
        )
        for index, choice in stopped.items()
        if choice.names_categories and not choice.filtered
    ]


@service_rule(
    "content_filter.prompt-index",
    about=About.FILTER,
    sources=[fact("service#prompt-filter-results")],
    unless=_unchecked,
)
def prompts_are_counted_from_0(served: Served) -> Breaches | None:
    """prompt_index counts the prompts from 0, each once, in any order.

    A result has to find its prompt.
    """
    if not served.blocks:
        return None
    breaches, judged = [], False
    for number, value in enumerate(served.values):
        items = objects(dig(value, "prompt_filter_results"))
        if not items:
            continue
        judged = True
        count = _prompts_asked(served) or len(items)
        indices = [item.get("prompt_index") for item in items]
        if len(indices) != count or any(index not in indices for index in range(count)):
            breaches.append(
                Breach(
                    f"/response/{number}/prompt_filter_results",
                    f"prompt_index has {show(indices)}; {count} prompts count from 0 to "
                    f"{count - 1}.",
                    expected=list(range(count)),
                    actual=indices,
                )
            )
    if not judged:
        return None
    return breaches


def _prompts_asked(served: Served) -> int:
    """How many prompts the request has as a list of texts; 0 when it has none such."""
    prompts = dig(served.request_json, "prompt")
    if isinstance(prompts, list) and all(isinstance(prompt, str) for prompt in prompts):
        return len(prompts)
    return 0


@service_rule(
    "content_filter.error-entry",
    about=About.FILTER,
    sources=[fact("service#filter-error")],
    unless=_unchecked,
)
def a_failed_filter_says_why(served: Served) -> Breaches | None:
    """The entry that says the filter failed has a code and a message.

    Content that passed unfiltered must be told from content that was found safe.
    """
    failed = [block for block in served.blocks if "error" in block.categories]
    if not failed:
        return None
    return [
        Breach(
            f"/response{block.pointer}/error",
            f"The filter's error entry is {show(block.categories['error'])}; expected a code and "
            "a message.",
            actual=block.categories["error"],
        )
        for block in failed
        if not _says_failure(block.categories["error"])
    ]


def _says_failure(entry: Any) -> bool:
    """Whether an error entry has its documented members; v1 types the code as an integer."""
    code, message = dig(entry, "code"), dig(entry, "message")
    coded = code == "content_filter_error" or (isinstance(code, int) and not isinstance(code, bool))
    return coded and isinstance(message, str) and bool(message)


@service_rule(
    "content_filter.error-code",
    about=About.FILTER,
    sources=[fact("service#error-filter"), fact("service#error-filter-spec")],
    unless=_unchecked,
)
def a_refused_prompt_has_a_filter_code(served: Served) -> Breaches | None:
    """A 400 that carries filter results has a content filter code.

    SDKs and callers recognise a refusal by the code.
    """
    if served.refusal is None or served.refusal.status != 400:
        return None
    if not any(block.place == "error" for block in served.blocks):
        return None
    code = dig(served.body, "error", "code")
    if code in _CODES:
        return ()
    return [
        Breach(
            "/response/error/code",
            f"The 400 carries content filter results, but its code is {show(code)}.",
            expected="content_filter",
            actual=code,
        )
    ]


@dataclass(frozen=True, slots=True)
class FilterOffsets:
    """The offsets of an asynchronous filter: whose, where they stand (JSON pointer), and what was
    sent."""

    owner: str
    pointer: str
    members: dict[str, Any]

    def number(self, name: str) -> float | None:
        """The offset ``name``; None when it is no number."""
        value = self.members.get(f"{name}_offset")
        if isinstance(value, int | float) and not isinstance(value, bool):
            return value
        return None


def _offsets(served: Served) -> Iterator[FilterOffsets]:
    """Every ``content_filter_offsets``, in the order served."""
    for number, value in enumerate(served.values):
        for position, choice in enumerate(objects(dig(value, "choices"))):
            offsets = choice.get("content_filter_offsets")
            if isinstance(offsets, dict):
                yield FilterOffsets(
                    f"choice {choice.get('index', position)}",
                    f"/events/{number}/choices/{position}",
                    offsets,
                )
        for position, item in enumerate(objects(dig(value, "content_filters"))):
            offsets = item.get("content_filter_offsets")
            if isinstance(offsets, dict):
                yield FilterOffsets(f"filter {position}", f"/content_filters/{position}", offsets)


@service_rule(
    "content_filter.offsets",
    about=About.FILTER,
    sources=[fact("service#async-filter")],
    unless=_unchecked,
)
def offsets_go_forward(served: Served) -> Breaches | None:
    """Asynchronous offsets: check_offset never decreases, no range ends before it starts.

    A caller withholds text up to check_offset; going back would unsay it.
    """
    if not served.blocks:
        return None
    every_offsets = list(_offsets(served))
    if not every_offsets:
        return None
    breaches: list[Breach] = []
    checked: dict[str, float] = {}
    for offsets in every_offsets:
        pointer = f"/response{offsets.pointer}/content_filter_offsets"
        start, end = offsets.number("start"), offsets.number("end")
        if start is not None and end is not None and start > end:
            message = f"The range of {offsets.owner} starts at {start:g} and ends at {end:g}."
            breaches.append(Breach(pointer, message))
        check = offsets.number("check")
        if check is None:
            continue
        before = checked.get(offsets.owner, check)
        if check < before:
            message = f"check_offset of {offsets.owner} goes back from {before:g} to {check:g}."
            breaches.append(Breach(pointer, message))
        checked[offsets.owner] = max(check, before)
    return breaches


def _expected_filter(step: ObservedStep) -> str | None:
    """What the scenario says of the content filter, of a step that can tell."""
    if _unchecked(step) or not step.answered or step.served.response is None:
        return None
    return step.expected_response.content_filter


@expectation(
    "expect.content-filter",
    Blame.CASSETTE,
    about=About.FILTER,
    sources=[fact("service#content-filter")],
    on=_expected_filter,
)
def filter_is_as_expected(step: ObservedStep, expected: str) -> Breaches:
    """The answer is annotated, filtered, unfiltered by failure, or bare, as the scenario says.

    The scenario's statement holds only for the answer it names.
    """
    problem = _PROBLEM_OF[expected](step.served)
    if problem:
        yield Breach("/response", f"The answer is not {expected}: {problem}.", expected=expected)


def _not_annotated(served: Served) -> str:
    missing = [
        place
        for place in ("prompt", "choice")
        if not any(_annotates(block, place) for block in served.blocks)
    ]
    if not missing:
        return ""
    return f"no category is reported for the {' and the '.join(missing)}"


def _annotates(block: FilterBlock, place: str) -> bool:
    return block.place == place and bool(block.categories.keys() - {"error"})


def _not_filtered(served: Served) -> str:
    stopped = any("content_filter" in choice.finish_reasons for choice in served.choices.values())
    refused = dig(served.body, "error", "code") in _CODES
    incomplete = any(
        dig(value, *path) == "content_filter"
        for value in served.values
        for path in (("incomplete_details", "reason"), ("response", "incomplete_details", "reason"))
    )
    if stopped or refused or incomplete or any(block.filtered() for block in served.blocks):
        return ""
    return "no category is filtered, no choice is stopped and no prompt is refused"


def _not_failed(served: Served) -> str:
    if any("error" in block.categories for block in served.blocks):
        return ""
    return "no block has an error entry"


def _not_absent(served: Served) -> str:
    if not served.blocks:
        return ""
    return f"there is a block at {served.blocks[0].pointer}"


_PROBLEM_OF = {
    "annotated": _not_annotated,
    "filtered": _not_filtered,
    "failed": _not_failed,
    "absent": _not_absent,
}
"""By what a scenario can expect: the function that says why an answer is not so; empty text: it
is."""
