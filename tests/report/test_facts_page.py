"""``facts.html``: what a report cites is carried by the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.judge.results import Run, SourceLink, Verdict
from conformance.report.facts_page import cited, render_facts
from conformance.report.html import render_html
from conformance.report.text import safe_link
from conformance.report.write import write_reports
from conformance.suite.facts import FactRef, Facts, load_facts
from conformance.suite.home import facts_folder
from tests.report.builders import full_run, small_run
from tests.report.page import Page

FACTS = Facts(
    {
        "service": '<a id="chat"></a>\n\n## Chat <answers>\n\nOne & two, see [waits](#waits) and '
        '[.NET](dotnet.md#pairs).\n\n<a id="waits"></a>\n\n## Waits\n\n'
        "| a | b |\n| --- | --- |\n| `x` | [page](https://example.com) |\n",
        "sdks": '| # | what |\n| --- | --- |\n| <a id="f24"></a>F24 | a prefix |\n',
    }
)


def citing(*texts: str) -> Run:
    """A run with one scenario, whose sources are facts with these texts."""
    run = small_run(Verdict.PASS)
    sources = tuple(
        SourceLink(kind="fact", text=text, url=ref.url if (ref := FactRef.parse(text)) else "")
        for text in texts
    )
    return run.model_copy(
        update={
            "scenarios": tuple(
                scenario.model_copy(update={"sources": sources}) for scenario in run.scenarios
            )
        }
    )


def test_a_report_carries_exactly_the_facts_it_cites() -> None:
    page = Page(render_facts(citing("service#chat", "sdks#f24", "seen in March"), FACTS))
    ids = page.values("id")
    assert [name for name in ids if not name.startswith("h-")] == [
        "main",
        "sdks-f24",
        "service-chat",
    ]
    assert page.open == []


def test_a_source_of_the_report_links_the_fact_beside_it() -> None:
    run = citing("service#chat")
    assert "facts.html#service-chat" in Page(render_html(run)).values("href")
    assert "service-chat" in Page(render_facts(run, FACTS)).values("id")


@pytest.mark.parametrize("where", ["rules", "waivers", "references"])
def test_running_text_links_the_facts_it_cites(where: str) -> None:
    run = full_run()
    cases, rules, waivers = run.cases, run.rules, run.waivers
    text = "as in facts/service#waits <b>"
    if where == "rules":
        rules = (rules[0].model_copy(update={"source": text}), *rules[1:])
    elif where == "waivers":
        waivers = (waivers[0].model_copy(update={"reason": text}), *waivers[1:])
    else:
        cases = tuple(
            case.model_copy(
                update={
                    "steps": tuple(
                        step.model_copy(
                            update={
                                "exchanges": tuple(
                                    exchange.model_copy(
                                        update={
                                            "response": exchange.response.model_copy(
                                                update={"provenance_ref": text}
                                            )
                                        }
                                    )
                                    if exchange.response
                                    else exchange
                                    for exchange in step.exchanges
                                )
                            }
                        )
                        for step in case.steps
                    )
                }
            )
            for case in run.cases
        )
    changed = run.model_copy(update={"cases": cases, "rules": rules, "waivers": waivers})
    assert cited(changed) == {FactRef("service", "waits")}
    html = render_html(changed)
    assert 'as in <a href="facts.html#service-waits">facts/service#waits</a> &lt;b&gt;' in html


def test_markdown_is_shown_as_tables_links_and_text() -> None:
    html = render_facts(citing("service#chat", "service#waits"), FACTS)
    assert "Chat &lt;answers&gt;" in html
    assert "One &amp; two, see" in html
    assert '<td><code>x</code></td>\n<td><a href="https://example.com">page</a></td>' in html


def test_a_link_between_facts_stays_on_the_page_or_becomes_its_words() -> None:
    both = render_facts(citing("service#chat", "service#waits"), FACTS)
    assert 'see <a href="#service-waits">waits</a> and .NET.' in both
    alone = render_facts(citing("service#chat"), FACTS)
    assert "see waits and .NET." in alone


def test_a_fact_that_is_not_there_is_said_to_be_missing() -> None:
    html = render_facts(citing("service#gone"), FACTS)
    assert 'id="service-gone"' in html
    assert "This installation has no such fact." in html


def test_every_published_fact_can_be_shown_on_one_page() -> None:
    facts = load_facts(facts_folder())
    page = Page(render_facts(citing(*map(str, facts.refs)), facts))
    ids = page.values("id")
    assert page.open == []
    assert len(ids) == len(set(ids))
    internal = {value[1:] for value in page.values("href") if value.startswith("#")}
    assert internal <= set(ids)
    outside = {value for value in page.values("href") if not value.startswith(("#", "https://"))}
    assert outside == {"index.html", "data:,"}


def test_the_links_of_written_reports_open(tmp_path: Path) -> None:
    write_reports(citing("service#chat", "sdks#f24"), tmp_path)
    linked = {
        value.partition("#")[2]
        for value in Page((tmp_path / "index.html").read_text()).values("href")
        if value.startswith("facts.html#")
    }
    assert linked == {"service-chat", "sdks-f24"}
    assert linked <= set(Page((tmp_path / "facts.html").read_text()).values("id"))
    assert "This installation has no such fact." not in (tmp_path / "facts.html").read_text()


@pytest.mark.parametrize(
    "url", ["facts.html", "facts.html#a b", 'facts.html#a"x', "other.html#a", "./facts.html#a"]
)
def test_nothing_but_a_fact_beside_the_report_is_a_relative_link(url: str) -> None:
    assert safe_link(url) == ""
    assert safe_link("facts.html#service-chat") == "facts.html#service-chat"
