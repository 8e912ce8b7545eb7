"""Whether what a suite cites can be opened: facts by their anchors, addresses on the web by their
form.

Nothing is fetched. Every problem is an InputError with file:line:column and, for a fact, the anchor
that may have been meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from conformance.errors import InputError, Where
from conformance.suite.facts import FactRef, Facts, citations

_HOST = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_ISSUE = re.compile(r"https://github\.com/[\w.-]+/[\w.-]+/(issues|pull|discussions)/\d+(#[\w-]+)?")

Place = Callable[[Sequence[str | int]], Where]
"""The position in a file of the value at a path of keys and indexes."""


def source_problems(document: Any, place: Place, facts: Facts) -> Iterator[InputError]:
    """What cannot be opened of the sources of a scenario or contract, read as plain values.

    A source is a mapping below ``source`` or ``sources``, wherever in the document that is.
    """
    for path, source in _sources(document, ()):
        if isinstance(source.get("fact"), str):
            yield from _fact(source["fact"], place([*path, "fact"]), facts)
        for kind in ("url", "issue"):
            problem = link_problem(source[kind], kind) if isinstance(source.get(kind), str) else ""
            if problem:
                yield InputError(
                    "link-form",
                    problem,
                    "write the whole address, as a browser has it",
                    place([*path, kind]),
                )


def text_problems(text: str, file: str, facts: Facts) -> Iterator[InputError]:
    """What running text cites and ``facts`` does not have; ``file`` is the name that is shown."""
    for citation in citations(text):
        if citation.ref not in facts:
            line = text.count("\n", 0, citation.start) + 1
            column = citation.start - text.rfind("\n", 0, citation.start)
            yield _unknown(citation.ref, Where(file, line, column), facts)


def link_problem(url: str, kind: str = "url") -> str:
    """What is wrong with the form of an address; empty when nothing is.

    ``kind`` ``issue`` asks for an issue, pull request or discussion on GitHub.
    """
    if any(character.isspace() or not character.isprintable() for character in url):
        return f"{url!r} has characters that no address has"
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        return f"{url!r} is no address: {error}"
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host):
        return f"{url!r} is no address of a page on the web"
    if kind == "issue" and not _ISSUE.fullmatch(url):
        return f"{url!r} is no issue, pull request or discussion on GitHub"
    return ""


def _sources(
    value: Any, path: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "source" and isinstance(item, dict):
                yield (*path, key), item
            elif key == "sources" and isinstance(item, list):
                yield from (
                    ((*path, key, index), entry)
                    for index, entry in enumerate(item)
                    if isinstance(entry, dict)
                )
            else:
                yield from _sources(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _sources(item, (*path, index))


def _fact(text: str, where: Where, facts: Facts) -> Iterator[InputError]:
    """A fact is a reference, or a sentence that states it: one without ``#`` that names no page."""
    ref = FactRef.parse(text)
    if ref is not None:
        if ref not in facts:
            yield _unknown(ref, where, facts)
    elif "#" in text or text.split(maxsplit=1)[0].rstrip(",:;") in facts.pages:
        yield InputError(
            "fact-form",
            f"{text!r} is no reference to a fact",
            "write page#anchor, as in service#retry-headers",
            where,
        )


def _unknown(ref: FactRef, where: Where, facts: Facts) -> InputError:
    near = facts.nearest(ref)
    if ref.page not in facts.pages:
        cause = f"there is no page {ref.page!r} of facts"
    else:
        cause = f"the facts have no {str(ref)!r}"
    hint = f"did you mean {str(near)!r}?" if near else f"pages: {', '.join(facts.pages)}"
    return InputError("fact-unknown", cause, hint, where)
