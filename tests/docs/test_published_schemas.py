"""Published schemas and generated pages are the ones the code makes."""

from __future__ import annotations

from conformance.judge.results_schema import results_schema_text
from tests.places import PROJECT

ROOT = PROJECT


def test_the_published_results_schema_is_the_one_the_models_make() -> None:
    published = (ROOT / "conformance" / "run" / "results.schema.json").read_text(encoding="utf-8")
    assert published == results_schema_text(), (
        "write results_schema_text() to conformance/run/results.schema.json"
    )
