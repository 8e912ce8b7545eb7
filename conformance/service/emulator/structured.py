"""The smallest JSON value that satisfies a JSON Schema: what the emulator writes for structured
outputs and arguments.

It covers what strict structured outputs allow (Azure OpenAI structured outputs, supported schemas)
and the numeric and length bounds beside it. ``pattern`` is not solved; an instance of a schema that
has one may break it.
"""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import errors

_DEPTH = 24
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
    """The smallest instance of ``schema`` found; null where a schema recurses without end."""
    return _instance(schema, schema if isinstance(schema, dict) else {}, 0)


def _instance(schema: Any, root: dict[str, Any], depth: int) -> Any:
    if not isinstance(schema, dict) or depth > _DEPTH:
        return None
    schema = _resolve(schema, root)
    if "const" in schema:
        return schema["const"]
    if isinstance(schema.get("enum"), list) and schema["enum"]:
        return schema["enum"][0]
    for word in ("anyOf", "oneOf"):
        if isinstance(schema.get(word), list) and schema[word]:
            # A branch further on may end a recursion: {"anyOf": [{"$ref": "#"}, {"type": "null"}]}.
            branches = sorted(schema[word], key=_is_reference) if depth > 2 else schema[word]
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


def _is_reference(branch: Any) -> bool:
    return not (isinstance(branch, dict) and branch.get("type") == "null")


def _resolve(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """``schema`` with its reference followed and its allOf folded in; what stands beside them
    wins."""
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
    merged: dict[str, Any] = {}
    for part in (*parts, rest):
        if isinstance(part.get("$ref"), str):
            part = {
                **_pointed(part["$ref"], root),
                **{k: v for k, v in part.items() if k != "$ref"},
            }
        properties = {**_dict(merged.get("properties")), **_dict(part.get("properties"))}
        required = [*_list(merged.get("required")), *_list(part.get("required"))]
        merged = {**merged, **part}
        if properties:
            merged |= {"properties": properties, "required": required}
    return merged


def _pointed(reference: str, root: dict[str, Any]) -> dict[str, Any]:
    found: Any = root
    for step in reference.removeprefix("#").split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _kind(schema: dict[str, Any]) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema else "null"


def _object(schema: dict[str, Any], root: dict[str, Any], depth: int) -> dict[str, Any]:
    properties = _dict(schema.get("properties"))
    required = [name for name in _list(schema.get("required")) if isinstance(name, str)]
    names = [name for name in properties if name in required] + [
        name for name in required if name not in properties
    ]
    return {name: _instance(properties.get(name), root, depth + 1) for name in names}


def _string(schema: dict[str, Any]) -> str:
    known = _FORMATS.get(schema["format"]) if isinstance(schema.get("format"), str) else None
    return known or "text"[: _whole(schema, "maxLength", 4)].ljust(
        min(_whole(schema, "minLength"), 1000), "x"
    )


def _number(schema: dict[str, Any]) -> float | int:
    low, above = _real(schema, "minimum"), _real(schema, "exclusiveMinimum")
    high, step = _real(schema, "maximum"), _real(schema, "multipleOf")
    value: float | int = max(
        0, low if low is not None else 0, above + 1 if above is not None else 0
    )
    if high is not None and value > high:
        value = high
    return -(-value // step) * step if step is not None and step > 0 and value else value


def _real(schema: dict[str, Any], name: str) -> float | int | None:
    value = schema.get(name)
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _whole(schema: dict[str, Any], name: str, default: int = 0) -> int:
    value = schema.get(name)
    return (
        value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def check_strict(
    name: str, schema: dict[str, Any], param: str, what: str, code: str | None
) -> None:
    """Raises the service's refusal of a schema that strict mode does not take: a root that is no
    object, members left out of ``required``, or ``additionalProperties`` not false (real-traffic,
    invalid_function_parameters)."""
    kind = schema.get("type")
    if kind != "object":
        said = "None" if kind is None else str(kind)
        raise errors.invalid(
            f"Invalid schema for {what} '{name}': schema must be a JSON Schema of 'type: \"object\"', "
            f"got 'type: \"{said}\"'.",
            param,
            code,
        )
    if problem := _strict_problem(schema, ()):
        raise errors.invalid(f"Invalid schema for {what} '{name}': {problem}", param, code)


def _strict_problem(schema: Any, context: tuple[str, ...]) -> str:
    if not isinstance(schema, dict):
        return ""
    properties = _dict(schema.get("properties"))
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return f"In context={context!r}, 'additionalProperties' is required to be supplied and to be false."
        left = [name for name in properties if name not in _list(schema.get("required"))]
        if left:
            return (
                f"In context={context!r}, 'required' is required to be supplied and to be an array including every "
                f"key in properties. Missing '{left[0]}'."
            )
    inner = [((*context, "properties", name), value) for name, value in properties.items()]
    inner += [((*context, "items"), schema["items"])] if "items" in schema else []
    return next(
        (problem for place, value in inner if (problem := _strict_problem(value, place))), ""
    )
