"""Arrows and circles of a made-up package."""

from __future__ import annotations

from pathlib import Path

import pytest
from figures.rooms import arrows_up, circles, floors_of, import_graph, sibling_circles, unordered

from tests.ci.figures.builders import package, source

FLOORS = {"conformance.cli": 0, "conformance.run": 1, "conformance.wire": 2}


@pytest.mark.parametrize(
    "text",
    [
        "import conformance.run.case",
        "from conformance.run import case",
        "from conformance.run.case import Case",
        "from ..run.case import Case",
        "def late():\n    from conformance.run.case import Case",
    ],
)
def test_an_import_of_a_room_above_is_an_arrow_up(text: str) -> None:
    graph = import_graph(package(run__case="", wire__exchange=text))
    assert arrows_up(graph, FLOORS) == [
        "conformance.wire -> conformance.run: "
        "conformance.wire.exchange imports conformance.run.case"
    ]


def test_an_import_of_a_room_below_is_none_and_a_pair_of_rooms_counts_once() -> None:
    down = package(run__case="import conformance.wire.exchange", wire__exchange="")
    assert arrows_up(import_graph(down), FLOORS) == []
    up = "import conformance.run.case"
    twice = package(run__case="", wire__exchange=up, wire__clock=up)
    assert len(arrows_up(import_graph(twice), FLOORS)) == 1


def test_a_room_the_contract_does_not_name_is_told() -> None:
    whole = source("", "conformance/__init__.py")
    graph = import_graph((*package(attic__box="", wire__exchange=""), whole))
    assert unordered(graph, FLOORS) == ["conformance.attic.box"]


def test_floors_are_the_layers_of_the_contract_and_a_line_is_one_floor(tmp_path: Path) -> None:
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(
        '[[tool.importlinter.contracts]]\ntype = "forbidden"\n'
        '[[tool.importlinter.contracts]]\ntype = "layers"\n'
        'layers = ["c.cli : c.plugin", "(c.run)", "c.sdk | c.service"]\n',
        "utf-8",
    )
    assert floors_of(pyproject) == {
        "c.cli": 0, "c.plugin": 0, "c.run": 1, "c.sdk": 2, "c.service": 2,
    }  # fmt: skip
    pyproject.write_text("", "utf-8")
    assert floors_of(pyproject) == {}


def test_modules_that_lead_to_each_other_are_a_circle_however_long() -> None:
    ring = package(
        a="import conformance.b", b="import conformance.c", c="import conformance.a", d="import a"
    )
    assert circles(import_graph(ring)) == [{"conformance.a", "conformance.b", "conformance.c"}]
    chain = package(a="import conformance.b", b="import conformance.c", c="")
    assert circles(import_graph(chain)) == []


def test_packages_are_a_circle_where_no_module_is() -> None:
    graph = import_graph(
        package(
            run__case="import conformance.wire.clock",
            wire__clock="",
            wire__exchange="import conformance.run.plan",
            run__plan="",
        )
    )
    assert circles(graph) == []
    assert sibling_circles(graph) == ["conformance: run <> wire"]


def test_siblings_are_looked_at_in_every_package() -> None:
    graph = import_graph(
        package(
            wire__peer__a="import conformance.wire.peer.b",
            wire__peer__b="import conformance.wire.peer.a",
        )
    )
    assert sibling_circles(graph) == ["conformance.wire.peer: a <> b"]
