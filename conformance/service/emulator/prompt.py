"""How a prompt steers the emulator: directives in double square brackets (docs/emulator.md).

``[[name]]`` or ``[[name:value]]``. A directive the emulator does not know is ordinary text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"\[\[([a-z][a-z-]*)(?::(.*?))?\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Directives:
    """The directives of a text, in order, as (name, value) pairs; a value that is not given is
    empty."""

    pairs: tuple[tuple[str, str], ...]

    def has(self, name: str) -> bool:
        return any(key == name for key, _ in self.pairs)

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.pairs if key == name)

    def first(self, name: str) -> str | None:
        return next((value for key, value in self.pairs if key == name), None)

    def number(self, name: str, most: int) -> int | None:
        """The value of ``name`` as a whole number of at most ``most``, or None when it is none."""
        value = (self.first(name) or "").strip()
        return min(int(value), most) if re.fullmatch(r"[0-9]{1,9}", value, re.ASCII) else None


def directives(text: str) -> Directives:
    """The directives in ``text``."""
    return Directives(tuple((name, value.strip()) for name, value in _DIRECTIVE.findall(text)))


def plain(text: str) -> str:
    """``text`` without its directives, outer spaces removed."""
    return _DIRECTIVE.sub("", text).strip()
