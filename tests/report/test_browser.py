"""The page in a real browser: from file://, with and without scripts, by mouse, by keyboard, and
through axe."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.judge.results import Run, Verdict
from conformance.report.html import render_html
from conformance.report.write import write_reports
from tests.report.builders import HOSTILE, big_run, full_run, hostile_run

pytestmark = pytest.mark.browser
JAVA_RETRY = "case-retry-waits-as-asked-java-1-0-0-beta-16-sync-2024-10-21"
Open = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a run's page from disk; anything the console says and any request but the page itself
    fails the test."""
    noise: list[str] = []
    contexts: list[Any] = []

    def visit_run(
        run: Run,
        fragment: str = "",
        *,
        scripts: bool = True,
        scheme: str = "light",
        width: int = 1280,
    ) -> Any:
        file = tmp_path / "index.html"
        file.write_text(render_html(run), encoding="utf-8")
        context = browser.new_context(
            java_script_enabled=scripts,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: noise.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: noise.append(f"error: {error}"))
        page.on(
            "request",
            lambda request: (
                noise.append(request.url)
                if not request.url.startswith((file.as_uri(), "data:,"))
                else None
            ),
        )
        page.goto(file.as_uri() + fragment)
        return page

    yield visit_run
    for context in contexts:
        context.close()
    assert noise == []


def visible_cases(page: Any) -> int:
    return int(page.locator(".case:visible").count())


def test_the_page_is_whole_without_scripts(visit: Open) -> None:
    page = visit(full_run(), scripts=False)
    assert page.locator("h1").inner_text().startswith("2 of 4 SDK versions conform")
    assert visible_cases(page) == 23
    assert not page.locator("#filters").is_visible()
    assert page.locator(".copy").count() == 0


def test_without_scripts_a_row_of_the_matrix_opens_its_scenarios(visit: Open) -> None:
    page = visit(full_run(), scripts=False)
    row = page.locator("tbody[data-capability=chat] .row").first
    assert not row.is_visible()
    page.locator("tbody[data-capability=chat] summary").click()
    assert row.is_visible()


def test_without_scripts_a_link_opens_the_case_it_leads_to(visit: Open) -> None:
    page = visit(full_run(), scripts=False)
    target = "case-chat-plain-answer-go-0-8-1-sync-2024-10-21"
    assert not page.locator(f"#{target}").is_visible()
    page.goto(page.url + f"#{target}")
    page.locator(f"#{target}").wait_for(state="visible")


def test_filters_narrow_the_cases_and_say_how_many_are_left(visit: Open) -> None:
    page = visit(full_run())
    page.locator("input[value=fail]").check()
    assert visible_cases(page) == 2
    assert page.locator("#shown").inner_text() == "2 of 23 cases"
    page.locator("select[name=subject]").select_option("go 0.8.1")
    assert visible_cases(page) == 1
    assert page.locator("#unfilter").inner_text() == "1 of 23 shown: show all"
    page.locator("button[type=reset]").click()
    page.wait_for_function("document.getElementById('shown').textContent === 'All 23 cases'")
    assert visible_cases(page) == 23


def test_search_finds_words_of_titles_rules_and_messages(visit: Open) -> None:
    page = visit(full_run())
    page.locator("#q").fill("before the service wanted")
    assert visible_cases(page) == 2
    page.locator("#q").fill("nothing says this")
    assert visible_cases(page) == 0
    assert page.locator("#shown").inner_text() == "0 of 23 cases"


def test_filters_live_in_the_address_and_come_back_from_it(visit: Open) -> None:
    page = visit(full_run())
    page.locator("#q").fill("stream")
    page.locator("input[value=error]").check()
    fragment = re.search(r"#.*", page.url)
    assert fragment is not None
    again = visit(full_run(), fragment[0])
    assert again.locator("#q").input_value() == "stream"
    assert again.locator("input[value=error]").is_checked()
    assert visible_cases(again) == 1


def test_a_link_to_a_case_that_filters_hide_shows_it_all_the_same(visit: Open) -> None:
    page = visit(full_run(), "#?verdict=pass")
    assert visible_cases(page) == 17
    page.locator(f".broken a[href='#{JAVA_RETRY}']").click()
    page.locator(f"#{JAVA_RETRY}").wait_for(state="visible")


