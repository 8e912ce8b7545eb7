"""Form bodies: ``multipart/form-data`` (RFC 7578) and ``application/x-www-form-urlencoded``.

Each part of a multipart body is sanitised by itself, file names lose their folders, and the random
boundary becomes a fixed one.
"""

from __future__ import annotations

import re

from conformance.sanitize.members import basename, is_placeholder
from conformance.sanitize.page import reading, writing
from conformance.sanitize.text import TextSanitizer
from conformance.sanitize.urls import Parameter, deployment
from conformance.wire.multipart import boundary_of

BOUNDARY = "conformance-boundary"
_MODEL_PART = b'name="model"'
_LONGEST_NAME = 128
"""Bytes of the longest content of a part that is read as a deployment's name."""
_FILENAME = re.compile(r"(filename=)(\"((?:[^\"\\\r\n]|\\.)*)\"|([^\s;\"]+))", re.IGNORECASE)
_FILENAME_STAR = re.compile(r"(;\s*)filename\*=([\w-]*'[\w-]*')([^\s;]+)", re.IGNORECASE)
_FORM_SECRETS = frozenset(
    {
        "client_secret",
        "client_assertion",
        "assertion",
        "refresh_token",
        "password",
        "code",
        "access_token",
        "id_token",
        "client_info",
        "device_code",
        "code_verifier",
        "api_key",
        "api-key",
    }
)
_FORM_IDENTITIES = frozenset({"client_id", "username", "login_hint"})


def sanitised_form(body: bytes, texts: TextSanitizer) -> bytes:
    """An urlencoded body: credentials by their names (RFC 6749), everything else as text."""
    pairs = body.decode("latin-1").split("&")
    return "&".join(_sanitised_pair(pair, texts) for pair in pairs).encode("latin-1")


def _sanitised_pair(pair: str, texts: TextSanitizer) -> str:
    parameter = Parameter.read(pair)
    low, value = parameter.name.lower(), parameter.value
    if low in _FORM_SECRETS:
        clean = value
        if not is_placeholder(value):
            clean = "<secret>"
    elif low in _FORM_IDENTITIES and value:
        clean = texts.aliases.of("client", value)
    else:
        clean = texts.text(value)
    return parameter.written(texts.text(parameter.name), clean)


def sanitised_multipart(
    body: bytes, content_type: str, texts: TextSanitizer
) -> tuple[bytes, str] | None:
    """The multipart ``body`` and its content type sanitised; None when the body does not follow
    its boundary."""
    boundary = boundary_of(content_type)
    if not boundary:
        return None
    marker = b"\r\n--" + boundary.encode()
    pieces = (b"\r\n" + body).split(marker)
    if len(pieces) < 2:
        return None
    clean = [_sanitised_piece(piece, texts) for piece in pieces]
    steady = _free_boundary(clean)
    joined = (b"\r\n--" + steady.encode()).join(clean)[2:]
    return joined, content_type.replace(boundary, steady)


def _free_boundary(pieces: list[bytes]) -> str:
    """A boundary that stands in none of the ``pieces``."""
    boundary, number = BOUNDARY, 1
    while any(boundary.encode() in piece for piece in pieces):
        number += 1
        boundary = f"{BOUNDARY}-{number}"
    return boundary


def _sanitised_piece(piece: bytes, texts: TextSanitizer) -> bytes:
    """What stands between two boundaries: the headers of a part and its content, or the end."""
    head, separator, content = piece.partition(b"\r\n\r\n")
    if not separator:
        if piece.strip() in (b"", b"--"):
            return piece
        return texts.body(piece).text.encode("latin-1")
    clean = _sanitised_head(head.decode("utf-8", "surrogateescape"), texts)
    start = clean.encode("utf-8", "surrogateescape") + separator
    if _MODEL_PART in head and len(content) <= _LONGEST_NAME and content.isascii():
        return start + deployment(content.decode(), texts).encode()
    return start + texts.body(content).text.encode("latin-1")


def _sanitised_head(head: str, texts: TextSanitizer) -> str:
    """The headers of a part: file names get aliases, and the encoded second spelling of a name
    (``filename*``) goes."""

    def aliased(filename: re.Match[str]) -> str:
        name = filename[3]
        if name is None:
            name = filename[4]
        return f'{filename[1]}"{_sanitised_filename(name, texts)}"'

    if "ilename" in head or "ILENAME" in head:
        head = _FILENAME.sub(aliased, _FILENAME_STAR.sub("", head))
    try:
        return texts.text(head)
    except UnicodeEncodeError:
        # Bytes that are no UTF-8 stand in ``head`` as lone surrogates; each becomes a character
        # that can be encoded while the text is looked at.
        read = head.encode("utf-8", "surrogateescape").decode("latin-1")
        return texts.text(read).encode("latin-1").decode("utf-8", "surrogateescape")


def _sanitised_filename(name: str, texts: TextSanitizer) -> str:
    """``name`` without folders, and under an alias that keeps the suffix."""
    return writing(reading(texts.aliases.of("file", basename(name))))
