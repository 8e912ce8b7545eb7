"""Directives: how a prompt steers the emulator (docs/emulator.md).

A directive is ``[[name]]`` or ``[[name:value]]``. One that the emulator does not know has no
effect, but it is taken out of the text like the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"\[\[([a-z][a-z-]*)(?::(.*?))?\]\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Directives:
    """The directives of a text, in order, as (name, value) pairs. A directive without a value has
    an empty one."""

    pairs: tuple[tuple[str, str], ...]

    def has(self, name: str) -> bool:
        """Whether there is a directive ``name``."""
        return any(key == name for key, _ in self.pairs)

    def values(self, name: str) -> tuple[str, ...]:
        """The values of every directive ``name``."""
        return tuple(value for key, value in self.pairs if key == name)

    def first(self, name: str) -> str | None:
        """The value of the first directive ``name``, or None."""
        return next((value for key, value in self.pairs if key == name), None)

    def number(self, name: str, most: int) -> int | None:
        """The value of ``name`` as a whole number, lowered to ``most``; None when it is no
        number."""
        value = (self.first(name) or "").strip()
        if not re.fullmatch(r"[0-9]{1,9}", value, re.ASCII):
            return None
        return min(int(value), most)


def directives(text: str) -> Directives:
    """The directives in ``text``."""
    return Directives(tuple((name, value.strip()) for name, value in _DIRECTIVE.findall(text)))


def plain(text: str) -> str:
    """``text`` without its directives and without white space around it."""
    return _DIRECTIVE.sub("", text).strip()
