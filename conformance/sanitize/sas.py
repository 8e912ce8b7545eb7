"""Shared access signatures: the query parameters that open a storage account to whoever has them.

Source of the names: the documentation of Azure Storage, "Create a service SAS" and "Create a user
delegation SAS".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from conformance.sanitize.edits import Edit
from conformance.sanitize.ids import ZERO_GUID
from conformance.sanitize.page import STRETCH, Page, left_of
from conformance.sanitize.triggers import before_equals

MASKS: Mapping[str, tuple[str, str]] = {
    "sig": ("sas-signature", "<sig>"),
    "skoid": ("sas-identity", ZERO_GUID),
    "sktid": ("sas-identity", ZERO_GUID),
}
"""Parameter to the id of its rule, and what becomes of its value."""
STEADY_TIME = "2000-01-01T00:00:00Z"
"""What the times and addresses of a signature become."""
TIMES = frozenset({"se", "st", "ske", "skt", "sip"})
KEPT = frozenset({"sks", "skv", "spr", "sp", "sr", "sv", "si", "rscd", "rscc", "rsct"})
"""Parameters that say what is allowed and in which version: no secret, and evidence."""

# The separators are those of a URL as it is, in JSON, in HTML, and percent-encoded once or twice.
_PARAMETER = re.compile(
    r"(?:^|[?&;]|\\u0026|&amp;|%26|%3f|%253f|%2526)"
    r"(sig|skoid|sktid|skt|ske|se|st|sip|sdd)(=|%3d|%253d)"
    r"((?:(?!%26|%2526)[^&;\s\"'<>\\])*+)",
    re.IGNORECASE,
)
_SIG = re.compile(
    r"(?:(?<![a-z0-9_])|(?<=%26)|(?<=%3f)|(?<=526)|(?<=53f)|(?<=0026))sig(?:=|%3d|%253d)"
)
_BLOB = re.compile(r"\.core\.[a-z.]+(/[^?#\s\"'<>\\]*)\?")
_URL_CHARS = frozenset(chr(c) for c in range(33, 256)) - frozenset("\"'<>\\")
_URL_REST = re.compile(r"(?:[^\s\"'<>\\]|\\u0026|<sig>)*+")
_SHORTEST_SIG = 8
_MASKED_BY_OTHERS = frozenset({"redacted", "sanitized", "sanitised", "xxxxxxxx"})
"""What other recorders write where a signature stood."""


def signatures(page: Page) -> Iterator[Edit]:
    """The parameters around each ``sig``. Only beside a ``sig`` do the other short names mean what
    they mean here."""
    if not before_equals(page.low, ("sig",)) and ("%" not in page.low or "sig%" not in page.low):
        return
    done = 0
    for sig in _SIG.finditer(page.low):
        if sig.start() < done:
            continue
        start = max(done, left_of(page.text, sig.start(), _URL_CHARS))
        done = sig.end()
        rest = _URL_REST.match(page.text, sig.end(), sig.end() + STRETCH)
        if rest:
            done = rest.end()
        url = page.text[start:done]
        if "<sig>" not in url and not _is_signed(url):
            continue
        for edit in _edits_of(page, url):
            yield Edit(start + edit.start, start + edit.end, edit.replacement, edit.rules)


def _is_signed(url: str) -> bool:
    """Whether ``url`` has a ``sig`` that is long enough for one and that nobody has masked."""
    for parameter in _PARAMETER.finditer(url):
        name, value = parameter[1].lower(), parameter[3]
        if name == "sig" and len(value) >= _SHORTEST_SIG and value.lower() not in _MASKED_BY_OTHERS:
            return True
    return False


def _edits_of(page: Page, url: str) -> Iterator[Edit]:
    """The edits of a signed ``url``, with positions in it."""
    for parameter in _PARAMETER.finditer(url):
        rule, mask = MASKS.get(parameter[1].lower(), ("sas-time", STEADY_TIME))
        value = parameter[3]
        if value and value != mask and (page.noise or rule != "sas-time"):
            yield Edit(parameter.start(3), parameter.end(3), mask, (rule,))
    blob = _BLOB.search(url)
    if blob and page.noise and blob[1].strip("/"):
        clean = f"/c/{page.aliases.of('blob', _blob_name(blob[1]))}"
        if clean != blob[1]:
            yield Edit(blob.start(1), blob.end(1), clean, ("blob-path",))


def _blob_name(path: str) -> str:
    """What of the ``path`` of a blob gets an alias: all of it, or the last part of a path that is
    an alias already, so that sanitising again changes nothing."""
    folder, _, name = path.rpartition("/")
    if "blob-" in name and folder in ("", "/c"):
        return name
    return path
