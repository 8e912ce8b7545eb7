"""The published facts, ``docs/facts``: pages of Markdown with anchors, and what a citation of one
names.

A citation is ``page#anchor``, as in ``service#retry-headers``; in running text ``facts/`` stands
before it. An anchor is written into the page as ``<a id="retry-headers"></a>``, so that it stays
when a heading changes. Reading the pages is the only input here; everything else is pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPORT_PAGE = "facts.html"
"""The page of a report that holds the facts its other pages cite."""

_PAGE = r"[a-z]+"
_ANCHOR = r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_REFERENCE = re.compile(rf"({_PAGE})#({_ANCHOR})")
_CITATION = re.compile(rf"(?<![\w/.])(?:docs/)?facts/({_PAGE})(?:\.md)?#({_ANCHOR})")
_WRITTEN = re.compile(rf'<a id="({_ANCHOR})"></a>')
_HEADING = re.compile(r"(#+) (.+)")
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) ")


@dataclass(frozen=True, slots=True, order=True)
class FactRef:
    """One fact by its page, without ``.md``, and the anchor on it."""

    page: str
    anchor: str

    @classmethod
    def parse(cls, text: str) -> FactRef | None:
        """The reference that ``text`` is, such as ``sdks#f24``; None when it is something else."""
        match = _REFERENCE.fullmatch(text)
        return cls(match[1], match[2]) if match else None

    def __str__(self) -> str:
        return f"{self.page}#{self.anchor}"

    @property
    def fragment(self) -> str:
        """The id of this fact on a report's page of facts."""
        return f"{self.page}-{self.anchor}"

    @property
    def url(self) -> str:
        """Where a report shows this fact, relative to its other pages."""
        return f"{REPORT_PAGE}#{self.fragment}"


@dataclass(frozen=True, slots=True)
class Citation:
    """A reference within a text: characters ``start`` to ``end``, the end not included."""

    ref: FactRef
    start: int
    end: int


def citations(text: str) -> Iterator[Citation]:
    """The facts that running text cites, such as ``facts/sdks#f24`` and
    ``docs/facts/sdks.md#f24``."""
    for match in _CITATION.finditer(text):
        yield Citation(FactRef(match[1], match[2]), match.start(), match.end())


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact as it is published: its title and its text, Markdown without anchors."""

    ref: FactRef
    title: str
    text: str


class Facts:
    """The pages by name, and the facts on them by their anchors."""

    def __init__(self, pages: dict[str, str]) -> None:
        self._lines = {page: text.splitlines() for page, text in sorted(pages.items())}

    @cached_property
    def _places(self) -> dict[FactRef, int]:
        """The line, from 0, that each anchor is written in."""
        return {
            FactRef(page, anchor): number
            for page, lines in self._lines.items()
            for number, line in enumerate(lines)
            for anchor in _WRITTEN.findall(line)
        }

    @property
    def pages(self) -> tuple[str, ...]:
        return tuple(self._lines)

    @property
    def refs(self) -> tuple[FactRef, ...]:
        """Every fact, by page and then in the order it is written in."""
        return tuple(self._places)

    def __contains__(self, ref: FactRef) -> bool:
        return ref in self._places

    def nearest(self, ref: FactRef) -> FactRef | None:
        """The fact that ``ref`` may have meant: the same anchor elsewhere, else the most
        similar."""
        elsewhere = [str(known) for known in self._places if known.anchor == ref.anchor]
        known = elsewhere or [str(known) for known in self._places]
        # An anchor that exists is what was meant, however unlike its page is to the one written.
        similar = difflib.get_close_matches(str(ref), known, n=1, cutoff=0.0 if elsewhere else 0.6)
        return FactRef.parse(similar[0]) if similar else None

    def get(self, ref: FactRef) -> Fact | None:
        """The fact that ``ref`` names; None when there is none."""
        number = self._places.get(ref)
        if number is None:
            return None
        lines = self._lines[ref.page]
        text = "\n".join(_excerpt(lines, number))
        return Fact(ref, _title(lines, number), _WRITTEN.sub("", text).strip())


def load_facts(folder: Path) -> Facts:
    """The facts of the pages in ``folder``. Its README is an index and holds none."""
    return Facts(
        {
            path.stem: path.read_text(encoding="utf-8")
            for path in folder.glob("*.md")
            if path.stem != "README"
        }
    )


def _title(lines: list[str], number: int) -> str:
    """The heading the anchor belongs to; for a row of a table with what its first cell says."""
    ahead = _next_written(lines, number) if _is_bare(lines[number]) else number
    headings = [match[2] for line in lines[: ahead + 1] if (match := _HEADING.fullmatch(line))]
    title = headings[-1] if headings else ""
    if lines[number].startswith("|"):
        cell = _WRITTEN.sub("", lines[number].strip("|").split(" | ")[0]).strip()
        return f"{title}: {cell}" if title else cell
    return title


def _excerpt(lines: list[str], number: int) -> list[str]:
    """The lines of the fact whose anchor is written in line ``number``."""
    line = lines[number]
    if line.startswith("|"):
        return _row(lines, number)
    if not _is_bare(line):
        return _paragraph(lines, number)
    ahead = _next_written(lines, number)
    heading = _HEADING.fullmatch(lines[ahead])
    if heading is None:
        return _block(lines, ahead)
    return _section(lines, ahead, len(heading[1]))


def _is_bare(line: str) -> bool:
    """Whether a line holds anchors and nothing else: they belong to what comes next."""
    return not _WRITTEN.sub("", line).strip()


def _next_written(lines: list[str], number: int) -> int:
    while number + 1 < len(lines) and _is_bare(lines[number]):
        number += 1
    return number


def _row(lines: list[str], number: int) -> list[str]:
    """A row under the head of its table."""
    head = number
    while head > 0 and lines[head - 1].startswith("|"):
        head -= 1
    return [*lines[head : head + 2], lines[number]]


def _paragraph(lines: list[str], number: int) -> list[str]:
    """A line with what continues it, up to the next anchor, item of the same list, or empty
    line."""
    is_item = _ITEM.match(lines[number]) is not None
    end = number + 1
    while end < len(lines) and lines[end].strip() and not lines[end].startswith("<a id="):
        if is_item and _ITEM.match(lines[end]):
            break
        end += 1
    return lines[number:end]


def _block(lines: list[str], start: int) -> list[str]:
    end = start
    while end < len(lines) and lines[end].strip():
        end += 1
    return lines[start:end]


def _section(lines: list[str], start: int, level: int) -> list[str]:
    """What stands below a heading, up to the next one that is as high."""
    end = start + 1
    while end < len(lines):
        heading = _HEADING.fullmatch(lines[end])
        if heading is not None and len(heading[1]) <= level:
            break
        end += 1
    return lines[start + 1 : end]
