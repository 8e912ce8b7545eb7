"""Published schemas are the ones the code makes, and stand where people point at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from referencing import Registry, Resource

from conformance.judge.results_schema import results_schema_text
from conformance.suite.published import PUBLISHED
from tests.places import PROJECT

FORMER_PLACES = (
    "conformance/scenario/scenario.schema.json",
    "conformance/run/results.schema.json",
    "conformance/sdk/adapter-request.schema.json",
    "conformance/sdk/adapter-response.schema.json",
)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_the_published_results_schema_is_the_one_the_models_make() -> None:
    published = (PUBLISHED / "results.schema.json").read_text(encoding="utf-8")
    assert published == results_schema_text(), (
        "write results_schema_text() to conformance/published/results.schema.json"
    )


def test_every_published_schema_has_a_stub_at_its_former_place() -> None:
    assert {path.name for path in PUBLISHED.glob("*.json")} == {
        place.rpartition("/")[2] for place in FORMER_PLACES
    }


@pytest.mark.parametrize("place", FORMER_PLACES)
def test_a_former_place_resolves_to_the_published_schema_for_one_release(place: str) -> None:
    def from_disk(uri: str) -> Resource[Any]:
        return Resource.from_contents(read(Path(uri.removeprefix("file://"))))

    address = (PROJECT / place).as_uri()
    stub = read(PROJECT / place)
    resolved = Registry(retrieve=from_disk).resolver(address).lookup(urljoin(address, stub["$ref"]))
    assert resolved.contents == read(PUBLISHED / place.rpartition("/")[2])


def test_the_modeline_of_every_scenario_points_at_the_published_schema() -> None:
    paths = sorted(
        path
        for path in (PROJECT / "scenarios").rglob("*.yaml")
        if "fixtures" not in path.relative_to(PROJECT).parts
    )
    assert paths
    for path in paths:
        first_line = path.read_text(encoding="utf-8").partition("\n")[0]
        target = first_line.removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / target).resolve() == PUBLISHED / "scenario.schema.json", path
