"""Replacements in a text, as values: collected, settled against each other, applied once.

Detectors look at the same text without knowing of one another, so their edits may overlap (a token
inside a header line inside an escaped string). The wider edit wins: the detector that asks for it
has dealt with what lies inside.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Edit:
    """``text[start:end]`` becomes ``replacement``, because the rules with the ids ``rules`` say
    so."""

    start: int
    end: int
    replacement: str
    rules: tuple[str, ...]


def settle(edits: Iterable[Edit]) -> list[Edit]:
    """``edits`` in order and without overlaps. What any of them covers is still covered."""
    settled: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        if not settled or edit.start >= settled[-1].end:
            settled.append(edit)
            continue
        last = settled[-1]
        rules = last.rules + tuple(rule for rule in edit.rules if rule not in last.rules)
        settled[-1] = Edit(last.start, max(last.end, edit.end), last.replacement, rules)
    return settled


def apply(text: str, edits: Sequence[Edit]) -> str:
    """``text`` after the settled ``edits``."""
    if not edits:
        return text
    pieces: list[str] = []
    at = 0
    for edit in edits:
        pieces += (text[at : edit.start], edit.replacement)
        at = edit.end
    pieces.append(text[at:])
    return "".join(pieces)


def moved(offsets: Sequence[int], edits: Sequence[Edit]) -> tuple[int, ...]:
    """Where the ``offsets`` of a text (ends of its chunks) stand after the settled ``edits``.

    An offset inside a replaced stretch moves to the end of the replacement, so that no chunk ends
    within a placeholder. Rising offsets stay rising.
    """
    if not edits:
        return tuple(offsets)
    starts = [edit.start for edit in edits]
    growth = [0, *accumulate(len(edit.replacement) - (edit.end - edit.start) for edit in edits)]
    result = []
    for offset in offsets:
        count = bisect_right(starts, offset - 1)
        if count > 0:
            offset = max(offset, edits[count - 1].end)
        result.append(offset + growth[count])
    return tuple(result)


def spread(pieces: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """The ``pieces`` of a text after the settled ``edits`` of the whole text.

    A replacement that spans several pieces goes into the first of them; every other byte stays in
    the piece it came in.
    """
    ends = list(accumulate(map(len, pieces)))
    result, at, index = [], 0, 0
    for piece, end in zip(pieces, ends, strict=True):
        built: list[str] = []
        cursor = at
        while index < len(edits) and edits[index].start < end:
            edit = edits[index]
            if edit.start >= at:
                built += (piece[cursor - at : edit.start - at], edit.replacement)
            cursor = max(cursor, min(edit.end, end))
            if edit.end > end:
                break
            index += 1
        built.append(piece[cursor - at :])
        result.append("".join(built))
        at = end
    return result
