"""The end of a run in the terminal: what failed and why, then one line of counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from conformance.checks.finding import Level
from conformance.report.asked import asked
from conformance.run.results import CaseResult, Run, Verdict
from conformance.run.settle import RED_WAIVERS

_STYLES = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.WAIVED: "yellow", Verdict.ERROR: "red",
           Verdict.UNSUPPORTED: "dim", Verdict.NOT_RUN: "dim"}
SHOWN = 25


def print_summary(run: Run, console: Console, written: tuple[Path, ...]) -> None:
    """Failures first (at most ``SHOWN``), then waivers that are red, then the counts and where the reports are."""
    red = [case for case in run.cases if case.verdict in (Verdict.FAIL, Verdict.ERROR)]
    for case in red[:SHOWN]:
        _print_case(case, console)
    if len(red) > SHOWN:
        console.print(f"... and {len(red) - SHOWN} more; see the report")
    for use in run.waivers:
        if use.state in RED_WAIVERS:
            console.print(f"waiver {use.id} ({use.sdk}): {use.state}; {use.reason}", style="red", markup=False,
                          soft_wrap=True)
    for subject in run.subjects:
        console.print(_subject_line(run, subject.sdk, subject.version, subject.reason), markup=False, soft_wrap=True)
    if told := asked(run):
        console.print(told, markup=False, soft_wrap=True)
    if run.interrupted:
        console.print("interrupted: the report holds what was finished", style="yellow")
    for path in written:
        console.print(f"wrote {path}", style="dim", markup=False, soft_wrap=True)


def _print_case(case: CaseResult, console: Console) -> None:
    console.print(f"{case.verdict.value.upper()} {case.id}", style=_STYLES[case.verdict], markup=False, soft_wrap=True)
    if case.reason:
        console.print(f"    {case.reason}", markup=False, soft_wrap=True)
    for finding in case.findings:
        if finding.waived_by is None and finding.level is not Level.MAY:
            console.print(f"    [{finding.rule}, {finding.level.value}, {finding.blame.value}] {finding.pointer} "
                          f"{finding.message}", markup=False, soft_wrap=True)


def _subject_line(run: Run, sdk: str, version: str, reason: str) -> str:
    counts = Counter(case.verdict for case in run.cases if (case.sdk, case.version) == (sdk, version))
    if reason:
        return f"{sdk}: not run: {reason}"
    told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    return f"{sdk} {version}: {told or 'no cases'}"
