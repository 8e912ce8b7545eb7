"""``${...}`` in scenarios: what differs by SDK, api-version or earlier step is named, never
branched on.

A text that is one variable and nothing else becomes the variable's value with its type; inside
longer text the value is written as text. ``${steps.<name>.<pointer parts>}`` stays until the named
step has run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

VARIABLE = re.compile(r"\$\{([^${}]+)\}")


class UnknownVariable(Exception):
    """``${name}`` has no value. ``name`` and the ``known`` names at that level, for the message."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name)
        self.name = name
        self.known = known


def substitute(value: Any, scope: Mapping[str, Any], *, keep: str = "") -> Any:
    """``value`` with every variable replaced from ``scope`` (nested mappings, looked up by dots).

    Names that start with ``keep`` are left as they stand. Raises UnknownVariable.
    """
    if isinstance(value, str):
        return _text(value, scope, keep)
    if isinstance(value, Mapping):
        return {key: substitute(item, scope, keep=keep) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [substitute(item, scope, keep=keep) for item in value]
    return value


def variables_in(value: Any) -> set[str]:
    """The names of all variables inside ``value``."""
    if isinstance(value, str):
        return set(VARIABLE.findall(value))
    if isinstance(value, Mapping):
        return set().union(
            *(variables_in(item) for item in value.values()), *(variables_in(k) for k in value)
        )
    if isinstance(value, list | tuple):
        return set().union(*(variables_in(item) for item in value))
    return set()


def _text(text: str, scope: Mapping[str, Any], keep: str) -> Any:
    if "${" not in text:
        return text

    def value_of(variable: re.Match[str]) -> Any:
        name = variable[1]
        if keep and name.startswith(keep):
            return variable[0]
        return lookup(name, scope)

    whole = VARIABLE.fullmatch(text)
    if whole:
        return value_of(whole)
    return VARIABLE.sub(lambda variable: str(value_of(variable)), text)


def lookup(name: str, scope: Mapping[str, Any]) -> Any:
    """The value of the dotted ``name``. A level may itself hold dotted keys (contract traits
    do)."""
    return _descend(name, name, scope)


def _descend(rest: str, name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        if rest in value:
            return value[rest]
        head, dot, tail = rest.partition(".")
        while dot:
            if head in value:
                return _descend(tail, name, value[head])
            more, dot, tail = tail.partition(".")
            head = f"{head}.{more}"
    elif isinstance(value, list | tuple):
        head, dot, tail = rest.partition(".")
        if head.isdigit() and int(head) < len(value):
            item = value[int(head)]
            return _descend(tail, name, item) if dot else item
    known: tuple[str, ...] = ()
    if isinstance(value, Mapping):
        known = tuple(map(str, value))
    raise UnknownVariable(name, known)
