"""``conformance merge``: results of several runs (versions, shards, machines) in one report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from conformance.cli.summary import print_summary
from conformance.judge.merge import merge_runs
from conformance.judge.settle import exit_code
from conformance.report.write import load_run, write_reports

Files = Annotated[list[Path], typer.Argument(help="results.json files of the runs.")]
Reports = Annotated[Path, typer.Option("--reports", help="Folder for the merged reports.")]


def command(files: Files, reports: Reports = Path("reports")) -> int:
    """Merge runs side by side; the report shows where they differ. Exit codes are those of
    ``run``."""
    names = " ".join(file.name for file in files)
    run = merge_runs(tuple(load_run(file) for file in files), command=f"conformance merge {names}")
    written = write_reports(run, reports)
    print_summary(run, Console(highlight=False), written)
    return int(exit_code(run))
