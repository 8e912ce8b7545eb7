"""Citations of documents and numbers that only ``docs/facts`` explains."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from figures.checkout import Checkout, kept_files
from figures.figure import Figure, counted

FACTS = "docs/facts/"
_UNOPENED = re.compile(r"wire[-]contract|sdk[-]behaviour|real[-](?:bugs|traffic)|design[ ]section")
"""The names of documents that are not in the repository; written so that it does not find
itself."""
_NUMBER = re.compile(r"(?<![\w#+/.-])[FD][0-9]{1,2}(?![\w-])")
"""Numbers of facts such as F and two digits. One that follows ``#`` is an anchor of a link and is
no finding."""


def figures(checkout: Checkout) -> Iterator[Figure]:
    """Citations that do not resolve: by the name of a document, anywhere; by number, in Python and
    YAML."""
    files = [(path, text) for path, text in kept_files(checkout.root) if not path.startswith(FACTS)]
    yield counted(
        "citations",
        "citations of documents that are not in the repository",
        matches(files, _UNOPENED),
    )
    # Tests make up facts of their own, with numbers of their own.
    numbered = [
        (path, text)
        for path, text in files
        if path.endswith((".py", ".yaml", ".yml")) and not path.startswith("tests/")
    ]
    yield counted(
        "fact-numbers",
        "F- and D-numbers in Python and YAML, outside tests",
        matches(numbered, _NUMBER),
    )


def matches(files: Iterable[tuple[str, str]], pattern: re.Pattern[str]) -> list[str]:
    """Every match of ``pattern`` in ``files`` (path and text), two in a line as two."""
    return [
        f"{path}:{number}: {match[0]}"
        for path, text in files
        for number, line in enumerate(text.split("\n"), 1)
        for match in pattern.finditer(line)
    ]
