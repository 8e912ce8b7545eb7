"""Expected against observed, side by side: two JSON values as aligned lines with their differences
marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

from conformance.report.text import BODY_LIMIT, Cut, cut, pretty

# Small values are easiest compared when each is one line.
_ONE_LINE = 64

State = Literal["same", "changed", "absent", "fold"]
_CONTEXT = 3
_WORTH_ALIGNING = 40_000


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one side. ``before``, ``marked``, ``after`` join to its text; ``marked`` is what
    differs.

    A ``fold`` stands for several lines that are equal on both sides; its text says how many.
    """

    state: State
    before: str = ""
    marked: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both sides, equally many lines. ``dropped`` counts the characters a side lost to the length
    limit."""

    expected: tuple[Line, ...]
    observed: tuple[Line, ...]
    dropped: tuple[int, int]


def side_by_side(expected: Any, observed: Any, limit: int = BODY_LIMIT) -> SideBySide:
    """Compare two JSON values line by line; keys are sorted, so their order is never a
    difference."""
    texts = [pretty(value, indent=None) for value in (expected, observed)]
    if max(map(len, texts)) > _ONE_LINE:
        texts = [pretty(expected), pretty(observed)]
    left, right = (cut(text, limit) for text in texts)
    pairs = _pairs(_lines(left), _lines(right))
    return SideBySide(
        tuple(pair[0] for pair in pairs),
        tuple(pair[1] for pair in pairs),
        (left.dropped, right.dropped),
    )


def _lines(text: Cut) -> list[str]:
    return text.text.split("\n")


def _pairs(left: list[str], right: list[str]) -> list[tuple[Line, Line]]:
    head = _shared(left, right)
    tail = min(_shared(left[::-1], right[::-1]), len(left) - head, len(right) - head)
    middle = _middle(left[head : len(left) - tail], right[head : len(right) - tail])
    return [*_equal(left[:head]), *middle, *_equal(left[len(left) - tail :])]


def _middle(left: list[str], right: list[str]) -> list[tuple[Line, Line]]:
    # Aligning costs up to the cube of the lines; a page must not take seconds over one finding.
    if len(left) * len(right) > _WORTH_ALIGNING:
        return [_changed(one, other) for one, other in zip_longest(left, right)]
    pairs: list[tuple[Line, Line]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += _equal(left[i1:i2])
        else:
            pairs += [_changed(one, other) for one, other in zip_longest(left[i1:i2], right[j1:j2])]
    return pairs


def _equal(texts: list[str]) -> list[tuple[Line, Line]]:
    return [(line, line) for line in _folded(texts)]


def _folded(texts: list[str]) -> list[Line]:
    """Equal lines; the middle of a long stretch is folded, so that a difference is never far from
    the eye."""
    lines = [Line("same", text) for text in texts]
    hidden = len(lines) - 2 * _CONTEXT
    if hidden <= _CONTEXT:
        return lines
    return [*lines[:_CONTEXT], Line("fold", f"{hidden} equal lines"), *lines[-_CONTEXT:]]


def _changed(one: str | None, other: str | None) -> tuple[Line, Line]:
    if one is None:
        return Line("absent"), _whole(other or "")
    if other is None:
        return _whole(one), Line("absent")
    if one == other:
        return Line("same", one), Line("same", other)
    head = _shared(one, other)
    tail = min(_shared(one[::-1], other[::-1]), len(one) - head, len(other) - head)
    return _split(one, head, tail), _split(other, head, tail)


def _whole(text: str) -> Line:
    content = text.lstrip(" ")
    return Line("changed", text[: len(text) - len(content)], content)


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items (characters of a text, lines of a list) both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )


def _split(text: str, head: int, tail: int) -> Line:
    end = len(text) - tail
    return Line("changed", text[:head], text[head:end], text[end:])
