"""The JSON Schema editors use for scenario files, generated from the models so that the two cannot
drift."""

from __future__ import annotations

from typing import Any

from conformance.suite.published import DIALECT, schema_text
from conformance.suite.scenario.model import Scenario


def editor_schema() -> dict[str, Any]:
    """The schema of a scenario file (JSON Schema 2020-12)."""
    schema = Scenario.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, **schema}


def editor_schema_text() -> str:
    """The schema as it stands in ``conformance/published/scenario.schema.json``."""
    return schema_text(editor_schema())
