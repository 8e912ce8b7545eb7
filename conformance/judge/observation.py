"""What was seen in one case: the value that running hands to judging."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.judge.rules.context import StepContext


@dataclass(frozen=True, slots=True)
class CaseObservation:
    """What was seen: a context per step that ran, in order. ``unreached`` counts steps that a
    failure kept from running. ``unplayed`` are cassette interactions nobody asked for, each as
    ``METHOD path``."""

    steps: tuple[StepContext, ...]
    unreached: int = 0
    unplayed: tuple[str, ...] = ()
