"""What judging must know of a case beside what was seen of it. Values only, so that judging depends
on nobody who plans or runs."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judge.attribution import RECORDED, Attribution
from conformance.suite.case_id import CaseId
from conformance.suite.waivers import Waiver
from conformance.wire.vocabulary import LaneKind, Level


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step as traces show it: the name its author gave it, or its number, and the operation it
    calls."""

    name: str
    operation: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """One case. ``waivers`` are those that cover it. ``attribution`` follows from the service that
    answered. ``reproduce``: a command that runs this case alone."""

    identity: CaseId
    capability: str
    level: Level
    lane: LaneKind
    steps: tuple[PlannedStep, ...]
    waivers: tuple[Waiver, ...] = ()
    attribution: Attribution = RECORDED
    reproduce: str = ""
