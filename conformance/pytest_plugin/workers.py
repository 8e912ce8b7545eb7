"""From a worker of pytest-xdist to its controller: results as text."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.judge.judge import Judged
from conformance.judge.results import CaseResult
from conformance.pytest_plugin.key import STATE
from conformance.pytest_plugin.session import ScenarioSession


def hand_over(session: ScenarioSession) -> str:
    """The results of a worker's ``session``, for its controller."""
    return json.dumps(
        {
            "root": str(session.root),
            "started": session.engine.clock.started.isoformat(),
            "judged": [_pack(judged) for judged in session.judged.values()],
        }
    )


def take_over(config: pytest.Config, packed: str) -> None:
    """Take a worker's results into the controller's session."""
    message = json.loads(packed)
    session = config.stash.get(STATE, None)
    if session is None:
        session = ScenarioSession(config, Path(message["root"]))
        config.stash[STATE] = session
    started = datetime.fromisoformat(message["started"])
    session.adopt(started, [_unpack(item) for item in message["judged"]])


def _pack(judged: Judged) -> dict[str, Any]:
    return {
        "result": judged.result.model_dump(mode="json"),
        "used": sorted(judged.used),
        "mismatched": sorted(judged.mismatched),
    }


def _unpack(item: dict[str, Any]) -> Judged:
    result = CaseResult.model_validate(item["result"])
    return Judged(result, frozenset(item["used"]), frozenset(item["mismatched"]))
