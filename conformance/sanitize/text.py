"""Sanitising one text: all detectors look at it, and their edits are settled and applied.

That is repeated until a round changes nothing, because taking a secret out can bring two halves of
another together. The result is therefore a fixed point: sanitising it again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.errors import InputError
from conformance.sanitize import credentials, identities, members
from conformance.sanitize.aliases import Aliases
from conformance.sanitize.edits import Edit, apply, moved, settle
from conformance.sanitize.jsontext import EscapedString, blanked, escaped_in
from conformance.sanitize.known import KnownSecrets
from conformance.sanitize.page import Page, reading, writing
from conformance.sanitize.streams import log_probabilities, split_texts
from conformance.sanitize.wrapped import base64_runs, escaped_strings, is_binary, percent_encoded

ROUNDS = 12
"""Rounds after which a text that still changes is given up."""
DEEPEST = 24
"""Levels of texts within texts that are looked at. Each level of escaping doubles what is written,
so real ones are two or three deep."""
# A peer sees the same URLs and headers again and again.
_REMEMBERED = 2000
"""Characters of the longest text whose result is remembered."""
_MOST_REMEMBERED = 1000
"""Number of texts that are remembered."""
_SHORT = 400
_SHORT_BINARY = 40
_HINT = re.compile(
    r"\\|%[0-9A-Fa-f]{2}|@|://|\"\s*:|\d\.\d+\.|\+\d|[-_][A-Za-z0-9]{12}"
    r"|[A-Za-z0-9+/_-]{24}|-[0-9A-Fa-f]{4}-"
    r"|(?i:key|secret|token|bearer|basic|password=|pwd=|sig[=%]|accountname|eyj|sk-|ek_|akia|xox"
    r"|begin|insecure|azure|windows|cloudapi|subscriptions|tier|region|deployment|data:)"
)
"""What every text has in which a detector could find anything."""


def _is_plainly_clean(read: str, binary: bool) -> bool:
    """Whether a short inner text shows no hint of what any detector looks for. Most inner texts are
    such, and asking every detector costs more than the rest of the body."""
    if binary:
        return len(read) <= _SHORT_BINARY
    return len(read) <= _SHORT and _HINT.search(read) is None


@dataclass(frozen=True, slots=True)
class SanitizedText:
    """A sanitised reading, the chunk ends that go with it, and the ids of the rules that changed
    it."""

    text: str
    offsets: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()


class TextSanitizer:
    """All detectors, and what they share: the aliases so far and the secrets that are known.

    Without ``noise`` what merely differs between recordings (ids, times) stays, as logs and reports
    want it. ``lenient`` lets names through that documentation uses for names, as the scanner does.
    """

    def __init__(
        self, aliases: Aliases, known: KnownSecrets, *, noise: bool = True, lenient: bool = False
    ) -> None:
        self.aliases = aliases
        self.known = known
        self._noise = noise
        self._lenient = lenient
        # Results by text, and the numbers of aliases and secrets with which they were got.
        self._remembered: dict[str, str] = {}
        self._remembered_at = (0, 0)

    def text(self, text: str) -> str:
        """``text`` sanitised as a text that stands beside a body: a header, a URL, a message."""
        if len(text) > _REMEMBERED:
            return self._text(text)
        state = (self.aliases.count, self.known.count)
        if state != self._remembered_at or len(self._remembered) > _MOST_REMEMBERED:
            self._remembered.clear()
            self._remembered_at = state
        clean = self._remembered.get(text)
        if clean is None:
            clean = self._text(text)
            # A text that made a new alias may read otherwise from now on.
            if self.aliases.count == state[0]:
                self._remembered[text] = clean
        return clean

    def _text(self, text: str) -> str:
        read = reading(text)
        if self.is_clean_at_once(read):
            return text
        result = self.sanitised(read)
        if not result.rules:
            return text
        return writing(result.text)

    def is_clean_at_once(self, read: str, binary: bool = False) -> bool:
        """Whether a quick look shows that ``read`` is clean. False says nothing."""
        return (
            _is_plainly_clean(read, binary)
            and not self.known.may_be_in(read)
            and not self.aliases.met("host")
        )

    def body(self, data: bytes, offsets: Sequence[int] = ()) -> SanitizedText:
        """The decoded body ``data`` sanitised, with the ends of its chunks. The result is a
        reading: encoded to Latin-1 it is the new body."""
        if not data:
            return SanitizedText("", tuple(offsets))
        return self.sanitised(data.decode("latin-1"), offsets, inner=False, binary=is_binary(data))

    def sanitised(
        self,
        read: str,
        offsets: Sequence[int] = (),
        *,
        inner: bool = True,
        binary: bool = False,
        depth: int = 0,
    ) -> SanitizedText:
        """The fixed point of all detectors on the reading ``read``. For ``inner`` and ``binary``
        see :class:`Page`; ``depth`` counts the texts around it.

        Raises InputError when there is no fixed point.
        """
        rules: dict[str, None] = {}
        ends = tuple(offsets)
        for _ in range(ROUNDS):
            edits = self.edits(read, inner=inner, binary=binary, depth=depth)
            if not edits:
                return SanitizedText(read, ends, tuple(rules))
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
        """The settled edits of one round. There are none exactly when ``read`` is clean."""
        page = Page(
            read,
            self.aliases,
            inner=inner,
            binary=binary,
            noise=self._noise,
            lenient=self._lenient,
        )
        edits: list[Edit] = []
        if self.known:
            edits += self.known.find(page)
        edits += self._members(page)
        strings: list[EscapedString] = []
        if not binary:
            strings = escaped_in(read)
        if depth < DEEPEST:
            edits += self._within(page, strings, depth)
        # What strings with escapes say was looked at as texts of their own.
        if strings:
            page = replace(page, text=blanked(read, strings))
        edits += self._words(page)
        return settle(edit for edit in edits if read[edit.start : edit.end] != edit.replacement)

    def _members(self, page: Page) -> Iterator[Edit]:
        """Edits for what the name of a JSON member gives away."""
        if page.binary or '"' not in page.text:
            return
        for detector in members.ALWAYS:
            yield from detector(page)
        if self._noise and not page.inner:
            for detector in members.ENVELOPE:
                yield from detector(page)

    def _within(self, page: Page, strings: list[EscapedString], depth: int) -> Iterator[Edit]:
        """Edits for what stands inside the page: strings with escapes, encoded texts, and texts
        that come in pieces."""

        def inside(read: str, binary: bool) -> tuple[str, tuple[str, ...]]:
            if self.is_clean_at_once(read, binary):
                return read, ()
            result = self.sanitised(read, binary=binary, depth=depth + 1)
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
        """Edits for what gives itself away by its form."""
        for detector in credentials.DETECTORS:
            yield from detector(page)
        if page.binary:
            return
        for detector in identities.IDENTITY:
            yield from detector(page)
        if self._noise:
            for detector in identities.NOISE:
                yield from detector(page)
