"""The table of view members in docs/scenarios.md is the one the schemas make."""

from __future__ import annotations

import pytest

from conformance.suite.views import view_names, view_schema
from conformance.suite.views_table import BEGIN, END, views_table, with_table
from conformance.wire.operations import OPERATIONS
from tests.places import PROJECT


def test_the_page_is_up_to_date() -> None:
    page = (PROJECT / "docs" / "scenarios.md").read_text(encoding="utf-8")
    hint = "write it anew: python -m conformance.suite.views_table docs/scenarios.md"
    assert page == with_table(page), hint


def test_every_operation_and_every_member_stands_in_the_table() -> None:
    table = views_table()
    for operation in OPERATIONS:
        assert f"`{operation}`" in table
    for name in view_names():
        for member in view_schema(name).get("properties", {}):
            assert f"`{member}`" in table


def test_only_what_stands_between_the_marks_is_renewed() -> None:
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert with_table(page) == f"before\n{BEGIN}\n\n{views_table()}\n{END}\nafter\n"


@pytest.mark.parametrize("page", ["", BEGIN, END])
def test_a_page_without_both_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="the page lacks"):
        with_table(page)
