"""Processor time of a made-up command."""

from __future__ import annotations

import json
from pathlib import Path

from figures.processor import cases_run, figures

VERDICTS = ("pass", "fail", "not-run", "unsupported")


def _command(root: Path, rounds: int) -> Path:
    """A checkout whose ``conformance`` writes two cases that ran, and burns processor time
    before."""
    command = root / ".venv/bin/conformance"
    command.parent.mkdir(parents=True)
    results = json.dumps({"cases": [{"verdict": verdict} for verdict in VERDICTS]})
    command.write_text(
        f"#!/bin/sh\nn=0; while [ $n -lt {rounds} ]; do n=$((n + 1)); done\n"
        f"echo '{results}' > \"$5/results.json\"\n",
        "utf-8",
    )
    command.chmod(0o755)
    return root


def test_only_cases_that_ran_share_the_time() -> None:
    assert cases_run(json.dumps({"cases": [{"verdict": verdict} for verdict in VERDICTS]})) == 2


def test_more_time_than_beside_misses_the_bar_and_less_holds(tmp_path: Path) -> None:
    fast, slow = _command(tmp_path / "fast", 1), _command(tmp_path / "slow", 300_000)
    worse, before = figures([slow, fast], 1)
    assert not worse.holds
    assert before.bar is None
    better, _ = figures([fast, slow], 1)
    assert better.holds


def test_a_checkout_that_cannot_be_run_has_no_time(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    command = _command(silent, 1) / ".venv/bin/conformance"
    command.write_text("#!/bin/sh\nexit 3\n", "utf-8")
    assert [figure.value for figure in figures([silent, tmp_path / "none"], 1)] == [None, None]
