"""The files a case passes, in a made-up checkout with a harness of three functions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from figures.passage import before_rules, figures, of_the_case, passed

from tests.ci.figures.builders import checkout, value

APP = """
import typer
from conformance import judge, report, unused
app = typer.Typer()
@app.callback()
def root(): ...
@app.command("run")
def command(patterns: list[str], sdk: str = "", surface: str = "", reports: str = ""):
    report.write(judge.judge(judge.plan()))
"""
JUDGE = """
from dataclasses import dataclass
@dataclass
class Case:
    verdict: str
def plan():
    return Case("not-run")
def judge(case):
    import conformance.lazy
    from conformance.checks import retries
    return Case(VERDICT) if retries.check() else None
"""


@pytest.fixture
def made_up(tmp_path: Path) -> Path:
    """A checkout whose environment is the one of this test."""
    files = {
        "__init__.py": "",
        "cli/__init__.py": "",
        "cli/main.py": APP,
        "judge.py": JUDGE.replace("VERDICT", '"pass"'),
        "report.py": "def write(case): ...",
        "lazy.py": "def now(): ...\nnow()",
        "unused.py": "def now(): ...\nnow()",
        "checks/__init__.py": "",
        "checks/retries.py": "def check():\n    return True",
    }
    for name, text in files.items():
        path = tmp_path / "conformance" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    python = tmp_path / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n', "utf-8")
    python.chmod(0o755)
    return tmp_path


def test_files_count_whose_functions_run_up_to_the_verdict_and_not_what_imports_run(
    made_up: Path,
) -> None:
    passage = ["conformance/cli/main.py", "conformance/judge.py", "conformance/checks/retries.py"]
    assert passed(made_up) == passage
    measured = [*figures(checkout(root=made_up))]
    assert value(measured, "passage") == 3
    assert value(measured, "passage-before-rules") == 2


def test_a_run_without_a_verdict_has_no_passage(
    made_up: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (made_up / "conformance/judge.py").write_text(JUDGE.replace("VERDICT", '"not-run"'), "utf-8")
    measured = [*figures(checkout(root=made_up))]
    assert value(measured, "passage") is None
    assert not any(figure.holds for figure in measured if figure.name == "passage-of-case")
    assert "came to no verdict" in capsys.readouterr().err


def test_a_checkout_without_an_environment_has_no_passage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert passed(tmp_path) is None
    assert "cannot be run" in capsys.readouterr().err


def test_all_files_are_before_the_rules_where_no_rule_was_reached() -> None:
    assert before_rules(["conformance/a.py"]) == ["conformance/a.py"]
    moved = ["conformance/a.py", "conformance/judge/rules/retries.py", "conformance/b.py"]
    assert before_rules(moved) == ["conformance/a.py"]


def test_the_case_itself_begins_where_it_is_run_and_all_its_rules_count_as_one() -> None:
    paths = [
        "conformance/suite/load.py",
        "conformance/run/execution.py",
        "conformance/judge/judge.py",
        "conformance/judge/rules/retries.py",
        "conformance/judge/rules/usage.py",
    ]
    assert of_the_case(paths) == [*paths[1:3], "conformance/judge/rules/retries.py"]
