"""What comes in pieces: texts and arguments over the events of a stream, and tokens of log probabilities.

A secret that is split over pieces stands in none of them. So the pieces of one text are put together, looked at as
one, and what is found is taken out of the pieces it lies in; every other piece stays as it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from conformance.sanitize.edits import Edit, spread
from conformance.sanitize.jsontext import STRING, decoded, encoded, leaves_below
from conformance.sanitize.page import Page

Finder = Callable[[str], list[Edit]]
"""The settled edits of a text that was put together."""

_DATA = re.compile(r"(?:^|(?<=[\r\n]))data:[ ]?([^\r\n]*)")
_FIELD = re.compile(r'"(content|refusal|arguments|delta|text|reasoning_content|reasoning|transcript|input|summary|code'
                    r'|partial_json|audio|data)"\s*:\s*' + STRING)
_PLACE = re.compile(r'"(?:index|output_index|content_index|summary_index|item_id|type)"\s*:\s*("[^"\\]*"|\d+)')
_LOGPROBS = re.compile(r'"logprobs"\s*:\s*(?=[\[{])')
_BYTES = re.compile(r'[^{}]{0,200}?"bytes"\s*:\s*(\[[\d,\s]*\])')


@dataclass(slots=True)
class _Pieces:
    """The pieces of one text, and where each stands (between its quotes, or a bare line)."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    bare: bool = False

    def add(self, span: tuple[int, int], value: str) -> None:
        self.spans.append(span)
        self.values.append(value)


def split_texts(page: Page, find: Finder) -> Iterator[Edit]:
    """What only shows when the pieces of a stream's texts are put together."""
    if "data:" not in page.text:
        return
    for pieces in _gathered(page.text).values():
        if len(pieces.values) > 1:
            yield from _rewritten(page.text, pieces, find)


def _gathered(text: str) -> dict[tuple[object, ...], _Pieces]:
    texts: dict[tuple[object, ...], _Pieces] = defaultdict(_Pieces)
    for line in _DATA.finditer(text):
        start, end = line.span(1)
        if not text.startswith("{", start):
            bare = texts["bare",]
            bare.bare = True
            if text[start:end] != "[DONE]":
                bare.add((start, end), text[start:end])
            continue
        seen: dict[str, int] = defaultdict(int)
        place: tuple[object, ...] | None = None
        for piece in _FIELD.finditer(text, start, end):
            value = decoded(piece[2])
            if value:
                if place is None:
                    place = tuple(_PLACE.findall(text, start, end))
                texts[(piece[1], seen[piece[1]], *place)].add(piece.span(2), value)
            seen[piece[1]] += 1
    return texts


def _rewritten(text: str, pieces: _Pieces, find: Finder) -> Iterator[Edit]:
    edits = find("".join(pieces.values))
    if not edits:
        return
    rules = tuple(dict.fromkeys(rule for edit in edits for rule in edit.rules))
    for span, before, after in zip(pieces.spans, pieces.values, spread(pieces.values, edits), strict=True):
        if before != after:
            yield Edit(*span, after if pieces.bare else encoded(after, text[slice(*span)]), rules)


def log_probabilities(page: Page, find: Finder) -> Iterator[Edit]:
    """Tokens of log probabilities, put together column by column: the chosen ones, and each rank of the others. The
    bytes of a token that was masked say the same again and become null, which the API allows."""
    if '"logprobs"' not in page.text:
        return
    columns: dict[tuple[object, ...], _Pieces] = defaultdict(_Pieces)
    for leaves in leaves_below(page.text, _LOGPROBS):
        for leaf in leaves:
            value = decoded(page.text[leaf.start:leaf.end])
            if value and "token" in leaf.path[-1:]:
                columns[_column(leaf.path)].add((leaf.start, leaf.end), value)
            elif value and leaf.path[:1] == ("tokens",):
                columns["tokens",].add((leaf.start, leaf.end), value)
    for pieces in columns.values():
        for edit in _rewritten(page.text, pieces, find):
            yield edit
            follows = _BYTES.match(page.text, edit.end)
            if follows:
                yield Edit(*follows.span(1), "null", ("logprob-bytes",))


def _column(path: Sequence[str | int]) -> tuple[object, ...]:
    """The path of a token without its position in the text, which is the first index."""
    first = next((place for place, part in enumerate(path) if isinstance(part, int)), len(path))
    return (*path[:first], *path[first + 1:])
