"""How a value is put into a sentence."""

from __future__ import annotations


def shortened(text: str, limit: int, mark: str = "...") -> str:
    """``text`` in at most ``limit`` characters, of which ``mark`` ends what was cut."""
    if len(text) <= limit:
        return text
    return text[: limit - len(mark)] + mark
