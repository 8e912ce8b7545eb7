"""Finding content filter blocks wherever they stand in a JSON value (facts/service#content-filter).

The service writes one idea under several names: ``content_filter_results`` and
``content_filter_result``, in choices, prompt items, images, errors and Responses filters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

Place = Literal["prompt", "choice", "error"]

_BLOCK_NAMES = frozenset({"content_filter_results", "content_filter_result"})
_PROMPT_NAMES = frozenset({"prompt_filter_results", "prompt_filter_result", "prompt_annotations"})
_ERROR_NAMES = frozenset({"error", "innererror", "inner_error"})


@dataclass(frozen=True, slots=True)
class FilterBlock:
    """One block: where it stands (JSON pointer below the response), what it speaks of, its
    categories by name."""

    pointer: str
    place: Place
    categories: dict[str, Any]

    def filtered(self) -> list[str]:
        """The categories that were filtered."""
        return [name for name, entry in self.categories.items() if is_filtered(entry)]

    def entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The categories that are objects, without the entry that says the filter failed."""
        return (
            (name, entry)
            for name, entry in self.categories.items()
            if isinstance(entry, dict) and name != "error"
        )


def is_filtered(entry: Any) -> bool:
    """Whether a category's entry says that content was filtered; block lists may be bare lists of
    entries."""
    if isinstance(entry, list):
        return any(is_filtered(item) for item in entry)
    return isinstance(entry, dict) and entry.get("filtered") is True


def filter_blocks(value: Any, pointer: str, place: Place = "choice") -> Iterator[FilterBlock]:
    """Every block in ``value``, in document order. What a block stands below decides what it speaks
    of."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if not isinstance(item, dict | list):
                return  # a vector or a list of words: nothing below it
            yield from filter_blocks(item, f"{pointer}/{index}", place)
        return
    if not isinstance(value, dict):
        return
    source = value.get("source_type")
    if source == "prompt":
        place = "prompt"
    elif source == "completion":
        place = "choice"
    for name, item in value.items():
        if not isinstance(item, dict | list):
            continue
        below = f"{pointer}/{name}"
        if name in _BLOCK_NAMES and isinstance(item, dict):
            yield FilterBlock(below, place, item)
        elif name in _PROMPT_NAMES and isinstance(item, dict) and not _BLOCK_NAMES & item.keys():
            yield FilterBlock(below, "prompt", item)
        else:
            yield from filter_blocks(item, below, _place_below(name, place))


def _place_below(name: str, place: Place) -> Place:
    """What blocks below the member ``name`` speak of, which itself stands where ``place`` is."""
    if name in _PROMPT_NAMES:
        return "prompt"
    if name in _ERROR_NAMES:
        return "error"
    return place
