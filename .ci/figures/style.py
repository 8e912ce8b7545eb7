"""Style that can be counted: width of lines, conditional expressions, positional arguments,
comprehensions, comments.

A density is per 1,000 lines of the files, empty lines and comments among them.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable, Iterator

from figures.checkout import Checkout, SourceFile, lines_of
from figures.figure import NONE, Bar, Figure, counted, per_thousand, percent

COLUMNS = 100
POSITIONAL = 4
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def figures(checkout: Checkout) -> Iterator[Figure]:
    """Width, nesting, density and calls; of the package where no other folder is named."""
    package, lines = checkout.package, lines_of(checkout.package)
    yield _width("wide-lines", "", package, Bar(1, below=True))
    yield _width("wide-lines-tests", " in tests", checkout.tests, None)
    yield _width(
        "wide-lines-benchmarks",
        " in benchmarks and .ci",
        (*checkout.benchmarks, *checkout.scripts),
        None,
    )
    yield counted(
        "nested-conditionals",
        "conditional expressions within another",
        [place for file in package for place in nested_conditionals(file)],
    )
    conditionals = nodes_of(package, ast.IfExp)
    yield Figure(
        "conditionals",
        "conditional expressions per 1,000 lines",
        per_thousand(len(conditionals), lines),
        bar=Bar(15, below=True),
        places=conditionals,
    )
    yield counted(
        "positional",
        f"calls with more than {POSITIONAL} positional arguments, outside tests",
        [place for file in checkout.outside_tests for place in positional_calls(file)],
        NONE,
    )
    comprehensions = nodes_of(package, *_COMPREHENSIONS)
    yield Figure(
        "comprehensions", "comprehensions per 1,000 lines", per_thousand(len(comprehensions), lines)
    )
    comments = sum(len(comment_lines(file)) for file in package)
    yield Figure("comments", "lines that are a comment, per 1,000", per_thousand(comments, lines))


def _width(name: str, where: str, files: tuple[SourceFile, ...], bar: Bar | None) -> Figure:
    wide = [
        f"{file.path}:{number}: {len(line)} columns"
        for file in files
        for number, line in wide_lines(file)
    ]
    return Figure(
        name,
        f"% of lines over {COLUMNS} columns{where}",
        percent(len(wide), lines_of(files)),
        bar=bar,
        places=tuple(wide),
    )


def wide_lines(file: SourceFile) -> list[tuple[int, str]]:
    """Number and text of the lines of ``file`` that have more than 100 characters."""
    return [(number, line) for number, line in enumerate(file.lines, 1) if len(line) > COLUMNS]


def nodes_of(files: Iterable[SourceFile], *kinds: type[ast.expr]) -> tuple[str, ...]:
    """The places of every node of one of ``kinds`` in ``files``."""
    return tuple(
        file.place(node, ast.unparse(node).partition("\n")[0])
        for file in files
        for node in file.nodes
        if isinstance(node, kinds)
    )


def nested_conditionals(file: SourceFile) -> list[str]:
    """The conditional expressions of ``file`` that stand within another, at any depth of the same
    expression."""
    inner = {
        id(below): below
        for node in file.nodes
        if isinstance(node, ast.IfExp)
        for below in ast.walk(node)
        if isinstance(below, ast.IfExp) and below is not node
    }
    return [file.place(node, ast.unparse(node)) for node in inner.values()]


def positional_calls(file: SourceFile) -> list[str]:
    """The calls in ``file`` with more than four arguments that are not named; ``*many`` is one of
    them."""
    calls = (
        node for node in file.nodes if isinstance(node, ast.Call) and len(node.args) > POSITIONAL
    )
    return [file.place(node, f"{ast.unparse(node.func)} with {len(node.args)}") for node in calls]


def comment_lines(file: SourceFile) -> list[int]:
    """The numbers of the lines of ``file`` that are nothing but a ``#`` comment."""
    tokens = tokenize.generate_tokens(io.StringIO(file.text).readline)
    return [
        token.start[0]
        for token in tokens
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#")
    ]
