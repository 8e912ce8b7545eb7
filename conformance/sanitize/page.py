"""A text under inspection, and what detectors may ask about it.

Texts are worked on as Latin-1 readings of their bytes: one character is one byte. So positions are
byte offsets, no body is undecodable, and what is not touched stays byte for byte. All that is
looked for is ASCII.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from conformance.sanitize.aliases import Aliases
from conformance.sanitize.edits import Edit

STRETCH = 2048
"""The most characters looked at on one side of a match, so that no detector is quadratic."""


def reading(text: str) -> str:
    """The Latin-1 reading of the UTF-8 bytes of ``text``."""
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def writing(read: str) -> str:
    """The text whose :func:`reading` is ``read``."""
    if read.isascii():
        return read
    return read.encode("latin-1").decode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Page:
    """A reading, the aliases that are in use, and how the text is to be looked at.

    - ``inner``: the text stands inside another text (a string in JSON, base64). The members of an
      answer's envelope, such as time stamps, then mean nothing.
    - ``binary``: the text is none, so only secrets count.
    - ``noise``: what merely differs between recordings (ids, times) is taken out as well.
    - ``lenient``: names that documentation uses for names are let through.
    """

    text: str
    aliases: Aliases
    inner: bool = False
    binary: bool = False
    noise: bool = True
    lenient: bool = False

    @cached_property
    def low(self) -> str:
        """The text in lower case; every character keeps its position."""
        return self.text.lower()

    @cached_property
    def data(self) -> bytes:
        """The bytes that ``text`` is the reading of."""
        return self.text.encode("latin-1")


Detector = Callable[[Page], Iterator[Edit]]
"""Looks for one sort of thing on a page; yields what is to be replaced, overlaps allowed."""


def left_of(text: str, at: int, allowed: frozenset[str]) -> int:
    """The start of the run of ``allowed`` characters that ends at ``at``."""
    start, least = at, max(0, at - STRETCH)
    while start > least and text[start - 1] in allowed:
        start -= 1
    return start


def unescaped(text: str, start: int, end: int) -> int:
    """``start``, moved behind the rest of a percent escape (``%2F``, ``%252F``) when the run from
    ``start`` to ``end`` begins within one."""
    if start and text[start - 1] == "%":
        while text.startswith("25", start):
            start += 2
        start += 2
    return min(start, end)
