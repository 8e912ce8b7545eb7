"""JSON as text: strings, members and places, found without parsing.

A body may be cut off, hold a member twice or be a stream of JSON lines, and what is not touched
must stay byte for byte. A parser would refuse the first, lose half of the second and rewrite the
third. Patterns over tokens do none of this.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from typing import NamedTuple

STRING = r'"([^"\\]*+(?:\\.[^"\\]*+)*+)(?:"|\\?\Z)'
"""The pattern of a string, also of one the text breaks off in."""
# The end of the text counts as a closing quote. That keeps every search linear: a string that is
# never closed would otherwise be read to the end of the text from each quote in it.
ESCAPED = re.compile(r'"([^"\\]*+(?:(?:\\.[^"\\]*+)++|(?=\\\Z)))(?:"|\\?\Z)', re.DOTALL)
"""A string with at least one escape in it."""
_BROKEN = re.compile(r"\\u[0-9a-fA-F]{0,3}\Z")
_DECODER = json.JSONDecoder(strict=False)
_TOKEN = re.compile(STRING + r"\s*(:)?|[{}\[\],]", re.DOTALL)
_FIRST_PART: Mapping[str, int | str] = {"[": 0, "{": ""}
"""The part of a path that a bracket opens: the first index, or a key that is still to come."""


class Leaf(NamedTuple):
    """A string in a JSON text: its path from where the walk began, and the span between its
    quotes."""

    path: tuple[str | int, ...]
    start: int
    end: int


def decoded(inside: str) -> str | None:
    """The reading of the JSON string with ``inside`` between its quotes; None when that is no JSON
    string."""
    if "\\" not in inside:
        return inside
    try:
        return _reading(_DECODER.decode(f'"{_text(inside)}"'))
    except ValueError:
        # The text may break off within an escape (\u00): what stands before it can be read.
        whole = _BROKEN.sub("", inside)
        if whole == inside:
            return None
        return decoded(whole)


def encoded(read: str, like: str) -> str:
    """What stands between the quotes of the JSON string that says ``read``; ASCII only when
    ``like`` is."""
    text = _text(read)
    try:
        return _reading(json.dumps(text, ensure_ascii=like.isascii())[1:-1])
    except UnicodeEncodeError:
        return json.dumps(text, ensure_ascii=True)[1:-1]


def _text(read: str) -> str:
    """The text of a reading. Bytes that are no UTF-8 (the text broke off within a character) become
    lone surrogates."""
    if read.isascii():
        return read
    data = read.encode("latin-1")
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return data.decode("utf-8", "surrogateescape")


def _reading(text: str) -> str:
    """The reading of a text: the reverse of :func:`_text`."""
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("latin-1")


class EscapedString(NamedTuple):
    """A JSON string with escapes: the span between its quotes, and the reading of what it says."""

    start: int
    end: int
    value: str


def escaped_in(text: str) -> list[EscapedString]:
    """Every string of ``text`` with escapes in it, also one that is cut off."""
    if "\\" not in text:
        return []
    strings = []
    # A match cannot begin at a closing quote: outside of strings JSON has no escapes.
    for match in ESCAPED.finditer(text):
        value = decoded(match[1])
        if value is not None:
            strings.append(EscapedString(*match.span(1), value))
    return strings


def blanked(text: str, strings: list[EscapedString]) -> str:
    """``text`` with spaces in place of its escaped ``strings``, so that no escape is read as part
    of a word."""
    if not strings:
        return text
    pieces: list[str] = []
    at = 0
    for string in strings:
        pieces += (text[at : string.start], " " * (string.end - string.start))
        at = string.end
    pieces.append(text[at:])
    return "".join(pieces)


def one_of(words: Iterable[str]) -> str:
    """A pattern that matches any of ``words``.

    It is a tree: words with the same beginning share it, so that a text is compared with one
    character at a time. A plain list of alternatives compares it with every word.
    """
    tree: dict[str, list[str]] = {}
    for word in sorted(set(words)):
        tree.setdefault(word[:1], []).append(word[1:])
    branches = []
    for first, rests in tree.items():
        if rests == [""]:
            branches.append(re.escape(first))
        elif first:
            branches.append(re.escape(first) + one_of(rests))
    pattern = f"(?:{'|'.join(branches)})"
    if "" in tree:
        pattern += "?"
    return pattern


def walk(text: str, start: int) -> Generator[Leaf, None, int]:
    """Yield every string value of the JSON value that begins at or after ``start``, until that
    value ends or the text does. Return where it ended.

    Numbers and constants are passed over. In paths, keys are decoded and array indices count
    from 0.
    """
    path: list[str | int] = []
    arrays: list[bool] = []  # for each open bracket, whether it is square
    for token in _TOKEN.finditer(text, start):
        sign = token[0][0]
        if sign == '"':
            is_key = token[2]
            if is_key:
                if arrays and not arrays[-1]:
                    path[-1] = key_of(token[1])
            else:
                yield Leaf(tuple(path), *token.span(1))
                if not arrays:
                    return token.end()
        elif sign in _FIRST_PART:
            arrays.append(sign == "[")
            path.append(_FIRST_PART[sign])
        elif sign == ",":
            if not arrays:
                return token.start()
            if arrays[-1]:
                path[-1] = int(path[-1]) + 1
        else:
            if arrays:
                arrays.pop()
                path.pop()
            if not arrays:
                return token.end()
    return len(text)


def leaves_below(text: str, openings: re.Pattern[str]) -> Iterator[list[Leaf]]:
    """The strings of every value that a match of ``openings`` introduces.

    Of nested values only the outermost counts, so each part of the text is walked once.
    """
    done = 0
    for opening in openings.finditer(text):
        if opening.start() >= done:
            leaves, done = _leaves(text, opening.end())
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
    if name is None:
        return inside
    return _text(name)


def pointers(text: str, offsets: list[int]) -> list[str]:
    """For each of the rising ``offsets``, the JSON pointer (RFC 6901) of the string it stands in;
    "" when it stands in none. Walks the text once."""
    result = []
    leaves = walk(text, 0)
    leaf = next(leaves, None)
    for at in offsets:
        while leaf is not None and leaf.end < at:
            leaf = next(leaves, None)
        pointer = ""
        if leaf is not None and leaf.start <= at:
            pointer = "".join(map(_part, leaf.path))
        result.append(pointer)
    return result


def _part(part: str | int) -> str:
    return "/" + str(part).replace("~", "~0").replace("/", "~1")
