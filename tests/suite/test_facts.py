"""The published facts as values: references, citations in texts, and what each anchor holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.suite.facts import Citation, FactRef, Facts, citations, load_facts
from conformance.suite.home import facts_folder

PAGE = """# Page

<a id="waits"></a>

## Waits

Some text.

<a id="second"></a>Another line
that goes on.
<a id="third"></a>A third.

| # | what | kind |
| --- | --- | --- |
| <a id="f1"></a>F1 | one thing | run |
| <a id="f2"></a>F2 | another | read |

1. <a id="n1"></a>First,
   in two lines.
2. <a id="n2"></a>Second.

### Below

Deeper.

<a id="limits"></a>
Limits:
- one
- two

## Errors

Not of the waits.
"""


@pytest.fixture
def facts() -> Facts:
    return Facts({"page": PAGE, "other": '<a id="only-here"></a>\n\n## Only here\n\nText.\n'})


def text(facts: Facts, anchor: str, page: str = "page") -> str:
    fact = facts.get(FactRef(page, anchor))
    assert fact is not None
    return fact.text


def test_a_reference_is_a_page_and_an_anchor_and_nothing_else() -> None:
    assert FactRef.parse("service#retry-headers") == FactRef("service", "retry-headers")
    for other in (
        "service",
        "service#",
        "#waits",
        "this page",
        "a b#c",
        "service#x y",
        "service#-x",
        "Service.md#x",
    ):
        assert FactRef.parse(other) is None


def test_a_reference_knows_its_place_in_a_report() -> None:
    ref = FactRef("sdks", "d13")
    assert (str(ref), ref.url) == ("sdks#d13", "facts.html#sdks-d13")


@pytest.mark.parametrize(
    ("written", "refs"),
    [
        (
            "shape as in facts/service#chat, headers as in facts/service#headers.",
            ["service#chat", "service#headers"],
        ),
        ("see docs/facts/sdks.md#f24", ["sdks#f24"]),
        ("[waits](facts/sdks.md#retry-headers)", ["sdks#retry-headers"]),
        ("(facts/sdks#d2, facts/sdks#f5)", ["sdks#d2", "sdks#f5"]),
        ("artefacts/service#chat, ../facts/service#chat and facts/service", []),
    ],
)
def test_running_text_cites_by_facts_page_and_anchor(written: str, refs: list[str]) -> None:
    assert [str(citation.ref) for citation in citations(written)] == refs


def test_a_citation_says_where_it_stands() -> None:
    assert list(citations("as facts/sdks#f1.")) == [Citation(FactRef("sdks", "f1"), 3, 16)]


def test_a_section_is_what_stands_below_its_heading_up_to_the_next_as_high(facts: Facts) -> None:
    whole = text(facts, "waits")
    assert whole.startswith("Some text.")
    assert "Deeper." in whole
    assert "Not of the waits" not in whole
    assert "<a id" not in whole


@pytest.mark.parametrize(
    ("anchor", "expected"),
    [
        ("second", "Another line\nthat goes on."),
        ("third", "A third."),
        ("n1", "1. First,\n   in two lines."),
        ("n2", "2. Second."),
        ("f2", "| # | what | kind |\n| --- | --- | --- |\n| F2 | another | read |"),
        ("limits", "Limits:\n- one\n- two"),
    ],
)
def test_a_line_an_item_a_row_and_a_block_are_facts_of_their_own(
    facts: Facts, anchor: str, expected: str
) -> None:
    assert text(facts, anchor) == expected


@pytest.mark.parametrize(
    ("anchor", "title"),
    [("waits", "Waits"), ("second", "Waits"), ("f1", "Waits: F1"), ("limits", "Below")],
)
def test_a_fact_is_titled_by_its_heading_and_a_row_by_its_first_cell(
    facts: Facts, anchor: str, title: str
) -> None:
    fact = facts.get(FactRef("page", anchor))
    assert fact is not None
    assert fact.title == title


@pytest.mark.parametrize(
    ("meant", "near"),
    [
        ("page#wait", "page#waits"),
        ("page#only-here", "other#only-here"),
        ("pages#waits", "page#waits"),
        ("page#zzzzzz", None),
    ],
)
def test_the_nearest_fact_is_told(facts: Facts, meant: str, near: str | None) -> None:
    ref = FactRef.parse(meant)
    assert ref is not None
    assert ref not in facts
    assert facts.get(ref) is None
    assert (str(facts.nearest(ref)) if near else facts.nearest(ref)) == near


def test_the_index_of_the_pages_holds_no_facts(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text('<a id="x"></a>')
    (tmp_path / "page.md").write_text('<a id="y"></a>')
    assert [str(ref) for ref in load_facts(tmp_path).refs] == ["page#y"]


def test_every_published_fact_has_a_title_and_a_text() -> None:
    facts = load_facts(facts_folder())
    assert {"service", "sdks", "bugs", "traffic", "dotnet"} <= set(facts.pages)
    empty = [
        str(ref)
        for ref in facts.refs
        if (fact := facts.get(ref)) is None or not fact.title or len(fact.text) < 20
    ]
    assert empty == []


def test_the_numbered_facts_are_all_published() -> None:
    known = {str(ref) for ref in load_facts(facts_folder()).refs}
    numbered = {
        *(f"sdks#d{n}" for n in range(1, 26)),
        *(f"sdks#f{n}" for n in range(1, 65)),
        *(f"traffic#n{n}" for n in range(1, 21)),
    }
    assert numbered - known == set()


def test_no_anchor_is_written_twice_on_a_page() -> None:
    for path in facts_folder().glob("*.md"):
        written = path.read_text(encoding="utf-8").split('<a id="')[1:]
        anchors = [rest.partition('"')[0] for rest in written]
        assert len(anchors) == len(set(anchors)), path.name
