"""Citations that nobody can open. The names are put together here: this file must not be found
itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures.citations import figures

from tests.ci.figures.builders import checkout, value


@pytest.mark.parametrize(
    "words", [("wire", "contract"), ("sdk", "behaviour"), ("real", "bugs"), ("real", "traffic")]
)
def test_a_document_that_is_not_there_is_counted_wherever_it_is_named(
    tmp_path: Path, words: tuple[str, str]
) -> None:
    name = "-".join(words)
    (tmp_path / "a.yaml").write_text(f"- {name} 3.2 and {name}\n", "utf-8")
    (tmp_path / "README.md").write_text(f"see {name}\n", "utf-8")
    assert value([*figures(checkout(root=tmp_path))], "citations") == 3


def test_a_section_of_the_design_counts_and_the_pages_of_facts_do_not(tmp_path: Path) -> None:
    cited = " ".join(("design", "section"))
    (tmp_path / "docs/facts").mkdir(parents=True)
    (tmp_path / "docs/facts/sdks.md").write_text(cited, "utf-8")
    assert value([*figures(checkout(root=tmp_path))], "citations") == 0
    (tmp_path / "docs/other.md").write_text(cited, "utf-8")
    assert value([*figures(checkout(root=tmp_path))], "citations") == 1


@pytest.mark.parametrize(
    ("letter", "text", "count"),
    [
        ("F", "the last byte is lost (%s7)", 1),
        ("D", "%s1, and %s23 too", 2),
        ("F", "docs/facts/sdks.md#%s7", 0),
        ("D", "U+%s800", 0),
        ("F", "sha: 0%s7a", 0),
        ("F", "%s7A", 0),
    ],
)
def test_numbers_of_facts_count_unless_they_are_anchors(
    tmp_path: Path, letter: str, text: str, count: int
) -> None:
    written = text.replace("%s", letter)
    for name in ("a.py", "b.yaml", "page.md"):
        (tmp_path / name).write_text(written, "utf-8")
    assert value([*figures(checkout(root=tmp_path))], "fact-numbers") == 2 * count
