"""Reports on disk, and results read back."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import EnvironmentFault, InputError
from conformance.judge.results import Run, Verdict
from conformance.report.write import load_run, results_json, write_reports
from tests.report.builders import broken, deep_run, full_run, hostile_small_run, small_run


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_five_files_are_written_and_nothing_else(tmp_path: Path) -> None:
    paths = write_reports(full_run(), tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [
        "index.html",
        "results.json",
        "junit.xml",
        "divergence.html",
        "facts.html",
    ]
    assert names(tmp_path / "new" / "folder") == [
        "divergence.html",
        "facts.html",
        "index.html",
        "junit.xml",
        "results.json",
    ]


def test_a_link_where_a_report_belongs_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("keep")
    (tmp_path / "reports").mkdir()
    for name in ("index.html", "results.json", "junit.xml", "divergence.html", "facts.html"):
        (tmp_path / "reports" / name).symlink_to(tmp_path / "elsewhere")
    assert not any(path.is_symlink() for path in write_reports(full_run(), tmp_path / "reports"))
    assert (tmp_path / "elsewhere").read_text() == "keep"


def test_what_was_written_reads_back_the_same(tmp_path: Path) -> None:
    run = full_run()
    write_reports(run, tmp_path)
    assert load_run(tmp_path / "results.json") == run
    assert load_run(tmp_path) == run
    assert results_json(load_run(tmp_path)) == results_json(run)


def test_reports_can_be_read_by_others_as_the_umask_allows(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        paths = write_reports(small_run(Verdict.PASS), tmp_path)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o644}


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(EnvironmentFault) as caught:
        write_reports(small_run(Verdict.PASS), tmp_path / "file" / "reports")
    assert caught.value.code == "report-not-written"
    assert caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(EnvironmentFault, match="could not be written"):
        write_reports(small_run(Verdict.PASS), tmp_path)


def test_a_file_that_cannot_be_replaced_leaves_no_litter(tmp_path: Path) -> None:
    (tmp_path / "index.html").mkdir()
    with pytest.raises(EnvironmentFault, match=r"index\.html could not be written"):
        write_reports(small_run(Verdict.PASS), tmp_path)
    assert names(tmp_path) == ["index.html", "results.json"]


def test_a_full_disk_keeps_the_report_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = small_run(Verdict.PASS)
    write_reports(first, tmp_path)

    def full(_: int) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EnvironmentFault, match="No space left on device"):
        write_reports(small_run(Verdict.FAIL), tmp_path)
    assert load_run(tmp_path) == first
    assert names(tmp_path) == [
        "divergence.html",
        "facts.html",
        "index.html",
        "junit.xml",
        "results.json",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "results-not-json"),
        (b"{", "results-not-json"),
        (b"\xff\xfe", "results-not-json"),
        (b"[" * 200_000, "results-not-json"),
        (b"[]", "results-invalid"),
        (b"{}", "results-invalid"),
        (b'{"schema_version": "9.0"}', "results-version"),
        (b'{"tool": {"version": "1"}, "started": "", "surprise": 1}', "results-invalid"),
    ],
)
def test_a_bad_file_is_an_input_error_that_says_where(
    tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "results.json"
    file.write_bytes(content)
    with pytest.raises(InputError) as caught:
        load_run(file)
    assert caught.value.code == code
    assert caught.value.where is not None
    assert caught.value.where.file == str(file)


def test_a_missing_file_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_run(tmp_path / "none.json")
    assert caught.value.code == "results-unreadable"


def test_reading_results_does_not_import_a_template_engine() -> None:
    code = "import sys, conformance.report.write; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("name", "make"), [("full", full_run), ("hostile", hostile_small_run)])
def test_results_json_is_as_approved(
    golden: Callable[[str, str], None], name: str, make: Callable[[], Run]
) -> None:
    golden(f"{name}.results.json", results_json(make()))


def test_results_json_is_sorted_and_ends_with_a_newline() -> None:
    text = results_json(full_run())
    assert text.endswith("}\n")
    assert list(json.loads(text)) == sorted(json.loads(text))


def test_results_json_holds_what_json_and_utf8_cannot() -> None:
    run = small_run(Verdict.FAIL)
    odd = broken(
        "a.rule", "odd", expected=float("nan"), actual={"lone": "\ud800", "inf": [float("inf")]}
    )
    run = run.model_copy(update={"cases": (run.cases[0].model_copy(update={"findings": (odd,)}),)})
    text = results_json(run)
    text.encode("utf-8")
    finding = json.loads(text, parse_constant=pytest.fail)["cases"][0]["findings"][0]
    assert finding["expected"] == "nan"
    assert finding["actual"] == {"lone": "\ud800", "inf": ["inf"]}


def test_results_json_shows_a_value_nested_beyond_reason() -> None:
    assert "a.rule" in results_json(deep_run())
