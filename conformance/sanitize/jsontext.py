"""JSON as text: strings, members and places, found without parsing.

A body may be cut off, hold a member twice or be a stream of JSON lines, and what is not touched
must stay byte for byte. A parser would refuse the first, lose half of the second and rewrite the
third; patterns over tokens do none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

STRING = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|\\?\Z)'
"""A string, also one the text breaks off in. That the end counts as a quote keeps every search
linear: a string that is never closed would otherwise be read to the end of the text from each quote
in it."""
ESCAPED = re.compile(r'"([^"\\]*+(?:(?:\\.[^"\\]*+)++|(?=\\\Z)))(?:"|\\?\Z)', re.DOTALL)
_BROKEN = re.compile(r"\\u[0-9a-fA-F]{0,3}\Z")
_DECODER = json.JSONDecoder(strict=False)
_TOKEN = re.compile(STRING + r"\s*(:)?|[{}\[\],]", re.DOTALL)


class Leaf(NamedTuple):
    """A string in a JSON text: its path below where the walk began, and the span between its
    quotes."""

    path: tuple[str | int, ...]
    start: int
    end: int


def decoded(inside: str) -> str | None:
    """The reading of the JSON string with ``inside`` between its quotes, or None when that is no
    JSON string."""
    if "\\" not in inside:
        return inside
    try:
        return _reading(_DECODER.decode(f'"{_text(inside)}"'))
    except ValueError:
        whole = _BROKEN.sub("", inside)
        return decoded(whole) if whole != inside else None


def encoded(read: str, like: str) -> str:
    """What stands between the quotes of the JSON string of ``read``; ASCII only when ``like``
    was."""
    text = _text(read)
    try:
        return _reading(json.dumps(text, ensure_ascii=like.isascii())[1:-1])
    except UnicodeEncodeError:
        return json.dumps(text, ensure_ascii=True)[1:-1]


def _text(read: str) -> str:
    """The text of a reading; bytes that are no UTF-8 (a character the text broke off in) become
    lone surrogates."""
    if read.isascii():
        return read
    data = read.encode("latin-1")
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def _reading(text: str) -> str:
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("latin-1")


class Escaped(NamedTuple):
    """A JSON string with escapes: the span between its quotes, and what it says."""

    start: int
    end: int
    value: str


def escaped_in(text: str) -> list[Escaped]:
    """Every string with escapes in it, also one that is cut off. A match cannot begin at a closing
    quote: outside of strings JSON has no escapes."""
    if "\\" not in text:
        return []
    found = [(match.span(1), decoded(match[1])) for match in ESCAPED.finditer(text)]
    return [Escaped(*span, value) for span, value in found if value is not None]


def blanked(text: str, strings: list[Escaped]) -> str:
    """``text`` with its escaped ``strings`` made spaces, so that an escape is not read as part of a
    word."""
    pieces: list[str] = []
    at = 0
    for string in strings:
        pieces += (text[at : string.start], " " * (string.end - string.start))
        at = string.end
    return "".join((*pieces, text[at:])) if pieces else text


def one_of(words: Iterable[str]) -> str:
    """A pattern of ``words`` that decides by one character at a time, as a list of alternatives
    does not."""
    tree: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        tree.setdefault(word[:1], []).append(word[1:])
    branches = [
        re.escape(first) + (one_of(rest) if rest != [""] else "")
        for first, rest in tree.items()
        if first
    ]
    return f"(?:{'|'.join(branches)}){'?' if '' in tree else ''}"


def walk(text: str, start: int) -> Generator[Leaf, None, int]:
    """Every string value of the JSON value that begins at or after ``start``, until that value ends
    or the text does.

    Indices count within arrays; keys are decoded. Numbers and constants are passed over. Returns
    where it ended.
    """
    path: list[str | int] = []
    arrays: list[bool] = []
    for found in _TOKEN.finditer(text, start):
        sign = found[0][0]
        if sign == '"':
            if found[2]:
                if arrays and not arrays[-1]:
                    path[-1] = key_of(found[1])
            else:
                yield Leaf(tuple(path), *found.span(1))
                if not arrays:
                    return found.end()
        elif sign in "{[":
            arrays.append(sign == "[")
            path.append(0 if sign == "[" else "")
        elif sign == ",":
            if not arrays:
                return found.start()
            if arrays[-1]:
                path[-1] = int(path[-1]) + 1
        else:
            if arrays:
                arrays.pop()
                path.pop()
            if not arrays:
                return found.end()
    return len(text)


def leaves_below(text: str, openings: re.Pattern[str]) -> Iterator[list[Leaf]]:
    """The strings of every value that an opening of ``openings`` begins, outermost values only:
    each part of the text is walked once, however the values are nested."""
    done = 0
    for found in openings.finditer(text):
        if found.start() >= done:
            leaves, done = _leaves(text, found.end())
            yield leaves


def _leaves(text: str, start: int) -> tuple[list[Leaf], int]:
    """The strings of the value at ``start``, and where the value ends."""
    walker = walk(text, start)
    leaves: list[Leaf] = []
    while True:
        try:
            leaves.append(next(walker))
        except StopIteration as stop:
            return leaves, stop.value


def key_of(inside: str) -> str:
    """A member's name as text."""
    name = decoded(inside)
    return inside if name is None else _text(name)


def pointers(text: str, offsets: list[int]) -> list[str]:
    """The JSON pointer (RFC 6901) of the string each of the rising ``offsets`` stands in, "" when
    in none; one walk."""
    result = []
    leaves = walk(text, 0)
    leaf = next(leaves, None)
    for at in offsets:
        while leaf is not None and leaf.end < at:
            leaf = next(leaves, None)
        inside = leaf is not None and leaf.start <= at
        result.append("".join(map(_part, leaf.path)) if leaf is not None and inside else "")
    return result


def _part(part: str | int) -> str:
    return "/" + str(part).replace("~", "~0").replace("/", "~1")
