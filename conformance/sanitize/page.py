"""A text under inspection, and what detectors may ask about it.

Texts are worked on as Latin-1 readings of their bytes: one character is one byte, so positions are
byte offsets, no body is undecodable, and what is not touched stays byte for byte. All that is
looked for is ASCII.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from conformance.sanitize.aliases import Aliases

STRETCH = 2048
"""The most characters looked at on one side of a find, so that no detector is quadratic."""


def reading(text: str) -> str:
    """The Latin-1 reading of the UTF-8 bytes of ``text``."""
    return text if text.isascii() else text.encode("utf-8", "surrogatepass").decode("latin-1")


def writing(read: str) -> str:
    """The text whose :func:`reading` is ``read``."""
    return read if read.isascii() else read.encode("latin-1").decode("utf-8", "surrogatepass")


@dataclass(frozen=True)
class Page:
    """``text`` as reading; ``inner`` when it stands inside another text (a string in JSON, base64),
    where the members of an answer's envelope, such as time stamps, mean nothing; ``binary`` when
    only secrets count."""

    text: str
    aliases: Aliases
    inner: bool = False
    binary: bool = False
    noise: bool = True
    lenient: bool = False

    @cached_property
    def low(self) -> str:
        return self.text.lower()

    @cached_property
    def data(self) -> bytes:
        return self.text.encode("latin-1")


def left_of(text: str, at: int, allowed: frozenset[str]) -> int:
    """The start of the run of ``allowed`` characters that ends at ``at``."""
    start, least = at, max(0, at - STRETCH)
    while start > least and text[start - 1] in allowed:
        start -= 1
    return start


def unescaped(text: str, start: int, end: int) -> int:
    """``start`` moved behind the rest of a percent escape (``%2F``, ``%252F``) that a run began
    with."""
    if start and text[start - 1] == "%":
        while text.startswith("25", start):
            start += 2
        start += 2
    return min(start, end)
