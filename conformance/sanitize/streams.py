"""What comes in pieces: texts and arguments over the events of a stream, tokens of log
probabilities.

A secret that is split over pieces stands in none of them. So the pieces of one text are put
together and looked at as one. What has to go is taken out of the pieces it lies in; every other
piece stays as it was.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.sanitize.edits import Edit, spread
from conformance.sanitize.jsontext import STRING, decoded, encoded, leaves_below, one_of
from conformance.sanitize.page import Page

Finder = Callable[[str], list[Edit]]
"""Returns the settled edits of a text that was put together."""

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
# Members that tell which text of a stream a piece belongs to.
_PLACES = frozenset({"index", "output_index", "content_index", "summary_index", "item_id", "type"})
_NAMED = re.compile(f'"({one_of((*_FIELDS, *_PLACES))})"')
_VALUE = re.compile(r"\s*:\s*" + STRING)
_PLACE = re.compile(r'\s*:\s*("[^"\\]*"|\d+)')
_LOGPROBS = re.compile(r'"logprobs"\s*:\s*(?=[\[{])')
_BYTES = re.compile(r'[^{}]{0,200}?"bytes"\s*:\s*(\[[\d,\s]*\])')


@dataclass(slots=True)
class _Pieces:
    """The pieces of one text, and the span of each: between its quotes, or a line when ``bare``."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    bare: bool = False

    def add(self, span: tuple[int, int], value: str) -> None:
        """Append a piece that says ``value``."""
        self.spans.append(span)
        self.values.append(value)


def split_texts(page: Page, find: Finder) -> Iterator[Edit]:
    """Edits of what only shows when the pieces of a stream's texts are put together."""
    if "data:" not in page.text:
        return
    for pieces in _gathered(page.text).values():
        if len(pieces.values) > 1:
            yield from _rewritten(page.text, pieces, find)


def _gathered(text: str) -> dict[tuple[object, ...], _Pieces]:
    """The pieces of every text of the event stream ``text``.

    The key of a text is the name of its member, its number among the members of that name in its
    event, and the values of the members that tell texts apart.
    """
    texts: dict[tuple[object, ...], _Pieces] = defaultdict(_Pieces)
    last: _EventShape | None = None
    for line in _data_lines(text):
        start, end = line.span(1)
        if not text.startswith("{", start):
            bare = texts["bare",]
            bare.bare = True
            if text[start:end] != "[DONE]":
                bare.add((start, end), text[start:end])
            continue
        if last is not None:
            span = last.value_in(text, start, end)
            if span is not None:
                last.pieces.add(span, text[slice(*span)])
                continue
        places, members = _event(text, start, end)
        numbers: Counter[str] = Counter()
        for name, member in members:
            value = decoded(member[1])
            if value:
                pieces = texts[(name, numbers[name], *places)]
                pieces.add(member.span(1), value)
                if len(members) == 1 and member[0][-1] == '"':
                    before, after = text[start : member.start(1)], text[member.end(1) : end]
                    last = _EventShape(before, after, pieces)
            numbers[name] += 1
    return texts


class _EventShape(NamedTuple):
    """An event whose only text stands between ``before`` and ``after``.

    Most events of a stream differ in that text alone. Comparing the rest with the event before is
    cheaper than searching it for members again.
    """

    before: str
    after: str
    pieces: _Pieces

    def value_in(self, text: str, start: int, end: int) -> tuple[int, int] | None:
        """The span of the text of the event that stands from ``start`` to ``end``.

        None when the event differs elsewhere, its text is empty, or has an escape.
        """
        first, last = start + len(self.before), end - len(self.after)
        if first >= last:
            return None
        if not text.startswith(self.before, start) or not text.startswith(self.after, last):
            return None
        if text.find('"', first, last) >= 0 or text.find("\\", first, last) >= 0:
            return None
        return first, last


def _event(text: str, start: int, end: int) -> tuple[list[str], list[tuple[str, re.Match[str]]]]:
    """Of the event from ``start`` to ``end``: the values that tell which texts it belongs to, and
    name and match of every member that may be a piece of a text."""
    places: list[str] = []
    members: list[tuple[str, re.Match[str]]] = []
    for named in _NAMED.finditer(text, start, end):
        name = named[1]
        if name in _PLACES:
            place = _PLACE.match(text, named.end(), end)
            if place:
                places.append(place[1])
        else:
            value = _VALUE.match(text, named.end(), end)
            if value:
                members.append((name, value))
    return places, members


def _data_lines(text: str) -> Iterator[re.Match[str]]:
    """The data lines of an event stream. ``data:`` within a line begins none."""
    at = text.find("data:")
    while at >= 0:
        if at == 0 or text[at - 1] in "\r\n":
            line = _DATA.match(text, at)
            assert line is not None
            yield line
            at = line.end()
        at = text.find("data:", at + 1)


def _rewritten(text: str, pieces: _Pieces, find: Finder) -> Iterator[Edit]:
    """The edits of ``text`` that take out of the pieces what ``find`` finds in the whole."""
    edits = find("".join(pieces.values))
    if not edits:
        return
    rules = tuple(dict.fromkeys(rule for edit in edits for rule in edit.rules))
    clean = spread(pieces.values, edits)
    for span, before, after in zip(pieces.spans, pieces.values, clean, strict=True):
        if before == after:
            continue
        if not pieces.bare:
            after = encoded(after, text[slice(*span)])
        yield Edit(*span, after, rules)


def log_probabilities(page: Page, find: Finder) -> Iterator[Edit]:
    """Edits of the tokens of log probabilities, put together column by column: the chosen tokens,
    and the others rank by rank.

    The bytes of a token say the same again. Those of a masked token become null, which the API
    allows.
    """
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
    """The path of a token without its first index, which is its position in the text."""
    first = next((place for place, part in enumerate(path) if isinstance(part, int)), len(path))
    return (*path[:first], *path[first + 1 :])
