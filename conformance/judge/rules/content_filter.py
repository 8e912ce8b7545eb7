"""Rules about content filter annotations as served (wire-contract section 4).

``expect: {response: {content_filter: unchecked}}`` silences them for a step that serves a wrong
block on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from conformance.judge.rules.compare import dig, objects
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.filter_blocks import Block, blocks, is_filtered
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import seen
from conformance.suite.scenario.match import show

SEVERITY = Rule(
    "content_filter.severity",
    "A category filtered by severity is not safe",
    Level.MUST,
    Blame.CASSETTE,
    "filtered says that the severity was over the threshold; safe is below every threshold.",
    "wire-contract section 4, severity category",
)
DETECTION = Rule(
    "content_filter.detection",
    "A category filtered by detection was detected; a block list filtered has an entry",
    Level.MUST,
    Blame.CASSETTE,
    "Nothing is filtered that was not found.",
    "wire-contract section 4, detection category",
)
FINISH = Rule(
    "content_filter.finish-reason",
    "A choice with a filtered category ends with finish_reason content_filter",
    Level.MUST,
    Blame.CASSETTE,
    "Callers look at the reason, not at the categories.",
    "wire-contract section 6, filtered completion",
)
NAMED = Rule(
    "content_filter.named",
    "A choice that ends with content_filter names a filtered category, or has an empty block",
    Level.MAY,
    Blame.CASSETTE,
    "Without it nobody learns why.",
    "wire-contract sections 4 and 6",
)
PROMPTS = Rule(
    "content_filter.prompt-index",
    "prompt_index counts the prompts from 0, each once, in any order",
    Level.MUST,
    Blame.CASSETTE,
    "A result has to find its prompt.",
    "wire-contract section 4, prompt_filter_results item",
)
ERROR_ENTRY = Rule(
    "content_filter.error-entry",
    "The entry that says the filter failed has a code and a message",
    Level.MUST,
    Blame.CASSETTE,
    "Content that passed unfiltered must be told from content that was found safe.",
    "wire-contract section 4, error entry",
)
ERROR_CODE = Rule(
    "content_filter.error-code",
    "A 400 that carries filter results has a content filter code",
    Level.MUST,
    Blame.CASSETTE,
    "SDKs and callers recognise a refusal by the code.",
    "wire-contract section 7, 400 rows",
)
OFFSETS = Rule(
    "content_filter.offsets",
    "Asynchronous offsets: check_offset never decreases, no range ends before it starts",
    Level.MUST,
    Blame.CASSETTE,
    "A caller withholds text up to check_offset; going back would unsay it.",
    "wire-contract section 6, asynchronous filter",
)
EXPECTED = Rule(
    "expect.content-filter",
    "The answer is annotated, filtered, unfiltered by failure, or bare, as the scenario says",
    Level.MUST,
    Blame.CASSETTE,
    "The scenario's statement holds only for the answer it names.",
    "the scenario's own sources; wire-contract section 4",
)

_CODES = (
    "content_filter",
    "content_policy_violation",
    "contentFilter",
    "ResponsibleAIPolicyViolation",
)


def _blocks(context: StepContext) -> list[Block]:
    response = context.expect.response
    if response is not None and response.content_filter == "unchecked":
        return []
    return blocks(context)


def _answers(context: StepContext) -> list[Any]:
    """The JSON values that hold choices: the body, or each event."""
    view = seen(context)
    if view.stream is not None:
        return [event.value for event in view.stream.events]
    return [view.body]


@rule_check(SEVERITY)
def _severity(context: StepContext) -> Iterable[Finding] | None:
    every = _blocks(context)
    if not every:
        return None
    return [
        finding(
            SEVERITY,
            f"The category {name} is filtered with severity {show(entry['severity'])}.",
            pointer=f"/response{block.pointer}/{name}",
            actual=entry,
            step=context.index,
        )
        for block in every
        for name, entry in block.entries()
        if entry.get("filtered") is True
        and "severity" in entry
        and entry["severity"] in ("safe", None)
    ]


@rule_check(DETECTION)
def _detection(context: StepContext) -> Iterable[Finding] | None:
    every = _blocks(context)
    if not every:
        return None
    return [
        finding(
            DETECTION,
            f"The category {name} is filtered but {_undetected(entry)}.",
            pointer=f"/response{block.pointer}/{name}",
            actual=entry,
            step=context.index,
        )
        for block in every
        for name, entry in block.entries()
        if entry.get("filtered") is True and _undetected(entry)
    ]


def _undetected(entry: dict[str, Any]) -> str:
    """Why a filtered entry contradicts itself; empty when it does not."""
    if "detected" in entry:
        return "" if entry["detected"] is True else f"detected is {show(entry['detected'])}"
    details = objects(entry.get("details"))
    filters = [item for item in details if "filtered" in item]
    return (
        "none of its entries is"
        if filters and not any(is_filtered(item) for item in filters)
        else ""
    )


def _choices(context: StepContext) -> dict[int, tuple[list[str], list[Any], bool]]:
    """By index of choice: its filtered categories, its finish reasons, whether any block names a
    category."""
    found: dict[int, tuple[list[str], list[Any], bool]] = {}
    for answer in _answers(context):
        for position, choice in enumerate(objects(dig(answer, "choices"))):
            given = choice.get("index")
            index = given if isinstance(given, int) else position
            names, reasons, named = found.get(index, ([], [], False))
            for key in ("content_filter_results", "content_filter_result"):
                block = choice.get(key)
                if isinstance(block, dict) and block:
                    named = True
                    names = names + [name for name, entry in block.items() if is_filtered(entry)]
            found[index] = (names, [*reasons, choice.get("finish_reason")], named)
    return found


@rule_check(FINISH)
def _finish(context: StepContext) -> Iterable[Finding] | None:
    if not any(block.place == "choice" for block in _blocks(context)):
        return None
    choices = _choices(context)
    return [
        finding(
            FINISH,
            f"Choice {index} has {', '.join(dict.fromkeys(names))} filtered and ends with "
            f"{show(next((r for r in reversed(reasons) if r), None))}, not content_filter.",
            pointer=f"/response/choices/{index}/finish_reason",
            expected="content_filter",
            actual=reasons[-1],
            step=context.index,
        )
        for index, (names, reasons, _) in choices.items()
        if names and "content_filter" not in reasons
    ]


@rule_check(NAMED)
def _named(context: StepContext) -> Iterable[Finding] | None:
    if not any(block.place == "choice" for block in _blocks(context)):
        return None
    stopped = {
        index: choice
        for index, choice in _choices(context).items()
        if "content_filter" in choice[1]
    }
    if not stopped:
        return None
    return [
        finding(
            NAMED,
            f"Choice {index} ends with content_filter, but no category of it is filtered.",
            pointer=f"/response/choices/{index}",
            step=context.index,
        )
        for index, (names, _, named) in stopped.items()
        if named and not names
    ]


@rule_check(PROMPTS)
def _prompts(context: StepContext) -> Iterable[Finding] | None:
    if not _blocks(context):
        return None
    found, judged = [], False
    prompts = context.call.arguments.get("prompt")
    for number, answer in enumerate(_answers(context)):
        items = objects(dig(answer, "prompt_filter_results"))
        if not items:
            continue
        judged = True
        wanted = len(items)
        if (
            isinstance(prompts, list)
            and prompts
            and all(isinstance(prompt, str) for prompt in prompts)
        ):
            wanted = len(prompts)
        have = [item.get("prompt_index") for item in items]
        if len(have) != wanted or any(index not in have for index in range(wanted)):
            found.append(
                finding(
                    PROMPTS,
                    f"prompt_index has {show(have)}; {wanted} prompts count from 0 to "
                    f"{wanted - 1}.",
                    expected=list(range(wanted)),
                    actual=have,
                    step=context.index,
                    pointer=f"/response/{number}/prompt_filter_results",
                )
            )
    return found if judged else None


@rule_check(ERROR_ENTRY)
def _error_entry(context: StepContext) -> Iterable[Finding] | None:
    failed = [block for block in _blocks(context) if "error" in block.categories]
    if not failed:
        return None
    return [
        finding(
            ERROR_ENTRY,
            f"The filter's error entry is {show(block.categories['error'])}; expected a code and "
            "a message.",
            pointer=f"/response{block.pointer}/error",
            actual=block.categories["error"],
            step=context.index,
        )
        for block in failed
        if not _says_failure(block.categories["error"])
    ]


def _says_failure(entry: Any) -> bool:
    """Whether an error entry has its documented members; v1 types the code as an integer."""
    code, message = dig(entry, "code"), dig(entry, "message")
    coded = code == "content_filter_error" or (isinstance(code, int) and not isinstance(code, bool))
    return coded and isinstance(message, str) and bool(message)


@rule_check(ERROR_CODE)
def _error_code(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if (
        view.refusal is None
        or view.refusal.status != 400
        or not any(b.place == "error" for b in _blocks(context))
    ):
        return None
    code = dig(view.body, "error", "code")
    if code in _CODES:
        return ()
    return (
        finding(
            ERROR_CODE,
            f"The 400 carries content filter results, but its code is {show(code)}.",
            pointer="/response/error/code",
            expected="content_filter",
            actual=code,
            step=context.index,
        ),
    )


def _offsets(context: StepContext) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(whose, pointer, offsets) in the order served."""
    for number, answer in enumerate(_answers(context)):
        for position, choice in enumerate(objects(dig(answer, "choices"))):
            if isinstance(choice.get("content_filter_offsets"), dict):
                yield (
                    f"choice {choice.get('index', position)}",
                    f"/events/{number}/choices/{position}",
                    choice["content_filter_offsets"],
                )
        for position, item in enumerate(objects(dig(answer, "content_filters"))):
            if isinstance(item.get("content_filter_offsets"), dict):
                yield (
                    f"filter {position}",
                    f"/content_filters/{position}",
                    item["content_filter_offsets"],
                )


