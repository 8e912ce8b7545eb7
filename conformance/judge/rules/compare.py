"""Comparing two JSON values member by member.

JSON has one number type, so 1 equals 1.0; true is never 1. Member order means nothing
(facts/service#order-of-members).
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from conformance.judge.rules.finding import Breach
from conformance.suite.scenario.match import ABSENT, Resolve, escape, match, show

FLOAT32_REL = 1e-6
"""Relative tolerance of one float32 rounding (24 bits of significand), with room for one conversion
each way."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two values differ: ``lost`` (only the expected one has it), ``added`` (only
    the other has it), ``changed``."""

    kind: Literal["lost", "added", "changed"]
    pointer: str
    expected: Any
    actual: Any

    def sentence(self, right_side: str, judged_side: str) -> str:
        """The difference as a clause: ``right_side`` names the side that is right, ``judged_side``
        the other."""
        if self.kind == "lost":
            return f"{right_side} has {show(self.expected)}, {judged_side} has nothing"
        if self.kind == "added":
            return f"{judged_side} has {show(self.actual)}, which {right_side} does not have"
        return f"{right_side} has {show(self.expected)}, {judged_side} has {show(self.actual)}"


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal."""
    kind = type(left)
    if kind is not type(right):
        return _numbers(left, right) and bool(left == right)
    if kind is dict:
        if len(left) != len(right):
            return False
        return all(key in right and same(value, right[key]) for key, value in left.items())
    if kind is list or kind is tuple:
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def close(left: Any, right: Any) -> bool:
    """Like :func:`same`, with numbers that are not both integers equal at float32 precision, and
    null like ``[]``."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            close(value, right[key]) for key, value in left.items()
        )
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(close, left, right))
    if _numbers(left, right) and (isinstance(left, float) or isinstance(right, float)):
        return _near(left, right)
    return same(left, right) or (not left and not right and _nothing(left) and _nothing(right))


def _near(left: float, right: float) -> bool:
    try:
        return left == right or math.isclose(left, right, rel_tol=FLOAT32_REL, abs_tol=1e-45)
    except OverflowError:
        return False


def _nothing(value: Any) -> bool:
    return value is None or value == []


def _numbers(left: Any, right: Any) -> bool:
    return (
        isinstance(left, int | float)
        and isinstance(right, int | float)
        and not isinstance(left, bool)
        and not isinstance(right, bool)
    )


def differences(expected: Any, actual: Any, pointer: str = "") -> Iterator[Difference]:
    """Every place where ``actual`` is not ``expected``, outermost first; nothing when they are the
    same."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            below = f"{pointer}/{escape(key)}"
            if key not in actual:
                yield Difference("lost", below, value, ABSENT)
            else:
                yield from differences(value, actual[key], below)
        for key, value in actual.items():
            if key not in expected:
                yield Difference("added", f"{pointer}/{escape(key)}", ABSENT, value)
    elif (
        isinstance(expected, list | tuple)
        and isinstance(actual, list | tuple)
        and len(expected) == len(actual)
    ):
        for index, (left, right) in enumerate(zip(expected, actual, strict=True)):
            yield from differences(left, right, f"{pointer}/{index}")
    elif not same(expected, actual):
        yield Difference("changed", pointer, expected, actual)


def mismatches(
    expected: Any, actual: Any, pointer: str, *, resolve: Resolve | None = None
) -> Iterator[Breach]:
    """A breach for each place where ``actual``, which stands at ``pointer``, is not what a scenario
    writes as ``expected``."""
    for mismatch in match(expected, actual, resolve):
        place = pointer + mismatch.pointer
        yield Breach(
            place,
            f"At {place}: {mismatch.message}.",
            expected=mismatch.expected,
            actual=mismatch.actual,
        )


def dig(value: Any, *path: str | int) -> Any:
    """The value at ``path`` below ``value``; None when any step is not there. Never raises."""
    for step in path:
        if isinstance(step, str) and isinstance(value, dict):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects in ``value`` when it is a list, else none."""
    if not isinstance(value, list):
        return []
    return [item for item in value if isinstance(item, dict)]


def plain(value: Any) -> Any:
    """``value`` as JSON: what is absent reads as null."""
    if value is ABSENT:
        return None
    return value


def float32_vector(text: str) -> list[float] | None:
    """The numbers of a base64 little-endian float32 vector (facts/service#base64-vectors); None: it
    is none."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) % 4:
        return None
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))
