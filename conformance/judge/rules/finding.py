"""Findings: what a rule found not to hold, how binding that is, and whose fault.

A rule is a function from what was expected and what was seen to breaches. It never raises and never
stops at the first. What completes a breach to a finding (the rule's id, level and blame, and the
step) is added where rules are applied.
"""

from __future__ import annotations

from collections.abc import Iterable
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
class Breach:
    """One place where a rule does not hold.

    ``pointer`` is a JSON pointer into the thing the rule looked at
    (``/requests/0/headers/api-key``, ``/response/usage/total_tokens``); ``expected`` and ``actual``
    are JSON values.
    """

    pointer: str
    message: str
    expected: Any = None
    actual: Any = None


Breaches = Iterable[Breach]
"""What a rule that applies found; nothing: the rule held."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A breach of a rule, with all that judging needs to know of it. ``step`` counts from 0."""

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
