"""The adapter that docs/adapters.md shows, taken out of the page."""

from __future__ import annotations

import re

from tests.places import PROJECT

PAGE = PROJECT / "docs" / "adapters.md"
_FILE = re.compile(r"<!-- (adapters/plain/[a-z.]+) -->\n```[a-z]+\n(.*?)```", re.DOTALL)


def plain_files() -> dict[str, str]:
    """The files of ``adapters/plain``, by their path below the root of a suite."""
    return dict(_FILE.findall(PAGE.read_text(encoding="utf-8")))


def misbehaving(trigger: str, misdeed: str) -> dict[str, str]:
    """The same adapter with a defect: ``misdeed`` (Python, in a function of ``message``) when a
    prompt says ``trigger``."""
    files = plain_files()
    head, loop, rest = files["adapters/plain/adapter.py"].partition("for line in sys.stdin:")
    body = "".join(f"    {line}\n" for line in misdeed.splitlines())
    defect = f"def misdeed(message):\n    import os, time\n{body}\n\n"
    rest = rest.replace(
        "    answer =", f"    if {trigger!r} in line:\n        misdeed(message)\n    answer =", 1
    )
    return {**files, "adapters/plain/adapter.py": head + defect + loop + rest}
