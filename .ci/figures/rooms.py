"""Rooms and circles: which module imports which, against the order of the import contract in
``pyproject.toml``.

Every import statement counts, in functions and under ``TYPE_CHECKING`` too, as import-linter counts
them.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from figures.checkout import PACKAGE, Checkout, SourceFile
from figures.figure import Figure, counted

Graph = Mapping[str, frozenset[str]]
"""Imported modules by importing module."""


def figures(checkout: Checkout) -> Iterator[Figure]:
    """Arrows up, rooms nobody ordered, circles of modules, circles of siblings."""
    graph = import_graph(checkout.package)
    floors = floors_of(checkout.root / "pyproject.toml")
    yield counted("arrows-up", "imports from a room into one above it", arrows_up(graph, floors))
    yield counted(
        "rooms-unordered", "modules in no room of the import contract", unordered(graph, floors)
    )
    yield counted(
        "circles", "circles of modules", [" <> ".join(sorted(circle)) for circle in circles(graph)]
    )
    yield counted(
        "sibling-circles", "circles among the siblings of a package", sibling_circles(graph)
    )


def import_graph(files: Iterable[SourceFile]) -> Graph:
    """What each module imports of ``files`` themselves. ``from package import name`` is an import
    of the module of that name where there is one, and of the package where there is none."""
    by_name = {file.module: file for file in files}
    return {name: frozenset(_imports(file, by_name)) - {name} for name, file in by_name.items()}


def _imports(file: SourceFile, modules: Mapping[str, object]) -> Iterator[str]:
    for node in file.nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            package = _source(file, node)
            for alias in node.names:
                name = f"{package}.{alias.name}"
                if name in modules:
                    yield name
                elif package in modules:
                    yield package


def _source(file: SourceFile, node: ast.ImportFrom) -> str:
    """The absolute name of what ``node`` imports from."""
    if not node.level:
        return node.module or ""
    parts = file.module.split(".")
    above = parts[: len(parts) - node.level + file.is_package]
    return ".".join([*above, *filter(None, [node.module])])


def floors_of(pyproject: Path) -> dict[str, int]:
    """The floor of each room, from 0 for the top: the layers of the first layers contract. Rooms of
    one line, divided by ``:`` or ``|``, share a floor. Empty without such a contract."""
    settings: dict[str, Any] = tomllib.loads(pyproject.read_text("utf-8"))
    contracts = settings.get("tool", {}).get("importlinter", {}).get("contracts", [])
    contract: dict[str, Any] = next(
        (item for item in contracts if item.get("type") == "layers"), {}
    )
    floors: dict[str, int] = {}
    for floor, line in enumerate(contract.get("layers", [])):
        for room in line.replace("|", ":").split(":"):
            name = room.strip().strip("()")
            for container in contract.get("containers", [""]):
                floors[f"{container}.{name}".strip(".")] = floor
    return floors


def _room(module: str, floors: Mapping[str, int]) -> str:
    """The innermost room ``module`` is in; empty for none."""
    rooms = [room for room in floors if module == room or module.startswith(f"{room}.")]
    return max(rooms, key=len, default="")


def arrows_up(graph: Graph, floors: Mapping[str, int]) -> list[str]:
    """Every pair of rooms of which the lower imports the upper, with the first import that does."""
    arrows: dict[tuple[str, str], str] = {}
    for module, imported in sorted(graph.items()):
        for other in sorted(imported):
            lower, upper = _room(module, floors), _room(other, floors)
            if lower and upper and floors[lower] > floors[upper]:
                arrows.setdefault((lower, upper), f"{lower} -> {upper}: {module} imports {other}")
    return list(arrows.values())


def unordered(graph: Graph, floors: Mapping[str, int]) -> list[str]:
    """The modules the contract says nothing of, but for the package itself."""
    return [module for module in sorted(graph) if module != PACKAGE and not _room(module, floors)]


def sibling_circles(graph: Graph) -> list[str]:
    """The circles among the children of each package, where a child imports another when anything
    in it imports anything in the other. import-linter's ``acyclic_siblings`` is the gate for the
    same."""
    parts = (module.split(".") for module in graph)
    packages = {".".join(names[:depth]) for names in parts for depth in range(1, len(names))}
    lines: list[str] = []
    for package in sorted(packages):
        squashed: dict[str, set[str]] = {}
        for module, imported in graph.items():
            child = _child(package, module)
            if child:
                others = {_child(package, other) for other in imported} - {"", child}
                squashed.setdefault(child, set()).update(others)
        children = {child: frozenset(others) for child, others in squashed.items()}
        lines += [f"{package}: {' <> '.join(sorted(circle))}" for circle in circles(children)]
    return lines


def _child(package: str, module: str) -> str:
    """The name of the child of ``package`` that ``module`` is or is in; empty for none."""
    return (
        module.removeprefix(f"{package}.").partition(".")[0]
        if module.startswith(f"{package}.")
        else ""
    )


def circles(graph: Graph) -> list[frozenset[str]]:
    """The sets of two and more nodes each of which leads to every other (strongly connected
    components)."""
    reached = {node: _reached(node, graph) for node in graph}
    together = {
        frozenset(other for other in reached[node] if node in reached.get(other, ()))
        for node in graph
    }
    return sorted((circle for circle in together if len(circle) > 1), key=sorted)


def _reached(start: str, graph: Graph) -> frozenset[str]:
    """Every node an arrow or several lead to from ``start``; ``start`` itself where they come
    back."""
    seen: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(graph.get(node, ()))
    return frozenset(seen)
