"""Api-versions as scenarios write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.scenario.versions import at_least, select_versions


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("all", API_VERSIONS),
        ("v1", ("v1",)),
        ("2024-10-21", ("2024-10-21",)),
        ("==2024-10-21", ("2024-10-21",)),
        ("2024-10-21,v1", ("2024-10-21", "v1")),
        (">=2025-03-01", ("2025-04-01-preview",)),
        (">=2025-03-01-preview", ("2025-03-01-preview", "2025-04-01-preview")),
        (">=2024-10-21,<2025-04-01-preview", ("2024-10-21", "2025-03-01-preview")),
        ("<2024-10-21,v1", ("2024-06-01", "v1")),
        (">2030-01-01", ()),
        (["2024-06-01", "v1"], ("2024-06-01", "v1")),
        ([], ()),
        ("> 2024-10-21", API_VERSIONS[2:4]),
    ],
)
def test_ranges_name_versions_in_their_order(
    text: str | list[str], wanted: tuple[str, ...]
) -> None:
    assert select_versions(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "latest", "2024", ">=v1x", "2019-01-01", "2024-10-21,", "~=2024-10-21", ["all"]]
)
def test_what_names_no_version_is_told_so(text: str | list[str]) -> None:
    with pytest.raises(ValueError, match="api-version"):
        select_versions(text)


def test_v1_runs_only_when_it_is_named() -> None:
    assert "v1" not in select_versions(">=2024-06-01")
    assert "v1" not in select_versions("<2099-01-01")


@pytest.mark.parametrize(
    ("version", "since", "holds"),
    [
        ("2024-10-21", "2024-10-21", True),
        ("2024-06-01", "2024-10-21", False),
        ("v1", "2099-01-01", True),
        ("2025-03-01-preview", "2025-03-01", False),
        ("2025-03-01", "2025-03-01-preview", True),
    ],
)
def test_a_preview_stands_before_its_release_and_v1_after_everything(
    version: str, since: str, holds: bool
) -> None:
    assert at_least(version, since) is holds


@given(st.sampled_from(API_VERSIONS[:-1]), st.sampled_from(API_VERSIONS[:-1]))
def test_a_range_and_its_opposite_share_nothing_and_leave_nothing_out(low: str, other: str) -> None:
    above, below = set(select_versions(f">={low}")), set(select_versions(f"<{low}"))
    assert not above & below
    assert above | below == set(API_VERSIONS) - {"v1"}
    assert (other in above) == at_least(other, low)
