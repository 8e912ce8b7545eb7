"""``conformance sdk sources`` lays an adapter out as a build does, with what it shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.cli.main import _main
from tests.corpus.overlay import PROJECT


def sources(name: str, into: Path) -> int:
    return _main(["sdk", "sources", name, "--root", str(PROJECT), "--into", str(into)])


def test_sources_are_laid_out_with_what_is_shared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "new" / "folder"
    assert sources("java", into) == 0
    package = into / "src" / "main" / "java" / "conformance"
    assert {"Main.java", "Operations.java"} <= {path.name for path in package.iterdir()}
    shared = PROJECT / "adapters" / "shared" / "java" / "parent.xml"
    assert (into / "parent.xml").read_bytes() == shared.read_bytes()
    count = sum(path.is_file() for path in into.rglob("*"))
    assert capsys.readouterr().out == f"java 1.0.0-beta.16: {count} files in {into}\n"


def test_a_folder_that_holds_something_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "old.go").write_text("package old\n")
    assert sources("go-openai", tmp_path) == 2
    assert "[folder-not-empty]" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["old.go"]


@pytest.mark.parametrize(("name", "code"), [("python", "sdk-no-sources"), ("dotnet", "sdk-absent")])
def test_an_sdk_without_sources_is_told_to_be_one(
    name: str, code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sources(name, tmp_path / "new") == 2
    assert f"[{code}]" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_written_is_the_machines_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    assert sources("go-openai", tmp_path / "file") == 3
    assert "[sources-not-written]" in capsys.readouterr().err
