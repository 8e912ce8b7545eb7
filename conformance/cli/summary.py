"""The end of a run in the terminal: what failed and why, then a line of counts for each SDK."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from conformance.judge.results import CaseResult, Run, Subject, Verdict
from conformance.report.asked import asked
from conformance.report.summary import BAD, red_findings, red_waivers
from conformance.report.text import visible

_STYLES = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.WAIVED: "yellow",
    Verdict.ERROR: "red",
    Verdict.UNSUPPORTED: "dim",
    Verdict.NOT_RUN: "dim",
}
SHOWN = 25


def print_summary(run: Run, console: Console, written: tuple[Path, ...]) -> None:
    """Print red cases (at most ``SHOWN``), then waivers to mend, then the counts of each subject
    and where the reports were ``written``."""
    red = [case for case in run.cases if case.verdict in BAD]
    for case in red[:SHOWN]:
        _print_case(case, console)
    if len(red) > SHOWN:
        console.print(f"... and {len(red) - SHOWN} more; see the report")
    for use in red_waivers(run):
        _print(console, f"waiver {use.id} ({use.sdk}): {use.state}; {use.reason}", "red")
    for subject in run.subjects:
        _print(console, _subject_line(run, subject))
    if requests := asked(run):
        _print(console, requests)
    if run.interrupted:
        console.print("interrupted: the report holds what was finished", style="yellow")
    for path in written:
        _print(console, f"wrote {path}", "dim")


def _print(console: Console, text: str, style: str = "") -> None:
    # The text may be an SDK's or a service's: neither may drive the reader's terminal.
    console.print(visible(text), style=style or None, markup=False, soft_wrap=True)


def _print_case(case: CaseResult, console: Console) -> None:
    _print(console, f"{case.verdict.value.upper()} {case.id}", _STYLES[case.verdict])
    if case.reason:
        _print(console, f"    {case.reason}")
    for finding in red_findings(case):
        source = f"[{finding.rule}, {finding.level.value}, {finding.blame.value}]"
        _print(console, f"    {source} {finding.pointer} {finding.message}")


def _subject_line(run: Run, subject: Subject) -> str:
    if subject.reason:
        return f"{subject.sdk}: not run: {subject.reason}"
    name = (subject.sdk, subject.version)
    counts = Counter(case.verdict for case in run.cases if (case.sdk, case.version) == name)
    parts = [f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict]]
    return f"{subject.sdk} {subject.version}: {', '.join(parts) or 'no cases'}"
