"""Rules decided over a whole case, not over one of its steps; :mod:`conformance.judge.judge`
decides them."""

from __future__ import annotations

from conformance.judge.rules.finding import Blame, Level, Rule

UNPLAYED = Rule(
    "cassette.unplayed",
    "Every recorded interaction is asked for",
    Level.SHOULD,
    Blame.CASSETTE,
    "An interaction nobody asks for hides that the scenario no longer does what was recorded.",
    "design section 8; kiwicom/pytest-recording issue 163",
)
UNREACHED = Rule(
    "scenario.unreached",
    "Every step of a scenario is reached",
    Level.MUST,
    Blame.SDK,
    "A step that did not run was not checked, so the scenario cannot hold.",
    "design section 5",
)
UNUSABLE = Rule(
    "suite.file-unusable",
    "The files a case needs can be read",
    Level.MUST,
    Blame.CASSETTE,
    "A broken cassette or fixture is a mistake in the suite: neither the SDK nor the harness failed.",
    "design section 8",
)
BROKEN_HARNESS = Rule(
    "harness.case-failed",
    "The harness carries every case to its end",
    Level.MUST,
    Blame.HARNESS,
    "A case the harness could not finish has shown nothing of the SDK.",
    "design section 2, blame",
)
CASE_RULES = (UNPLAYED, UNREACHED, UNUSABLE, BROKEN_HARNESS)
"""Every such rule."""
