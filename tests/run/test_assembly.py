"""What the results of a run list beside its cases."""

from __future__ import annotations

from pathlib import Path

from conformance.run.assembly import listed_subject
from conformance.sdk.subject import SubjectUnderTest
from tests.corpus.overlay import load, make_root


def test_a_subject_that_cannot_run_is_listed_with_its_reason(tmp_path: Path) -> None:
    suite = load(make_root(tmp_path))
    listed = listed_subject(SubjectUnderTest(suite.sdk("python"), "-", absent="not here"))
    assert (listed.status, listed.reason) == ("not-run", "not here")
