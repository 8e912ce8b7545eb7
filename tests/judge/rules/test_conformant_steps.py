"""What is right is found right, however it is written."""

from __future__ import annotations

import pytest

from tests.judge.rules import bodies
from tests.judge.rules.builders import CONFORMANT
from tests.judge.rules.harmless import harmless
from tests.judge.rules.judged import broken


@pytest.mark.parametrize("kind", CONFORMANT)
def test_conformant_step_has_no_findings(kind: str) -> None:
    assert broken(CONFORMANT[kind]()) == []


@pytest.mark.parametrize("kind", CONFORMANT)
def test_member_order_and_unknown_headers_do_not_matter(kind: str) -> None:
    assert broken(harmless(CONFORMANT[kind]())) == []


def test_bodies_are_fresh_each_time() -> None:
    bodies.chat()["choices"].clear()
    assert bodies.chat()["choices"]
