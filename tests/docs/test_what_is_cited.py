"""Everything that is cited can be opened: facts by page and anchor, and no document that nobody
has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from conformance.suite.citations import text_problems
from conformance.suite.facts import load_facts
from conformance.suite.home import facts_folder, find_home
from conformance.suite.load import Suite, load_suite
from tests.places import PROJECT

ROOT = PROJECT
FOLDERS = (
    "adapters",
    "benchmarks",
    "cassettes",
    "conformance",
    "docs",
    "scenarios",
    "schemas",
    "tests",
)
SUFFIXES = {".py", ".yaml", ".json", ".md", ".go", ".java", ".mjs", ".j2", ".toml"}
BUILT = {"node_modules", "target", "__pycache__", "_data"}

PRIVATE = re.compile(
    "wire[- ]contract|sdk[- ]behaviour|real-(bugs|traffic)|design[ ]sections?", re.IGNORECASE
)
"""Documents that were never published. What they held is in docs/facts."""

NUMBERED = re.compile(
    r"(?<![\w#/.])[DF]\d{1,2}: |\((?:[DF]\d{1,2}(?:, )?)+\)|^\s+Section \d", re.MULTILINE
)
"""Numbers of facts without the page that has them."""


def files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file() and not BUILT & set(path.parts):
                yield path
    yield from (ROOT / "README.md", ROOT / "CHANGELOG.md")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def suite() -> Suite:
    return load_suite(find_home(ROOT, ROOT))


def test_every_citation_in_any_text_of_the_repository_resolves() -> None:
    facts = load_facts(facts_folder())
    broken = [
        str(problem)
        for path in files(*FOLDERS)
        if "tests/suite" not in shown(path) and path.name != "test_facts_page.py"
        for problem in text_problems(path.read_text(encoding="utf-8"), shown(path), facts)
    ]
    assert broken == []


def test_every_fact_that_a_scenario_or_contract_names_is_a_page_and_an_anchor() -> None:
    loaded = suite()
    sources = [
        (scenario.id, source)
        for scenario in loaded.scenarios
        for source in scenario.scenario.sources
    ]
    for sdk in loaded.sdks:
        contract = sdk.contract.contract
        for part in (contract.operations, contract.abilities, contract.lacks, contract.traits):
            sources += [(sdk.name, entry.source) for entry in part.values()]
        sources += [
            (sdk.name, change.source)
            for trait in contract.traits.values()
            for change in trait.changes
        ]
    assert sum(source.fact_ref is not None for _, source in sources) >= 90
    assert [
        (name, source.fact)
        for name, source in sources
        if source.kind == "fact" and source.fact_ref is None
    ] == []


def test_nothing_cites_a_document_that_is_not_published() -> None:
    texts = {shown(path): path.read_text(encoding="utf-8") for path in files(*FOLDERS)}
    left = {
        name
        for name, text in texts.items()
        if PRIVATE.search(text) and not name.startswith("docs/facts/")
    }
    assert left == set()


def test_no_number_of_a_fact_stands_without_its_page() -> None:
    found = {
        f"{shown(path)}: {match[0]}"
        for path in files("adapters", "cassettes", "scenarios", "schemas")
        for match in NUMBERED.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == set()
