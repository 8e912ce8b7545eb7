"""Every dependency is named in docs/decisions.md, with what it is for."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.places import PROJECT

DECISIONS = (PROJECT / "docs" / "decisions.md").read_text(encoding="utf-8")


def requirements() -> set[str]:
    """The names of all requirements of pyproject.toml, of the package, its extras and its build."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    extras = project["project"]["optional-dependencies"].values()
    written = [*project["project"]["dependencies"], *(text for extra in extras for text in extra)]
    return {Requirement(text).name for text in written}


@pytest.mark.parametrize("name", sorted(requirements()))
def test_a_dependency_is_named_with_what_it_is_for(name: str) -> None:
    entry = re.search(r"^11\. \*\*Dependencies.*?(?=^12\.)", DECISIONS, re.MULTILINE | re.DOTALL)
    assert entry is not None
    assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", entry[0]), (
        f"{name} is in pyproject.toml"
    )
