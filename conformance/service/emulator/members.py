"""Reading members of JSON that nobody has checked yet. A value of another type reads as none."""

from __future__ import annotations

from typing import Any


def object_or_empty(value: Any) -> dict[str, Any]:
    """``value`` if it is a JSON object, else an empty one."""
    if isinstance(value, dict):
        return value
    return {}


def array_or_empty(value: Any) -> list[Any]:
    """``value`` if it is a JSON array, else an empty one."""
    if isinstance(value, list):
        return value
    return []


def text_or(value: Any, default: str) -> str:
    """``value`` if it is a text, else ``default``."""
    if isinstance(value, str):
        return value
    return default


def number_or_none(value: Any) -> float | int | None:
    """``value`` if it is a number (JSON's true and false are none), else None."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    return None
