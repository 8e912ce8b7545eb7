"""The page that shows where SDKs part ways: as approved, sound HTML, and text of a run never more
than text."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.judge.results import Run, Verdict
from conformance.report.divergence import divergences
from conformance.report.divergence_page import render_divergence
from tests.report.builders import (
    GO,
    HOSTILE,
    PYTHON,
    exchange,
    full_run,
    hostile_run,
    small_run,
    step,
)
from tests.report.calls import run_of
from tests.report.page import Page


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


@pytest.mark.parametrize("broken", [float("inf"), float("nan"), -5.0, 1e300])
def test_a_broken_clock_breaks_no_axis(broken: float) -> None:
    step_ = step(exchange(status=429), exchange(at=broken, waited=broken))
    run = run_of((PYTHON, step_), (GO, step()))
    page = render_divergence(run)
    assert "NaN" not in page
    assert not any(value in ("nan", "inf") for value in Page(page).values("x", "x1", "x2", "width"))


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_the_same_cases_in_any_order_give_the_same_page(data: st.DataObject) -> None:
    run = full_run()
    cases = tuple(data.draw(st.permutations(run.cases)))
    subjects = tuple(data.draw(st.permutations(run.subjects)))
    shuffled = run.model_copy(update={"cases": cases, "subjects": subjects})
    assert render_divergence(shuffled) == render_divergence(run)
