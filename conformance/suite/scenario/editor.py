"""The JSON Schema editors use for scenario files, generated from the models so that the two cannot
drift."""

from __future__ import annotations

import json
from typing import Any

from conformance.suite.scenario.model import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def editor_schema() -> dict[str, Any]:
    """The schema of a scenario file (JSON Schema 2020-12)."""
    schema = Scenario.model_json_schema(by_alias=True)
    return {"$schema": DIALECT, **schema}


def editor_schema_text() -> str:
    """The schema as it stands in ``conformance/published/scenario.schema.json``."""
    return json.dumps(editor_schema(), indent=2, sort_keys=True) + "\n"
