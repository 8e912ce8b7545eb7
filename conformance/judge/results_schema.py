"""The published JSON Schema of ``results.json``, generated from the models so that the two cannot
drift."""

from __future__ import annotations

import json

from conformance.judge.results import RESULTS_VERSION, Run

SCHEMA_ID = f"urn:azure-openai-conformance:results:{RESULTS_VERSION}"


def results_schema_text() -> str:
    """The schema as it stands in ``conformance/published/results.schema.json`` (JSON Schema 2020-12)."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        **Run.model_json_schema(mode="serialization"),
    }
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"
