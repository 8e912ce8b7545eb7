"""Replacements in a text, as values: found side by side, settled against each other, applied once.

Detectors look at the same text without knowing of one another. What they find may overlap (a token
inside a header line inside an escaped string): the wider find wins, because whoever found it has
dealt with what lies inside.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Edit:
    """``text[start:end]`` becomes ``replacement``; ``rules`` are the ids of the rules that ask for
    it."""

    start: int
    end: int
    replacement: str
    rules: tuple[str, ...]


def settle(edits: Iterable[Edit]) -> list[Edit]:
    """``edits`` without overlaps, in order. Nothing that any of them covers stays uncovered."""
    settled: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, -e.end)):
        last = settled[-1] if settled else None
        if last is None or edit.start >= last.end:
            settled.append(edit)
            continue
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
    """Where the chunk ends ``offsets`` of a text stand after the settled ``edits``; one inside a
    replaced stretch moves to the end of the replacement, so that no placeholder is torn. Rising
    stays rising."""
    if not edits:
        return tuple(offsets)
    starts = [edit.start for edit in edits]
    growth = [0, *accumulate(len(edit.replacement) - (edit.end - edit.start) for edit in edits)]
    result = []
    for offset in offsets:
        count = bisect_right(starts, offset - 1)
        inside = count > 0 and offset < edits[count - 1].end
        base = edits[count - 1].end if inside else offset
        result.append(base + growth[count])
    return tuple(result)


def spread(pieces: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """``pieces`` of a text after the settled ``edits`` of the whole: a replacement that spans
    several pieces goes into the first of them, so every other byte stays in the piece it came
    in."""
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
