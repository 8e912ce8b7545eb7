"""Processor time of an in-process case, measured in turns so that a noisy machine is noisy to each
checkout alike."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from figures.figure import Bar, Figure

TOLERANCE = 1.05
"""How much more than beside counts as no more: two runs of one commit differ by this."""
_NOT_RUN = ("not-run", "unsupported")


def figures(roots: Sequence[Path], runs: int) -> list[Figure]:
    """For each of ``roots`` the lowest of ``runs`` measurements. Where there are two, the second is
    the bar of the first."""
    measured: dict[Path, list[float]] = {root: [] for root in roots}
    for _ in range(runs):
        for root in roots:
            milliseconds = measure(root)
            if milliseconds is not None:
                measured[root].append(milliseconds)
    lowest = [min(measured[root], default=None) for root in roots]
    beside = lowest[1] if len(lowest) > 1 else None
    bars = [None if beside is None else Bar(round(beside * TOLERANCE, 2)), None]
    return [
        Figure("processor", f"processor ms per in-process case, lowest of {runs}", value, bar=bar)
        for value, bar in zip(lowest, bars, strict=False)
    ]


def measure(root: Path) -> float | None:
    """Milliseconds of processor time, user and system, start-up and reports included, that one
    ``conformance run --sdk python`` in the checkout at ``root`` takes for each case it runs. None,
    with the reason on stderr, when it fails."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            str(root / ".venv/bin/conformance"),
            "run",
            "--sdk",
            "python",
            "--reports",
            folder,
        ]
        # No installed adapter: every case is in-process or not run.
        environment = {**os.environ, "CONFORMANCE_CACHE": f"{folder}/none"}
        try:
            process = subprocess.Popen(
                command,
                cwd=root,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            sys.stderr.write(f"{root}: cannot be run: {error}\n")
            return None
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(
            status
        )  # what wait4 took, Popen cannot ask for
        results = Path(folder, "results.json")
        if not results.exists():
            sys.stderr.write(
                f"{root}: conformance run wrote no results (exit code {process.returncode})\n"
            )
            return None
        cases = cases_run(results.read_text("utf-8"))
    return 1000.0 * (usage.ru_utime + usage.ru_stime) / cases if cases else None


def cases_run(results: str) -> int:
    """How many cases of the text of a ``results.json`` were run."""
    return sum(case["verdict"] not in _NOT_RUN for case in json.loads(results)["cases"])
