"""The commands: what they print, what they end with, and one clear message for every bad input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import __version__
from conformance.cli.main import _main
from conformance.errors import EnvironmentFault
from conformance.report.write import load_run
from tests.corpus.overlay import PROJECT, contract, make_root, scenario, step, waiver

WRONG = {"scenarios/chat/wrong.yaml": scenario(step(expect="{result: {text: In 1976.}}"))}
INTERRUPT = """
import os, signal, sys
import conformance.run.engine as module
real, left = module.run_case, [int(sys.argv.pop(1))]
def counted(*given, **named):
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), signal.SIGINT)
    return real(*given, **named)
module.run_case = counted
from conformance.cli.main import main
main()
"""


class Ended:
    """How a command ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Runs a command in this process on the suite below ``tmp_path / "suite"``, made from the
    corpus and ``files``."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str, files: dict[str, str | bytes] | None = None) -> Ended:
        if not (tmp_path / "suite").exists() or files:
            make_root(tmp_path / "suite", files)
        monkeypatch.chdir(tmp_path / "suite")
        code = _main(list(arguments))
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


def process(
    *arguments: str, cwd: Path, code: str = "from conformance.cli.main import main; main()"
) -> Ended:
    """Runs a command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


# --- run


def test_a_conformant_run_ends_with_0_writes_five_reports_and_says_so(
    command, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    ended = command("run", "--reports", "out")
    assert (ended.code, ended.err) == (0, "")
    assert "4 pass" in ended.out
    for name in ("index.html", "results.json", "junit.xml", "divergence.html", "facts.html"):
        assert (tmp_path / "suite" / "out" / name).stat().st_size > 100
        assert f"wrote out/{name}" in ended.out
    assert [case.verdict for case in load_run(tmp_path / "suite" / "out").cases] == ["pass"] * 4


def test_a_run_that_is_not_conformant_ends_with_1_and_says_what_is_wrong(command) -> None:  # type: ignore[no-untyped-def]
    ended = command("run", "--reports", "out", files=WRONG)
    assert ended.code == 1
    assert "FAIL chat/wrong::2024-10-21::python@" in ended.out
    assert "[expect.result, must, sdk]" in ended.out
    assert "2 fail" in ended.out
    assert "Traceback" not in ended.out + ended.err


def test_what_a_service_says_does_not_drive_the_readers_terminal(command) -> None:  # type: ignore[no-untyped-def]
    body = '{error: {code: "1", message: "\\e[2J\\e]0;owned\\a \\u202Eevil \\u009B31m"}}'
    ended = command(
        "run",
        "chat/hostile",
        "--reports",
        "out",
        files={
            "scenarios/chat/hostile.yaml": scenario(
                step(service=f"[{{status: 400, body: {body}}}]")
            )
        },
    )
    assert "owned" in ended.out
    assert not set(ended.out) & set("\x1b\x07\u202e\x9b")


def test_a_should_ends_with_1_only_when_asked(command) -> None:  # type: ignore[no-untyped-def]
    files = {
        "scenarios/chat/wrong.yaml": scenario(
            step(expect="{result: {text: x}}"), head="level: should\n"
        )
    }
    assert command("run", "--reports", "out", files=files).code == 0
    assert command("run", "--reports", "out", "--fail-on", "should").code == 1


def test_a_run_of_nothing_that_can_be_exercised_ends_with_2(command) -> None:  # type: ignore[no-untyped-def]
    ended = command(
        "run",
        "chat/socket",
        "--lane",
        "inprocess",
        "--reports",
        "out",
        files={"scenarios/chat/socket.yaml": scenario(head="lane: loopback\n")},
    )
    assert ended.code == 2
    assert "2 not-run" in ended.out


def test_a_run_with_a_broken_cassette_ends_with_2_and_keeps_the_other_results(
    command, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    ended = command(
        "run",
        "--reports",
        "out",
        files={"cassettes/2024-10-21/chat/founded.yaml": "interactions: ["},
    )
    assert ended.code == 2
    assert "ERROR chat/founded" in ended.out
    assert "2 pass, 2 error" in ended.out


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": "2020-01-01"},
        {"fingerprint": "nothing of this kind"},
        {"rule": "expect.attempts"},
    ],
    ids=["out of date", "mismatched", "stale"],
)
def test_a_red_waiver_ends_with_1_and_is_named(command, changes: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    files = WRONG | {
        "adapters/python/contract.yaml": contract(),
        "adapters/python/waivers.yaml": waiver(**changes),
    }
    ended = command("run", "--reports", "out", files=files)
    assert ended.code == 1
    assert "waiver test-waiver (python): " in ended.out


def test_a_deviation_that_is_waived_ends_with_0(command) -> None:  # type: ignore[no-untyped-def]
    files = WRONG | {
        "adapters/python/contract.yaml": contract(),
        "adapters/python/waivers.yaml": waiver(),
    }
    ended = command("run", "--reports", "out", files=files)
    assert ended.code == 0
    assert "4 pass, 2 waived" in ended.out


def test_the_same_run_twice_gives_the_same_bytes(
    command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1772409600")
    monkeypatch.setattr(sys, "argv", ["conformance", "run"])
    kept = []
    for name in ("one", "two"):
        command("run", "--reports", name, files=WRONG)
        folder = tmp_path / "suite" / name
        kept.append(
            [
                (folder / report).read_bytes()
                for report in (
                    "results.json",
                    "index.html",
                    "junit.xml",
                    "divergence.html",
                    "facts.html",
                )
            ]
        )
    assert kept[0] == kept[1]
    assert json.loads(kept[0][0])["started"] == "2026-03-02T00:00:00Z"


def test_reports_below_a_file_end_with_3_before_anything_runs(command) -> None:  # type: ignore[no-untyped-def]
    ended = command("run", "--reports", "taken/below", files={"taken": b""})
    assert ended.code == 3
    assert ended.out == ""
    assert "[report-not-written]" in ended.err
    assert "Traceback" not in ended.err


def test_what_was_found_is_told_even_where_it_cannot_be_kept(  # type: ignore[no-untyped-def]
    command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise EnvironmentFault("report-not-written", "the disk is full")

    monkeypatch.setattr("conformance.cli.run.write_reports", full)
    ended = command("run", "--reports", "out")
    assert ended.code == 3
    assert "4 pass" in ended.out
    assert "[report-not-written]" in ended.err


def test_nothing_but_the_summary_is_written_where_there_is_no_terminal(tmp_path: Path) -> None:
    ended = process(
        "run",
        "--reports",
        "a-folder-with-a-rather-long-name/and-another-one-of-a-long-name-below-it/out",
        cwd=make_root(tmp_path),
    )
    assert (ended.code, ended.err) == (0, "")
    assert "\x1b" not in ended.out
    written = [line for line in ended.out.splitlines() if line.startswith("wrote ")]
    rest = [
        line for line in ended.out.splitlines() if line not in written and ": not run: " not in line
    ]
    assert (len(written), len(rest)) == (5, 1)
    assert (
        "a-folder-with-a-rather-long-name/and-another-one-of-a-long-name-below-it/out/results.json"
        in ended.out
    )


@pytest.mark.parametrize(
    ("files", "code"),
    [({}, 3), (WRONG | {"scenarios/audio/wrong.yaml": next(iter(WRONG.values()))}, 1)],
    ids=["all green so far", "red so far"],
)
def test_ctrl_c_keeps_and_reports_what_is_finished_and_is_never_green(
    tmp_path: Path, files: dict[str, str], code: int
) -> None:
    ended = process("3", "run", "--reports", "out", cwd=make_root(tmp_path, files), code=INTERRUPT)
    assert ended.code == code
    assert "interrupted: the report holds what was finished" in ended.out
    assert "Traceback" not in ended.err
    run = load_run(tmp_path / "out")
    assert run.interrupted
    assert len(run.cases) == 2
    assert (tmp_path / "out" / "index.html").exists()


def test_ctrl_c_before_the_first_case_is_no_green_run_either(tmp_path: Path) -> None:
    ended = process("1", "run", "--reports", "out", cwd=make_root(tmp_path), code=INTERRUPT)
    assert ended.code in (2, 3)
    assert "Traceback" not in ended.err


# --- one clear message for each bad input

PLACE = "scenarios/chat/x.yaml"


def bad(text: str | bytes) -> dict[str, str | bytes]:
    return {PLACE: text}


MANIFEST = "protocol: 1\nversions: {default: '1'}\ncommand: [x]\nsources: [gone.go]\n"
CONTRACT = {"adapters/python/contract.yaml": contract()}
BAD: dict[str, tuple[dict[str, str | bytes], str, str]] = {
    "a typo": (bad(scenario(head="tgas: [a]\n")), f"{PLACE}:5:1", "did you mean 'tags'?"),
    "a tab": (bad(scenario(head="\ttags: [a]\n")), f"{PLACE}:5:1", "tab"),
    "an alias bomb": (
        bad(scenario(head="tags: [&a [x], *a, *a]\n")),
        f"{PLACE}:5:8",
        "[yaml-anchor]",
    ),
    "a python object": (
        bad(scenario(head="tags: !!python/object:os.system [x]\n")),
        f"{PLACE}:5:7",
        "[yaml-tag]",
    ),
    "a duplicate key": (
        bad(scenario(head="title: Another title\n")),
        f"{PLACE}:5:1",
        "stands twice",
    ),
    "ten megabytes of nesting": (bad(b"[" * 10_000_000), PLACE, "[yaml-too-large]"),
    "deep nesting": (bad(b"-  " * 500_000), f"{PLACE}:1:121", "[yaml-too-deep]"),
    "not UTF-8": (bad(b"title: caf\xe9\n"), f"{PLACE}:1:1", "[file-not-utf8]"),
    "an empty file": (bad(b""), f"{PLACE}:1:1", "[yaml-empty]"),
    "a matrix value": (
        bad(scenario(step(service="${matrix.s}"), head="matrix: {s: [1]}\n")),
        PLACE,
        "with s = 1",
    ),
    "a waiver": (
        CONTRACT | {"adapters/python/waivers.yaml": waiver(versions="newest")},
        "adapters/python/waivers.yaml:9:15",
        "version range",
    ),
    "a manifest": (
        CONTRACT | {"adapters/python/adapter.yaml": MANIFEST},
        "adapters/python/adapter.yaml:4:11",
        "matches no file in adapters/python",
    ),
    "a contract": (
        {"adapters/python/contract.yaml": contract().replace("sdk: python", "sdk: snake", 1)},
        "adapters/python/contract.yaml",
        "[contract-name]",
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("verb", ["run", "lint", "list"])
def test_a_bad_file_ends_with_2_and_one_message_with_its_place(
    command, name: str, verb: str
) -> None:  # type: ignore[no-untyped-def]
    files, place, words = BAD[name]
    ended = command(verb, files=files)
    assert ended.code == 2
    assert f"{place}" in ended.err
    assert words in ended.err
    problems = [
        line for line in ended.err.splitlines() if "error: " in line and "-unused]" not in line
    ]
    assert len(problems) == 1
    assert "Traceback" not in ended.err + ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--sdk", "nosuch"), "there is no SDK 'nosuch'"),
        (("run", "--sdk", "python@0.0.1"), "[sdk-version]"),
        (("run", "chat/fonded"), "did you mean chat/founded"),
        (("run", "--tag", "nope"), "there is no tag 'nope'"),
        (("run", "--case", "chat/founded::x"), "[nothing-selected]"),
        (("run", "--level", "maybe"), "one of must, should, may"),
        (("run", "--surface", "both"), "one of sync, async"),
        (("run", "--fail-on", "may"), "one of must, should"),
        (("run", "--api-version", "newest"), "is no api-version"),
        (("run", "--api-version", "2019-01-01"), "no schemas for"),
        (("run", "--root", "nowhere"), "has no folder scenarios/"),
        (("list", "chat/fonded"), "did you mean chat/founded"),
        (("list", "--api-version", "v1"), "[nothing-selected]"),
        (("explain", "chat/fonded"), "did you mean chat/founded"),
        (("run", "--nosuch"), "No such option"),
        (("nosuch",), "No such command"),
        (("explain",), "Missing argument"),
    ],
)
def test_wrong_use_ends_with_2_and_one_message(
    command, arguments: tuple[str, ...], words: str
) -> None:  # type: ignore[no-untyped-def]
    ended = command(*arguments)
    assert ended.code == 2
    assert words in " ".join(ended.err.replace("│", " ").split())
    assert "Traceback" not in ended.err + ended.out


# --- the other commands


def test_the_version_is_told(command) -> None:  # type: ignore[no-untyped-def]
    ended = command("--version")
    assert (ended.code, ended.out) == (0, f"conformance {__version__}\n")


def test_lint_ends_with_2_for_unused_fixtures_and_with_0_without_them(
    command, tmp_path: Path
) -> None:  # type: ignore[no-untyped-def]
    ended = command("lint")
    assert ended.code == 2
    assert "scenarios/fixtures/errors/throttled.yaml:1:1: error: no scenario uses" in ended.err
    for path in (tmp_path / "suite" / "scenarios" / "fixtures").rglob("*.yaml"):
        if path.stem != "founded":
            path.unlink()
    (tmp_path / "suite" / "cassettes" / "2024-10-21" / "chat" / "twice.yaml").unlink()
    ended = command("lint")
    assert (ended.code, ended.err) == (0, "")
    assert "SDK contracts, 1 fixtures" in ended.out


def test_lint_writes_the_schema_for_editors_or_says_why_not(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    command("lint", "--write-editor-schema", str(tmp_path / "schema.json"))
    assert json.loads((tmp_path / "schema.json").read_text())["title"] == "Scenario"
    ended = command("lint", "--write-editor-schema", str(tmp_path / "no" / "such" / "schema.json"))
    assert ended.code == 3
    assert "[schema-not-written]" in ended.err


def test_list_shows_scenarios_cases_or_json(command) -> None:  # type: ignore[no-untyped-def]
    assert "2 scenarios, 4 cases: 4 run" in command("list").out
    assert (
        len(command("list", "--cases", "chat/founded", "--surface", "sync").out.splitlines()) == 1
    )
    items = [json.loads(line) for line in command("list", "--json").out.splitlines()]
    assert [item["scenario"] for item in items] == ["chat/founded"] * 2 + ["chat/scripted"] * 2
    assert {item["status"] for item in items} == {"run"}


def test_explain_shows_the_case_as_it_runs_and_why_others_do_not(command) -> None:  # type: ignore[no-untyped-def]
    ended = command("explain", "chat/founded")
    assert ended.code == 0
    assert "model: conf-chat" in ended.out
    assert "cassette: cassettes/2024-10-21/chat/founded.yaml" in ended.out
    assert "-sync  runs" in ended.out
    ended = command(
        "explain",
        "scenarios/chat/mind.yaml",
        files={"scenarios/chat/mind.yaml": scenario(head="needs: [telepathy]\n")},
    )
    assert "unsupported: the contract of python does not list telepathy" in ended.out


def test_one_case_can_be_run_by_the_command_a_report_shows(command, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    command("run", "--reports", "out", files=WRONG)
    case = next(
        case for case in load_run(tmp_path / "suite" / "out").cases if case.verdict == "fail"
    )
    assert case.reproduce == f"conformance run --case '{case.id}'"
    assert command("run", "--reports", "again", "--case", case.id).code == 1
    assert [again.id for again in load_run(tmp_path / "suite" / "again").cases] == [case.id]
