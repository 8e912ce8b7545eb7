"""Secrets the caller knows, in every form they are likely to be written in.

Forms: as it is; percent-encoded (both ways of writing a space, both cases, every character);
JSON-escaped; base64 at each of the three alignments, in both alphabets; hexadecimal; reversed; and
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
"""Characters of the shortest secret that can be told from ordinary text."""
_QUOTES = re.compile(r"[^\"]+")
_SIGNS = re.compile(r"[^\s\"'+,;|\\]+")
_BETWEEN = r"[\s\"'+,;|\\]{0,40}+"


class KnownSecrets:
    """A set of secrets and what each becomes."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._masks: dict[str, str] = {}
        self._forms: list[tuple[str, str]] = []
        self._split: list[tuple[str, str, re.Pattern[str], str]] = []
        self._starts: list[str] = []
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str, mask: str = "<secret>") -> None:
        """Mask ``secret`` in all forms from now on. Raises UsageError when it is too short to be
        told from text."""
        if len(secret) < SHORTEST:
            raise UsageError(
                "secret-too-short",
                f"a known secret has fewer than {SHORTEST} characters",
                "take it out of the secrets, or make it longer",
            )
        if secret in self._masks:
            return
        self._masks[secret] = mask
        self._forms += [
            (form, mask if plain else "<secret>") for form, plain in sorted(_forms(secret).items())
        ]
        self._forms.sort(key=lambda form: (-len(form[0]), form[0]))
        read = reading(secret)
        self._starts.append(read[: _least(read)])
        solid = "".join(_SIGNS.findall(read))
        if len(solid) >= SHORTEST:
            pulled = re.compile(_BETWEEN.join(map(re.escape, solid)))
            self._split.append((solid[0], solid[-1], pulled, mask))

    @property
    def count(self) -> int:
        return len(self._masks)

    def __bool__(self) -> bool:
        return bool(self._forms)

    def __contains__(self, value: str) -> bool:
        return value in self._masks

    def may_be_in(self, read: str) -> bool:
        """Whether a known secret could stand in ``read``: false is sure, true is not."""
        return (
            any(first in read and last in read for first, last, _, _ in self._split)
            or any(start in read for start in self._starts)
            or any(form in read for form, _ in self._forms)
        )

    def find(self, page: Page) -> Iterator[Edit]:
        """Every place a known secret stands at, in any form."""
        text = page.text
        for form, mask in self._forms:
            at = text.find(form)
            while at >= 0:
                yield from _between(text, at, at + len(form), _QUOTES, mask)
                at = text.find(form, at + len(form))
        for secret, mask in self._masks.items():
            yield from _cut_off(text, reading(secret), mask)
        for first, last, pattern, mask in self._split:
            if first in text and last in text:
                for found in pattern.finditer(text):
                    yield from _between(text, *found.span(), _SIGNS, mask)


def _between(text: str, start: int, end: int, signs: re.Pattern[str], mask: str) -> Iterator[Edit]:
    """``text[start:end]`` masked, but for ``signs``: in JSON a quote may be the document's, and
    must stay."""
    for found in signs.finditer(text, start, end):
        yield Edit(*found.span(), mask, ("known-secret",))
        mask = ""


def _least(secret: str) -> int:
    """Characters of the beginning of ``secret`` that give it away."""
    return max(SHORTEST, (len(secret) + 1) // 2)


def _cut_off(text: str, secret: str, mask: str) -> Iterator[Edit]:
    """The better half of ``secret`` or more at the very end of a text, as a body that broke off
    leaves it."""
    for length in range(len(secret) - 1, _least(secret) - 1, -1):
        if text.endswith(secret[:length]):
            yield Edit(len(text) - length, len(text), mask, ("known-secret",))
            return


def _forms(secret: str) -> dict[str, bool]:
    """Reading of each form to whether it is the plain one, which keeps its own mask."""
    data = secret.encode("utf-8", "surrogatepass")
    every = "".join(f"%{byte:02X}" for byte in data)
    escaped = json.dumps(secret)[1:-1]
    texts = {
        quote(secret, errors="replace"),
        quote(secret, safe="", errors="replace"),
        every,
        every.lower(),
        quote_plus(secret, errors="replace"),
        escaped,
        escaped.replace("/", r"\/"),
        "".join(f"\\u{ord(c):04x}" for c in secret),
        "".join(f"\\u{ord(c):04X}" for c in secret),
        "".join(c if c.isalnum() else f"\\u{ord(c):04x}" for c in secret),
        data.hex(),
        data.hex().upper(),
        secret[::-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }
    texts |= {
        re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)
        for text in texts
        if "%" in text
    }
    for standard in _base64(data):
        texts |= {standard, standard.replace("+", "-").replace("/", "_")}
    forms = {reading(text): False for text in texts if len(text) >= SHORTEST}
    return forms | {reading(secret): True}


def _base64(data: bytes) -> Iterator[str]:
    """The characters of base64 that depend on ``data`` alone, for each place it can have within
    three bytes."""
    for lead in range(3):
        whole = base64.b64encode(b"\0" * lead + data).decode()
        first = (lead * 8 + 5) // 6
        last = (lead + len(data)) * 8 // 6
        yield whole[first:last]
