"""Writing cassettes: vcrpy's YAML format 1 as text a reviewer can read, scanned, and put in place
all at once.

The text depends on the exchanges alone: header order as on the wire, one value a line, block
scalars for bodies, every date quoted. The bytes of a body are the bytes of the body, whatever the
style they are written in.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import os
import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from conformance.errors import EnvironmentFault, InputError
from conformance.sanitize.scan import refuse_leaks
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
_TEMPORARY = re.compile(r"\.(\d+)\.tmp\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


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


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in _ESCAPES:
        return _ESCAPES[sign]
    if ord(sign) < 256:
        return f"\\x{ord(sign):02X}"
    return f"\\u{ord(sign):04X}"


def cassette_path(root: Path, name: str) -> Path:
    """Where the cassette ``name`` (``<api-version>/<path>``, without ``.yaml``) stands below
    ``root``. Raises InputError ``cassette-outside`` for a name, or a link on the way, that leads
    out of it."""
    path = root / f"{name}.yaml"
    if not _NAME.fullmatch(name) or not path.parent.resolve().is_relative_to(root.resolve()):
        raise InputError(
            "cassette-outside",
            f"cassette {name!r} would be written outside {root}",
            "keep cassettes in their folder",
        )
    return path


def write_cassette(
    path: Path, text: str, secrets: Iterable[str] = (), names: Iterable[str] = ()
) -> bool:
    """Put ``text`` at ``path``, whole or not at all. Returns whether the file changed: one that
    differs by the day it was recorded alone is left as it is, so that recording twice gives an
    empty diff.

    Nothing is written, not even a temporary file, before the scanner has passed the text: it raises
    InputError ``leak-found``. Raises EnvironmentFault ``cassette-not-written`` when the disk
    refuses; the old file stays.
    """
    refuse_leaks(text, secrets, path.name, names)
    if _undated(_standing(path)) == _undated(text):
        return False
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        _put(temporary, text.encode("utf-8"))
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        why = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = "the disk is full"
        raise EnvironmentFault(
            "cassette-not-written",
            f"cannot write {path}: {why}",
            "what stood there before is unchanged; make room and record it again",
        ) from None
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return True


def _standing(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _undated(text: str) -> str:
    return re.sub(r'(?m)^  recorded: "[^"\n]*"\n', "", text)


def _put(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    # Not through a link somebody laid there, and with the permissions of any other file of the
    # user.
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666
    )
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last. Windows has no such thing."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(path: Path) -> None:
    """Remove what a killed recorder left beside ``path``; what a running one is writing stays."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        name = _TEMPORARY.search(left.name)
        if name and not _alive(int(name[1])):
            left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    if process == os.getpid() or os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
