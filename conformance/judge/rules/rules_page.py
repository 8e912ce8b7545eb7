"""The page that lists every rule, and the contract traits rules read (``docs/rules.md``).
Generated; a test compares.

Write it anew with ``python -m conformance.judge.rules.rules_page > docs/rules.md``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from conformance.judge.rules import all_rules
from conformance.judge.rules.case_rules import CASE_RULES
from conformance.judge.rules.rule import SCENARIOS_OWN, DocsPage, Rule, RuleSource, source_text


@dataclass(frozen=True, slots=True)
class TraitUse:
    """A contract trait as rules read it: its shape, and what a contract that is silent means."""

    name: str
    shape: str
    silent: str


TRAITS = (
    TraitUse(
        "request.adds",
        "operation id -> list of body members the SDK documents adding (or member -> value)",
        "it adds none",
    ),
    TraitUse(
        "auth.v1_header",
        "`authorization` or `api-key`: the header of a key on v1",
        "`authorization`",
    ),
    TraitUse("retries.max", "number of retries by default", "no rule about the number of attempts"),
    TraitUse(
        "retries.statuses",
        "list of statuses that are retried: `429`, `5xx`, `>=500`, `500-504`",
        "no rule about which are retried",
    ),
    TraitUse(
        "retries.should_retry_header", "true: `x-should-retry` overrides the list", "it is ignored"
    ),
    TraitUse(
        "retries.connection_errors",
        "true or false: refused and reset connections are retried",
        "no rule",
    ),
    TraitUse("retries.timeouts", "true or false: time-outs are retried", "no rule"),
    TraitUse(
        "retries.honours",
        "list of the headers whose wait is honoured, in the order they are read: "
        "`retry-after-ms`, `x-ms-retry-after-ms`, `retry-after`",
        "none is, only backoff applies",
    ),
    TraitUse(
        "retries.retry_after_forms",
        "those of `seconds`, `fraction`, `date` that `retry-after` may have; "
        "`fraction` goes for milliseconds too",
        "all three",
    ),
    TraitUse("retries.max_wait", "seconds; a longer wait asked for binds nobody", "no cap"),
    TraitUse(
        "retries.backoff",
        "`{initial, factor, max, jitter_min, jitter_max}` (seconds and factors: retry n waits "
        "min(initial * factor^n, max) times the jitter), or "
        "`{delays: [...], jitter_min, jitter_max}`",
        "no rule",
    ),
    TraitUse("retries.count_header", "name of the header that counts retries", "no rule"),
    TraitUse(
        "errors.kinds",
        "status (`409`, `4xx`) or fault (`connection_reset`) -> error kind",
        "the common table",
    ),
    TraitUse(
        "errors.classes", "error kind -> class name, or list of names", "no rule about classes"
    ),
    TraitUse(
        "errors.exposes",
        "those of `code`, `param`, `type`, `message`, `headers` the SDK documents accessors for",
        "all of them",
    ),
    TraitUse(
        "request_id.header",
        "the response header the SDK shows as request id; null: it shows none",
        "`x-request-id`",
    ),
    TraitUse(
        "result.serialisation",
        "`exact`; `known`: nulls and members outside the specification may be lost; "
        "`none`: results cannot be serialised",
        "`exact`",
    ),
    TraitUse(
        "result.view_lacks",
        "list of view members the SDK documents no accessor for: `object`, "
        "`responses.create:object` for one operation, `usage/cached_tokens` for a member of a "
        "member",
        "none is lacking",
    ),
    TraitUse(
        "result.returns_nothing",
        "list of operation ids whose method is documented to return nothing",
        "every method returns its answer",
    ),
)
"""Every trait a rule reads."""

_HEAD = """# Rules

Generated from the rules by `python -m conformance.judge.rules.rules_page`; do not edit.

Every rule that applies to a step is applied to it without being asked for; `expect.*` rules apply
where a scenario writes an expectation, and carry the scenario's level. A rule that does not apply
claims nothing. **must** and **should** findings turn a case red, **may** findings are notes. Blame
says whose fault a finding is: `sdk`, `adapter` (the program that drives the SDK), `cassette` (what
was recorded or scripted), `harness`.

A step that serves something wrong on purpose says so: `expect: {response: {schema: none}}` silences
`response.schema`, `response.unknown-members`, `stream.done` and `stream.sequence`;
`content_filter: unchecked` and `usage: unchecked` silence theirs.
"""

_TRAITS_HEAD = """## Contract traits rules read

| trait | shape | a contract that is silent |
| --- | --- | --- |"""


def render_rules(rules: Iterable[Rule]) -> str:
    """The page, as Markdown: rules grouped by concern and sorted by id, then the traits."""
    ordered = sorted(rules, key=lambda rule: rule.id)
    lines = [_HEAD]
    for concern, group in groupby(ordered, key=lambda rule: rule.id.partition(".")[0]):
        lines.append(f"## {concern}\n")
        lines += map(_entry, group)
    lines.append(_TRAITS_HEAD)
    lines += [f"| `{trait.name}` | {trait.shape} | {trait.silent} |" for trait in TRAITS]
    return "\n".join(lines) + "\n"


def _entry(rule: Rule) -> str:
    """What the page says of one rule."""
    return (
        f"### `{rule.id}`\n\n{rule.title}.\n\n"
        f"- Level: {rule.level}\n- Blame: {rule.blame}\n- About: {rule.about}\n"
        f"- Why: {rule.why}\n- Source: {'; '.join(_sources(rule))}\n"
    )


def _sources(rule: Rule) -> Iterator[str]:
    """The sources of a rule, linked where they can be opened."""
    if rule.written:
        yield SCENARIOS_OWN
    for source in rule.sources:
        target = _target(source)
        if target:
            yield f"[{source_text(source)}]({target})"
        else:
            yield source_text(source)


def _target(source: RuleSource) -> str:
    """Where a source can be opened, as a link on a page in ``docs/``; empty when it is not said."""
    if isinstance(source, DocsPage):
        return str(source).removeprefix("docs/")
    if source.fact is not None:
        page, _, anchor = source.fact.partition("#")
        return f"facts/{page}.md#{anchor}"
    return source.url or source.issue or ""


if __name__ == "__main__":
    sys.stdout.write(render_rules((*all_rules(), *CASE_RULES)))
