"""The leak scanner: what the rules would still find in something that is, or is about to be,
written.

It looks at decoded content with the detectors the redactor has (so what was sanitised scans clean)
and with its own eyes on headers. A finding names the rule and the place and never the secret, nor
any part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conformance.errors import InputError
from conformance.sanitize.aliases import Aliases
from conformance.sanitize.allow import AUTHORIZATION, header_rule
from conformance.sanitize.edits import Edit
from conformance.sanitize.exchange import OWN_NAMES
from conformance.sanitize.jsontext import pointers
from conformance.sanitize.known import SHORTEST, KnownSecrets
from conformance.sanitize.members import is_placeholder
from conformance.sanitize.page import reading
from conformance.sanitize.redact import Engine
from conformance.sanitize.rules import BY_ID
from conformance.sanitize.urls import sanitised_query
from conformance.wire.codings import decode
from conformance.wire.exchange import Exchange, Headers, Request, Response, header

_MOST_SHOWN = 10
_CREDENTIALS = frozenset(
    {"header-api-key", "header-authorization", "header-cookie", "header-organization"}
)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One leak: where (``file:line``, or ``interaction 2, response body /choices/0/message``) and
    by which rule."""

    place: str
    rule: str

    @property
    def what(self) -> str:
        return BY_ID[self.rule].what

    @property
    def hint(self) -> str:
        return BY_ID[self.rule].hint

    def __str__(self) -> str:
        return f"{self.place}: {self.rule}: {self.what} ({self.hint})"


class Scanner:
    """Finds leaks. ``known_secrets`` are looked for in every form; those of fewer than six
    characters are not, as they cannot be told from text. ``names`` are names that are nobody's (a
    test resource, an authored address)."""

    def __init__(self, known_secrets: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        self._known = KnownSecrets(secret for secret in known_secrets if len(secret) >= SHORTEST)
        self._names = OWN_NAMES | frozenset(names)

    def places(self, read: str, *, binary: bool = False) -> list[tuple[int, str]]:
        """Offset in the reading ``read`` and rule id of every leak, in order."""
        engine = self._engine()
        if not binary and engine.quickly_clean(read):
            return []
        found = [
            (edit.start, rule)
            for edit in engine.edits(read, inner=False, binary=binary)
            for rule in _leaks(edit)
        ]
        return sorted(set(found))

    def lines(self, read: str, *, binary: bool = False) -> Iterator[tuple[int, str]]:
        """As :meth:`places`, with lines from 1 in place of offsets."""
        return _numbered(read, self.places(read, binary=binary))

    def text(self, text: str, name: str = "") -> tuple[Finding, ...]:
        """Leaks of ``text`` with ``name:line`` as place."""
        return _unique(Finding(f"{name}:{line}", rule) for line, rule in self.lines(reading(text)))

    def body(self, data: bytes, place: str) -> tuple[Finding, ...]:
        """Leaks of a decoded body, with a JSON pointer or a line."""
        read = data.decode("latin-1")
        found = self.places(read)
        if found and read.lstrip()[:1] in ("{", "["):
            named = pointers(read, [at for at, _ in found])
            return _unique(
                Finding(f"{place} {path or 'between its members'}", rule)
                for path, (_, rule) in zip(named, found, strict=True)
            )
        return _unique(
            Finding(f"{place} line {line}", rule) for line, rule in _numbered(read, found)
        )

    def exchange(self, exchange: Exchange, number: int) -> tuple[Finding, ...]:
        """Leaks of interaction ``number`` (from 0): URL, headers and decoded bodies of both
        messages. Raises InputError for a body that cannot be decoded."""
        place = f"interaction {number}"
        found = list(self.request(exchange.request, f"{place}, request"))
        if exchange.response is not None:
            found += self.response(exchange.response, f"{place}, response")
        return _unique(found)

    def request(self, request: Request, place: str) -> Iterator[Finding]:
        """As :meth:`exchange`, of a request alone."""
        for _, rule in self.places(reading(request.url)):
            yield Finding(f"{place} URL", rule)
        if self.query(request.url.partition("?")[2]):
            yield Finding(f"{place} URL", "query-credential")
        yield from self._message(request.headers, request.body, place)

    def response(self, response: Response, place: str) -> Iterator[Finding]:
        """As :meth:`exchange`, of a response alone."""
        yield from self._message(response.headers, response.body, place)

    def query(self, query: str) -> bool:
        """Whether a parameter of ``query`` is a credential by its name."""
        clean = sanitised_query(query, self._engine()) if query else ""
        return "%3Capi-key%3E" in clean and clean.count("%3Capi-key%3E") > query.count(
            "%3Capi-key%3E"
        )

    def header(self, name: str, value: str) -> tuple[str, ...]:
        """Ids of the rules that header ``name: value`` breaks."""
        rule = header_rule(name, response=False)
        if rule not in _CREDENTIALS:
            return tuple(rule for _, rule in self.places(reading(value)))
        said = value.partition(" ")[2] if name.lower() in AUTHORIZATION and " " in value else value
        if is_placeholder(said) or (
            rule == "header-organization" and self._organization(name, value)
        ):
            return ()
        return (rule,)

    def _organization(self, name: str, value: str) -> bool:
        kind = "organization" if name.lower().endswith("organization") else "project"
        return Aliases(keep=self._names).is_alias(kind, value)

    def _message(self, headers: Headers, body: bytes, place: str) -> Iterator[Finding]:
        for name, value in headers:
            for _, rule in self.places(reading(name)):
                yield Finding(f"{place} headers", rule)
            for rule in self.header(name, value):
                yield Finding(f"{place} header {name.lower()}", rule)
        plain, _ = decode(body, header(headers, "content-encoding") or "")
        yield from self.body(plain, f"{place} body")

    def _engine(self) -> Engine:
        """A fresh alias table each time: the scanner learns nothing from one text for the next."""
        return Engine(Aliases(keep=self._names), self._known, lenient=True)


def _leaks(edit: Edit) -> Iterator[str]:
    return (rule for rule in edit.rules if BY_ID[rule].leak)


def _numbered(read: str, found: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """``found`` with lines from 1 in place of offsets; the text is counted through once."""
    line, counted = 1, 0
    for at, rule in found:
        line += read.count("\n", counted, at)
        counted = at
        yield line, rule


def _unique(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    return tuple(dict.fromkeys(findings))


def refuse_leaks(
    data: bytes | str,
    known_secrets: Iterable[str] = (),
    name: str = "the recording",
    names: Iterable[str] = (),
) -> None:
    """Raise InputError ``leak-found`` when ``data``, which is about to be written as ``name``,
    holds a leak. The error names rules and lines only."""
    from conformance.sanitize.files import scan_content

    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    refuse(scan_content(raw, name, Scanner(known_secrets, names)))


def refuse(findings: tuple[Finding, ...]) -> None:
    """Raise InputError ``leak-found`` when there are ``findings``."""
    if findings:
        shown = "; ".join(f"{finding.place}: {finding.rule}" for finding in findings[:_MOST_SHOWN])
        more = f" and {len(findings) - _MOST_SHOWN} more" if len(findings) > _MOST_SHOWN else ""
        raise InputError(
            "leak-found",
            f"{len(findings)} leaks: {shown}{more}",
            "nothing was written; name the secret to the recorder, or add a rule",
        )
