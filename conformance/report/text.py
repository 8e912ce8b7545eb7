"""Text for readers: control characters made visible, links made safe, anchors, long texts cut,
times in words.

Everything here is pure. Nothing here escapes markup: each format escapes in its own way, where it
is written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance.suite.facts import REPORT_PAGE

BODY_LIMIT = 8_000
"""Characters of a body that a page shows."""

FRAME_LIMIT = 1_200
"""Characters of one stream event that a page shows."""

FRAME_COUNT_LIMIT = 200
"""Stream events that a page shows of one response."""

DEPTH_LIMIT = 100
"""How deep containers within one another are shown where a value is too deep for the JSON
encoder."""

_TOO_DEEP = "(nested too deeply to show)"

_INVISIBLE = re.compile(
    "["
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 except tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that reorder what a reader sees
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff"  # lone surrogates, which cannot be written as UTF-8
    "\ufdd0-\ufdef\ufffe\uffff\ufeff"  # noncharacters and the byte order mark
    "]"
)


def visible(text: str) -> str:
    """``text`` with every character that a reader would not see, or would be misled by, replaced by
    its name: ``␛`` or ``⟨U+202E⟩``."""
    return _INVISIBLE.sub(_name, text)


def _name(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x20:
        # The block "Control Pictures" has a sign for each of C0, in their order.
        return chr(0x2400 + point)
    return f"⟨U+{point:04X}⟩"


def safe_url(url: str) -> str:
    """``url`` when it is an absolute http or https URL with a host; else the empty string, because
    a link of another scheme (``javascript:``) can run code."""
    if not url.isprintable() or any(character.isspace() for character in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return ""
    return url


_FACT_LINK = re.compile(rf"{re.escape(REPORT_PAGE)}#[\w.-]+", re.ASCII)


def safe_link(url: str) -> str:
    """``url`` when :func:`safe_url` accepts it or it is a fact on the report's page of facts; else
    the empty string."""
    if _FACT_LINK.fullmatch(url):
        return url
    return safe_url(url)


class Anchors:
    """Fragment identifiers for a list of names: made of the names, unique on the page, and the same
    whenever the list is the same. ``in_order`` has one for each name of the list."""

    def __init__(self, prefix: str, names: Iterable[str]) -> None:
        self.in_order: list[str] = []
        self._first: dict[str, str] = {}
        taken: set[str] = set()
        for name in names:
            anchor = _unused(f"{prefix}-{slug(name)}", taken)
            taken.add(anchor)
            self.in_order.append(anchor)
            self._first.setdefault(name, anchor)

    def get(self, name: str) -> str:
        """The anchor of ``name`` (of the first of that name), or the empty string when the list did
        not have it."""
        return self._first.get(name, "")


def _unused(base: str, taken: set[str]) -> str:
    anchor, number = base, 2
    while anchor in taken:
        anchor, number = f"{base}-{number}", number + 1
    return anchor


def slug(text: str) -> str:
    """``text`` in lower case, where one hyphen stands for each run of characters that are neither
    letters nor digits; ``x`` when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


@dataclass(frozen=True, slots=True)
class Cut:
    """The beginning of a text. ``length`` is that of the whole text."""

    text: str
    length: int

    @property
    def dropped(self) -> int:
        """How many characters are not shown."""
        return self.length - len(self.text)


def cut(text: str, limit: int = BODY_LIMIT) -> Cut:
    """At most ``limit`` characters of ``text``, and the length of the whole."""
    return Cut(text[:limit], len(text))


def pretty(value: Any, indent: int | None = 2) -> str:
    """``value`` as JSON with sorted keys, so that two values can be compared line by line; on one
    line when ``indent`` is None."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=True, default=str)
    except RecursionError:
        return json.dumps(
            shallow(value), ensure_ascii=False, indent=indent, sort_keys=True, default=str
        )


def shallow(value: Any, depth: int = DEPTH_LIMIT) -> Any:
    """``value`` with every container that has ``depth`` others around it replaced by words that
    say so."""
    if not isinstance(value, Mapping | list | tuple):
        return value
    if not depth:
        return _TOO_DEEP
    if isinstance(value, Mapping):
        return {key: shallow(item, depth - 1) for key, item in value.items()}
    return [shallow(item, depth - 1) for item in value]


def pretty_body(text: str) -> str:
    """A body from the wire, indented when it is a JSON object or array (its keys stay in their
    order), else as it is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def seconds(value: float) -> str:
    """A duration of ``value`` seconds in the unit a reader would choose: ``40 ms``, ``1.25 s``,
    ``3 min 5 s``; ``unknown`` when it is infinite or not a number."""
    if not math.isfinite(value):
        return "unknown"
    if abs(value) >= 120:
        return f"{int(value // 60)} min {int(value % 60)} s"
    if abs(value) >= 1:
        return f"{value:.2f}".rstrip("0").rstrip(".") + " s"
    return f"{value * 1000:.1f}".rstrip("0").rstrip(".") + " ms"


def instant(text: str) -> str:
    """An ISO 8601 instant in UTC as ``2026-03-02 09:30:00 UTC``; any other text as it is."""
    return re.sub(
        r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)$", r"\1 \2 UTC", text
    )


def count(number: int, noun: str, plural: str = "") -> str:
    """``1 case``, ``2 cases``; ``plural`` for nouns that do not take an s."""
    if number == 1:
        return f"1 {noun}"
    return f"{number:,} {plural or noun + 's'}"


def listing(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    items = list(parts)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
