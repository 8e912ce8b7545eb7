"""Made-up checkouts."""

from __future__ import annotations

from pathlib import Path

from figures.checkout import Checkout, SourceFile
from figures.figure import Figure


def source(text: str, path: str = "conformance/run/case.py") -> SourceFile:
    return SourceFile(path, text)


def package(**modules: str) -> tuple[SourceFile, ...]:
    """Modules by dotted name below the package, ``__`` for the dot."""
    return tuple(
        source(text, f"conformance/{name.replace('__', '/')}.py") for name, text in modules.items()
    )


def checkout(*files: SourceFile, root: Path = Path("made-up")) -> Checkout:
    return Checkout(root, package=files)


def value(figures: list[Figure], name: str) -> float | None:
    return next(figure.value for figure in figures if figure.name == name)
