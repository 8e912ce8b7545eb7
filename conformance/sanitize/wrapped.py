"""Texts inside texts: escaped strings, base64 and percent encoding. What is inside is sanitised as
a text of its own.

The result is written back in the encoding it came in, and only when something inside changed.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote_to_bytes

from conformance.sanitize.edits import Edit
from conformance.sanitize.jsontext import Escaped, encoded
from conformance.sanitize.page import Page, left_of, unescaped

Inside = Callable[[str, bool], tuple[str, tuple[str, ...]]]
"""Sanitise the reading of an inner text (and whether it is binary): the result and the ids of the
rules that hit."""

_RUN = re.compile(r"[A-Za-z0-9+/_-]{24,}+(?:\r?\n[ \t]*+[A-Za-z0-9+/_-]{4,}+)*+={0,2}")
_ALPHABET = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_SHAPE = bytes(98 if byte in _ALPHABET else 32 for byte in range(256))
_SHORTEST_RUN = b"b" * 24
_SPACE = re.compile(r"\s+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_PERCENT_CHARS = frozenset(chr(c) for c in range(33, 127)) - frozenset("\"'<>\\&=?#,;")
_PERCENT_REST = re.compile(r"[^\s\"'<>\\&=?#,;]*+", re.ASCII)
_CONTROL = re.compile(rb"[\0-\x08]")
_GZIP = b"\x1f\x8b"
_LONGEST_INFLATED = 50_000_000
_PROBE = 256


def escaped_strings(page: Page, strings: list[Escaped], inside: Inside) -> Iterator[Edit]:
    """JSON strings with escapes: sanitised by what they say, and encoded again when that changed
    them."""
    for string in strings:
        result, rules = inside(string.value, False)
        if rules:
            yield Edit(
                string.start,
                string.end,
                encoded(result, page.text[string.start : string.end]),
                rules,
            )


def percent_encoded(page: Page, inside: Inside) -> Iterator[Edit]:
    """Percent-encoded values, wherever they stand."""
    if "%" not in page.text:
        return
    done = 0
    for found in _PERCENT.finditer(page.text):
        if found.start() < done:
            continue
        start = max(done, left_of(page.text, found.start(), _PERCENT_CHARS))
        rest = _PERCENT_REST.match(page.text, found.start())
        done = rest.end() if rest else found.end()
        result, rules = inside(unquote_to_bytes(page.text[start:done]).decode("latin-1"), False)
        if rules:
            yield Edit(start, done, quote(result.encode("latin-1"), safe="~"), (*rules, "encoded"))


def base64_runs(page: Page, inside: Inside) -> Iterator[Edit]:
    """Base64, in either alphabet, padded or not, folded or not, compressed or not."""
    shape = page.data.translate(_SHAPE)
    at, done = shape.find(_SHORTEST_RUN), 0
    clean: set[str] = set()
    while at >= 0:
        found = _RUN.match(page.text, max(at, done))
        if found is None:
            at = shape.find(_SHORTEST_RUN, max(at, done) + 1)
            continue
        done = found.end()
        start = unescaped(page.text, found.start(), done)
        run = page.text[start:done]
        if (
            run not in clean
        ):  # ids and long words look like base64, and stand in every event of a stream
            data = _bytes_of(run)
            result = _within(data, inside) if data else None
            if result is None:
                clean.add(run)
            else:
                yield Edit(start, done, _again(result[0], run), (*result[1], "encoded"))
        at = shape.find(_SHORTEST_RUN, done)


def _bytes_of(run: str) -> bytes | None:
    joined = _SPACE.sub("", run) if "\n" in run else run
    bare = joined.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        bare = bare[:-1]
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None


def _within(data: bytes, inside: Inside) -> tuple[bytes, tuple[str, ...]] | None:
    """The sanitised bytes of ``data``, or None when nothing in them had to go."""
    if data.startswith(_GZIP):
        plain = inflated(data)
        deeper = _within(plain, inside) if plain else None
        return deeper and (_deflated(deeper[0]), deeper[1])
    wide = data[:_PROBE]
    if len(wide) >= 16 and wide[1::2].count(0) == len(wide[1::2]):
        text, rules = inside(
            data.decode("utf-16-le", "replace").encode("utf-8").decode("latin-1"), False
        )
        return (
            (text.encode("latin-1").decode("utf-8", "replace").encode("utf-16-le"), rules)
            if rules
            else None
        )
    text, rules = inside(data.decode("latin-1"), is_binary(data))
    return (text.encode("latin-1"), rules) if rules else None


def is_binary(data: bytes) -> bool:
    """Whether ``data`` is no text: then only what grants access is looked for in it."""
    head = data[:_PROBE]
    if _CONTROL.search(head):
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start < len(data) - 4
    return False


def inflated(data: bytes) -> bytes | None:
    """The content of a gzip member, as far as it goes; None when it is none, or larger than the
    budget."""
    inflater = zlib.decompressobj(31)
    try:
        plain = inflater.decompress(data, _LONGEST_INFLATED)
    except zlib.error:
        return None
    return None if inflater.unconsumed_tail else plain


def _deflated(plain: bytes) -> bytes:
    """gzip without a time stamp, so that the same content gives the same bytes."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, 31)
    return deflater.compress(plain) + deflater.flush()


def _again(data: bytes, run: str) -> str:
    text = base64.b64encode(data).decode()
    if "-" in run or "_" in run:
        text = text.replace("+", "-").replace("/", "_")
    return text if run.endswith("=") or len(run) % 4 == 0 else text.rstrip("=")
