"""Content codings (RFC 9110 section 8.4): undone before anything is looked at, because a secret in
a compressed body is in no text of the file (and a recorder that does not look inside finds
nothing)."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Sequence

from conformance.errors import InputError

MAX_DECODED = 100_000_000
"""Bytes a body may have once decoded: a compressed kilobyte can hold a gigabyte."""
_ZSTD_MODULES = ("compression.zstd", "zstandard", "pyzstd")


def decode(data: bytes, coding: str, ends: Sequence[int] = ()) -> tuple[bytes, tuple[int, ...]]:
    """``data`` without its content ``coding`` (a header's value; several are undone from the last),
    and where the chunk ``ends`` come to stand. A body that was cut off is decoded as far as it
    goes.

    Raises InputError ``coding-undecodable`` when a coding is unknown or the data is not of it, and
    ``body-too-large``.
    """
    offsets = tuple(ends)
    for name in reversed([part.strip().lower() for part in coding.split(",") if part.strip()]):
        if name == "identity" or not data:
            continue
        if name in ("gzip", "x-gzip"):
            data, offsets = _inflate(data, offsets, 31, name)
        elif name == "deflate":
            data, offsets = _inflate(data, offsets, _deflate_bits(data), name)
        else:
            data, offsets = _by_module(data, name), ()
    return data, offsets


def _deflate_bits(data: bytes) -> int:
    """The ``wbits`` of zlib for a ``deflate`` body: that means zlib (RFC 1950), and some servers
    send what is inside it."""
    if len(data) >= 2 and data[0] & 15 == 8 and int.from_bytes(data[:2], "big") % 31 == 0:
        return 15
    return -15


def _inflate(
    data: bytes, ends: tuple[int, ...], bits: int, name: str
) -> tuple[bytes, tuple[int, ...]]:
    pieces: list[bytes] = []
    offsets, size, start = [], 0, 0
    inflater = zlib.decompressobj(bits)
    for end in (*ends, len(data)):
        rest = data[start:end]
        while rest:
            try:
                piece = inflater.decompress(rest, MAX_DECODED + 1 - size)
            except zlib.error:
                raise _undecodable(name, "the data is not of it") from None
            pieces.append(piece)
            size += len(piece)
            if size > MAX_DECODED:
                raise InputError(
                    "body-too-large",
                    f"a {name} body has more than {MAX_DECODED} bytes once decoded",
                    "leave it out of the recording",
                )
            rest = inflater.unused_data or inflater.unconsumed_tail
            if inflater.eof:
                if bits != 31:  # only gzip may have several members
                    rest = b""
                inflater = zlib.decompressobj(bits)
        offsets.append(size)
        start = end
    return b"".join(pieces), tuple(offsets[: len(ends)])


def _by_module(data: bytes, name: str) -> bytes:
    """br and zstd, when the interpreter or an installed package knows them."""
    modules = {"br": ("brotli", "brotlicffi"), "zstd": _ZSTD_MODULES}.get(name)
    if modules is None:
        raise _undecodable(name, "it is not one of gzip, deflate, br, zstd")
    for module in modules:
        function = _function(module)
        if function is not None:
            try:
                return function(data)
            except Exception:
                raise _undecodable(name, "the data is not of it") from None
    raise _undecodable(name, f"none of {', '.join(modules)} is installed")


def _function(module: str) -> Callable[[bytes], bytes] | None:
    try:
        loaded = importlib.import_module(module)
    except ImportError:
        return None
    function: Callable[[bytes], bytes] = loaded.decompress
    return function


def _undecodable(name: str, why: str) -> InputError:
    return InputError(
        "coding-undecodable",
        f"a body has the content coding {name!r} and cannot be decoded: {why}",
        "record without it (Accept-Encoding: gzip), or install what decodes it; "
        "what cannot be read cannot be sanitised",
    )
