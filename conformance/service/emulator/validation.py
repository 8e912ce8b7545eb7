"""Checking a request body against the rules of its operation, member by member.

Refusals have the words of the front end that Azure shares with the public service
(facts/traffic#error-bodies).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.answers import Refusal
from conformance.service.emulator.members import array_or_empty
from conformance.suite.scenario.versions import at_least

MAX_DEPTH = 64
"""Objects and arrays nested deeper are not read. The service has a limit too, but has not published
it."""

_NAMES = {
    "string": "a string",
    "integer": "an integer",
    "number": "a decimal",
    "boolean": "a boolean",
    "array": "an array",
    "object": "an object",
    "objects": "an array of objects",
    "strings": "an array of strings",
}


@dataclass(frozen=True, slots=True)
class MemberRule:
    """What the value of one member may be.

    ``kinds`` are words of JSON types, separated by ``|``. ``low`` and ``high`` are inclusive; they
    bound a number, the items of an array, or the characters of a member that can only be a text.
    ``since`` is the first api-version that knows the member (``v1``: only that surface does).
    """

    kinds: str
    since: str = "2024-06-01"
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False

    def known(self, version: str) -> bool:
        """Whether api-version ``version`` knows the member."""
        return at_least(version, self.since)


MemberRules = Mapping[str, MemberRule]
"""The rules of every member a request body may have, by name."""


def read_json(body: bytes) -> dict[str, Any]:
    """The JSON object in ``body``. Raises Refusal for anything else, for numbers that are not
    finite, text that is no Unicode, and nesting beyond MAX_DEPTH."""
    try:
        value = json.loads(body, parse_constant=_no_constant)
        if isinstance(value, dict) and _depth(value) <= MAX_DEPTH:
            # 1e999 is read as infinity, and an escape may be half a surrogate pair. Neither could
            # be sent back.
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
            return value
    except (ValueError, RecursionError):
        pass
    raise errors.unreadable()


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            inner for item in level for inner in _inside(item) if isinstance(inner, (dict, list))
        ]
    return depth


def _inside(value: Any) -> Any:
    """The values directly inside a JSON value."""
    if isinstance(value, dict):
        return value.values()
    return array_or_empty(value)


def check(body: Mapping[str, Any], rules: MemberRules, version: str) -> None:
    """Raises Refusal for the first thing wrong with ``body``: unknown members come first, then
    each of the ``rules`` in turn."""
    for name in body:
        if name not in rules or not rules[name].known(version):
            raise errors.unknown_parameter(name)
    for name, rule in rules.items():
        value = body.get(name)
        if value is None:
            if rule.required:
                raise errors.missing(name)
            continue
        check_value(name, value, rule)


def check_value(name: str, value: Any, rule: MemberRule) -> None:
    """Raises Refusal when ``value`` of member ``name`` does not keep to ``rule``."""
    kinds = rule.kinds.split("|")
    if not any(_is(value, kind) for kind in kinds):
        raise wrong_type(name, kinds, value)
    if isinstance(value, list) or (isinstance(value, str) and kinds == ["string"]):
        _check_size(name, value, rule)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        _check_range(name, value, rule)
    if rule.choices and isinstance(value, str) and value not in rule.choices:
        raise wrong_choice(name, value, rule.choices)


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "string":
            return isinstance(value, str)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool)
        case "boolean":
            return isinstance(value, bool)
        case "array":
            return isinstance(value, list)
        case "objects":
            return isinstance(value, list) and all(isinstance(item, dict) for item in value)
        case "strings":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, dict)


def missing_or_wrong_type(name: str, kind: str, value: Any) -> Refusal:
    """The refusal of ``value`` where ``kind`` is required: as missing when it is null or not
    there."""
    if value is None:
        return errors.missing(name)
    return wrong_type(name, [kind], value)


def wrong_type(name: str, kinds: list[str], value: Any) -> Refusal:
    """The refusal of ``value`` of member ``name``, which is none of ``kinds``."""
    expected = " or ".join(_NAMES[kind] for kind in kinds)
    if len(kinds) > 1:
        expected = f"one of {expected}"
    return errors.invalid(
        f"Invalid type for '{name}': expected {expected}, but got {_name_of(value)} instead.",
        name,
        "invalid_type",
    )


def _name_of(value: Any) -> str:
    if value is None:
        return "null"
    kinds = ("boolean", "integer", "number", "string", "array", "object")
    return next(_NAMES[kind] for kind in kinds if _is(value, kind))


def _check_size(name: str, value: list[Any] | str, rule: MemberRule) -> None:
    kind, a_kind = "string", "a string"
    if isinstance(value, list):
        kind, a_kind = "array", "an array"
    if rule.low is not None and len(value) < rule.low:
        problem, code = f"{kind} too short", f"{kind}_below_min_length"
        got = f"{a_kind} with length {len(value)}"
        if not value:
            problem, code, got = f"empty {kind}", f"empty_{kind}", f"an empty {kind}"
        raise errors.invalid(
            f"Invalid '{name}': {problem}. Expected {a_kind} with minimum length {rule.low:g}, "
            f"but got {got} instead.",
            name,
            code,
        )
    if rule.high is not None and len(value) > rule.high:
        raise errors.invalid(
            f"Invalid '{name}': {kind} too long. Expected {a_kind} with maximum length "
            f"{rule.high:g}, but got {a_kind} with length {len(value)} instead.",
            name,
            f"{kind}_above_max_length",
        )


def _check_range(name: str, value: float, rule: MemberRule) -> None:
    what = "decimal"
    if "integer" in rule.kinds:
        what = "integer"
    if rule.low is not None and value < rule.low:
        raise errors.invalid(
            f"Invalid '{name}': {what} below minimum value. Expected a value >= {rule.low:g}, but "
            f"got {value} instead.",
            name,
            f"{what}_below_min_value",
        )
    if rule.high is not None and value > rule.high:
        raise errors.invalid(
            f"Invalid '{name}': {what} above maximum value. Expected a value <= {rule.high:g}, but "
            f"got {value} instead.",
            name,
            f"{what}_above_max_value",
        )


def metadata(body: Mapping[str, Any]) -> dict[str, str] | None:
    """The ``metadata`` of ``body``: texts by name, or None. Raises Refusal."""
    texts = body.get("metadata")
    if texts is None:
        return None
    for name, value in texts.items():
        check_value(f"metadata.{name}", value, MemberRule("string", high=512))
        if value is None:
            raise wrong_type(f"metadata.{name}", ["string"], value)
    return dict(texts)


def wrong_choice(name: str, value: str, choices: tuple[str, ...]) -> Refusal:
    """The refusal of ``value`` of member ``name``, which is none of ``choices``."""
    listed = f"'{choices[-1]}'"
    if len(choices) > 1:
        listed = ", ".join(f"'{choice}'" for choice in choices[:-1]) + f", and {listed}"
    return errors.invalid(
        f"Invalid value: '{value}'. Supported values are: {listed}.", name, "invalid_value"
    )
