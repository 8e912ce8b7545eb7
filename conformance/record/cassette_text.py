"""The text of a cassette: vcrpy's YAML format 1, as a reviewer can read it.

The text depends on the exchanges alone: header order as on the wire, one value a line, block
scalars for bodies, every date quoted. The bytes of a body are the bytes of the body, whatever the
style they are written in.
"""

from __future__ import annotations

import base64
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from conformance.wire.exchange import Headers, Request, Response

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_PLAIN = re.compile(
    r"(?!(?:null|true|false|yes|no|on|off|y|n)\Z)[A-Za-z][A-Za-z0-9-]*", re.IGNORECASE
)
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]"
)
_ESCAPED = re.compile(r"[\"\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_BASE64_WIDTH = 76


@dataclass(frozen=True, slots=True)
class CassetteOrigin:
    """What a cassette says of itself under ``conformance``. ``recorded``: a date (ISO 8601) or
    empty; ``rules``: the digest of the sanitiser's rule set; ``sdk``: name and version."""

    source: str
    ref: str
    api_version: str
    sdk: str = ""
    recorded: str = ""
    rules: str = ""


@dataclass(frozen=True, slots=True)
class CassetteEntry:
    """One interaction, sanitised. ``times``: for each chunk of the response the seconds since its
    head; empty: not kept."""

    request: Request
    response: Response
    times: tuple[float, ...] = ()


def render(entries: Iterable[CassetteEntry], origin: CassetteOrigin) -> str:
    """The text of a cassette."""
    lines = ["interactions:"]
    count = 0
    for entry in entries:
        lines += _entry(entry)
        count += 1
    if not count:
        lines = ["interactions: []"]
    lines += ["version: 1", "conformance:"]
    lines += [
        f"  {key}: {value if key == 'source' else _quoted(value)}"
        for key, value in _said(origin)
        if value
    ]
    return "\n".join(lines) + "\n"


def _said(origin: CassetteOrigin) -> tuple[tuple[str, str], ...]:
    return (
        ("source", origin.source),
        ("ref", origin.ref),
        ("api_version", origin.api_version),
        ("sdk", origin.sdk),
        ("recorded", origin.recorded),
        ("rules", origin.rules),
    )


def _entry(entry: CassetteEntry) -> Iterator[str]:
    request, response = entry.request, entry.response
    yield "- request:"
    yield f"    method: {_word(request.method)}"
    yield f"    uri: {_quoted(request.url)}"
    yield from _body("body", request.body, 4, absent="null")
    yield from _headers(request.headers)
    yield "  response:"
    phrase = _quoted(_PHRASES.get(response.status, ""))
    yield f"    status: {{code: {response.status}, message: {phrase}}}"
    yield from _headers(response.headers)
    yield "    body:"
    yield from _body("string", response.body, 6, absent='""')
    if response.chunks:
        yield "  stream:"
        yield from _numbers("offsets", [str(end) for end in response.chunks])
        if entry.times:
            yield from _numbers("times", [f"{at:g}" for at in entry.times])


def _numbers(name: str, numbers: list[str]) -> list[str]:
    return textwrap.wrap(
        f"{name}: [{', '.join(numbers)}]", 112, initial_indent="    ", subsequent_indent="      "
    )


def _headers(headers: Headers) -> Iterator[str]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name, []).append(value)
    yield "    headers:" if values else "    headers: {}"
    for name, items in values.items():
        yield f"      {_word(name)}: [{', '.join(_quoted(item) for item in items)}]"


def _body(name: str, body: bytes, indent: int, absent: str) -> Iterator[str]:
    """``name: body``: a block scalar where YAML gives back exactly these bytes, quoted where it
    needs escapes, base64 where it is no text."""
    blank = " " * indent
    if not body:
        yield f"{blank}{name}: {absent}"
        return
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        yield f"{blank}{name}: !!binary |"
        yield from textwrap.wrap(
            base64.b64encode(body).decode(),
            _BASE64_WIDTH,
            initial_indent=blank + "  ",
            subsequent_indent=blank + "  ",
        )
        return
    if _UNPRINTABLE.search(text) or not text.strip() or text[0] in " \t\n":
        yield f"{blank}{name}: {_quoted(text)}"
        return
    content = text.rstrip("\n")
    ending = len(text) - len(content)
    yield f"{blank}{name}: |{_CHOMPING.get(ending, '+')}"
    yield from (f"{blank}  {line}" if line else "" for line in content.split("\n"))
    yield from [""] * (ending - 1)


_CHOMPING = {0: "-", 1: ""}
"""What YAML does with the line ends a block scalar ends in, by their number; more of them are all
kept."""


def _word(text: str) -> str:
    """``text`` as a plain scalar where that is the same text in YAML."""
    return text if _PLAIN.fullmatch(text) else _quoted(text)


def _quoted(text: str) -> str:
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(match: re.Match[str]) -> str:
    sign = match[0]
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if ord(sign) < 256:
        return f"\\x{ord(sign):02X}"
    return f"\\u{ord(sign):04X}"
