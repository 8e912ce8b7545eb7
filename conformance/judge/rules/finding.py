"""Findings and the rules they come from.

A check is a pure function from what was expected and what was seen to findings. It never raises and
never stops at the first. A finding names a rule; the rule says how binding it is, who is to blame
when it breaks, and where it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from conformance.wire.vocabulary import Level as Level


class Blame(StrEnum):
    """Whose fault a finding is. Waivers excuse only ``sdk`` (and ``service`` on a target that is
    not ours)."""

    SDK = "sdk"
    ADAPTER = "adapter"
    HARNESS = "harness"
    CASSETTE = "cassette"
    ENVIRONMENT = "environment"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Rule:
    """One checkable statement. ``id`` is stable and independent of the outcome:
    ``<concern>.<statement>``."""

    id: str
    title: str
    level: Level
    blame: Blame
    why: str
    source: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that did not hold.

    ``pointer`` is a JSON pointer into the thing the rule looked at
    (``/requests/0/headers/api-key``, ``/response/usage/total_tokens``); ``expected`` and ``actual``
    are JSON values. ``step`` counts from 0.
    """

    rule: str
    level: Level
    blame: Blame
    message: str
    pointer: str = ""
    expected: Any = None
    actual: Any = None
    step: int = 0

    @property
    def fingerprint(self) -> str:
        """What a waiver pins: a different failure of the same rule has a different fingerprint."""
        return f"{self.pointer} {self.message}".strip()


def finding(
    rule: Rule,
    message: str,
    *,
    pointer: str = "",
    expected: Any = None,
    actual: Any = None,
    step: int = 0,
    level: Level | None = None,
    blame: Blame | None = None,
) -> Finding:
    """A finding of ``rule`` with the rule's own level and blame unless told otherwise."""
    return Finding(
        rule.id, level or rule.level, blame or rule.blame, message, pointer, expected, actual, step
    )
