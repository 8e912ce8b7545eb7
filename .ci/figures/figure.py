"""A figure: one number about a checkout, where it comes from, and the bar it has to clear."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """The highest value a figure may have; with ``below`` the value has to be less than that."""

    limit: float
    below: bool = False

    def clears(self, value: float) -> bool:
        """Whether ``value`` is good enough."""
        return value < self.limit if self.below else value <= self.limit

    def __str__(self) -> str:
        return f"{'<' if self.below else '<='} {self.limit:g}"


NONE = Bar(0)
"""The bar of what there must not be at all."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table.

    ``name`` is what ``--places`` takes. ``value`` is None where it could not be measured, which
    misses every bar. ``places`` say what was counted, each as ``file:line: what``; empty for
    figures without places.
    """

    name: str
    title: str
    value: float | None
    bar: Bar | None = None
    places: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the bar is cleared; a figure without a bar is information and always holds."""
        return self.bar is None or (self.value is not None and self.bar.clears(self.value))

    @property
    def shown(self) -> str:
        """The value as the table shows it: whole numbers as they are, others with one decimal."""
        if self.value is None:
            return "unknown"
        if isinstance(self.value, int):
            return str(self.value)
        return f"{self.value:.1f}"


def counted(name: str, title: str, places: list[str], bar: Bar | None = NONE) -> Figure:
    """The figure whose value is the number of ``places``."""
    return Figure(name, title, len(places), bar=bar, places=tuple(places))


def per_thousand(count: int, lines: int) -> float:
    """``count`` things in 1,000 of ``lines`` lines; 0 where there are no lines."""
    return 1000.0 * count / lines if lines else 0.0


def percent(part: int, whole: int) -> float:
    """``part`` of ``whole`` in percent; 0 where there is nothing."""
    return 100.0 * part / whole if whole else 0.0
