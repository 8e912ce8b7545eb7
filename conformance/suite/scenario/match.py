"""The matching algorithm of ``expect`` (written down in ``docs/scenarios.md``).

Expected mappings are matched key by key: a key left out is unchecked, a key written must match.
Lists match element by element and in length. Scalars match by value and by type, except that 1
equals 1.0. A mapping whose keys all start with ``$`` holds operators, all of which must hold.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.suite.scenario.durations import seconds
from conformance.wire.text import shortened


class _Absent:
    """The value of something that is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()

_TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, int | float) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, Mapping),
    "array": lambda v: isinstance(v, list | tuple),
    "null": lambda v: v is None,
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where (JSON pointer below the matched value), what was expected, and what stood there."""

    pointer: str
    expected: Any
    actual: Any
    message: str


Resolve = Callable[[str, str], Any]
"""Looks up ``{$from: origin}`` for a pointer: called with (origin, pointer); answers ABSENT when
there is nothing."""


def match(
    expected: Any, actual: Any, resolve: Resolve | None = None, pointer: str = ""
) -> Iterator[Mismatch]:
    """Every place where ``actual`` is not what ``expected`` says. Never raises on any ``actual``;
    raises ValueError for an operator in ``expected`` that does not exist (lint finds those
    first)."""
    if is_operator(expected):
        yield from _operators(expected, actual, resolve, pointer)
    elif isinstance(expected, Mapping):
        yield from _mapping(expected, actual, resolve, pointer)
    elif isinstance(expected, list | tuple):
        yield from _list(expected, actual, resolve, pointer)
    elif not _same(expected, actual):
        yield Mismatch(
            pointer, expected, _plain(actual), f"expected {show(expected)}, found {show(actual)}"
        )


def is_operator(value: Any) -> bool:
    """Whether ``value`` is a mapping of ``$`` operators."""
    return (
        isinstance(value, Mapping)
        and bool(value)
        and all(isinstance(k, str) and k.startswith("$") for k in value)
    )


def show(value: Any, limit: int = 160) -> str:
    """``value`` as short JSON for a message."""
    if value is ABSENT:
        return "nothing"
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)  # no JSON: keys that are no text, a value inside itself
    return shortened(text, limit)


def escape(part: str | int) -> str:
    """One JSON pointer token (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")


def _plain(value: Any) -> Any:
    return None if value is ABSENT else value


def _same(expected: Any, actual: Any) -> bool:
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return expected == actual
    return type(expected) is type(actual) and bool(expected == actual)


def _mapping(
    expected: Mapping[str, Any], actual: Any, resolve: Resolve | None, pointer: str
) -> Iterator[Mismatch]:
    if not isinstance(actual, Mapping):
        yield Mismatch(
            pointer, dict(expected), _plain(actual), f"expected an object, found {show(actual)}"
        )
        return
    for key, value in expected.items():
        yield from match(value, actual.get(key, ABSENT), resolve, f"{pointer}/{escape(key)}")


def _list(
    expected: list[Any] | tuple[Any, ...], actual: Any, resolve: Resolve | None, pointer: str
) -> Iterator[Mismatch]:
    if not isinstance(actual, list | tuple):
        yield Mismatch(
            pointer, list(expected), _plain(actual), f"expected a list, found {show(actual)}"
        )
        return
    if len(expected) != len(actual):
        yield Mismatch(
            pointer,
            list(expected),
            list(actual),
            f"expected {len(expected)} items, found {len(actual)}: {show(list(actual))}",
        )
        return
    for index, (want, have) in enumerate(zip(expected, actual, strict=True)):
        yield from match(want, have, resolve, f"{pointer}/{index}")


def _operators(
    expected: Mapping[str, Any], actual: Any, resolve: Resolve | None, pointer: str
) -> Iterator[Mismatch]:
    unknown = set(expected) - OPERATORS
    if unknown:
        raise ValueError(f"unknown operator {', '.join(sorted(unknown))}")
    tolerance = expected.get("$within")
    for name, argument in expected.items():
        if name == "$within":
            continue
        if name == "$from":
            yield from _from(argument, actual, resolve, pointer)
        elif name in ("$all", "$not", "$unordered", "$contains_item"):
            yield from _NESTED[name](argument, actual, resolve, pointer)
        elif not _SIMPLE[name](argument, actual, tolerance):
            yield Mismatch(
                pointer,
                {name: argument},
                _plain(actual),
                f"expected {_WORDS[name]} {show(argument)}, found {show(actual)}",
            )


def _from(origin: str, actual: Any, resolve: Resolve | None, pointer: str) -> Iterator[Mismatch]:
    original = ABSENT
    if resolve is not None:
        original = resolve(origin, pointer)
    if original is ABSENT:
        yield Mismatch(
            pointer,
            {"$from": origin},
            _plain(actual),
            f"the {origin} has no value to compare with here",
        )
    elif not _equal(original, actual):
        yield Mismatch(
            pointer,
            original,
            _plain(actual),
            f"the {origin} says {show(original)}, found {show(actual)}",
        )


def _equal(left: Any, right: Any) -> bool:
    """Equality of JSON values: as in ``match``, but with nothing left out and no operators."""
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(
            _equal(value, right[key]) for key, value in left.items()
        )
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(
            _equal(a, b) for a, b in zip(left, right, strict=True)
        )
    return _same(left, right)


def _unordered(
    argument: list[Any], actual: Any, resolve: Resolve | None, pointer: str
) -> Iterator[Mismatch]:
    if not isinstance(actual, list | tuple) or len(actual) != len(argument):
        yield Mismatch(
            pointer,
            argument,
            _plain(actual),
            f"expected {len(argument)} items in any order, found {show(actual)}",
        )
        return
    fits = [
        [i for i, have in enumerate(actual) if not any(match(want, have, resolve, pointer))]
        for want in argument
    ]
    taken: dict[int, int] = {}
    for index, want in enumerate(argument):
        if not _seat(index, fits, taken, set()):
            rest = [have for i, have in enumerate(actual) if i not in taken]
            message = f"no item matches {show(want)}"
            if fits[index]:
                message = f"every item that matches {show(want)} is needed by another expectation"
            yield Mismatch(pointer, want, rest, message)


def _seat(index: int, fits: list[list[int]], taken: dict[int, int], tried: set[int]) -> bool:
    """Give expectation ``index`` an item of its own, moving others where needed (Kuhn's
    algorithm)."""
    for item in fits[index]:
        if item not in tried:
            tried.add(item)
            if item not in taken or _seat(taken[item], fits, taken, tried):
                taken[item] = index
                return True
    return False


def _contains_item(
    argument: Any, actual: Any, resolve: Resolve | None, pointer: str
) -> Iterator[Mismatch]:
    if not isinstance(actual, list | tuple) or not any(
        not any(match(argument, item, resolve, pointer)) for item in actual
    ):
        yield Mismatch(
            pointer, argument, _plain(actual), f"no item matches {show(argument)} in {show(actual)}"
        )


def _not(argument: Any, actual: Any, resolve: Resolve | None, pointer: str) -> Iterator[Mismatch]:
    if not any(match(argument, actual, resolve, pointer)):
        yield Mismatch(
            pointer,
            {"$not": argument},
            _plain(actual),
            f"expected anything but {show(argument)}, found {show(actual)}",
        )


def _every(argument: Any, actual: Any, resolve: Resolve | None, pointer: str) -> Iterator[Mismatch]:
    if not isinstance(actual, list | tuple):
        yield Mismatch(
            pointer, {"$all": argument}, _plain(actual), f"expected a list, found {show(actual)}"
        )
        return
    for index, item in enumerate(actual):
        yield from match(argument, item, resolve, f"{pointer}/{index}")


def _compare(argument: Any, actual: Any, test: Callable[[float, float], bool]) -> bool:
    limit, value = seconds(argument), seconds(actual)
    return limit is not None and value is not None and test(value, limit)


def _approx(argument: Any, actual: Any, tolerance: Any) -> bool:
    within = seconds(tolerance)
    if within is None:
        within = _EPSILON
    target, value = seconds(argument), seconds(actual)
    if target is None or value is None:
        return False
    return math.isclose(target, value, rel_tol=1e-6, abs_tol=within)


def _type_names(argument: Any) -> list[Any]:
    """The argument of ``$type`` as a list: it is one name, or a list of names."""
    if isinstance(argument, list):
        return argument
    return [argument]


def _length(argument: Any, actual: Any) -> bool:
    return isinstance(actual, str | list | tuple | dict) and not any(match(argument, len(actual)))


_EPSILON = 1e-9

_SIMPLE: dict[str, Callable[[Any, Any, Any], bool]] = {
    "$present": lambda a, v, _: (v is not ABSENT) == bool(a),
    "$absent": lambda a, v, _: (v is ABSENT) == bool(a),
    "$null": lambda a, v, _: (v is None) == bool(a),
    "$type": lambda a, v, _: any(_TYPES[name](v) for name in _type_names(a)),
    "$regex": lambda a, v, _: isinstance(v, str) and re.search(a, v) is not None,
    "$contains": lambda a, v, _: isinstance(v, str) and a in v,
    "$gte": lambda a, v, _: _compare(a, v, lambda x, y: x >= y - _EPSILON),
    "$lte": lambda a, v, _: _compare(a, v, lambda x, y: x <= y + _EPSILON),
    "$gt": lambda a, v, _: _compare(a, v, lambda x, y: x > y),
    "$lt": lambda a, v, _: _compare(a, v, lambda x, y: x < y),
    "$one_of": lambda a, v, _: any(not any(match(item, v)) for item in a),
    "$approx": _approx,
    "$length": lambda a, v, _: _length(a, v),
}

_NESTED: dict[str, Callable[[Any, Any, Resolve | None, str], Iterator[Mismatch]]] = {
    "$unordered": _unordered,
    "$contains_item": _contains_item,
    "$not": _not,
    "$all": _every,
}

_WORDS = {
    "$present": "present =",
    "$absent": "absent =",
    "$null": "null =",
    "$type": "a value of type",
    "$regex": "text matching",
    "$contains": "text containing",
    "$gte": "at least",
    "$lte": "at most",
    "$gt": "more than",
    "$lt": "less than",
    "$one_of": "one of",
    "$approx": "about",
    "$length": "a length of",
}

OPERATORS = frozenset(_SIMPLE) | frozenset(_NESTED) | {"$from", "$within"}
"""Every operator name."""


def operator_problems(
    value: Any, pointer: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with the operators inside ``value``: (path, sentence) each. Used by lint, so
    that a typing error in an operator is an error of the file and never a check that silently
    holds."""
    if isinstance(value, Mapping):
        dollar = [k for k in value if isinstance(k, str) and k.startswith("$")]
        if dollar and len(dollar) != len(value):
            yield pointer, "operators and plain keys stand in one mapping"
        if "$within" in value and "$approx" not in value:
            yield (
                (*pointer, "$within"),
                "$within says how near $approx must be; there is no $approx here",
            )
        for key, item in value.items():
            if key in dollar:
                problem = _operator_problem(key, item)
                if problem:
                    yield (*pointer, key), problem
            yield from operator_problems(item, (*pointer, key))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from operator_problems(item, (*pointer, index))


def _operator_problem(name: str, argument: Any) -> str | None:
    if name not in OPERATORS:
        return f"unknown operator {name}; known are {', '.join(sorted(OPERATORS))}"
    if isinstance(argument, str) and "${" in argument:
        return None
    if name == "$regex":
        try:
            re.compile(argument)
        except (re.error, TypeError, OverflowError, RecursionError) as error:
            return f"not a regular expression: {error}"
    for names, fits, takes in _ARGUMENTS:
        if name in names and not fits(argument):
            return f"{name} takes {takes}"
    return None


def _is_type(argument: Any) -> bool:
    names = _type_names(argument) or [argument]
    return all(isinstance(name, str) and name in _TYPES for name in names)


_ARGUMENTS: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (("$type",), _is_type, f"one of {', '.join(_TYPES)}, or a list of them"),
    (("$present", "$absent", "$null"), lambda a: isinstance(a, bool), "true or false"),
    (("$contains",), lambda a: isinstance(a, str), "text"),
    (
        ("$gte", "$lte", "$gt", "$lt", "$approx", "$within"),
        lambda a: seconds(a) is not None,
        "a number or a duration",
    ),
    (("$one_of", "$unordered"), lambda a: isinstance(a, list), "a list"),
    (("$from",), lambda a: a == "wire", "wire"),
)
