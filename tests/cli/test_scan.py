"""The command that scans files for leaks: its exit codes, and where it looks."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from conformance.cli import scan as scan_command
from conformance.errors import UsageError
from tests.sanitize.material import SK_KEY, cassette

APP = typer.Typer()
APP.command()(scan_command.command)


def test_the_command_exits_0_when_there_is_no_leak(tmp_path: Path) -> None:
    (tmp_path / "clean.yaml").write_text(cassette("fine"), encoding="utf-8")
    result = CliRunner().invoke(APP, [str(tmp_path)], standalone_mode=False)
    assert result.return_value == 0
    assert "1 files: no leak found" in result.output


def test_the_command_exits_1_and_says_where(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "leaky.yaml"
    file.parent.mkdir()
    text = cassette(f"it is {SK_KEY}")
    line = 1 + text[: text.index(SK_KEY)].count("\n")
    file.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(APP, [str(tmp_path)], standalone_mode=False)
    assert result.return_value == 1
    assert f"{file}:{line}: openai-key: " in result.output
    assert SK_KEY not in result.output


def test_the_command_looks_for_the_values_of_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("x hunter2hunter2 y", encoding="utf-8")
    monkeypatch.setenv("ACME_SECRET", "hunter2hunter2")
    result = CliRunner().invoke(
        APP, [str(tmp_path), "--secret-env", "ACME_SECRET"], standalone_mode=False
    )
    assert result.return_value == 1


def test_a_variable_that_is_not_set_is_no_secret_to_look_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    (tmp_path / "a.txt").write_text("x", encoding="utf-8")
    result = CliRunner().invoke(APP, [str(tmp_path), "--secret-env", "NOT_SET"])
    assert isinstance(result.exception, UsageError)
    assert int(result.exception.exit_code) == 2
