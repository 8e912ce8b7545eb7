"""Expected against observed, side by side: two JSON values as aligned lines with their differences
marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import Any, Literal

from conformance.report.text import BODY_LIMIT, cut, pretty

# Small values are easiest to compare when each is one line.
_ONE_LINE = 64

LineState = Literal["same", "changed", "absent", "fold"]
_CONTEXT = 3
_WORTH_ALIGNING = 40_000


@dataclass(frozen=True, slots=True)
class SideLine:
    """A line of one side: its text in three parts, of which ``marked`` is what differs.

    An ``absent`` line faces one that only the other side has. A ``fold`` stands for several lines
    that are equal on both sides; its text says how many.
    """

    state: LineState
    before: str = ""
    marked: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Both sides, with equally many lines. ``dropped`` counts the characters that each side lost to
    the length limit."""

    expected: tuple[SideLine, ...]
    observed: tuple[SideLine, ...]
    dropped: tuple[int, int]


def side_by_side(expected: Any, observed: Any, limit: int = BODY_LIMIT) -> SideBySide:
    """Compare two JSON values line by line, at most ``limit`` characters of each. Keys are sorted,
    so their order is never a difference."""
    texts = [pretty(value, indent=None) for value in (expected, observed)]
    if max(map(len, texts)) > _ONE_LINE:
        texts = [pretty(expected), pretty(observed)]
    left, right = (cut(text, limit) for text in texts)
    pairs = _pairs(left.text.split("\n"), right.text.split("\n"))
    return SideBySide(
        expected=tuple(pair[0] for pair in pairs),
        observed=tuple(pair[1] for pair in pairs),
        dropped=(left.dropped, right.dropped),
    )


def _pairs(left: list[str], right: list[str]) -> list[tuple[SideLine, SideLine]]:
    head, tail = _shared_ends(left, right)
    middle = _middle(left[head : len(left) - tail], right[head : len(right) - tail])
    return [*_equal(left[:head]), *middle, *_equal(left[len(left) - tail :])]


def _middle(left: list[str], right: list[str]) -> list[tuple[SideLine, SideLine]]:
    # Aligning costs up to the cube of the lines; a page must not take seconds over one finding.
    if len(left) * len(right) > _WORTH_ALIGNING:
        return _changed_lines(left, right)
    pairs: list[tuple[SideLine, SideLine]] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += _equal(left[i1:i2])
        else:
            pairs += _changed_lines(left[i1:i2], right[j1:j2])
    return pairs


def _changed_lines(left: list[str], right: list[str]) -> list[tuple[SideLine, SideLine]]:
    return [_changed(left_text, right_text) for left_text, right_text in zip_longest(left, right)]


def _equal(texts: list[str]) -> list[tuple[SideLine, SideLine]]:
    return [(line, line) for line in _folded(texts)]


def _folded(texts: list[str]) -> list[SideLine]:
    """Equal lines. The middle of a long stretch is folded, so that a difference is never far from
    the eye."""
    lines = [SideLine("same", text) for text in texts]
    hidden = len(lines) - 2 * _CONTEXT
    if hidden <= _CONTEXT:
        return lines
    return [*lines[:_CONTEXT], SideLine("fold", f"{hidden} equal lines"), *lines[-_CONTEXT:]]


def _changed(left: str | None, right: str | None) -> tuple[SideLine, SideLine]:
    """The lines of two texts that face each other; None where a side has no line."""
    if left is None:
        return SideLine("absent"), _wholly_marked(right or "")
    if right is None:
        return _wholly_marked(left), SideLine("absent")
    if left == right:
        return SideLine("same", left), SideLine("same", right)
    head, tail = _shared_ends(left, right)
    return _marked(left, head, tail), _marked(right, head, tail)


def _wholly_marked(text: str) -> SideLine:
    content = text.lstrip(" ")
    return SideLine("changed", text[: len(text) - len(content)], content)


def _marked(text: str, head: int, tail: int) -> SideLine:
    """``text`` with everything marked but the first ``head`` and the last ``tail`` characters."""
    end = len(text) - tail
    return SideLine("changed", text[:head], text[head:end], text[end:])


def _shared_ends(left: Sequence[str], right: Sequence[str]) -> tuple[int, int]:
    """How many items (characters of a text, lines of a list) both begin with, and how many of the
    others both end with."""
    shorter = min(len(left), len(right))
    head = _shared_start(left, right)
    tail = min(_shared_start(left[::-1], right[::-1]), shorter - head)
    return head, tail


def _shared_start(left: Sequence[str], right: Sequence[str]) -> int:
    """How many items both begin with."""
    for place, (left_item, right_item) in enumerate(zip(left, right, strict=False)):
        if left_item != right_item:
            return place
    return min(len(left), len(right))
