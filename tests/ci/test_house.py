"""The table of the house and its exit codes."""

from __future__ import annotations

from pathlib import Path

import house
import pytest
from figures.figure import Bar, Figure

PYPROJECT = '[[tool.importlinter.contracts]]\ntype = "layers"\nlayers = ["conformance.run"]\n'


def _checkout(root: Path, text: str) -> str:
    (root / "conformance/run").mkdir(parents=True)
    (root / "conformance/run/case.py").write_text(text, "utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    return str(root)


@pytest.fixture
def good(tmp_path: Path) -> str:
    return _checkout(tmp_path / "after", '"""A case."""\n')


@pytest.fixture
def bad(tmp_path: Path) -> str:
    return _checkout(tmp_path / "before", "x = a if target.is_replay else b if c else d\n")


def test_a_bar_that_is_missed_fails_the_check_alone(
    good: str, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.main([good, "--static", "--check"]) == 0
    assert house.main([bad, "--static"]) == 0
    capsys.readouterr()
    assert house.main([bad, "--static", "--check"]) == 1
    missed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("missed")]
    names = [line.split(":")[1].strip() for line in missed]
    assert names == ["kinds-asked", "nested-conditionals", "conditionals"]


def test_the_bars_are_those_of_the_first_checkout_and_the_other_stands_beside(
    good: str, bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.main([good, "--beside", bad, "--static", "--check"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["figure", "after", "before", "bar"]
    asked = next(line for line in lines if line.startswith("kinds-asked"))
    assert asked.split()[1:6] == ["0", "1", "<=", "0", "holds"]


def test_the_places_of_a_figure_are_printed_a_line_each(
    bad: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert house.main([bad, "--static", "--places", "kinds-asked"]) == 0
    assert capsys.readouterr().out == "conformance/run/case.py:1: target.is_replay\n"
    assert house.main([bad, "--static", "--places", "kind-asked"]) == 2
    assert "kinds-asked" in capsys.readouterr().err


def test_the_table_says_what_holds_what_is_missed_and_what_is_information() -> None:
    column = [
        Figure("a", "one", 1, bar=Bar(0)),
        Figure("b", "two", 0.25, bar=Bar(1, below=True)),
        Figure("c", "three", None),
    ]
    assert house.table([column], ["here"])[1:] == [
        ("a", "1", "<= 0", "MISSED", "one"),
        ("b", "0.2", "< 1", "holds", "two"),
        ("c", "unknown", "", "", "three"),
    ]
