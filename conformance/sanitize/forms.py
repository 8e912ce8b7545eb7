"""Multipart bodies: each part is sanitised by itself, file names lose their folders, and the
boundary stops being random (RFC 7578)."""

from __future__ import annotations

import re

from conformance.sanitize.redact import Engine
from conformance.sanitize.urls import deployment, sanitised_filename
from conformance.wire.multipart import boundary_of

BOUNDARY = "conformance-boundary"
_MODEL_PART = b'name="model"'
_LONGEST_NAME = 128
_FILENAME = re.compile(r"(filename=)(\"((?:[^\"\\\r\n]|\\.)*)\"|([^\s;\"]+))", re.IGNORECASE)
_FILENAME_STAR = re.compile(r"(;\s*)filename\*=([\w-]*'[\w-]*')([^\s;]+)", re.IGNORECASE)


def sanitised_multipart(body: bytes, content_type: str, engine: Engine) -> tuple[bytes, str] | None:
    """The body and content type sanitised, or None when the body does not follow its boundary."""
    boundary = boundary_of(content_type)
    if not boundary:
        return None
    marker = b"\r\n--" + boundary.encode()
    pieces = (b"\r\n" + body).split(marker)
    if len(pieces) < 2:
        return None
    clean = [_piece(piece, engine) for piece in pieces]
    steady = _free(clean)
    joined = (b"\r\n--" + steady.encode()).join(clean)[2:]
    return joined, content_type.replace(boundary, steady)


def _free(pieces: list[bytes]) -> str:
    """A boundary that stands in no part."""
    steady, number = BOUNDARY, 1
    while any(steady.encode() in piece for piece in pieces):
        number += 1
        steady = f"{BOUNDARY}-{number}"
    return steady


def _piece(piece: bytes, engine: Engine) -> bytes:
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator:
        return piece if piece.strip() in (b"", b"--") else engine.body(piece).text.encode("latin-1")
    clean = _named(head.decode("utf-8", "surrogateescape"), engine).encode(
        "utf-8", "surrogateescape"
    )
    if _MODEL_PART in head and len(content) <= _LONGEST_NAME and content.isascii():
        return clean + separator + deployment(content.decode(), engine).encode()
    return clean + separator + engine.body(content).text.encode("latin-1")


def _named(head: str, engine: Engine) -> str:
    """A part's headers: file names aliased, the second, encoded spelling of them dropped."""

    def plain(found: re.Match[str]) -> str:
        name = found[3] if found[3] is not None else found[4]
        return f'{found[1]}"{sanitised_filename(name, engine)}"'

    if "ilename" not in head and "ILENAME" not in head:
        return _text(head, engine)
    return _text(_FILENAME.sub(plain, _FILENAME_STAR.sub("", head)), engine)


def _text(head: str, engine: Engine) -> str:
    try:
        return engine.text(head)
    except UnicodeEncodeError:
        return (
            engine.text(head.encode("utf-8", "surrogateescape").decode("latin-1"))
            .encode("latin-1")
            .decode("utf-8", "surrogateescape")
        )
