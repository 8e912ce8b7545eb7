"""The page: what it says, that the same run gives the same bytes, and that text stays text."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.judge.results import CaseResult, Run, Tool, Verdict
from conformance.report.html import DIVERGENCE_NAME, render_html
from conformance.suite.facts import REPORT_PAGE
from tests.places import PROJECT
from tests.report.builders import (
    DOTNET,
    HOSTILE,
    PLAIN,
    PYTHON,
    big_run,
    case,
    deep_run,
    exchange,
    full_run,
    hostile_run,
    hostile_small_run,
    small_run,
    step,
    with_text,
)
from tests.report.page import Page


def only(one: CaseResult) -> Run:
    return small_run(Verdict.PASS).model_copy(update={"cases": (one,)})


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("full", full_run),
        ("hostile", hostile_small_run),
        ("empty", lambda: Run(tool=Tool(version="0.1.0"), started="")),
    ],
)
def test_the_page_is_as_approved(
    golden: Callable[[str, str], None], name: str, make: Callable[[], Run]
) -> None:
    golden(f"{name}.html", render_html(make()))


@pytest.mark.parametrize("make", [full_run, hostile_run, big_run])
def test_every_element_is_closed_and_every_id_is_unique_and_every_link_leads_somewhere(
    make: Callable[[], Run],
) -> None:
    page = Page(render_html(make()))
    assert page.open == []
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    internal = {value[1:] for value in page.values("href") if value.startswith("#")}
    assert internal <= set(ids)


def test_nothing_is_fetched_from_anywhere() -> None:
    page = Page(render_html(full_run()))
    assert page.values("src", "srcset", "action", "data", "poster") == []
    assert [value for tag, name, value in page.attributes if tag == "link" and name == "href"] == [
        "data:,"
    ]


def test_the_same_run_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import sys, hashlib; sys.path.insert(0, 'tests'); from report.builders import full_run;"
        "from conformance.report.html import DIVERGENCE_NAME, render_html;"
        "print(hashlib.sha256(render_html(full_run()).encode()).hexdigest())"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "12345", "PYTHONPATH": str(PROJECT)}
    other = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=environment, check=True, capture_output=True
    )
    assert (
        other.stdout.decode().strip()
        == hashlib.sha256(render_html(full_run()).encode()).hexdigest()
    )


TOKENS = st.sampled_from(
    [
        "<",
        ">",
        '"',
        "'",
        "&",
        "=",
        "</script>",
        "</style>",
        "<img src=x onerror=alert(1)>",
        "<!--",
        "-->",
        "]]>",
        "{{ run }}",
        "{% raw %}",
        "&lt;",
        "&#60;",
        "javascript:",
        "\r",
        "\0",
        "\x1b",
        "\u2028",
        "\u202e",
        "\x85",
        "é",
        " ",
    ]
)
# Stand-ins that no markup is made of; equal texts stay equal and different ones different. A
# quotation mark becomes a backslash because JSON escapes both with one character, and what is long
# is folded.
TAME = str.maketrans(
    {
        "<": "\u2039",
        ">": "\u203a",
        '"': "\\",
        "'": "\u2019",
        "&": "\u214b",
        "`": "\u02cb",
        "{": "\u27c5",
        "}": "\u27c6",
    }
)
ANY = st.lists(
    TOKENS | st.characters(exclude_categories=["Cs"], exclude_characters=TAME.values()), max_size=8
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=ANY.map("".join))
def test_no_text_anywhere_in_a_run_changes_the_elements_of_the_page(text: str) -> None:
    wild = Page(render_html(with_text(full_run(), lambda old: old + text)))
    tame = Page(render_html(with_text(full_run(), lambda old: old + text.translate(TAME))))
    assert wild.elements == tame.elements


@pytest.mark.parametrize("place", ["body", "frame", "header", "url", "miss", "operation"])
def test_markup_on_the_wire_stays_text(place: str) -> None:
    sent = exchange(frames=(HOSTILE,)) if place == "frame" else exchange()
    assert sent.response is not None
    if place == "body":
        sent = sent.model_copy(
            update={"response": sent.response.model_copy(update={"body": HOSTILE})}
        )
    elif place in ("header", "url"):
        update = {"headers": ((HOSTILE, HOSTILE),)} if place == "header" else {"url": HOSTILE}
        sent = sent.model_copy(update={"request": sent.request.model_copy(update=update)})
    elif place == "miss":
        sent = sent.model_copy(update={"miss": HOSTILE})
    one = step(sent, operation=HOSTILE) if place == "operation" else step(sent)
    html = render_html(only(case(PLAIN, PYTHON, steps=(one,))))
    assert "<img" not in html
    assert "&lt;img src=x onerror" in html


def test_only_http_links_are_links() -> None:
    page = Page(render_html(hostile_run()))
    outside = {value for value in page.values("href") if not value.startswith("#")} - {
        DIVERGENCE_NAME,
        REPORT_PAGE,
    }
    assert {value.split(":")[0] for value in outside} <= {"https", "http", "data"}
    assert page.values("href").count("data:,") == len(
        [x for x in page.values("href") if x.startswith("data:")]
    )


def test_characters_that_hide_or_reorder_text_are_shown_by_name() -> None:
    one = step(arguments={"a": "x"}, operation="safe\u202etxt.exe\x00\x1b[31m")
    run = only(case(PLAIN, PYTHON, steps=(one,)))
    html = render_html(run)
    assert "safe⟨U+202E⟩txt.exe␀␛[31m" in html
    html.encode("utf-8")


def test_lone_surrogates_in_observed_values_can_still_be_written() -> None:
    run = only(case(PLAIN, PYTHON, steps=(step(view="\ud800"),)))
    assert "⟨U+D800⟩" in render_html(run).encode("utf-8").decode()


def test_long_bodies_are_cut_and_the_full_length_is_said() -> None:
    sent = exchange(body={"text": "x" * 50_000})
    html = render_html(only(case(PLAIN, PYTHON, steps=(step(sent),))))
    assert "Cut at 8,000 of 50,0" in html
    assert len(html) < 120_000


def test_a_value_nested_beyond_reason_does_not_lose_the_page() -> None:
    assert "a.rule" in render_html(deep_run())


def test_a_body_that_was_shown_already_is_linked_and_not_repeated() -> None:
    sent = exchange(request={"text": "unmistakable " * 50})
    one = step(sent, sent.model_copy(update={"at": 1.0, "waited": 1.0}), arguments=None)
    html = render_html(only(case(PLAIN, PYTHON, steps=(one,))))
    assert html.count("unmistakable") == 50
    assert "the request of attempt 1" in html


def test_three_hundred_cases_stay_small_enough_to_open_at_once() -> None:
    run = big_run()
    assert len(run.cases) == 300
    html = render_html(run)
    assert len(html.encode()) < 6_000_000
    # What a browser takes its time for is elements; benchmarks/pages.py measures how long.
    assert len(Page(html).elements) < 50_000


def test_failing_cases_are_open_and_passing_ones_closed() -> None:
    html = render_html(small_run(Verdict.PASS, Verdict.FAIL))
    assert '<details class="case is-fail" open' in html
    assert '<details class="case is-pass" data' in html


def test_a_subject_that_could_not_run_keeps_its_column_and_says_why() -> None:
    html = render_html(small_run(Verdict.PASS, subjects=(PYTHON, DOTNET)))
    assert DOTNET.reason in html
    assert '<td class="c c-not-run">' in html


def test_a_level_without_cases_has_no_data_instead_of_a_share() -> None:
    assert 'colspan="7">no data' in render_html(small_run(Verdict.PASS))


def test_the_retry_timeline_says_both_waits_in_words() -> None:
    html = render_html(full_run())
    assert "3 attempts. attempt 1: 429; waited 10 ms; asked (retry-after-ms) 40 ms;" in html


def test_cases_without_a_described_scenario_are_shown_all_the_same() -> None:
    html = render_html(small_run(Verdict.FAIL, scenarios=()))
    assert 'id="case-chat-case-1-python-3-0-1-sync-2024-10-21"' in html


def test_a_scenario_no_case_covers_is_shown_as_having_no_data() -> None:
    html = render_html(small_run(Verdict.PASS, scenarios=(PLAIN,)))
    assert "No data: no case of this run covers it." in html
    assert 'id="scenario-chat-plain-answer"' in html
