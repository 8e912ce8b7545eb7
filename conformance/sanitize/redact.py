"""The engine: every detector over one text, settled and applied until nothing is left to find.

Applying goes on until a round changes nothing: taking a secret out can bring two halves of another
together. What comes out is therefore a fixed point, and sanitising it again gives the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.errors import InputError
from conformance.sanitize import credentials, identities, members
from conformance.sanitize.aliases import Aliases
from conformance.sanitize.edits import Edit, apply, moved, settle
from conformance.sanitize.jsontext import Escaped, blanked, escaped_in
from conformance.sanitize.known import KnownSecrets
from conformance.sanitize.page import Page, reading, writing
from conformance.sanitize.streams import log_probabilities, split_texts
from conformance.sanitize.wrapped import base64_runs, escaped_strings, is_binary, percent_encoded

ROUNDS = 12
DEEPEST = 24
"""Texts within texts; each level of escaping doubles what is written, so real ones are two or three
deep."""
_REMEMBERED, _MOST_REMEMBERED = 2000, 1000
"""Length and number of texts that are remembered: a peer sees the same URLs and headers again and
again."""
_SHORT = 400
_SHORT_BINARY = 40
_HINT = re.compile(
    r"\\|%[0-9A-Fa-f]{2}|@|://|\"\s*:|\d\.\d+\.|\+\d|[-_][A-Za-z0-9]{12}|[A-Za-z0-9+/_-]{24}|-[0-9A-Fa-f]{4}-"
    r"|(?i:key|secret|token|bearer|basic|password=|pwd=|sig[=%]|accountname|eyj|sk-|ek_|akia|xox|begin|insecure"
    r"|azure|windows|cloudapi|subscriptions|tier|region|deployment|data:)"
)


def _plainly_clean(read: str, binary: bool) -> bool:
    """Whether a short inner text shows no hint of what any detector looks for. Most inner texts are
    such, and asking every detector costs more than the rest of the body."""
    if binary:
        return len(read) <= _SHORT_BINARY
    return len(read) <= _SHORT and _HINT.search(read) is None


@dataclass(frozen=True, slots=True)
class Redacted:
    """A sanitised reading, the chunk ends that go with it, and the ids of the rules that hit."""

    text: str
    offsets: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()


class Engine:
    """Detectors with the state they share: aliases given and secrets known.

    ``noise`` off leaves what only differs between recordings (ids, times), as logs and reports
    want. ``lenient`` accepts names that documentation uses for names, as the scanner does.
    """

    def __init__(
        self, aliases: Aliases, known: KnownSecrets, *, noise: bool = True, lenient: bool = False
    ) -> None:
        self.aliases = aliases
        self.known = known
        self._noise = noise
        self._lenient = lenient
        self._known_texts: dict[tuple[str, bool], str] = {}
        self._known_at = (0, 0)

    def text(self, text: str, *, inner: bool = True) -> str:
        """``text`` sanitised. ``inner`` off reads it as a body, with the members of the service's
        objects."""
        if len(text) > _REMEMBERED:
            return self._text(text, inner)
        state = (self.aliases.count, self.known.count)
        if state != self._known_at or len(self._known_texts) > _MOST_REMEMBERED:
            self._known_texts.clear()
            self._known_at = state
        clean = self._known_texts.get((text, inner))
        if clean is None:
            clean = self._text(text, inner)
            if (
                self.aliases.count == state[0]
            ):  # a text that gave somebody an alias may read otherwise from now on
                self._known_texts[text, inner] = clean
        return clean

    def _text(self, text: str, inner: bool) -> str:
        read = reading(text)
        if inner and self.quickly_clean(read, False):
            return text
        result = self.redact(read, inner=inner)
        return writing(result.text) if result.rules else text

    def quickly_clean(self, read: str, binary: bool = False) -> bool:
        """Whether ``read`` is clean beyond doubt; False says nothing."""
        return (
            _plainly_clean(read, binary)
            and not self.known.may_be_in(read)
            and not self.aliases.given("host")
        )

    def body(self, data: bytes, offsets: Sequence[int] = ()) -> Redacted:
        """A decoded body sanitised; its reading encodes to Latin-1."""
        if not data:
            return Redacted("", tuple(offsets))
        return self.redact(data.decode("latin-1"), offsets, inner=False, binary=is_binary(data))

    def redact(
        self,
        read: str,
        offsets: Sequence[int] = (),
        *,
        inner: bool = True,
        binary: bool = False,
        depth: int = 0,
    ) -> Redacted:
        """The fixed point of all detectors on the reading ``read``. Raises InputError when there is
        none."""
        rules: dict[str, None] = {}
        ends = tuple(offsets)
        for _ in range(ROUNDS):
            edits = self.edits(read, inner=inner, binary=binary, depth=depth)
            if not edits:
                return Redacted(read, ends, tuple(rules))
            rules |= dict.fromkeys(rule for edit in edits for rule in edit.rules)
            read, ends = apply(read, edits), moved(ends, edits)
        raise InputError(
            "sanitising-restless",
            f"after {ROUNDS} rounds there was still something to take out: " + ", ".join(rules),
            "report the rule; nothing was written",
        )

    def edits(
        self, read: str, *, inner: bool = True, binary: bool = False, depth: int = 0
    ) -> list[Edit]:
        """The settled edits of one round: none exactly when ``read`` is clean."""
        page = Page(read, self.aliases, inner, binary, self._noise, self._lenient)
        found = list(self.known.find(page)) if self.known else []
        found += self._members(page)
        strings = [] if binary else escaped_in(read)
        if depth < DEEPEST:
            found += self._within(page, strings, depth)
        bare = blanked(read, strings)
        words = (
            page
            if bare is read
            else Page(bare, self.aliases, inner, binary, self._noise, self._lenient)
        )
        found += self._words(words)
        return settle(edit for edit in found if read[edit.start : edit.end] != edit.replacement)

    def _members(self, page: Page) -> Iterator[Edit]:
        if page.binary or '"' not in page.text:
            return
        for detector in members.ALWAYS:
            yield from detector(page)
        if self._noise and not page.inner:
            for detector in members.ENVELOPE:
                yield from detector(page)

    def _within(self, page: Page, strings: list[Escaped], depth: int) -> Iterator[Edit]:
        def inside(read: str, binary: bool) -> tuple[str, tuple[str, ...]]:
            if self.quickly_clean(read, binary):
                return read, ()
            result = self.redact(read, binary=binary, depth=depth + 1)
            return result.text, result.rules

        if page.binary:
            return
        yield from escaped_strings(page, strings, inside)
        yield from percent_encoded(page, inside)
        yield from base64_runs(page, inside)

        def joined(read: str) -> list[Edit]:
            return self.edits(read, depth=depth + 1)

        yield from split_texts(page, joined)
        yield from log_probabilities(page, joined)

    def _words(self, page: Page) -> Iterator[Edit]:
        for detector in credentials.DETECTORS:
            yield from detector(page)
        if page.binary:
            return
        for detector in identities.IDENTITY:
            yield from detector(page)
        if self._noise:
            for detector in identities.NOISE:
                yield from detector(page)
