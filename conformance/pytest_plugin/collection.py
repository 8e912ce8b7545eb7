"""From scenario files to items: what pytest collects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import HarnessError
from conformance.pytest_plugin.items import ScenarioItem
from conformance.pytest_plugin.key import STATE
from conformance.pytest_plugin.session import ScenarioSession, is_worker, record_mode
from conformance.record.task import Mode


class ScenarioFile(pytest.File):
    """One scenario file."""

    def collect(self) -> Iterator[ScenarioItem]:
        """One item a case. What is wrong with the suite is one collection error, without a
        traceback."""
        folder = next(parent for parent in self.path.parents if parent.name == "scenarios")
        session = _session(self.config, folder.parent)
        scenario = self.path.relative_to(folder).with_suffix("").as_posix()
        for case in session.cases_of(scenario):
            item: ScenarioItem = ScenarioItem.from_parent(self, name=case.identity.item_name)
            item.conformance_case = case
            yield item

    def repr_failure(
        self,
        excinfo: pytest.ExceptionInfo[BaseException],
        style: Any = None,  # noqa: ARG002 - the base class asks for it
    ) -> Any:
        """The messages of a harness error; anything else as pytest shows it."""
        if isinstance(excinfo.value, HarnessError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)


_REFUSED: pytest.StashKey[bool] = pytest.StashKey()


def _session(config: pytest.Config, root: Path) -> ScenarioSession:
    """The session's state, made for the first scenario file. What stands against it is told once,
    not for each file."""
    session = config.stash.get(STATE, None)
    if session is None:
        if config.stash.get(_REFUSED, False):
            raise pytest.Collector.CollectError(
                "not collected: see the first error of the scenarios"
            )
        config.stash[_REFUSED] = True
        _refuse_spread_recording(config)
        try:
            session = ScenarioSession(config, root)
        except HarnessError as error:
            raise pytest.Collector.CollectError(str(error)) from None
        config.stash[STATE] = session
    if session.root != root:
        raise pytest.Collector.CollectError(
            f"scenarios of two suites, {session.root} and {root}: one session runs one "
            "suite [two-suites]"
        )
    return session


def _refuse_spread_recording(config: pytest.Config) -> None:
    """Two processes would record one cassette twice, and ask a service twice as much as was
    said."""
    mode = record_mode(config)
    if mode is not Mode.NONE and is_worker(config):
        raise pytest.Collector.CollectError(
            f"--record-mode={mode}: recording runs in one process; leave out -n [recording]"
        )
