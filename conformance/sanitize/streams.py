"""What comes in pieces: texts and arguments over the events of a stream, and tokens of log
probabilities.

A secret that is split over pieces stands in none of them. So the pieces of one text are put
together, looked at as one, and what is found is taken out of the pieces it lies in; every other
piece stays as it was.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.sanitize.edits import Edit, spread
from conformance.sanitize.jsontext import STRING, decoded, encoded, leaves_below, one_of
from conformance.sanitize.page import Page

Finder = Callable[[str], list[Edit]]
"""The settled edits of a text that was put together."""

_DATA = re.compile(r"data:[ ]?([^\r\n]*)")
_FIELDS = (
    "content",
    "refusal",
    "arguments",
    "delta",
    "text",
    "reasoning_content",
    "reasoning",
    "transcript",
    "input",
    "summary",
    "code",
    "partial_json",
    "audio",
    "data",
)
_PLACES = frozenset({"index", "output_index", "content_index", "summary_index", "item_id", "type"})
_NAMED = re.compile(f'"({one_of((*_FIELDS, *_PLACES))})"')
_VALUE = re.compile(r"\s*:\s*" + STRING)
_PLACE = re.compile(r'\s*:\s*("[^"\\]*"|\d+)')
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
    last: _Like | None = None
    for line in _data_lines(text):
        start, end = line.span(1)
        if not text.startswith("{", start):
            bare = texts["bare",]
            bare.bare = True
            if text[start:end] != "[DONE]":
                bare.add((start, end), text[start:end])
            continue
        span = last.value_in(text, start, end) if last is not None else None
        if span is not None and last is not None:
            last.pieces.add(span, text[slice(*span)])
            continue
        places, members = _event(text, start, end)
        seen: dict[str, int] = {}
        for name, member in members:
            value, number = decoded(member[1]), seen.get(name, 0)
            if value:
                pieces = texts[(name, number, *places)]
                pieces.add(member.span(1), value)
                if len(members) == 1 and member[0][-1] == '"':
                    last = _Like(text[start : member.start(1)], text[member.end(1) : end], pieces)
            seen[name] = number + 1
    return texts


class _Like(NamedTuple):
    """An event whose only text is between ``before`` and ``after``: most events of a stream differ
    in that alone."""

    before: str
    after: str
    pieces: _Pieces

    def value_in(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """Where the text of such another event stands; None for an event that differs elsewhere, or
        is empty."""
        first, last = start + len(self.before), end - len(self.after)
        like = (
            first < last
            and text.startswith(self.before, start)
            and text.startswith(self.after, last)
        )
        if not like or text.find('"', first, last) >= 0 or text.find("\\", first, last) >= 0:
            return None
        return first, last


def _event(text: str, start: int, end: int) -> tuple[list[str], list[tuple[str, re.Match[str]]]]:
    """What tells the text an event of a stream belongs to, and the pieces of texts in it, with
    their names."""
    places: list[str] = []
    members: list[tuple[str, re.Match[str]]] = []
    for named in _NAMED.finditer(text, start, end):
        name = named[1]
        if name in _PLACES:
            found = _PLACE.match(text, named.end(), end)
            if found:
                places.append(found[1])
        else:
            found = _VALUE.match(text, named.end(), end)
            if found:
                members.append((name, found))
    return places, members


def _data_lines(text: str) -> Iterator[re.Match[str]]:
    """The data lines of an event stream; ``data:`` within a line begins none."""
    at = text.find("data:")
    while at >= 0:
        if not at or text[at - 1] in "\r\n":
            found = _DATA.match(text, at)
            assert found is not None
            yield found
            at = found.end()
        at = text.find("data:", at + 1)


def _rewritten(text: str, pieces: _Pieces, find: Finder) -> Iterator[Edit]:
    edits = find("".join(pieces.values))
    if not edits:
        return
    rules = tuple(dict.fromkeys(rule for edit in edits for rule in edit.rules))
    for span, before, after in zip(
        pieces.spans, pieces.values, spread(pieces.values, edits), strict=True
    ):
        if before != after:
            yield Edit(*span, after if pieces.bare else encoded(after, text[slice(*span)]), rules)


def log_probabilities(page: Page, find: Finder) -> Iterator[Edit]:
    """Tokens of log probabilities, put together column by column: the chosen ones, and each rank of
    the others. The bytes of a token that was masked say the same again and become null, which the
    API allows."""
    if '"logprobs"' not in page.text:
        return
    columns: dict[tuple[object, ...], _Pieces] = defaultdict(_Pieces)
    for leaves in leaves_below(page.text, _LOGPROBS):
        for leaf in leaves:
            value = decoded(page.text[leaf.start : leaf.end])
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
    return (*path[:first], *path[first + 1 :])
