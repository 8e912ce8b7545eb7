"""``facts.html``: the text of every fact that the report cites, so that its links open where the
repository is not. No network, no scripts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markupsafe import Markup

from conformance.judge.results import Run
from conformance.report.html import assets, environment
from conformance.suite.facts import REPORT_PAGE, FactRef, Facts, citations

FACTS_NAME = REPORT_PAGE
INDEX_NAME = "index.html"

_LINK = re.compile(r"\[([^\[\]]+)\]\((?:([a-z]+)\.md)?#([\w.-]+)\)")
_FILE_LINK = re.compile(r"\[([^\[\]]+)\]\([a-z./]+\.md\)")


@dataclass(frozen=True, slots=True)
class FactView:
    """One cited fact. ``body`` is its text as HTML; None when this installation has no such
    fact."""

    ref: FactRef
    title: str
    body: Markup | None


def render_facts(run: Run, facts: Facts) -> str:
    """The facts that ``run`` cites as one self-contained page, in the order of pages and
    anchors."""
    refs = cited(run)
    views = [_view(ref, facts, refs) for ref in sorted(refs)]
    page = environment().get_template("facts.html.j2")
    return page.render(facts=views, index=INDEX_NAME, **assets(("report.css", "facts.css"))) + "\n"


def cited(run: Run) -> frozenset[FactRef]:
    """Every fact that ``run`` cites in a place that a report shows: sources of scenarios, rules,
    waivers, and where a response is from."""
    return frozenset(
        (*_sources(run), *(citation.ref for text in _texts(run) for citation in citations(text)))
    )


def _sources(run: Run) -> Iterator[FactRef]:
    for scenario in run.scenarios:
        for source in scenario.sources:
            if source.kind == "fact" and (ref := FactRef.parse(source.text)) is not None:
                yield ref


def _texts(run: Run) -> Iterator[str]:
    yield from (rule.source for rule in run.rules)
    yield from (waiver.reason for waiver in run.waivers)
    yield from {
        exchange.response.provenance_ref
        for case in run.cases
        for step in case.steps
        for exchange in step.exchanges
        if exchange.response is not None
    }


def _view(ref: FactRef, facts: Facts, shown: frozenset[FactRef]) -> FactView:
    fact = facts.get(ref)
    if fact is None:
        return FactView(ref, str(ref), None)
    return FactView(ref, fact.title, _html(fact.text, ref.page, shown))


def _html(text: str, page: str, shown: frozenset[FactRef]) -> Markup:
    """Markdown of the page ``page`` as HTML. A link to a fact that is not among ``shown`` becomes
    its words."""

    def link(match: re.Match[str]) -> str:
        words, ref = match[1], FactRef(match[2] or page, match[3])
        return f"[{words}](#{ref.fragment})" if ref in shown else words

    text = _FILE_LINK.sub(r"\1", _LINK.sub(link, text))
    # The text is ours, not the run's; and the renderer escapes HTML within Markdown.
    return Markup(_MARKDOWN.render(text))  # noqa: S704


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
