"""The page that shows the house agrees with the import contract and with what stands on disk."""

from __future__ import annotations

import re
import tomllib

from tests.places import PROJECT

PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")


def layers() -> list[list[str]]:
    """The rooms of the import contract, from the top, those of one layer together."""
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    [contract] = [item for item in contracts if item["type"] == "layers"]
    return [
        [name.strip().removeprefix("conformance.") for name in re.split("[|:]", layer)]
        for layer in contract["layers"]
    ]


def test_the_table_of_rooms_has_the_rooms_of_the_import_contract_in_its_order() -> None:
    table = PAGE.partition("| room |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| (`[^|]+) \|", table, re.MULTILINE)
    assert [re.findall(r"`(\w+)`", row) for row in rows] == layers()


def test_every_package_is_a_room() -> None:
    folders = {path.parent.name for path in (PROJECT / "conformance").glob("*/__init__.py")}
    assert folders <= {room for layer in layers() for room in layer}


def test_the_words_stand_in_alphabetical_order_and_once() -> None:
    table = PAGE.partition("| word |")[2].partition("\n\n")[0]
    words = re.findall(r"^\| ([a-z][a-z -]+) \|", table, re.MULTILINE)
    assert len(words) > 25
    assert words == sorted(set(words))
