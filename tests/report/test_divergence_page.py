"""The page that shows where SDKs part ways: as approved, sound HTML, and text of a run never more
than text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.judge.results import Run, Verdict
from conformance.report.divergence import divergences
from conformance.report.divergence_page import render_divergence
from tests.report.builders import HOSTILE, full_run, hostile_run, small_run
from tests.report.test_html import Page


@pytest.mark.parametrize(("name", "make"), [("full", full_run), ("hostile", hostile_run)])
def test_the_divergence_page_is_as_approved(
    golden: Callable[[str, str], None], name: str, make: Callable[[], Run]
) -> None:
    golden(f"{name}.divergence.html", render_divergence(make()))


@pytest.mark.parametrize(
    "make", [full_run, hostile_run, lambda: small_run(Verdict.PASS), lambda: small_run()]
)
def test_every_element_is_closed_every_id_unique_and_every_link_leads_somewhere(
    make: Callable[[], Run],
) -> None:
    page = Page(render_divergence(make()))
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {value[1:] for value in page.values("href") if value.startswith("#")} <= set(ids)


def test_links_into_the_report_lead_to_its_scenarios() -> None:
    from conformance.report.html import render_html

    linked = {
        value.partition("#")[2]
        for value in Page(render_divergence(full_run())).values("href")
        if value.startswith("index.html#")
    }
    assert linked
    assert linked <= set(Page(render_html(full_run())).values("id"))


def test_text_of_a_run_stays_text_and_the_page_has_no_script() -> None:
    page = Page(render_divergence(hostile_run()))
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"img", "script", "iframe", "object"}
    assert not any(
        name.startswith("on") or name == "style" for _, names in page.elements for name in names
    )
    assert HOSTILE not in render_divergence(hostile_run())


def test_beyond_its_budget_the_page_tells_scenarios_by_their_headlines() -> None:
    whole, cut = (render_divergence(full_run(), budget) for budget in (1_000_000, 0))
    assert "Left out here" not in whole
    assert cut.count("Left out here") == len(divergences(full_run()).scenarios)
    assert '<table class="sides"' not in cut