@rule_check(OFFSETS)
def _offset_order(context: StepContext) -> Iterable[Finding] | None:
    every = list(_offsets(context)) if _blocks(context) else []
    if not every:
        return None
    found, checked = [], dict[str, float]()
    for whose, pointer, offsets in every:
        start, end, check = (
            _number(offsets.get(f"{name}_offset")) for name in ("start", "end", "check")
        )
        if start is not None and end is not None and start > end:
            found.append(
                finding(
                    OFFSETS,
                    f"The range of {whose} starts at {start:g} and ends at {end:g}.",
                    pointer=f"/response{pointer}/content_filter_offsets",
                    step=context.index,
                )
            )
        if check is None:
            continue
        if check < checked.get(whose, check):
            found.append(
                finding(
                    OFFSETS,
                    f"check_offset of {whose} goes back from {checked[whose]:g} to {check:g}.",
                    pointer=f"/response{pointer}/content_filter_offsets",
                    step=context.index,
                )
            )
        checked[whose] = max(check, checked.get(whose, check))
    return found


def _number(value: Any) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@rule_check(EXPECTED)
def _expected(context: StepContext) -> Iterable[Finding] | None:
    response, view = context.expect.response, seen(context)
    wanted = response.content_filter if response is not None else None
    if wanted is None or wanted == "unchecked" or not view.answered or view.response is None:
        return None
    problem = _PROBLEMS[wanted](context, blocks(context))
    if not problem:
        return ()
    return (
        finding(
            EXPECTED,
            f"The answer is not {wanted}: {problem}.",
            pointer="/response",
            expected=wanted,
            step=context.index,
            level=context.level,
        ),
    )


