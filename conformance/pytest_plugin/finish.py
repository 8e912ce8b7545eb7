"""The end of a session: results are settled, reported, and decide how the session ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.errors import ExitCode, HarnessError
from conformance.judge.results import RED_WAIVERS, Run
from conformance.judge.settle import exit_code
from conformance.pytest_plugin.session import ScenarioSession, is_worker
from conformance.pytest_plugin.workers import hand_over
from conformance.report.write import write_reports


def finish(session: pytest.Session, scenarios: ScenarioSession) -> None:
    """Hand over to the controller in a worker; else settle, report and decide."""
    scenarios.close()
    if is_worker(session.config):
        output = session.config.workeroutput  # type: ignore[attr-defined]
        output["conformance"] = hand_over(scenarios)
        return
    if not scenarios.judged:
        return
    run = scenarios.assembled(interrupted=session.exitstatus == pytest.ExitCode.INTERRUPTED)
    _decide(session, run, scenarios.closing_lines)
    folder = session.config.option.conformance_report
    if folder:
        try:
            written = write_reports(run, Path(folder))
            scenarios.closing_lines.extend(f"conformance: wrote {path}" for path in written)
        except HarnessError as error:
            scenarios.closing_lines.append(f"conformance: {error}")
            session.exitstatus = int(ExitCode.HARNESS)


def _decide(session: pytest.Session, run: Run, lines: list[str]) -> None:
    """What items cannot say by themselves: that nothing was exercised, and red waivers."""
    if exit_code(run) is ExitCode.USAGE:
        lines.append("conformance: no case was exercised, which proves nothing")
        session.exitstatus = session.exitstatus or int(pytest.ExitCode.NO_TESTS_COLLECTED)
    for use in run.waivers:
        if use.state in RED_WAIVERS:
            lines.append(f"conformance: waiver {use.id} ({use.sdk}) is {use.state}: {use.reason}")
            session.exitstatus = session.exitstatus or int(ExitCode.NOT_CONFORMANT)
