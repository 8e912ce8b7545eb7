"""Reading a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

from figures.checkout import kept_files, read_checkout

from tests.ci.figures.builders import source


def test_the_files_of_each_folder_are_read_and_those_of_environments_are_not(
    tmp_path: Path,
) -> None:
    for name in (
        "conformance/a.py",
        "conformance/node_modules/b.py",
        "tests/test_a.py",
        ".ci/run.py",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n", "utf-8")
    checkout = read_checkout(tmp_path)
    assert [file.path for file in checkout.package] == ["conformance/a.py"]
    assert [file.path for file in checkout.tests] == ["tests/test_a.py"]
    assert [file.path for file in checkout.outside_tests] == ["conformance/a.py", ".ci/run.py"]


def test_a_module_is_named_as_it_is_imported() -> None:
    assert source("", "conformance/wire/peer/__init__.py").module == "conformance.wire.peer"
    assert source("", "conformance/wire/peer/tls.py").module == "conformance.wire.peer.tls"


def test_a_repository_keeps_what_git_lists_and_a_folder_all_it_has(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("kept", "utf-8")
    (tmp_path / "image.png").write_bytes(b"\xff\xfe\x00")
    assert list(kept_files(tmp_path)) == [("kept.txt", "kept")]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert list(kept_files(tmp_path)) == []
    subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    assert list(kept_files(tmp_path)) == [("kept.txt", "kept")]
