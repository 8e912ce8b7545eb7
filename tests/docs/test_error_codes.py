"""Every error code the harness can print is in the documentation."""

from __future__ import annotations

import re

from tests.places import PROJECT

ROOT = PROJECT
RAISED = re.compile(r'(?:InputError|UsageError|EnvironmentFault)\(\s*"([a-z0-9-]+)"')


def test_every_error_code_is_documented() -> None:
    documented = set(
        re.findall(r"`([a-z0-9-]+)`", (ROOT / "docs" / "results.md").read_text(encoding="utf-8"))
    )
    raised = {
        code
        for path in (ROOT / "conformance").rglob("*.py")
        for code in RAISED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(raised) > 40
    assert raised - documented == set()
