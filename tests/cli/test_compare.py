"""``conformance compare``: what it prints, what it reads, and one clear message for what it
cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from conformance.cli.compare import SHOWN, print_divergences
from conformance.cli.main import _main
from conformance.judge.results import Run
from conformance.report.divergence import divergences
from conformance.report.write import results_json
from tests.report.builders import full_run, hostile_run


class Compared:
    """How a comparison ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err
        self.lines = out.splitlines()


@pytest.fixture
def compare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):  # type: ignore[no-untyped-def]
    """Runs the command below ``tmp_path`` after writing ``run`` to ``file``."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def ended(
        *arguments: str, run: Run | None = None, file: str = "reports/results.json"
    ) -> Compared:
        if run is not None:
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).write_text(results_json(run), encoding="utf-8")
        code = _main(["compare", *arguments])
        captured = capsys.readouterr()
        return Compared(code, captured.out, captured.err)

    return ended


def test_the_last_run_is_compared_unless_told_otherwise(compare) -> None:  # type: ignore[no-untyped-def]
    ended = compare(run=full_run())
    assert (ended.code, ended.err) == (0, "")
    assert ended.lines[0] == "2 of 5 scenarios differ between 4 SDK versions"


def test_who_agrees_with_whom_stands_below_each_member(compare) -> None:  # type: ignore[no-untyped-def]
    ended = compare("retry/*", run=full_run())
    at = next(
        place for place, line in enumerate(ended.lines) if "attempts and waits /waits/0" in line
    )
    first, second = ended.lines[at + 1 : at + 3]
    assert first.split()[0] == "A"
    assert "41 ms to 50 ms" in first
    assert second.split()[0] == "B"
    assert "10 ms, less than asked" in second
    assert "java 1.0.0-beta.16" in second


def test_attempts_are_drawn_on_one_axis_with_the_virtual_ones_marked(compare) -> None:  # type: ignore[no-untyped-def]
    ended = compare("retry/*", run=full_run())
    virtual = next(
        line for line in ended.lines if "python 3.0.1 " in line and "429, waited" in line
    )
    real = next(line for line in ended.lines if "go 0.8.1 " in line and "429, waited" in line)
    assert virtual.endswith("(virtual clock)")
    assert "|..." in virtual
    assert not real.endswith("(virtual clock)")
    assert "|---" in real


@pytest.mark.parametrize("broken", [float("inf"), -5.0, 1e300])
def test_a_broken_clock_breaks_no_comparison(compare, broken: float) -> None:  # type: ignore[no-untyped-def]
    run = full_run()
    waiting = next(case for case in run.cases if case.scenario == "retry/waits-as-asked")
    first, second, *rest = waiting.steps[0].exchanges
    exchanges = (first, second.model_copy(update={"at": broken, "waited": broken}), *rest)
    other = waiting.model_copy(
        update={"steps": (waiting.steps[0].model_copy(update={"exchanges": exchanges}),)}
    )
    cases = tuple(other if case is waiting else case for case in run.cases)
    print_divergences(divergences(run.model_copy(update={"cases": cases})), Console(), SHOWN)
    assert "retry/waits-as-asked" in compare(run=run).out


def test_a_pattern_narrows_and_a_file_or_folder_can_be_named_before_it(compare) -> None:  # type: ignore[no-untyped-def]
    assert "retry/waits-as-asked" not in compare("stream", run=full_run()).out
    for name in ("elsewhere/results.json", "elsewhere"):
        ended = compare(name, "stream/*", run=full_run(), file="elsewhere/results.json")
        assert ended.code == 0
        assert "stream/all-chunks" in ended.out


def test_long_runs_show_the_scenarios_with_most_apart_and_say_how_many_are_left(compare) -> None:  # type: ignore[no-untyped-def]
    run = full_run()
    retries = [case for case in run.cases if case.scenario == "retry/waits-as-asked"]
    copies = tuple(
        case.model_copy(update={"id": f"{number}{case.id}", "scenario": f"retry/copy-{number:03}"})
        for number in range(SHOWN + 5)
        for case in retries
    )
    many = run.model_copy(update={"cases": copies})
    assert len(divergences(many).scenarios) == SHOWN + 5
    assert "... and 5 more scenarios" in compare(run=many).out
    assert "more scenarios" not in compare("--all").out


def test_results_without_differences_are_a_plain_answer(compare) -> None:  # type: ignore[no-untyped-def]
    ended = compare("chat/plain-answer", run=full_run())
    assert ended.code == 0
    assert "Differ 1 scenario not at all" in ended.out


def test_a_missing_file_ends_with_2_and_says_which(compare) -> None:  # type: ignore[no-untyped-def]
    for arguments, name in (((), "reports/results.json"), (("gone.json",), "gone.json")):
        ended = compare(*arguments)
        assert (ended.code, ended.out) == (2, "")
        assert name in ended.err
        assert "[results-unreadable]" in ended.err


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "results-not-json"),
        ("{}", "results-invalid"),
        ('{"schema_version": "9.0"}', "results-version"),
    ],
)
def test_a_broken_file_ends_with_2_and_one_message(
    compare, tmp_path: Path, text: str, code: str
) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "broken.json").write_text(text)
    ended = compare("broken.json")
    assert (ended.code, ended.out) == (2, "")
    assert f"[{code}]" in ended.err
    assert "Traceback" not in ended.err


def test_a_pattern_that_names_nothing_ends_with_2_and_suggests(compare) -> None:  # type: ignore[no-untyped-def]
    ended = compare("chat/plain-answr", run=full_run())
    assert (ended.code, ended.out) == (2, "")
    assert "did you mean chat/plain-answer" in ended.err


def test_text_of_a_run_neither_styles_nor_hides_in_the_terminal(compare) -> None:  # type: ignore[no-untyped-def]
    run = hostile_run()
    changed = tuple(
        case.model_copy(update={"scenario": "a[bold]\x1b[31m\u202e"}) for case in run.cases
    )
    ended = compare("--all", run=run.model_copy(update={"cases": changed}))
    assert ended.code == 0
    assert "a[bold]␛[31m⟨U+202E⟩" in ended.out
    assert "\x1b" not in ended.out
