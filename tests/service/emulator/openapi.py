"""The published OpenAPI files as JSON Schema, where they are beside the repository."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import jsonschema
import yaml

from tests.places import SHARED

SPECS = SHARED / "specs" / "azure-openai"
FILES = {
    "2024-06-01": "2024-06-01/inference.apim-import.yaml",
    "2024-10-21": "2024-10-21/inference.yaml",
    "2025-03-01-preview": "2025-03-01-preview/inference.vendored.json",
    "2025-04-01-preview": "2025-04-01-preview/inference.apim-export.json",
    "v1": "v1/azure-v1.vendored.json",
}


@cache
def document(version: str) -> dict[str, Any]:
    """The specification of ``version`` with ``nullable`` turned into a type, as
    facts/service#operations reads it."""
    text = (SPECS / FILES[version]).read_text(encoding="utf-8")
    loaded = (
        json.loads(text)
        if text.lstrip().startswith("{")
        else yaml.load(text, Loader=yaml.CSafeLoader)
    )
    converted = _converted(loaded)
    assert isinstance(converted, dict)
    return converted


def _converted(value: Any) -> Any:
    if isinstance(value, list):
        return [_converted(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _converted(item) for key, item in value.items() if key != "nullable"}
    for bound in ("Minimum", "Maximum"):
        if isinstance(found.get(f"exclusive{bound}"), bool):
            del found[f"exclusive{bound}"]
    return {"anyOf": [found, {"type": "null"}]} if value.get("nullable") is True else found


def answer_schema(
    version: str, method: str, template: str, kind: str = "application/json"
) -> dict[str, Any] | None:
    """The schema of the 200 answer at a path template, or None when the file has no such operation
    or no body."""
    wanted = _shape(template)
    for path, methods in document(version)["paths"].items():
        if _shape(path) == wanted and method.lower() in methods:
            content = methods[method.lower()]["responses"].get("200", {}).get("content", {})
            schema = content.get(kind, {}).get("schema")
            return schema if isinstance(schema, dict) else None
    return None


def _shape(path: str) -> str:
    return "/".join("*" if step.startswith("{") else step for step in path.strip("/").split("/"))


def problems(version: str, schema: dict[str, Any], body: Any) -> set[str]:
    """``place: keyword`` of every way ``body`` breaks ``schema``, list indexes as ``*``;
    alternatives are opened."""
    whole = {"components": document(version)["components"], **schema}
    validator = jsonschema.Draft202012Validator(whole)
    return {problem for found in validator.iter_errors(body) for problem in _opened(found)}


def _opened(found: jsonschema.ValidationError) -> set[str]:
    if found.validator in ("anyOf", "oneOf") and found.context:
        branches: dict[Any, set[str]] = {}
        for inner in found.context:
            branches.setdefault(inner.schema_path[0], set()).update(_opened(inner))
        # The alternative meant is the one whose type fits; of those, the one with least wrong.
        return min(
            branches.values(),
            key=lambda one: (any(p.endswith("/type: enum") for p in one), len(one)),
        )
    place = "/".join("*" if isinstance(step, int) else str(step) for step in found.absolute_path)
    what = found.message.split(" is a required")[0] if found.validator == "required" else ""
    return {f"/{place}: {found.validator} {what}".rstrip()}
