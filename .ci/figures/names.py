"""Names: classes called alike, variables named by a filler word, public names without a
docstring."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from figures.checkout import Checkout, SourceFile
from figures.figure import Figure, counted, percent

FILLERS = frozenset({"found", "told", "said", "given", "wanted", "own", "one"})
Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def figures(checkout: Checkout) -> Iterator[Figure]:
    """Class names defined twice, the share of filler words, the share of public names with a
    docstring."""
    yield counted("class-names", "class names defined twice", repeated_classes(checkout.package))
    bindings = [(file, node) for file in checkout.package for node in bound(file)]
    filler = [
        file.place(node, name_of(node)) for file, node in bindings if name_of(node) in FILLERS
    ]
    yield Figure(
        "fillers",
        "% of variables named by a filler word",
        percent(len(filler), len(bindings)),
        places=tuple(filler),
    )
    modules = [file for file in checkout.package if file.text.strip()]
    bare = [f"{file.path}:1: module" for file in modules if not ast.get_docstring(file.tree)]
    yield Figure(
        "module-docstrings",
        "% of modules with a docstring",
        percent(len(modules) - len(bare), len(modules)),
        places=tuple(bare),
    )
    public = [(file, node) for file in checkout.package for node in public_names(file.tree)]
    undocumented = [
        file.place(node, node.name) for file, node in public if not ast.get_docstring(node)
    ]
    yield Figure(
        "docstrings",
        "% of public classes and functions with a docstring",
        percent(len(public) - len(undocumented), len(public)),
        places=tuple(undocumented),
    )


def repeated_classes(files: Iterable[SourceFile]) -> list[str]:
    """The class names that stand in more than one place, private and nested ones too, with the
    places."""
    places: dict[str, list[str]] = {}
    for file in files:
        for node in file.nodes:
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(f"{file.path}:{node.lineno}")
    return [
        f"{name}: {', '.join(where)}" for name, where in sorted(places.items()) if len(where) > 1
    ]


def bound(file: SourceFile) -> list[ast.Name | ast.arg]:
    """Every assignment to a name, loop variables and the like among them, and every parameter but
    ``self`` and ``cls``."""
    names = [
        node
        for node in file.nodes
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    parameters = [
        node for node in file.nodes if isinstance(node, ast.arg) and node.arg not in ("self", "cls")
    ]
    return [*names, *parameters]


def name_of(node: ast.Name | ast.arg) -> str:
    """The name that ``node`` binds."""
    return node.id if isinstance(node, ast.Name) else node.arg


def public_names(body: ast.Module | ast.ClassDef) -> Iterator[Documented]:
    """The classes and functions of a module, and the methods of those classes, whose names begin
    with no ``_``."""
    for node in body.body:
        if isinstance(node, Documented) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public_names(node)
