"""The made-up addresses, keys and tokens stand in one module."""

from __future__ import annotations

import pytest

from conformance.wire import stand_ins
from tests.places import PROJECT


@pytest.mark.parametrize(
    "value", [stand_ins.SERVICE_HOST, stand_ins.API_KEY, *stand_ins.TOKENS, stand_ins.ELSEWHERE]
)
def test_no_other_module_of_the_package_spells_a_stand_in(value: str) -> None:
    holders = {
        path.relative_to(PROJECT).as_posix()
        for path in (PROJECT / "conformance").rglob("*.py")
        if f'"{value}' in path.read_text(encoding="utf-8")
    }
    assert holders <= {"conformance/wire/stand_ins.py"}