def _not_annotated(_context: StepContext, every: list[Block]) -> str:
    missing = [
        place
        for place in ("prompt", "choice")
        if not any(block.place == place and block.categories.keys() - {"error"} for block in every)
    ]
    return f"no category is reported for the {' and the '.join(missing)}" if missing else ""


def _not_filtered(context: StepContext, every: list[Block]) -> str:
    stopped = any("content_filter" in reasons for _, reasons, _ in _choices(context).values())
    refused = dig(seen(context).body, "error", "code") in _CODES
    incomplete = any(
        dig(answer, *path) == "content_filter"
        for answer in _answers(context)
        for path in (("incomplete_details", "reason"), ("response", "incomplete_details", "reason"))
    )
    done = stopped or refused or incomplete or any(block.filtered() for block in every)
    return "" if done else "no category is filtered, no choice is stopped and no prompt is refused"


def _not_failed(_context: StepContext, every: list[Block]) -> str:
    return (
        "" if any("error" in block.categories for block in every) else "no block has an error entry"
    )


def _not_absent(_context: StepContext, every: list[Block]) -> str:
    return f"there is a block at {every[0].pointer}" if every else ""


_PROBLEMS = {
    "annotated": _not_annotated,
    "filtered": _not_filtered,
    "failed": _not_failed,
    "absent": _not_absent,
}
