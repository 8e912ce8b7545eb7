"""A checkout as the figures see it: the Python files of the package, the tests, the benchmarks and
this folder."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

PACKAGE = "conformance"
_NOT_SOURCES = frozenset(
    {
        ".git",
        ".venv",
        ".tox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        "__pycache__",
        "node_modules",
        "target",
        "reports",
    }
)


class SourceFile:
    """A Python file: its path below the root of the checkout, its text, and what the parser makes
    of it.

    Raises SyntaxError when ``tree`` is asked for and the text is no Python.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the syntax tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; a form feed or a line separator within a line ends none."""
        return tuple(self.text.removesuffix("\n").split("\n")) if self.text else ()

    @property
    def is_package(self) -> bool:
        """Whether this is the ``__init__.py`` of a package."""
        return self.path.endswith("__init__.py")

    @property
    def module(self) -> str:
        """The dotted name it is imported by."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def place(self, node: ast.AST, what: str) -> str:
        """``node`` as a line of ``--places``."""
        return f"{self.path}:{getattr(node, 'lineno', 0)}: {what}"


@dataclass(frozen=True, slots=True)
class Checkout:
    """The sources of a checkout. ``scripts`` are the Python files beside the gate."""

    root: Path
    package: tuple[SourceFile, ...]
    tests: tuple[SourceFile, ...] = ()
    benchmarks: tuple[SourceFile, ...] = ()
    scripts: tuple[SourceFile, ...] = ()

    @property
    def outside_tests(self) -> tuple[SourceFile, ...]:
        """Every Python file that is no test."""
        return (*self.package, *self.benchmarks, *self.scripts)


def read_checkout(root: Path) -> Checkout:
    """The checkout at ``root``. Raises OSError where a file cannot be read."""
    return Checkout(
        root,
        package=read_folder(root, PACKAGE),
        tests=read_folder(root, "tests"),
        benchmarks=read_folder(root, "benchmarks"),
        scripts=read_folder(root, ".ci"),
    )


def read_folder(root: Path, folder: str) -> tuple[SourceFile, ...]:
    """The Python files of ``folder`` of the checkout at ``root``, by path."""
    paths = sorted(
        path for path in (root / folder).rglob("*.py") if not _NOT_SOURCES.intersection(path.parts)
    )
    return tuple(
        SourceFile(path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths
    )


def lines_of(files: Iterable[SourceFile]) -> int:
    """How many lines ``files`` have together."""
    return sum(len(file.lines) for file in files)


def kept_files(root: Path) -> Iterator[tuple[str, str]]:
    """Path and text of every file the repository at ``root`` keeps; of every file there when it is
    no repository.

    Files that are not text in UTF-8 are left out.
    """
    for path in _kept_paths(root):
        try:
            text = (root / path).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue  # deleted and not committed, a link to a folder, or an image
        yield path, text


def _kept_paths(root: Path) -> list[str]:
    command = ["git", "-C", str(root), "ls-files", "-z"]
    listed = subprocess.run(command, capture_output=True, check=False)
    if (root / ".git").exists() and listed.returncode == 0:
        return sorted(filter(None, listed.stdout.decode("utf-8").split("\0")))
    files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in files if not _NOT_SOURCES.intersection(path.parts))
