"""Each schema accepts what is right and refuses what is wrong, in every api-version that has it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.schemas.schema_corpus import (
    CORPUS,
    Corruption,
    corpus,
    corpus_file,
    every_schema,
    read_corpus,
    registry,
)

FEWEST = 10
SCHEMAS = every_schema()
FILES = sorted({corpus_file(version, name) for version, name in SCHEMAS})


def ids(values: list[tuple[str, str]]) -> list[str]:
    return [" ".join(value) for value in values]


def test_every_schema_has_a_corpus_and_every_corpus_a_schema() -> None:
    assert set(FILES) == set(CORPUS.glob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_schema_is_challenged_with_at_least_ten_corruptions(path: Any) -> None:
    assert len(read_corpus(path).corruptions) >= FEWEST


@pytest.mark.parametrize(("version", "name"), SCHEMAS, ids=ids(SCHEMAS))
def test_every_documented_variant_is_accepted(version: str, name: str) -> None:
    refused = {
        title: registry().validate(name, version, body)
        for title, body in corpus(version, name).valid.items()
    }
    assert not {title: problems for title, problems in refused.items() if problems}


@pytest.mark.parametrize(("version", "name"), SCHEMAS, ids=ids(SCHEMAS))
def test_every_corruption_is_refused(version: str, name: str) -> None:
    decided = registry().validator(name, version)
    accepted = [
        wrong.name for wrong in corpus(version, name).corruptions if decided.is_valid(wrong.body)
    ]
    assert accepted == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_refusal_is_explained_at_the_place_of_the_corruption(path: Any) -> None:
    name, _, version = path.stem.partition(".")
    version = version or next(
        held for held in registry().api_versions() if name in registry().names(held)
    )
    misplaced = [
        wrong.name
        for wrong in read_corpus(path).corruptions
        if not explained_in_place(name, version, wrong)
    ]
    assert misplaced == []


def explained_in_place(name: str, version: str, wrong: Corruption) -> bool:
    """Whether every problem is at the corrupted value, inside it, or at the object that lost it."""
    problems = registry().validate(name, version, wrong.body)
    parent = wrong.pointer.rpartition("/")[0]
    return bool(problems) and all(
        problem.pointer.startswith(wrong.pointer) or problem.pointer == parent
        for problem in problems
    )
