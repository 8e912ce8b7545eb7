"""What an SDK promises in which versions, and which failures are excused in which."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from conformance.errors import InputError, InputErrors
from conformance.suite.contract import Support, Trait, in_range, load_contract
from conformance.suite.waivers import Waiver, load_waivers
from tests.corpus.overlay import PROJECT, contract, waiver

SOURCE = {"fact": "test"}
numbers = st.builds("{}.{}.{}".format, st.integers(0, 4), st.integers(0, 30), st.integers(0, 9))


@pytest.mark.parametrize(
    ("version", "versions", "inside"),
    [
        ("2.54.0", "", True),
        ("2.54.0", ">=1.66", True),
        ("1.40.0", ">=1.66", False),
        ("3.0.0b1", ">=2", True),
        ("3.0.0b1", ">=3", False),
        ("1.0", ">=1,<2", True),
        ("2.0", ">=1,<2", False),
        ("azure-2", "", True),
        ("azure-2", ">=0", False),
        ("-", ">=0", False),
        ("-", "", True),
    ],
)
def test_a_version_lies_in_a_range_or_does_not(version: str, versions: str, inside: bool) -> None:
    assert in_range(version, versions) is inside


@given(numbers, numbers)
def test_ranges_agree_with_the_order_of_versions(version: str, limit: str) -> None:
    assert in_range(version, f">={limit}") is (Version(version) >= Version(limit))
    assert in_range(version, f"<{limit}") is not in_range(version, f">={limit}")


def test_a_trait_takes_the_first_change_that_holds_for_the_version() -> None:
    trait = Trait.model_validate(
        {
            "value": 2,
            "source": SOURCE,
            "changes": [
                {"versions": "<2", "value": 5, "source": SOURCE},
                {"versions": "<1.5", "value": 7, "source": SOURCE},
            ],
        }
    )
    assert [trait.for_version(version) for version in ("1.0", "1.9", "2.0", "odd")] == [5, 5, 2, 2]


@pytest.mark.parametrize("versions", ["newest", "1.x", ">=", "=>1"])
def test_a_range_that_is_none_is_refused_everywhere_it_is_written(versions: str) -> None:
    with pytest.raises(ValueError, match="version range"):
        Support.model_validate({"source": SOURCE, "versions": versions})
    with pytest.raises(ValueError, match="version range"):
        waiver_of(versions=versions)


def waiver_of(**changes: Any) -> Waiver:
    return Waiver.model_validate(
        {
            "id": "w",
            "rule": "r.one",
            "scenarios": ["chat/*"],
            "fingerprint": "left",
            "reason": "A deviation we know of.",
            "link": "https://example.com/1",
            "expires": "2026-12-31",
        }
        | changes
    )


def test_a_waiver_expires_the_day_after_its_date() -> None:
    assert not waiver_of().expired(date(2026, 12, 31))
    assert waiver_of().expired(date(2027, 1, 1))


@pytest.mark.parametrize(
    ("changes", "covered"),
    [
        ({}, True),
        ({"scenarios": ["retries/*"]}, False),
        ({"scenarios": ["retries/*", "*"]}, True),
        ({"scenarios": ["chat"]}, False),
        ({"versions": "<3"}, False),
        ({"surfaces": ["async"]}, False),
        ({"api_versions": ["v1", "2024-10-21"]}, True),
        ({"api_versions": ["v1"]}, False),
    ],
)
def test_a_waiver_covers_what_it_names(changes: dict[str, Any], covered: bool) -> None:
    assert waiver_of(**changes).covers("chat/founded", "3.1", "sync", "2024-10-21") is covered


@pytest.mark.parametrize("fingerprint", ["(", "a{99999999999}", "ab"])
def test_a_fingerprint_is_a_regular_expression_of_some_length(fingerprint: str) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        waiver_of(fingerprint=fingerprint)


def test_an_sdk_without_a_file_of_waivers_has_none(tmp_path: Path) -> None:
    assert load_waivers(tmp_path) == ()
    (tmp_path / "waivers.yaml").write_text(waiver())
    assert [item.id for item in load_waivers(tmp_path)] == ["test-waiver"]


def test_a_contract_says_what_it_lacks_and_what_it_does_not_list(tmp_path: Path) -> None:
    folder = tmp_path / "python"
    folder.mkdir()
    lacks = (
        "lacks:\n  telepathy: {reason: It reads no minds., versions: '<4', source: {fact: test}}\n"
    )
    (folder / "contract.yaml").write_text(contract().replace("lacks:\n", lacks, 1))
    loaded = load_contract(folder)
    assert loaded.unsupported("telepathy", "3.0") == "It reads no minds."
    assert loaded.unsupported("telepathy", "4.0") is None
    assert loaded.unsupported("chat.completions.create", "3.0") is None
    assert "does not list" in (loaded.unsupported("chat.telepathy", "3.0") or "")
    assert loaded.traits("3.0")["retries.max"] == 2


def test_a_contract_that_is_not_there_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_contract(tmp_path)
    assert caught.value.code == "file-unreadable"


def test_every_problem_of_a_contract_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "python"
    folder.mkdir()
    (folder / "contract.yaml").write_text("sdk: python\ntitel: x\n")
    with pytest.raises(InputErrors) as caught:
        load_contract(folder)
    assert {"missing-key", "unknown-key"} == {error.code for error in caught.value.errors}


def test_the_projects_own_contract_and_waivers_are_read() -> None:
    assert load_contract(PROJECT / "adapters" / "python").contract.sdk == "python"
    load_waivers(PROJECT / "adapters" / "python")
