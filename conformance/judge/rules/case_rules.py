"""Rules decided over a whole case, not over one of its steps; :mod:`conformance.judge.judge`
decides them."""

from __future__ import annotations

from conformance.judge.rules.finding import Blame, Level
from conformance.judge.rules.rule import About, Rule, docs, issue

UNPLAYED = Rule(
    id="cassette.unplayed",
    level=Level.SHOULD,
    blame=Blame.CASSETTE,
    about=About.RECORDING,
    title="Every recorded interaction is asked for",
    why="An interaction nobody asks for hides that the scenario no longer does what was recorded.",
    sources=(issue("https://github.com/kiwicom/pytest-recording/issues/163"),),
)
UNREACHED = Rule(
    id="scenario.unreached",
    level=Level.MUST,
    blame=Blame.SDK,
    about=About.OUTCOME,
    title="Every step of a scenario is reached",
    why="A step that did not run was not checked, so the scenario cannot hold.",
    sources=(docs("scenarios"),),
)
UNUSABLE = Rule(
    id="suite.file-unusable",
    level=Level.MUST,
    blame=Blame.CASSETTE,
    about=About.HARNESS,
    title="The files a case needs can be read",
    why="A broken cassette or fixture is a mistake in the suite: neither the SDK nor the harness "
    "failed.",
    sources=(docs("scenarios"),),
)
BROKEN_HARNESS = Rule(
    id="harness.case-failed",
    level=Level.MUST,
    blame=Blame.HARNESS,
    about=About.HARNESS,
    title="The harness carries every case to its end",
    why="A case the harness could not finish has shown nothing of the SDK.",
    sources=(docs("results#blame"),),
)
CASE_RULES = (UNPLAYED, UNREACHED, UNUSABLE, BROKEN_HARNESS)
"""Every such rule."""
