"""Texts inside texts: escaped strings, base64 and percent encoding.

What is inside is sanitised as a text of its own. The result is written back in the encoding it came
in, and only when something inside changed.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Callable, Iterator
from urllib.parse import quote, unquote_to_bytes

from conformance.sanitize.edits import Edit
from conformance.sanitize.jsontext import EscapedString, encoded
from conformance.sanitize.page import Page, left_of, unescaped
from conformance.sanitize.triggers import shape_table

Inside = Callable[[str, bool], tuple[str, tuple[str, ...]]]
"""Sanitises the reading of an inner text, given whether it is binary. Returns the result, and the
ids of the rules that changed it."""

_RUN = re.compile(r"[A-Za-z0-9+/_-]{24,}+(?:\r?\n[ \t]*+[A-Za-z0-9+/_-]{4,}+)*+={0,2}")
_SHAPE = shape_table({"b": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"})
_SHORTEST_RUN = b"b" * 24
_SPACE = re.compile(r"\s+")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")
_PERCENT_CHARS = frozenset(chr(c) for c in range(33, 127)) - frozenset("\"'<>\\&=?#,;")
_PERCENT_REST = re.compile(r"[^\s\"'<>\\&=?#,;]*+", re.ASCII)
_CONTROL = re.compile(rb"[\0-\x08]")
_GZIP = b"\x1f\x8b"
_GZIP_WINDOW = 31  # zlib's number for the largest window, with a gzip header
_LONGEST_INFLATED = 50_000_000
_PROBE = 256
"""Number of bytes at the beginning that decide what sort of content it is."""


def escaped_strings(page: Page, strings: list[EscapedString], inside: Inside) -> Iterator[Edit]:
    """JSON strings with escapes: sanitised by what they say, and encoded again where that changed
    them."""
    for string in strings:
        result, rules = inside(string.value, False)
        if rules:
            written = encoded(result, page.text[string.start : string.end])
            yield Edit(string.start, string.end, written, rules)


def percent_encoded(page: Page, inside: Inside) -> Iterator[Edit]:
    """Percent-encoded values, wherever they stand."""
    if "%" not in page.text:
        return
    done = 0
    for escape in _PERCENT.finditer(page.text):
        if escape.start() < done:
            continue
        start = max(done, left_of(page.text, escape.start(), _PERCENT_CHARS))
        rest = _PERCENT_REST.match(page.text, escape.start())
        assert rest is not None  # it begins with the escape
        done = rest.end()
        result, rules = inside(unquote_to_bytes(page.text[start:done]).decode("latin-1"), False)
        if rules:
            yield Edit(start, done, quote(result.encode("latin-1"), safe="~"), (*rules, "encoded"))


def base64_runs(page: Page, inside: Inside) -> Iterator[Edit]:
    """Base64, in either alphabet, padded or not, folded or not, compressed or not."""
    shape = page.data.translate(_SHAPE)
    at, done = shape.find(_SHORTEST_RUN), 0
    # Ids and long words look like base64, and stand in every event of a stream: looked at once.
    clean: set[str] = set()
    while at >= 0:
        match = _RUN.match(page.text, max(at, done))
        if match is None:
            at = shape.find(_SHORTEST_RUN, max(at, done) + 1)
            continue
        done = match.end()
        start = unescaped(page.text, match.start(), done)
        run = page.text[start:done]
        if run not in clean:
            result = _sanitised(_bytes_of(run), inside)
            if result is None:
                clean.add(run)
            else:
                data, rules = result
                yield Edit(start, done, _encoded_like(run, data), (*rules, "encoded"))
        at = shape.find(_SHORTEST_RUN, done)


def _bytes_of(run: str) -> bytes | None:
    """What the base64 ``run`` encodes; None when it is no base64."""
    if "\n" in run:
        run = _SPACE.sub("", run)
    bare = run.rstrip("=").replace("-", "+").replace("_", "/")
    if len(bare) % 4 == 1:
        # One character too many: it is of the word behind, or the text broke off.
        bare = bare[:-1]
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except (binascii.Error, ValueError):
        return None


def _sanitised(data: bytes | None, inside: Inside) -> tuple[bytes, tuple[str, ...]] | None:
    """``data`` sanitised and the ids of the rules; None when nothing in it had to go."""
    if not data:
        return None
    if data.startswith(_GZIP):
        result = _sanitised(inflated(data), inside)
        if result is None:
            return None
        return _deflated(result[0]), result[1]
    is_wide = _is_utf_16(data)
    if is_wide:
        read = data.decode("utf-16-le", "replace").encode("utf-8").decode("latin-1")
    else:
        read = data.decode("latin-1")
    clean, rules = inside(read, not is_wide and is_binary(data))
    if not rules:
        return None
    written = clean.encode("latin-1")
    if is_wide:
        written = written.decode("utf-8", "replace").encode("utf-16-le")
    return written, rules


def _is_utf_16(data: bytes) -> bool:
    """Whether every second byte is 0, as in little-endian UTF-16 of ASCII."""
    second = data[1:_PROBE:2]
    return len(second) >= 8 and second.count(0) == len(second)


def is_binary(data: bytes) -> bool:
    """Whether ``data`` is no text. Then only what grants access is looked for in it."""
    head = data[:_PROBE]
    if _CONTROL.search(head):
        return True
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A text may be cut off within its last character, which has at most four bytes.
        return error.start < len(data) - 4
    return False


def inflated(data: bytes) -> bytes | None:
    """The content of the gzip member ``data``, as far as it goes.

    None when it is no gzip, or its content is larger than 50 MB.
    """
    inflater = zlib.decompressobj(_GZIP_WINDOW)
    try:
        plain = inflater.decompress(data, _LONGEST_INFLATED)
    except zlib.error:
        return None
    if inflater.unconsumed_tail:
        return None
    return plain


def _deflated(plain: bytes) -> bytes:
    """gzip without a time stamp, so that the same content gives the same bytes."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, _GZIP_WINDOW)
    return deflater.compress(plain) + deflater.flush()


def _encoded_like(run: str, data: bytes) -> str:
    """``data`` in base64, with the alphabet and the padding of ``run``."""
    text = base64.b64encode(data).decode()
    if "-" in run or "_" in run:
        text = text.replace("+", "-").replace("/", "_")
    if run.endswith("=") or len(run) % 4 == 0:
        return text
    return text.rstrip("=")
