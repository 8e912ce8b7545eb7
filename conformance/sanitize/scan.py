"""The leak scanner: what the rules still find in something that is written, or is about to be.

It looks at decoded content with the detectors that sanitise, so what was sanitised scans clean; it
judges headers by their names. A leak names the rule and the place, and never the secret nor any
part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.sanitize.aliases import Aliases
from conformance.sanitize.allow import AUTHORIZATION, header_rule
from conformance.sanitize.exchange import OWN_NAMES
from conformance.sanitize.headers import organization_kind
from conformance.sanitize.jsontext import pointers
from conformance.sanitize.known import SHORTEST, KnownSecrets
from conformance.sanitize.members import is_placeholder
from conformance.sanitize.page import reading
from conformance.sanitize.rules import BY_ID
from conformance.sanitize.text import TextSanitizer
from conformance.sanitize.urls import sanitised_query
from conformance.wire.codings import decode
from conformance.wire.exchange import Exchange, Headers, Request, Response, header

_MASKED_KEY = "%3Capi-key%3E"
"""``<api-key>`` in a query."""
_CREDENTIALS = frozenset(
    {"header-api-key", "header-authorization", "header-cookie", "header-organization"}
)


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something that a rule still finds: its ``place`` (``file:line``, or ``interaction 2, response
    body /choices/0/message``) and the id of the ``rule``."""

    place: str
    rule: str

    @property
    def what(self) -> str:
        """What the rule looks for."""
        return BY_ID[self.rule].what

    @property
    def hint(self) -> str:
        """What to do about it."""
        return BY_ID[self.rule].hint

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.what} ({self.hint})"


class Scanner:
    """Finds leaks.

    ``known_secrets`` are looked for in every form, except those of fewer than six characters, which
    cannot be told from text. ``names`` are let through: they belong to nobody (a test resource, an
    authored address).
    """

    def __init__(self, known_secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._known = KnownSecrets(secret for secret in known_secrets if len(secret) >= SHORTEST)
        self._names = OWN_NAMES | frozenset(names)

    def places(self, read: str, *, binary: bool = False) -> list[tuple[int, str]]:
        """Offset in the reading ``read``, and rule id, of every leak, in order."""
        texts = self._texts()
        if not binary and texts.is_clean_at_once(read):
            return []
        leaks: set[tuple[int, str]] = set()
        for edit in texts.edits(read, inner=False, binary=binary):
            leaks |= {(edit.start, rule) for rule in edit.rules if BY_ID[rule].leak}
        return sorted(leaks)

    def lines(self, read: str, *, binary: bool = False) -> Iterator[tuple[int, str]]:
        """As :meth:`places`, with the number of the line (from 1) in place of the offset."""
        return _numbered(read, self.places(read, binary=binary))

    def text(self, text: str, name: str = "") -> tuple[Leak, ...]:
        """Leaks of ``text``, with ``name:line`` as place."""
        return _unique(Leak(f"{name}:{line}", rule) for line, rule in self.lines(reading(text)))

    def body(self, data: bytes, place: str) -> tuple[Leak, ...]:
        """Leaks of a decoded body. Their place is ``place`` and a JSON pointer, or a line."""
        read = data.decode("latin-1")
        offsets = self.places(read)
        if offsets and read.lstrip()[:1] in ("{", "["):
            members = pointers(read, [at for at, _ in offsets])
            return _unique(
                Leak(f"{place} {member or 'between its members'}", rule)
                for member, (_, rule) in zip(members, offsets, strict=True)
            )
        return _unique(
            Leak(f"{place} line {line}", rule) for line, rule in _numbered(read, offsets)
        )

    def exchange(self, exchange: Exchange, number: int) -> tuple[Leak, ...]:
        """Leaks of interaction ``number`` (from 0): URL, headers and decoded bodies of both
        messages.

        Raises InputError for a body that cannot be decoded.
        """
        place = f"interaction {number}"
        leaks = list(self.request(exchange.request, f"{place}, request"))
        if exchange.response is not None:
            leaks += self.response(exchange.response, f"{place}, response")
        return _unique(leaks)

    def request(self, request: Request, place: str) -> Iterator[Leak]:
        """As :meth:`exchange`, of a request alone."""
        for _, rule in self.places(reading(request.url)):
            yield Leak(f"{place} URL", rule)
        if self.query(request.url.partition("?")[2]):
            yield Leak(f"{place} URL", "query-credential")
        yield from self._message(request.headers, request.body, place)

    def response(self, response: Response, place: str) -> Iterator[Leak]:
        """As :meth:`exchange`, of a response alone."""
        yield from self._message(response.headers, response.body, place)

    def query(self, query: str) -> bool:
        """Whether a parameter of ``query`` is a credential by its name."""
        clean = sanitised_query(query, self._texts())
        return clean.count(_MASKED_KEY) > query.count(_MASKED_KEY)

    def header(self, name: str, value: str) -> tuple[str, ...]:
        """Ids of the rules that header ``name: value`` breaks."""
        rule = header_rule(name, response=False)
        if rule not in _CREDENTIALS:
            return tuple(rule for _, rule in self.places(reading(value)))
        credential = value
        if name.lower() in AUTHORIZATION and " " in value:
            _, _, credential = value.partition(" ")
        if is_placeholder(credential):
            return ()
        if rule == "header-organization" and self._is_alias(organization_kind(name), value):
            return ()
        return (rule,)

    def _is_alias(self, kind: str, value: str) -> bool:
        return Aliases(keep=self._names).is_alias(kind, value)

    def _message(self, headers: Headers, body: bytes, place: str) -> Iterator[Leak]:
        for name, value in headers:
            for _, rule in self.places(reading(name)):
                yield Leak(f"{place} headers", rule)
            for rule in self.header(name, value):
                yield Leak(f"{place} header {name.lower()}", rule)
        plain, _ = decode(body, header(headers, "content-encoding") or "")
        yield from self.body(plain, f"{place} body")

    def _texts(self) -> TextSanitizer:
        # With a fresh alias table each time: the scanner learns nothing from one text for the next.
        return TextSanitizer(Aliases(keep=self._names), self._known, lenient=True)


def _numbered(read: str, leaks: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """The ``leaks``, which are in order, with line numbers in place of offsets. Goes through the
    text once."""
    line, counted = 1, 0
    for at, rule in leaks:
        line += read.count("\n", counted, at)
        counted = at
        yield line, rule


def _unique(leaks: Iterable[Leak]) -> tuple[Leak, ...]:
    return tuple(dict.fromkeys(leaks))
