"""The end of a run in the terminal: what failed and why, then one line of counts."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console

from conformance.judge.results import CaseResult, Run, Verdict
from conformance.judge.rules.finding import Level
from conformance.judge.settle import RED_WAIVERS
from conformance.report.asked import asked
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
    """Failures first (at most ``SHOWN``), then waivers that are red, then the counts and where the
    reports are."""
    red = [case for case in run.cases if case.verdict in (Verdict.FAIL, Verdict.ERROR)]
    for case in red[:SHOWN]:
        _print_case(case, console)
    if len(red) > SHOWN:
        console.print(f"... and {len(red) - SHOWN} more; see the report")
    for use in run.waivers:
        if use.state in RED_WAIVERS:
            _say(console, f"waiver {use.id} ({use.sdk}): {use.state}; {use.reason}", "red")
    for subject in run.subjects:
        _say(console, _subject_line(run, subject.sdk, subject.version, subject.reason))
    if told := asked(run):
        _say(console, told)
    if run.interrupted:
        console.print("interrupted: the report holds what was finished", style="yellow")
    for path in written:
        _say(console, f"wrote {path}", "dim")


def _say(console: Console, text: str, style: str = "") -> None:
    """Print what may come from an SDK or a service: neither may drive the reader's terminal."""
    console.print(visible(text), style=style or None, markup=False, soft_wrap=True)


def _print_case(case: CaseResult, console: Console) -> None:
    _say(console, f"{case.verdict.value.upper()} {case.id}", _STYLES[case.verdict])
    if case.reason:
        _say(console, f"    {case.reason}")
    for finding in case.findings:
        if finding.waived_by is None and finding.level is not Level.MAY:
            _say(
                console,
                f"    [{finding.rule}, {finding.level.value}, {finding.blame.value}] {finding.pointer} "
                f"{finding.message}",
            )


def _subject_line(run: Run, sdk: str, version: str, reason: str) -> str:
    counts = Counter(
        case.verdict for case in run.cases if (case.sdk, case.version) == (sdk, version)
    )
    if reason:
        return f"{sdk}: not run: {reason}"
    told = ", ".join(f"{counts[verdict]} {verdict.value}" for verdict in Verdict if counts[verdict])
    return f"{sdk} {version}: {told or 'no cases'}"
