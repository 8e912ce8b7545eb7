"""The smallest JSON value that satisfies a JSON Schema: what the emulator writes as structured
outputs and as arguments of functions.

It knows what strict structured outputs allow (Azure OpenAI structured outputs, supported schemas)
and the bounds of numbers and lengths. It does not know ``pattern``: an instance of a schema that
has one may not match it.
"""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.members import (
    array_or_empty,
    number_or_none,
    object_or_empty,
    text_or,
)

_DEPTH = 24
"""Levels of nesting, and references in a row, that are followed."""
_FORMATS = {
    "date-time": "2026-01-01T00:00:00Z",
    "date": "2026-01-01",
    "time": "00:00:00Z",
    "duration": "P1D",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "uri": "https://example.com/",
}


def minimal(schema: Any) -> Any:
    """A small instance of ``schema``; null where a schema refers to itself without end."""
    return _instance(schema, object_or_empty(schema), 0)


def _instance(schema: Any, root: dict[str, Any], depth: int) -> Any:
    """The instance of ``schema``, which stands in ``root`` at ``depth`` levels of nesting."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return None
    schema = _resolve(schema, root)
    if "const" in schema:
        return schema["const"]
    if choices := array_or_empty(schema.get("enum")):
        return choices[0]
    branches = array_or_empty(schema.get("anyOf")) or array_or_empty(schema.get("oneOf"))
    if branches:
        if depth > 2:
            # null goes first, as it may be what ends a recursion:
            # {"anyOf": [{"$ref": "#"}, {"type": "null"}]}.
            branches = sorted(branches, key=_is_not_null)
        return _instance(branches[0], root, depth + 1)
    match _kind(schema):
        case "object":
            return _object(schema, root, depth)
        case "array":
            return [
                _instance(schema.get("items"), root, depth + 1)
                for _ in range(min(_whole(schema, "minItems"), 64))
            ]
        case "string":
            return _string(schema)
        case "integer":
            return int(_number(schema))
        case "number":
            return _number(schema)
        case "boolean":
            return False
    return None


def _is_not_null(branch: Any) -> bool:
    return object_or_empty(branch).get("type") != "null"


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with its reference followed and its allOf merged into it. What stands beside them
    counts more."""
    for _ in range(_DEPTH):
        reference, parts = schema.get("$ref"), schema.get("allOf")
        if isinstance(reference, str):
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            schema = {**_pointed(reference, root), **rest}
        elif isinstance(parts, list):
            schema = _folded(
                [part for part in parts if isinstance(part, dict)],
                {key: value for key, value in schema.items() if key != "allOf"},
                root,
            )
        else:
            break
    return schema


def _folded(
    parts: list[dict[str, Any]], rest: dict[str, Any], root: dict[str, Any]
) -> dict[str, Any]:
    """``parts`` of an allOf and the ``rest`` beside it as one schema."""
    merged: dict[str, Any] = {}
    for part in (*parts, rest):
        if isinstance(part.get("$ref"), str):
            part = {
                **_pointed(part["$ref"], root),
                **{key: value for key, value in part.items() if key != "$ref"},
            }
        properties = {
            **object_or_empty(merged.get("properties")),
            **object_or_empty(part.get("properties")),
        }
        required = [
            *array_or_empty(merged.get("required")),
            *array_or_empty(part.get("required")),
        ]
        merged = {**merged, **part}
        if properties:
            merged |= {"properties": properties, "required": required}
    return merged


def _pointed(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    """The schema at ``reference`` in ``root``; an empty one where there is none."""
    value: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        value = object_or_empty(value).get(name)
    return object_or_empty(value)


def _kind(schema: dict[str, Any]) -> str:
    """The type of the instance: of several types the first that is not null."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((name for name in kind if name != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    return "null"


def _object(schema: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
    properties = object_or_empty(schema.get("properties"))
    required = [name for name in array_or_empty(schema.get("required")) if isinstance(name, str)]
    names = [name for name in properties if name in required] + [
        name for name in required if name not in properties
    ]
    return {name: _instance(properties.get(name), root, depth + 1) for name in names}


def _string(schema: dict[str, Any]) -> str:
    of_format = _FORMATS.get(text_or(schema.get("format"), ""))
    if of_format:
        return of_format
    longest, shortest = _whole(schema, "maxLength", 4), min(_whole(schema, "minLength"), 1000)
    return "text"[:longest].ljust(shortest, "x")


def _number(schema: dict[str, Any]) -> float | int:
    low, above = _real(schema, "minimum"), _real(schema, "exclusiveMinimum")
    high, step = _real(schema, "maximum"), _real(schema, "multipleOf")
    value: float | int = max(0, low or 0)
    if above is not None:
        value = max(value, above + 1)
    if high is not None and value > high:
        value = high
    # The next multiple, upwards. 0 is left alone: as a float it would become -0.0.
    if value and step is not None and step > 0:
        return -(-value // step) * step
    return value


def _real(schema: dict[str, Any], name: str) -> float | int | None:
    return number_or_none(schema.get(name))


def _whole(schema: dict[str, Any], name: str, default: int = 0) -> int:
    """The member ``name`` as a whole number that is not negative, else ``default``."""
    value = schema.get(name)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return default


def check_strict(
    name: str, schema: dict[str, Any], *, param: str, what: str, code: str | None
) -> None:
    """Raises Refusal for a schema that strict mode does not take: a root that is no object, members
    left out of ``required``, or ``additionalProperties`` that is not false
    (facts/traffic#invalid-function). ``what`` is called ``name``; ``param`` and ``code`` are the
    refusal's."""
    kind = schema.get("type")
    if kind != "object":
        raise errors.invalid(
            f"Invalid schema for {what} '{name}': schema must be a JSON Schema of "
            f"'type: \"object\"', got 'type: \"{kind}\"'.",
            param,
            code,
        )
    if problem := _strict_problem(schema, ()):
        raise errors.invalid(f"Invalid schema for {what} '{name}': {problem}", param, code)


def _strict_problem(schema: Any, context: tuple[str, ...]) -> str:
    """The first thing in ``schema`` that strict mode does not take, in the service's words; empty
    when there is none. ``context`` is where the schema stands."""
    if not isinstance(schema, dict):
        return ""
    properties = object_or_empty(schema.get("properties"))
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return (
                f"In context={context!r}, 'additionalProperties' is required to be supplied and to "
                "be false."
            )
        required = array_or_empty(schema.get("required"))
        for name in properties:
            if name not in required:
                return (
                    f"In context={context!r}, 'required' is required to be supplied and to be an "
                    f"array including every key in properties. Missing '{name}'."
                )
    inner = [((*context, "properties", name), value) for name, value in properties.items()]
    if "items" in schema:
        inner.append(((*context, "items"), schema["items"]))
    for place, value in inner:
        if problem := _strict_problem(value, place):
            return problem
    return ""
