"""Secrets the caller knows, in every form in which they are likely to be written.

The forms: as it is; percent-encoded (both ways of writing a space, both cases, every character);
JSON-escaped; base64 at each of its three alignments, in both alphabets; hexadecimal; reversed; and
pulled apart by quotes, blanks and signs, as string concatenation and line folding do.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

from conformance.errors import UsageError
from conformance.sanitize.edits import Edit
from conformance.sanitize.page import Page, reading

SHORTEST = 6
"""Number of characters of the shortest secret that can be told from ordinary text."""
_NO_QUOTES = re.compile(r"[^\"]+")
_NO_SIGNS = re.compile(r"[^\s\"'+,;|\\]+")
_BETWEEN = r"[\s\"'+,;|\\]{0,40}+"


class KnownSecrets:
    """A set of secrets, and the mask that each of them becomes."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._masks: dict[str, str] = {}
        self._forms: list[tuple[str, str]] = []  # form and mask, the longest form first
        # First and last character of a secret without signs, its pattern with signs, its mask.
        self._split: list[tuple[str, str, re.Pattern[str], str]] = []
        self._starts: list[str] = []  # as much of each secret as gives it away
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str, mask: str = "<secret>") -> None:
        """Mask ``secret`` in all forms from now on.

        Raises UsageError when it is too short to be told from text.
        """
        if len(secret) < SHORTEST:
            raise UsageError(
                "secret-too-short",
                f"a known secret has fewer than {SHORTEST} characters",
                "take it out of the secrets, or make it longer",
            )
        if secret in self._masks:
            return
        self._masks[secret] = mask
        read = reading(secret)
        # Only the plain form becomes the caller's mask; every other form becomes <secret>.
        self._forms += [(form, "<secret>") for form in _encoded_forms(secret) if form != read]
        self._forms.append((read, mask))
        self._forms.sort(key=lambda form: (-len(form[0]), form[0]))
        self._starts.append(read[: _least(read)])
        solid = "".join(_NO_SIGNS.findall(read))
        if len(solid) >= SHORTEST:
            pulled = re.compile(_BETWEEN.join(map(re.escape, solid)))
            self._split.append((solid[0], solid[-1], pulled, mask))

    @property
    def count(self) -> int:
        """Number of secrets."""
        return len(self._masks)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def __contains__(self, value: str) -> bool:
        return value in self._masks

    def may_be_in(self, read: str) -> bool:
        """Whether a known secret may stand in ``read``. False is certain, true is not."""
        return (
            any(first in read and last in read for first, last, _, _ in self._split)
            or any(start in read for start in self._starts)
            or any(form in read for form, _ in self._forms)
        )

    def find(self, page: Page) -> Iterator[Edit]:
        """An edit for every place where a known secret stands, in any form."""
        text = page.text
        for form, mask in self._forms:
            at = text.find(form)
            while at >= 0:
                yield from _masked(text, (at, at + len(form)), _NO_QUOTES, mask)
                at = text.find(form, at + len(form))
        for secret, mask in self._masks.items():
            yield from _cut_off(text, reading(secret), mask)
        for first, last, pattern, mask in self._split:
            if first in text and last in text:
                for match in pattern.finditer(text):
                    yield from _masked(text, match.span(), _NO_SIGNS, mask)


def _masked(
    text: str, span: tuple[int, int], stretches: re.Pattern[str], mask: str
) -> Iterator[Edit]:
    """What matches ``stretches`` within ``span``: the first becomes ``mask``, the others nothing.

    What is between them stays: in JSON a quote may be the document's.
    """
    for match in stretches.finditer(text, *span):
        yield Edit(*match.span(), mask, ("known-secret",))
        mask = ""


def _least(secret: str) -> int:
    """Number of characters from which on the beginning of ``secret`` gives it away."""
    return max(SHORTEST, (len(secret) + 1) // 2)


def _cut_off(text: str, secret: str, mask: str) -> Iterator[Edit]:
    """The first half of ``secret`` or more at the very end of a text, as a body that broke off
    leaves it."""
    for length in range(len(secret) - 1, _least(secret) - 1, -1):
        if text.endswith(secret[:length]):
            yield Edit(len(text) - length, len(text), mask, ("known-secret",))
            return


def _encoded_forms(secret: str) -> set[str]:
    """The readings of every form of ``secret`` that is long enough to be told from text."""
    data = secret.encode("utf-8", "surrogatepass")
    every = "".join(f"%{byte:02X}" for byte in data)
    escaped = json.dumps(secret)[1:-1]
    forms = {
        quote(secret, errors="replace"),
        quote(secret, safe="", errors="replace"),
        every,
        every.lower(),
        quote_plus(secret, errors="replace"),
        escaped,
        escaped.replace("/", r"\/"),
        "".join(f"\\u{ord(c):04x}" for c in secret),
        "".join(f"\\u{ord(c):04X}" for c in secret),
        "".join(map(_escaped_sign, secret)),
        data.hex(),
        data.hex().upper(),
        secret[::-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    for form in tuple(forms):
        if "%" in form:
            forms.add(re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), form))
    for standard in _base64(data):
        forms |= {standard, standard.replace("+", "-").replace("/", "_")}
    return {reading(form) for form in forms if len(form) >= SHORTEST}


def _escaped_sign(character: str) -> str:
    """``character`` with a JSON escape unless it is a letter or a digit."""
    if character.isalnum():
        return character
    return f"\\u{ord(character):04x}"


def _base64(data: bytes) -> Iterator[str]:
    """The characters of base64 that depend on ``data`` alone.

    Base64 writes three bytes as four characters, so there is one form for each place that the
    first byte can have within three.
    """
    for lead in range(3):
        whole = base64.b64encode(b"\0" * lead + data).decode()
        first = (lead * 8 + 5) // 6
        last = (lead + len(data)) * 8 // 6
        yield whole[first:last]
