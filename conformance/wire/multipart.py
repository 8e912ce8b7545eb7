"""Reading multipart/form-data bodies (RFC 7578), so that requests are compared by their parts, not
their boundary."""

from __future__ import annotations

import re
from dataclasses import dataclass

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_PARAMETER = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))')


@dataclass(frozen=True, slots=True)
class FormPart:
    """One part: its field ``name``, the ``filename`` when it is a file, and its content."""

    name: str
    filename: str | None
    content_type: str | None
    content: bytes


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart content type, or None."""
    boundary = _BOUNDARY.search(content_type)
    return boundary[1].strip() if boundary else None


def parse_multipart(body: bytes, content_type: str) -> tuple[FormPart, ...]:
    """The parts of ``body`` in order. A body that does not follow its boundary has no parts."""
    boundary = boundary_of(content_type)
    if boundary is None:
        return ()
    marker = b"--" + boundary.encode()
    pieces = (b"\r\n" + body).split(b"\r\n" + marker)
    parts = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        head, separator, content = piece.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        if separator:
            parts.append(_part(head.decode("utf-8", "replace"), content))
    return tuple(parts)


def _part(head: str, content: bytes) -> FormPart:
    name, filename, kind = "", None, None
    for line in head.split("\r\n"):
        label, _, value = line.partition(":")
        if label.lower() == "content-disposition":
            parameters = {key: quoted or token for key, quoted, token in _PARAMETER.findall(value)}
            name, filename = parameters.get("name", ""), parameters.get("filename")
        elif label.lower() == "content-type":
            kind = value.strip()
    return FormPart(name, filename, kind, content)
