"""A rule is one definition: its function, and all that is known of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.judge.rules import About, Blame, Level, Rule, all_rules
from conformance.judge.rules.case_rules import CASE_RULES
from conformance.judge.rules.finding import Breach, Breaches
from conformance.judge.rules.rule import (
    DocsPage,
    article,
    docs,
    expectation,
    fact,
    issue,
    page,
    rfc,
    rule,
    service_rule,
    source_text,
)
from conformance.judge.rules.served import Served
from conformance.judge.rules.step import ObservedStep
from conformance.suite.facts import load_facts
from conformance.suite.home import facts_folder
from tests.judge.rules.builders import chat
from tests.places import PROJECT

EVERY_RULE = (*all_rules(), *CASE_RULES)


@rule(
    "made.up",
    Level.SHOULD,
    Blame.ADAPTER,
    about=About.TIME,
    sources=[article("Retries"), fact("sdks#retries")],
    when=lambda step: step.operation.id == "chat.completions.create",
    on=lambda step: step.call.arguments.get("marker"),
)
def marker_is_short(step: ObservedStep, marker: str) -> Breaches:
    """The marker of a call is short,
    or there is none.

    A long one
    is no marker.
    """
    assert step.call.arguments["marker"] == marker
    if len(marker) > 3:
        yield Breach("/marker", f"{marker} is long.", expected=3, actual=len(marker))


def decided(definition: Rule, **arguments: object) -> list[Breach] | None:
    assert definition.decide is not None
    breaches = definition.decide(ObservedStep(chat(more=arguments)))
    return None if breaches is None else list(breaches)


def test_the_docstring_is_the_statement_and_the_reason() -> None:
    assert marker_is_short.title == "The marker of a call is short, or there is none"
    assert marker_is_short.why == "A long one is no marker."


def test_a_definition_has_all_that_its_decorator_says() -> None:
    assert (marker_is_short.id, marker_is_short.level) == ("made.up", Level.SHOULD)
    assert (marker_is_short.blame, marker_is_short.about) == (Blame.ADAPTER, About.TIME)
    assert marker_is_short.source == "article, Retries; facts/sdks#retries"


def test_a_rule_applies_only_where_its_guards_let_it() -> None:
    assert decided(marker_is_short) is None
    assert decided(marker_is_short, marker="abc") == []
    assert decided(marker_is_short, marker="abcd") == [Breach("/marker", "abcd is long.", 3, 4)]


def test_a_guard_that_is_false_is_asked_before_anything_is_looked_for() -> None:
    @rule(
        "made.up-too",
        Level.MUST,
        Blame.SDK,
        about=About.REQUEST,
        sources=[],
        when=lambda _step: False,
        on=lambda _step: pytest.fail("nothing is to be looked for"),
    )
    def never(_step: ObservedStep, _subject: object) -> Breaches:
        """Never."""
        return ()

    assert decided(never) is None


def test_what_a_scenario_writes_has_the_scenarios_own_sources() -> None:
    @expectation(
        "expect.made-up",
        Blame.SDK,
        about=About.OUTCOME,
        sources=[fact("service#usage")],
        on=lambda step: step.expect.attempts,
    )
    def made_up(_step: ObservedStep, _expected: object) -> Breaches:
        """As the scenario says."""
        return ()

    assert made_up.written
    assert made_up.source == "the scenario's own sources; facts/service#usage"
    assert decided(made_up) is None


def test_a_rule_about_the_service_is_silent_where_a_step_serves_otherwise_on_purpose() -> None:
    @service_rule(
        "made.up-of-service",
        about=About.ANSWER,
        sources=[],
        unless=lambda step: "odd" in step.call.arguments,
    )
    def made_up(served: Served) -> Breaches:
        """An answer is there."""
        return [Breach("/response", f"{len(served.exchanges)} answers.")]

    assert decided(made_up) == [Breach("/response", "1 answers.")]
    assert decided(made_up, odd=True) is None
    assert made_up.blame is Blame.CASSETTE


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (article("Retries"), "article, Retries"),
        (fact("sdks#retries"), "facts/sdks#retries"),
        (docs("results#blame"), "docs/results.md#blame"),
        (docs("scenarios"), "docs/scenarios.md"),
        (issue("https://github.com/a/b/issues/1"), "https://github.com/a/b/issues/1"),
        (page("https://example.org/x", "2.1"), "https://example.org/x, section 2.1"),
        (rfc(9110, "9.2.2"), "https://www.rfc-editor.org/rfc/rfc9110, section 9.2.2"),
    ],
)
def test_a_source_reads_as_text(source: object, text: str) -> None:
    assert source_text(source) == text  # type: ignore[arg-type]


def test_no_id_and_no_statement_stands_twice() -> None:
    assert len({definition.id for definition in EVERY_RULE}) == len(EVERY_RULE) == 77
    assert len({definition.title for definition in EVERY_RULE}) == len(EVERY_RULE)


def test_every_rule_says_what_and_why_in_sentences_and_where_it_is_written() -> None:
    for definition in EVERY_RULE:
        assert definition.title and not definition.title.endswith("."), definition.id
        assert definition.why.endswith("."), definition.id
        assert definition.source, definition.id


def cited(kind: str) -> Iterator[tuple[str, str]]:
    """(rule, text) of each source of one kind."""
    for definition in EVERY_RULE:
        for source in definition.sources:
            if not isinstance(source, DocsPage) and source.kind == kind:
                yield definition.id, source.text


def test_every_fact_a_rule_cites_is_published() -> None:
    facts = load_facts(facts_folder())
    refs = [
        (definition.id, source)
        for definition in EVERY_RULE
        for source in definition.sources
        if not isinstance(source, DocsPage) and source.kind == "fact"
    ]
    assert len(refs) > 60
    assert [
        (name, source.fact)
        for name, source in refs
        if source.fact_ref is None or facts.get(source.fact_ref) is None
    ] == []


def test_every_page_of_the_documentation_a_rule_cites_has_the_heading() -> None:
    pages = [
        (definition.id, source)
        for definition in EVERY_RULE
        for source in definition.sources
        if isinstance(source, DocsPage)
    ]
    assert len(pages) > 10
    assert [
        (name, str(source))
        for name, source in pages
        if (source.heading and source.heading not in headings(PROJECT / "docs" / source.page))
        or not (PROJECT / "docs" / f"{source.page}.md").is_file()
    ] == []


def headings(path: Path) -> set[str]:
    """The headings of a page as links name them."""
    text = path.with_suffix(".md").read_text(encoding="utf-8")
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_other_source_is_an_address_or_a_part_of_the_article() -> None:
    addresses = [*cited("url"), *cited("issue")]
    assert addresses and all(text.startswith("https://") for _, text in addresses)
    assert {text for _, text in cited("article")} == {
        "all client sections",
        "Authentication",
        "Error handling",
        "Request ids",
        "Retries",
        "Streaming",
    }
