"""A case as a pytest item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.errors import HarnessError
from conformance.judge.results import CaseResult, Verdict
from conformance.plan.case import Case
from conformance.pytest_plugin.key import STATE
from conformance.report.text import visible


class CaseFailed(Exception):
    """A case that is not green. Its text is the findings; pytest shows no traceback."""

    def __init__(self, result: CaseResult) -> None:
        super().__init__(result.id)
        self.result = result


class ScenarioItem(pytest.Item):
    """One case as a pytest item."""

    conformance_case: Case

    def runtest(self) -> None:
        """Run the case: unsupported and not-run are skips with their reason, waived is an expected
        failure."""
        result = self.config.stash[STATE].run(self.conformance_case)
        self.user_properties.append(("conformance_verdict", result.verdict.value))
        if result.verdict in (Verdict.UNSUPPORTED, Verdict.NOT_RUN):
            pytest.skip(f"{result.verdict.value}: {result.reason}")
        if result.verdict is Verdict.WAIVED:
            waivers = {item.waived_by for item in result.findings if item.waived_by}
            pytest.xfail(f"waived: {', '.join(sorted(waivers))}")
        if result.verdict is not Verdict.PASS:
            raise CaseFailed(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The findings of a failed case, one paragraph each."""
        if isinstance(excinfo.value, CaseFailed):
            return failure_text(excinfo.value.result)
        if isinstance(excinfo.value, HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.conformance_case.id


def failure_text(result: CaseResult) -> str:
    """What a red case says in a terminal."""
    lines = [f"{result.verdict.value}: {result.id}"]
    if result.reason:
        lines.append(f"  {result.reason}")
    for item in result.findings:
        if item.is_red:
            level, blame = item.level.value, item.blame.value
            lines.append(f"  [{item.rule}] {level}, blame {blame}, step {item.step + 1}")
            lines.append(f"    {item.pointer} {item.message}".rstrip())
    lines.append(f"  reproduce: {result.reproduce}")
    return visible("\n".join(lines))
