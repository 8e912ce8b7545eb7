"""``conformance doctor`` says which versions were not tested, and takes none for a fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli import doctor
from conformance.cli.lock import installed_version
from conformance.suite.home import lock_file
from tests.places import PROJECT


def answer(capsys: pytest.CaptureFixture[str], reports: Path) -> tuple[int, list[str]]:
    """The exit code, and what stands in the lines about tested versions."""
    code = doctor.command(reports=reports)
    lines = (line.split(maxsplit=2) for line in capsys.readouterr().out.splitlines())
    return code, [
        " ".join((words[0], words[2]))
        for words in lines
        if len(words) == 3 and words[1] == "tested"
    ]


@pytest.fixture
def lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "constraints.txt"
    monkeypatch.setattr(doctor, "lock_file", lambda: path if path.exists() else None)
    return path


def test_an_installed_version_that_was_not_tested_is_a_note_and_no_failure(
    lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock.write_text(
        f"openai==0.1\npytest=={pytest.__version__}\nno-such-package==1.0\n", encoding="utf-8"
    )
    installed = installed_version("openai")
    assert answer(capsys, tmp_path / "reports") == (
        0,
        [f"note openai {installed} is installed, 0.1 was tested"],
    )


def test_it_says_when_everything_is_what_was_tested(
    lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock.write_text(f"pytest=={pytest.__version__}\n", encoding="utf-8")
    assert answer(capsys, tmp_path / "reports") == (
        0,
        ["ok every installed version is the one that was tested"],
    )


def test_an_installation_without_a_lock_is_no_failure(
    lock: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, [line] = answer(capsys, tmp_path / "reports")
    assert not lock.exists()
    assert code == 0
    assert line.startswith("note this installation carries no constraints.txt")


def test_a_checkout_has_the_lock_at_its_top() -> None:
    assert lock_file() == PROJECT / "constraints.txt"
