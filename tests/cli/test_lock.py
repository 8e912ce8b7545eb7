"""What is installed is compared with what was tested."""

from __future__ import annotations

import pytest

from conformance.cli.lock import UntestedVersion, differences, installed_version

LOCK = """\
# A comment.
openai==3.54.0
PyYAML==6.0.4

jsfetch==1.0 ; sys_platform == 'nowhere'
backport==2.0 ; python_full_version >= '3.11'
"""


def compared(**installed: str) -> list[UntestedVersion]:
    return list(differences(LOCK, installed.get))


def test_another_version_is_told_with_the_tested_one() -> None:
    assert compared(openai="2.54.0", PyYAML="6.0.4") == [
        UntestedVersion("openai", "2.54.0", "3.54.0")
    ]


@pytest.mark.parametrize("version", ["4.0", "3.54.1", "3.54.0rc1", "4.0.dev1"])
def test_newer_versions_and_pre_releases_are_other_versions(version: str) -> None:
    assert compared(openai=version) == [UntestedVersion("openai", version, "3.54.0")]


def test_the_same_version_written_shorter_is_no_difference() -> None:
    assert compared(openai="3.54") == []


def test_what_is_not_installed_or_not_for_this_system_is_no_difference() -> None:
    assert compared() == []
    assert compared(jsfetch="0.9") == []
    assert compared(backport="1.9") == [UntestedVersion("backport", "1.9", "2.0")]


def test_versions_are_those_of_this_environment() -> None:
    assert installed_version("pytest") == pytest.__version__
    assert installed_version("azure-openai-no-such-package") is None
