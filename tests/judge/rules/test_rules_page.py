"""docs/rules.md says what the rules say."""

from __future__ import annotations

import re

from conformance.judge.rules import all_rules
from conformance.judge.rules.case_rules import CASE_RULES
from conformance.judge.rules.rules_page import TRAITS, render_rules
from tests.places import PROJECT

_READ = re.compile(r'trait\(\s*"([a-z_.0-9]+)"')


def test_the_page_is_up_to_date() -> None:
    page = (PROJECT / "docs" / "rules.md").read_text(encoding="utf-8")
    hint = "write it anew: python -m conformance.judge.rules.rules_page > docs/rules.md"
    assert page == render_rules((*all_rules(), *CASE_RULES)), hint


def test_the_page_has_every_trait_a_check_reads() -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (PROJECT / "conformance" / "judge" / "rules").glob("*.py")
    )
    assert set(_READ.findall(source)) == {trait.name for trait in TRAITS}
