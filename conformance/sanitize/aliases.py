"""Stable aliases: what identifies somebody, or changes with every recording, gets a name that does
neither.

The same value gets the same alias for as long as one :class:`Aliases` lives (a recording set), so
ids keep correlating across exchanges. Aliases are numbered by first appearance within their kind:
recording twice gives an empty diff. A value that already has the form of an alias is left alone,
which is what makes sanitising idempotent.
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
class _Form:
    """How aliases of one kind look: ``write(number, value)``, and the pattern of what is one
    already."""

    write: Callable[[int, str], str]
    placeholder: re.Pattern[str]


def _numbered(before: str, width: int = 4, after: str = "") -> _Form:
    pattern = rf"{re.escape(before)}(\d{{{width},}}){re.escape(after)}"
    return _Form(lambda number, _: f"{before}{number:0{width}d}{after}", re.compile(pattern))


def _suffixed(before: str) -> _Form:
    def write(number: int, value: str) -> str:
        found = _SUFFIX.search(value)
        return f"{before}{number}{found[0].lower() if found else ''}"

    return _Form(write, re.compile(re.escape(before) + r"(\d+)(?:\.[a-z0-9]{1,8})?"))


def _letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def _address(number: int, _: str) -> str:
    block, last = divmod(number - 1, 254)
    return f"{('192.0.2', '198.51.100', '203.0.113')[block % 3]}.{last + 1}"


def _same_length(number: int, value: str) -> str:
    if "-" in value:
        return f"00000000-0000-4000-8000-{number:012d}"
    return f"{number:0{len(value)}d}"


GUID = _Form(
    lambda number, _: f"00000000-0000-4000-8000-{number:012d}",
    re.compile(r"00000000-0000-(?:4000-8000|0000-0000)-(\d{12})"),
)
_ID = _Form(
    _same_length,
    re.compile(rf"(?:0{{{SHORTEST_ID - 6},}}(\d{{1,6}})|00000000-0000-4000-8000-(\d{{12}}))"),
)
_FORMS: Mapping[str, _Form] = {
    "guid": GUID,
    "resource": _numbered("resource-", 1),
    "host": _numbered("gateway-", 1, ".example"),
    "account": _numbered("account-", 1),
    "resource-group": _numbered("rg-", 1),
    "deployment": _numbered("deploy-", 1),
    "region": _Form(
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
    "address": _Form(_address, re.compile(r"(?:192\.0\.2|198\.51\.100|203\.0\.113)\.(\d+)")),
    "file": _suffixed("upload-"),
    "blob": _suffixed("blob-"),
    "index": _numbered("index-", 1),
    "url": _numbered("https://server-", 1, ".example"),
    "opaque": _numbered("opaque-"),
    "value": _numbered("value-"),
}


class Aliases:
    """The alias table of one recording set.

    ``names`` fixes aliases by value (a live deployment to the name the offline lane uses); ``keep``
    are values that are authored, not private, and stay (what a scenario itself writes). Not safe
    for several threads at once.
    """

    def __init__(self, names: Mapping[str, str] | None = None, keep: Iterable[str] = ()) -> None:
        self.names = dict(names or {})
        self.keep = frozenset(keep) | frozenset(self.names.values())
        self._given: dict[str, dict[str, str]] = defaultdict(dict)
        self._taken: dict[str, set[int]] = defaultdict(set)
        self._own: dict[str, set[str]] = defaultdict(set)
        self._next: dict[str, int] = defaultdict(int)
        self.count = 0
        """How many aliases were given: what was clean before the last one may not be any more."""
        self.origin: float | None = None
        """The first time stamp seen, which all others are counted from."""

    def of(self, kind: str, value: str) -> str:
        """The alias of ``value`` among its ``kind``; ``value`` itself when it is one already, or is
        to be kept."""
        name = self.names.get(value)
        if name is not None:
            return name
        if not value or value in self.keep:
            return value
        given = self._given[kind].get(value)
        if given is not None:
            return given
        if value in self._own[kind] or self._reserve(kind, value):
            return value
        alias = self._form(kind).write(self._number(kind), value)
        self._given[kind][value] = alias
        self.count += 1
        return alias

    def given(self, kind: str) -> Mapping[str, str]:
        """Value to alias, of all values of ``kind`` met so far."""
        return self._given.get(kind, {})

    def give(self, kind: str, value: str, alias: str = "") -> None:
        """Make ``value`` known before it is met, under ``alias`` when one is given. Raises
        UsageError when the value has another alias already, because what was written with that one
        no longer fits."""
        if not alias:
            self.of(kind, value)
        elif self._given[kind].setdefault(value, alias) != alias:
            raise UsageError(
                "alias-taken", f"a {kind} has two aliases", "name it before the first exchange"
            )
        self.count += 1
        self.keep |= {alias} if alias else set()

    def is_alias(self, kind: str, value: str) -> bool:
        """Whether ``value`` needs no alias."""
        return value in self.keep or bool(self._form(kind).placeholder.fullmatch(value))

    def _reserve(self, kind: str, value: str) -> bool:
        found = self._form(kind).placeholder.fullmatch(value)
        if found is None:
            return False
        self._own[kind].add(value)
        digits = "".join(group for group in found.groups() if group)
        if digits:
            self._taken[kind].add(int(digits))
        return True

    def _number(self, kind: str) -> int:
        number = self._next[kind] + 1
        while number in self._taken[kind]:
            number += 1
        self._next[kind] = number
        return number

    @staticmethod
    def _form(kind: str) -> _Form:
        """Kinds that are no word of ours are prefixes of service ids (``file-``, ``resp_``)."""
        return _FORMS.get(kind, _ID)
