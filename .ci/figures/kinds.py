"""Questions about the kind of a lane or of a target: places where code asks what something is, and
does not let it act.

A place is one comparison, one read of ``is_replay`` and the like, one test of a ``remote``, one
table by lanes, one case of a ``match`` or one ``isinstance``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from figures.checkout import Checkout, SourceFile
from figures.figure import Figure, counted

ANSWERING = ("conformance.service", "conformance.sdk")
"""The rooms that know their own kinds: nothing is counted there."""

_LANES = frozenset({"inprocess", "loopback"})
_TARGETS = frozenset({"replay", "emulator", "live", "url"})
_UNMISTAKABLE = frozenset({"replay", "emulator"})
"""Kinds of a target that are values of nothing else. Where an answer comes from is ``live`` too,
and much is a ``url``: they count beside a target, ``live`` beside a variable as well."""
_IS_A_KIND = re.compile(r"is_(replay|emulator|live|remote|in_?process)")
"""``is_loopback`` is not among them: it is a question about IP addresses."""
_KIND_CLASS = re.compile(r"(\w*(Lane|Target|Service)|Relay|Emulator|Replay|Remote)")
_ENUMS = frozenset({"Lane", "TargetKind", "ServiceKind", "Kind"})
_HOLDERS = frozenset({"target", "service", "remote", "asked"})
"""What a target is called where it is asked."""


def figures(checkout: Checkout, answering: tuple[str, ...] = ANSWERING) -> Iterator[Figure]:
    """Places outside ``answering`` that ask for the kind of a lane or of a target."""
    files = [file for file in checkout.package if not _within(file.module, answering)]
    places = [place for file in files for place in questions(file)]
    rooms = " and ".join(room.rpartition(".")[2] for room in answering)
    yield counted(
        "kinds-asked", f"places outside {rooms} that ask for the kind of a lane or target", places
    )


def _within(module: str, rooms: Iterable[str]) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


def questions(file: SourceFile) -> list[str]:
    """The places of ``file`` that ask, in the order of its lines."""
    asking = [node for node in file.nodes if _asks(node)]
    asking += [node for node in _truth_tests(file.nodes) if _last_name(node) == "remote"]
    unique = {id(node): node for node in asking}
    ordered = sorted(
        unique.values(),
        key=lambda node: (getattr(node, "lineno", 0), getattr(node, "col_offset", 0)),
    )
    return [file.place(node, ast.unparse(node).partition("\n")[0]) for node in ordered]


def _asks(node: ast.AST) -> bool:
    """Whether ``node`` itself is a question, apart from the truth of ``remote``."""
    if isinstance(node, ast.Compare):
        return _compares_kinds([node.left, *node.comparators])
    if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
        return _IS_A_KIND.fullmatch(_last_name(node)) is not None
    if isinstance(node, ast.Dict):
        return any(key is not None and _is_lane_value(key) for key in node.keys)
    if isinstance(node, ast.MatchValue):
        return _is_lane_value(node.value) or _is_kind_value(node.value, _TARGETS)
    if isinstance(node, ast.MatchClass):
        return _KIND_CLASS.fullmatch(_last_name(node.cls)) is not None
    if isinstance(node, ast.Call) and _last_name(node.func) == "isinstance":
        return any(_KIND_CLASS.fullmatch(_last_name(part)) for part in ast.walk(node.args[-1]))
    return False


def _compares_kinds(operands: list[ast.expr]) -> bool:
    """Whether a comparison of ``operands`` is about a lane, the kind of a target, or whether there
    is a ``remote``."""
    values = [value for operand in operands for value in _values(operand)]
    names = {_last_name(operand) for operand in operands}
    if names & {"lane", "lane_of"} and not any(_is_none(operand) for operand in operands):
        return True
    if "remote" in names and any(_is_none(operand) for operand in operands):
        return True
    if any(_is_lane_value(value) or _is_kind_value(value, _UNMISTAKABLE) for value in values):
        return True
    if any(_is_of_target(operand) for operand in operands):
        return any(_is_kind_value(value, _TARGETS) for value in values)
    of_variable = any(isinstance(operand, ast.Name) for operand in operands)
    return of_variable and any(_is_kind_value(value, frozenset({"live"})) for value in values)


def _values(operand: ast.expr) -> list[ast.expr]:
    """``operand``, or what stands in it where it is a display."""
    return list(operand.elts) if isinstance(operand, ast.Tuple | ast.List | ast.Set) else [operand]


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_lane_value(node: ast.AST) -> bool:
    return _is_kind_value(node, _LANES) or (
        isinstance(node, ast.Attribute) and _last_name(node.value) == "Lane"
    )


def _is_kind_value(node: ast.AST, kinds: frozenset[str]) -> bool:
    """Whether ``node`` is one of ``kinds``, as text or as a member of an enum of kinds."""
    if isinstance(node, ast.Constant):
        return node.value in kinds
    return (
        isinstance(node, ast.Attribute)
        and _last_name(node.value) in _ENUMS
        and node.attr.lower() in kinds
    )


def _is_of_target(node: ast.AST) -> bool:
    """Whether ``node`` is a target, or a member of one."""
    while isinstance(node, ast.Attribute):
        if node.attr in _HOLDERS:
            return True
        node = node.value
    return isinstance(node, ast.Name) and node.id in _HOLDERS


def _last_name(node: ast.AST) -> str:
    """The last name of a dotted one, of a call the one of what is called; empty for any other
    expression."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _truth_tests(nodes: Iterable[ast.AST]) -> Iterator[ast.expr]:
    """The expressions whose truth is asked for."""
    for node in nodes:
        if isinstance(node, ast.If | ast.IfExp | ast.While | ast.Assert):
            yield node.test
        elif isinstance(node, ast.BoolOp):
            yield from node.values
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield node.operand
        elif isinstance(node, ast.comprehension):
            yield from node.ifs
        elif isinstance(node, ast.Call) and _last_name(node.func) in ("any", "all", "bool"):
            yield from (arg.elt if isinstance(arg, ast.GeneratorExp) else arg for arg in node.args)
