"""Expected against observed, side by side: two JSON values as aligned lines with their differences marked."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

from conformance.report.text import BODY_LIMIT, Cut, cut, pretty

# Small values are easiest compared when each is one line.
_ONE_LINE = 64

State = Literal["same", "changed", "absent", "fold"]
_CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one side. ``before``, ``marked``, ``after`` join to its text; ``marked`` is what differs.

    A ``fold`` stands for several lines that are equal on both sides; its text says how many.
    """

    state: State
    before: str = ""
    marked: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both sides, equally many lines. ``dropped`` counts the characters a side lost to the length limit."""

    expected: tuple[Line, ...]
    observed: tuple[Line, ...]
    dropped: tuple[int, int]


def side_by_side(expected: Any, observed: Any, limit: int = BODY_LIMIT) -> SideBySide:
    """Compare two JSON values line by line; keys are sorted, so their order is never a difference."""
    texts = [json.dumps(value, ensure_ascii=False, sort_keys=True, default=str) for value in (expected, observed)]
    if max(map(len, texts)) > _ONE_LINE:
        texts = [pretty(expected), pretty(observed)]
    left, right = (cut(text, limit) for text in texts)
    pairs = _pairs(_lines(left), _lines(right))
    return SideBySide(tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs),
                      (left.dropped, right.dropped))


def _lines(text: Cut) -> list[str]:
    return text.text.split("\n")


def _pairs(left: list[str], right: list[str]) -> list[tuple[Line, Line]]:
    pairs: list[tuple[Line, Line]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += [(line, line) for line in _folded(left[i1:i2])]
        else:
            pairs += [_changed(one, other) for one, other in zip_longest(left[i1:i2], right[j1:j2])]
    return pairs


def _folded(texts: list[str]) -> list[Line]:
    """Equal lines; the middle of a long stretch is folded, so that a difference is never far from the eye."""
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
    head = _shared(one, other)
    tail = min(_shared(one[::-1], other[::-1]), len(one) - head, len(other) - head)
    return _split(one, head, tail), _split(other, head, tail)


def _whole(text: str) -> Line:
    content = text.lstrip(" ")
    return Line("changed", text[:len(text) - len(content)], content)


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next((place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
                min(len(one), len(other)))


def _split(text: str, head: int, tail: int) -> Line:
    end = len(text) - tail
    return Line("changed", text[:head], text[head:end], text[end:])
