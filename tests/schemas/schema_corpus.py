"""The corpus of valid and corrupted bodies beside this file, read once (format:
``corpus/README.md``)."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from conformance.suite.schema import SchemaRegistry
from tests.places import PROJECT

REPOSITORY = PROJECT
CORPUS = Path(__file__).parent / "corpus"
DELETE = "<delete>"


@cache
def registry() -> SchemaRegistry:
    """The registry over the repository's schemas, compiled once for all tests."""
    return SchemaRegistry.load(REPOSITORY / "schemas")


def every_schema() -> list[tuple[str, str]]:
    """Every (api-version, schema name) there is."""
    return [
        (version, name)
        for version in registry().api_versions()
        for name in registry().names(version)
    ]


@dataclass(frozen=True)
class Corruption:
    """A valid body made invalid at one place. ``pointer`` is where."""

    name: str
    pointer: str
    body: Any


@dataclass(frozen=True)
class Corpus:
    """The bodies for one schema."""

    valid: dict[str, Any]
    corruptions: tuple[Corruption, ...]


def corpus_file(version: str, name: str) -> Path:
    """The corpus file that serves a schema of an api-version."""
    special = CORPUS / f"{name}.{version}.yaml"
    return special if special.exists() else CORPUS / f"{name}.yaml"


@cache
def read_corpus(path: Path) -> Corpus:
    """The corpus in ``path``."""
    content = yaml.safe_load(path.read_text("utf-8"))
    if "same_as" in content:
        return read_corpus(CORPUS / f"{content['same_as']}.yaml")
    valid: dict[str, Any] = content["valid"]
    return Corpus(
        valid, tuple(_corruption(valid, name, *how) for name, how in content["corruptions"].items())
    )


def corpus(version: str, name: str) -> Corpus:
    """The corpus of a schema of an api-version."""
    return read_corpus(corpus_file(version, name))


def _corruption(
    valid: dict[str, Any], name: str, pointer: str, value: Any = DELETE, body: str = ""
) -> Corruption:
    whole = copy.deepcopy(valid[body] if body else next(iter(valid.values())))
    return Corruption(name, pointer, put(whole, pointer, value))


def put(whole: Any, pointer: str, value: Any) -> Any:
    """``whole`` with ``value`` at ``pointer``, or without what is there when ``value`` is
    ``<delete>``."""
    if not pointer:
        return value
    *parents, last = pointer.split("/")[1:]
    holder = whole
    for step in parents:
        holder = holder[int(step) if isinstance(holder, list) else step]
    key: Any = int(last) if isinstance(holder, list) else last
    if value == DELETE:
        del holder[key]
    else:
        holder[key] = value
    return whole
