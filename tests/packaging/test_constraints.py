"""The lock covers what pyproject.toml asks for, and the README installs from it."""

from __future__ import annotations

import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.places import PROJECT

ROOT = PROJECT
PINS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
VERSIONS = {pin.name: str(pin.specifier).removeprefix("==") for pin in PINS if pin.marker is None}


def requirements() -> list[Requirement]:
    """What the package and each of its extras require."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [
        Requirement(text)
        for text in [*project["dependencies"], *(text for extra in extras for text in extra)]
    ]


@pytest.mark.parametrize("requirement", requirements(), ids=lambda requirement: requirement.name)
def test_every_requirement_has_a_tested_version_that_it_allows(requirement: Requirement) -> None:
    assert requirement.specifier.contains(VERSIONS[canonicalize_name(requirement.name)])


def test_a_line_is_a_package_one_version_and_perhaps_a_marker() -> None:
    assert len(PINS) > 50
    for pin in PINS:
        assert [specifier.operator for specifier in pin.specifier] == ["=="], pin
        assert pin.url is None and not pin.extras, pin


def test_the_tested_openai_is_the_default_of_its_adapter() -> None:
    manifest = yaml.safe_load(
        (ROOT / "adapters" / "python" / "adapter.yaml").read_text(encoding="utf-8")
    )
    assert VERSIONS["openai"] == manifest["versions"]["default"]


@pytest.mark.parametrize("marker", ["offline", "tests"])
def test_a_command_of_the_readme_installs_what_was_tested(marker: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(rf"<!-- {marker} -->\n```sh\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    assert "pip install -c constraints.txt -e " in block[1]
