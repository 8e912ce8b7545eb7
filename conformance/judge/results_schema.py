"""The published JSON Schema of ``results.json``, generated from the models so that the two cannot
drift."""

from __future__ import annotations

from conformance.judge.results import RESULTS_VERSION, Run
from conformance.suite.published import DIALECT, schema_text

SCHEMA_ID = f"urn:azure-openai-conformance:results:{RESULTS_VERSION}"


def results_schema_text() -> str:
    """The schema as it stands in ``conformance/published/results.schema.json`` (JSON Schema
    2020-12)."""
    models = Run.model_json_schema(mode="serialization")
    return schema_text({"$schema": DIALECT, "$id": SCHEMA_ID, **models})
