"""Text made fit to show: visible control characters, safe links, anchors, lengths and times as
people read them.

Everything here is pure. Nothing in this module escapes markup: each format escapes in its own way,
once, at its edge.
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
FRAME_LIMIT = 1_200
FRAME_COUNT_LIMIT = 200
DEPTH_LIMIT = 100
_TOO_DEEP = "(nested too deeply to show)"

# C0 (except tab and newline), DEL, C1, lone surrogates, noncharacters, and the marks that reorder
# what a reader sees.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef"
    "\ufeff\ufffe\uffff]"
)


def visible(text: str) -> str:
    """``text`` with each character that would be invisible, illegal or misleading replaced by one
    that names it."""
    return _INVISIBLE.sub(_name, text)


def _name(match: re.Match[str]) -> str:
    point = ord(match[0])
    if point < 0x20:
        return chr(0x2400 + point)
    return f"⟨U+{point:04X}⟩"


def safe_url(url: str) -> str:
    """``url`` when it is an absolute http(s) URL with a host, else the empty string: other schemes
    are never links."""
    if not url.isprintable() or any(character.isspace() for character in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in ("http", "https") and parts.netloc else ""


_FACT_LINK = re.compile(rf"{re.escape(REPORT_PAGE)}#[\w.-]+", re.ASCII)


def safe_link(url: str) -> str:
    """As :func:`safe_url`, and a fact on the report's page of facts."""
    return url if _FACT_LINK.fullmatch(url) else safe_url(url)


class Anchors:
    """Fragment identifiers for a list of names: readable, unique, and the same for the same
    list."""

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
        """The anchor of ``name``, or the empty string when the page has none for it."""
        return self._first.get(name, "")


def _unused(wanted: str, taken: set[str]) -> str:
    anchor, number = wanted, 2
    while anchor in taken:
        anchor, number = f"{wanted}-{number}", number + 1
    return anchor


def slug(text: str) -> str:
    """``text`` in lower case with every run of other characters than letters and digits as one
    hyphen."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "x"


@dataclass(frozen=True, slots=True)
class Cut:
    """A text cut at a stated length. ``dropped`` counts the characters that are not shown."""

    text: str
    length: int

    @property
    def dropped(self) -> int:
        return self.length - len(self.text)


def cut(text: str, limit: int = BODY_LIMIT) -> Cut:
    """At most ``limit`` characters of ``text``, and the length of the whole."""
    return Cut(text[:limit], len(text))


def pretty(value: Any, indent: int | None = 2) -> str:
    """``value`` as indented JSON with sorted keys, so that two values can be compared line by
    line."""
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, sort_keys=True, default=str)
    except RecursionError:
        return json.dumps(
            shallow(value), ensure_ascii=False, indent=indent, sort_keys=True, default=str
        )


def shallow(value: Any, depth: int = DEPTH_LIMIT) -> Any:
    """``value`` with whatever is nested deeper than ``depth`` containers replaced by words that say
    so."""
    if isinstance(value, Mapping):
        return (
            {key: shallow(item, depth - 1) for key, item in value.items()} if depth else _TOO_DEEP
        )
    if isinstance(value, list | tuple):
        return [shallow(item, depth - 1) for item in value] if depth else _TOO_DEEP
    return value


def pretty_body(text: str) -> str:
    """A wire body indented when it is a JSON object or array (its own key order kept), else as it
    is."""
    if not text.lstrip().startswith(("{", "[")):
        return text
    try:
        return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        return text


def seconds(value: float) -> str:
    """A duration given in seconds, in the unit a reader would choose: ``40 ms``, ``1.25 s``,
    ``3 min 5 s``."""
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
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def listing(parts: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    items = list(parts)
    return (
        items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
    )
