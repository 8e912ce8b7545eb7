"""``facts.html``: the facts that a run's sources, references, rules and waivers cite, with their
texts.

So that a report's links open anywhere, also where the repository is not. No network, no scripts.
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
    """One cited fact. ``body`` is HTML made of our own Markdown; None when there is no such fact
    here."""

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
    """Every fact that ``run`` cites, wherever a report shows the citation."""
    return frozenset(
        (*_sources(run), *(citation.ref for text in _texts(run) for citation in citations(text)))
    )


def _sources(run: Run) -> Iterator[FactRef]:
    for scenario in run.scenarios:
        for source in scenario.sources:
            ref = FactRef.parse(source.text) if source.kind == "fact" else None
            if ref is not None:
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
    """Markdown as HTML. A link to a fact that this page does not show is left as its words."""

    def link(match: re.Match[str]) -> str:
        ref = FactRef(match[2] or page, match[3])
        return f"[{match[1]}](#{ref.fragment})" if ref in shown else match[1]

    text = _FILE_LINK.sub(r"\1", _LINK.sub(link, text))
    # Ours, not the run's; and the renderer escapes HTML within Markdown.
    return Markup(_MARKDOWN.render(text))  # noqa: S704


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")
