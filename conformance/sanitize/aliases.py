"""Stable aliases: what identifies somebody, or changes with every recording, gets another name.

The same value gets the same alias as long as one :class:`Aliases` lives (a recording set), so ids
keep correlating across exchanges. Aliases are numbered by first appearance within their kind, so
recording twice gives an empty diff. A value that already has the form of an alias is left alone,
which makes sanitising idempotent.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from conformance.errors import UsageError

SHORTEST_ID = 12
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")


@dataclass(frozen=True, slots=True)
class _AliasForm:
    """How aliases of one kind look.

    ``write(number, value)`` returns the alias with that number; ``placeholder`` matches a value
    that is an alias already, with its number in a group.
    """

    write: Callable[[int, str], str]
    placeholder: re.Pattern[str]


def _numbered(before: str, width: int = 4, after: str = "") -> _AliasForm:
    pattern = rf"{re.escape(before)}(\d{{{width},}}){re.escape(after)}"
    return _AliasForm(lambda number, _: f"{before}{number:0{width}d}{after}", re.compile(pattern))


def _suffixed(before: str) -> _AliasForm:
    def write(number: int, value: str) -> str:
        suffix = _SUFFIX.search(value)
        if suffix is None:
            return f"{before}{number}"
        return f"{before}{number}{suffix[0].lower()}"

    return _AliasForm(write, re.compile(re.escape(before) + r"(\d+)(?:\.[a-z0-9]{1,8})?"))


def _letters(number: int) -> str:
    """1 is A, 26 is Z, 27 is AA."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _address(number: int, _: str) -> str:
    # The three blocks that RFC 5737 reserves for documentation: nobody can be reached there.
    block, last = divmod(number - 1, 254)
    return f"{('192.0.2', '198.51.100', '203.0.113')[block % 3]}.{last + 1}"


# Ids keep their length, so that what checks the length of an id still accepts it.
def _same_length(number: int, value: str) -> str:
    if "-" in value:
        return f"00000000-0000-4000-8000-{number:012d}"
    return f"{number:0{len(value)}d}"


_GUID = _AliasForm(
    lambda number, _: f"00000000-0000-4000-8000-{number:012d}",
    re.compile(r"00000000-0000-(?:4000-8000|0000-0000)-(\d{12})"),
)
_ID = _AliasForm(
    _same_length,
    re.compile(rf"(?:0{{{SHORTEST_ID - 6},}}(\d{{1,6}})|00000000-0000-4000-8000-(\d{{12}}))"),
)
_FORMS: Mapping[str, _AliasForm] = {
    "guid": _GUID,
    "resource": _numbered("resource-", 1),
    "host": _numbered("gateway-", 1, ".example"),
    "account": _numbered("account-", 1),
    "resource-group": _numbered("rg-", 1),
    "deployment": _numbered("deploy-", 1),
    "region": _AliasForm(
        lambda number, _: f"Region {_letters(number)}", re.compile(r"Region [A-Z]{1,3}()")
    ),
    "session": _numbered("session-"),
    "etag": _numbered('"etag-', 4, '"'),
    "organization": _numbered("org-"),
    "project": _numbered("proj-"),
    "user": _numbered("user-"),
    "safety": _numbered("safety-"),
    "cache": _numbered("cache-"),
    "metadata": _numbered("metadata-"),
    "client": _numbered("client-"),
    "email": _numbered("user", 1, "@example.com"),
    "phone": _numbered("+1555010", 4),
    "address": _AliasForm(_address, re.compile(r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.(\d+)")),
    "file": _suffixed("upload-"),
    "blob": _suffixed("blob-"),
    "index": _numbered("index-", 1),
    "url": _numbered("https://server-", 1, ".example"),
    "opaque": _numbered("opaque-"),
    "value": _numbered("value-"),
}


class Aliases:
    """The alias table of one recording set.

    ``names`` fixes aliases by value (a live deployment to the name the offline lane uses). ``keep``
    are values that stay, because they are authored and not private (what a scenario itself
    writes). For one thread at a time.
    """

    def __init__(self, names: Mapping[str, str] | None = None, keep: Iterable[str] = ()) -> None:
        self.names = dict(names or {})
        self.keep = frozenset(keep) | frozenset(self.names.values())
        self._aliases: dict[str, dict[str, str]] = defaultdict(dict)
        # Values that had the form of an alias when they were met, and the numbers in them. Such a
        # number is not given again: two values would otherwise share an alias.
        self._placeholders: dict[str, set[str]] = defaultdict(set)
        self._taken: dict[str, set[int]] = defaultdict(set)
        self._last: dict[str, int] = defaultdict(int)
        self.count = 0
        """Number of aliases so far. A text that was clean before the last one need not be clean
        any more: the value may stand in it."""
        self.origin: float | None = None
        """The first time stamp met, in seconds; the distance of all others is taken from it."""

    def of(self, kind: str, value: str) -> str:
        """The alias of ``value``; ``value`` itself when it is an alias already or stays.

        ``kind`` is a key of the table of forms above, or else the prefix of a service id
        (``file-``, ``resp_``).
        """
        name = self.names.get(value)
        if name is not None:
            return name
        if not value or value in self.keep:
            return value
        alias = self._aliases[kind].get(value)
        if alias is not None:
            return alias
        if value in self._placeholders[kind] or self._reserve(kind, value):
            return value
        alias = self._form(kind).write(self._next_number(kind), value)
        self._aliases[kind][value] = alias
        self.count += 1
        return alias

    def met(self, kind: str) -> Mapping[str, str]:
        """Value to alias, for every value of ``kind`` that has one so far."""
        return self._aliases.get(kind, {})

    def assign(self, kind: str, value: str, alias: str = "") -> None:
        """Give ``value`` its alias before it is met: ``alias``, or the next number without one.

        Raises UsageError when the value has another alias already, because what was written with
        that one no longer fits.
        """
        if not alias:
            self.of(kind, value)
        elif self._aliases[kind].setdefault(value, alias) != alias:
            raise UsageError(
                "alias-taken", f"a {kind} has two aliases", "name it before the first exchange"
            )
        self.count += 1
        if alias:
            self.keep |= {alias}

    def is_alias(self, kind: str, value: str) -> bool:
        """Whether ``value`` needs no alias: it stays, or has the form of an alias of ``kind``."""
        return value in self.keep or bool(self._form(kind).placeholder.fullmatch(value))

    def _reserve(self, kind: str, value: str) -> bool:
        """Whether ``value`` is an alias already; its number is then taken."""
        placeholder = self._form(kind).placeholder.fullmatch(value)
        if placeholder is None:
            return False
        self._placeholders[kind].add(value)
        digits = "".join(group for group in placeholder.groups() if group)
        if digits:
            self._taken[kind].add(int(digits))
        return True

    def _next_number(self, kind: str) -> int:
        number = self._last[kind] + 1
        while number in self._taken[kind]:
            number += 1
        self._last[kind] = number
        return number

    @staticmethod
    def _form(kind: str) -> _AliasForm:
        return _FORMS.get(kind, _ID)
