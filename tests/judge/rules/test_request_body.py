"""What a request has to carry."""

from __future__ import annotations

from conformance.judge.rules import apply_checks
from tests.judge.rules.builders import chat, with_body


def test_a_rule_tells_everything_it_finds() -> None:
    many = with_body(chat(), lambda body: body.update({f"extra{n}": n for n in range(50)}))
    assert len([f for f in apply_checks(many)[1] if f.rule == "request.body-unasked"]) == 50
