"""Divergences in words."""

from __future__ import annotations

from conformance.report.divergence_text import names, texts
from tests.report.builders import step
from tests.report.calls import compared


def test_versions_stand_behind_the_name_of_their_sdk() -> None:
    assert (
        names(["javascript 4.1.0", "javascript 5.2.0", "python 3.0.1"])
        == "javascript 4.1.0, 5.2.0; python 3.0.1"
    )


def test_long_values_are_shown_from_where_they_part() -> None:
    one, other = ("x" * 500 + end for end in ("one", "other"))
    shown = texts(compared(step(view={"text": one}), step(view={"text": other}))["/view/text"])
    assert len(set(shown)) == 2
    assert all(len(text or "") < 150 for text in shown)