def test_the_keyboard_searches_walks_and_clears(visit: Open) -> None:
    page = visit(full_run())
    page.keyboard.press("/")
    page.keyboard.type("speech")
    assert page.locator("#q").input_value() == "speech"
    page.keyboard.press("Escape")
    assert page.locator("#q").input_value() == ""
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("j")
    at = "[...document.querySelectorAll('.case')].findIndex((item) => item.matches('.at'))"
    assert page.evaluate(at) == 1
    page.keyboard.press("k")
    assert page.evaluate(at) == 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.querySelector('.case.at').open") is True


def test_the_theme_button_overrides_the_system(visit: Open) -> None:
    page = visit(full_run(), scheme="light")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.locator("#theme").click()
    page.locator("#theme").click()
    assert page.locator("#theme").inner_text() == "Theme: dark"
    assert page.evaluate(background) != light


def test_hostile_text_runs_nothing_and_makes_no_element(visit: Open) -> None:
    page = visit(hostile_run())
    assert page.title().count(HOSTILE) == 1
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 1
    assert page.locator("[onerror], [onload]").count() == 0
    page.locator("#q").fill(HOSTILE)
    assert page.locator("img").count() == 0


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("make", [full_run, hostile_run])
def test_the_page_never_scrolls_sideways(visit: Open, make: Callable[[], Run], width: int) -> None:
    page = visit(make(), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_page_of_three_hundred_cases_loads_and_its_filters_work(visit: Open) -> None:
    page = visit(big_run())
    page.wait_for_function("document.readyState === 'complete'")
    assert page.locator(".case").count() == 300
    page.locator("input[value=fail]").check()
    failed = sum(case.verdict is Verdict.FAIL for case in big_run().cases)
    assert page.locator("#shown").inner_text() == f"{failed} of 300 cases"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_with_everything_open(
    visit: Open, axe: Any, scheme: str, width: int
) -> None:
    page = visit(full_run(), scheme=scheme, width=width)
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    results = axe.run(page)
    assert results.violations_count == 0, results.generate_report()


# --- the divergence page


@pytest.fixture
def visit_divergence(browser: Any, tmp_path: Path) -> Iterator[Open]:
    """Opens a run's divergence page from disk, without scripts: it has none. Noise and requests
    fail the test."""
    noise: list[str] = []
    contexts: list[Any] = []

    def visit_run(
        run: Run, *, scheme: str = "light", width: int = 1280, scripts: bool = False
    ) -> Any:
        write_reports(run, tmp_path)
        page_url = (tmp_path / "divergence.html").as_uri()
        context = browser.new_context(
            java_script_enabled=scripts,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: noise.append(f"console: {message.text}"))
        page.on(
            "request",
            lambda request: (
                noise.append(request.url)
                if not request.url.startswith((tmp_path.as_uri(), "data:,"))
                else None
            ),
        )
        page.goto(page_url)
        return page

    yield visit_run
    for context in contexts:
        context.close()
    assert noise == []


def test_the_differences_can_be_opened_without_scripts(visit_divergence: Open) -> None:
    page = visit_divergence(full_run())
    folded = page.locator(".folded").first
    assert not folded.locator("a").first.is_visible()
    folded.locator("summary").click()
    assert folded.locator("a").first.is_visible()


def test_a_scenario_of_the_divergence_page_leads_to_the_report_and_the_report_back(
    visit_divergence: Open,
) -> None:
    page = visit_divergence(full_run())
    page.locator(".apart .id a").first.click()
    assert "index.html#scenario-" in page.url
    page.locator(".toc a", has_text="Divergence").click()
    assert page.url.endswith("divergence.html")


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("make", [full_run, hostile_run, big_run])
def test_the_divergence_page_never_scrolls_sideways(
    visit_divergence: Open, make: Callable[[], Run], width: int
) -> None:
    page = visit_divergence(make(), width=width, scripts=True)
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_the_divergence_page(
    visit_divergence: Open, axe: Any, scheme: str, width: int
) -> None:
    page = visit_divergence(full_run(), scheme=scheme, width=width, scripts=True)
    page.evaluate("document.querySelectorAll('details').forEach((item) => { item.open = true; })")
    results = axe.run(page)
    assert results.violations_count == 0, results.generate_report()
