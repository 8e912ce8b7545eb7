"""Identifiers by their form: GUIDs, and the ids the service makes (``chatcmpl-``, ``resp_``)."""

from __future__ import annotations

import re

GUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
ZERO_GUID = "00000000-0000-0000-0000-000000000000"
"""Stands where a GUID must stand and which one does not matter."""

_DASHED = ("chatcmpl", "cmpl", "file", "assistant", "ftjob", "ftevent", "ftckpt", "modr")
_UNDERLINED = (
    "resp",
    "msg",
    "call",
    "asst",
    "vs",
    "vsf",
    "vsfb",
    "batch",
    "thread",
    "run",
    "step",
    "item",
    "rs",
    "fc",
    "ws",
    "mcp",
    "mcpl",
    "mcpr",
    "ig",
    "ci",
    "cntr",
    "container",
    "cfile",
    "evalrun",
    "eval",
    "req",
    "sess",
    "event",
    "img",
    "conv",
    "upload",
    "part",
    "video",
    "rtc",
)
PREFIXES = (*(f"{word}-" for word in _DASHED), *(f"{word}_" for word in _UNDERLINED))
"""Prefixes of the ids the service makes, as documented and recorded."""
_PREFIX = re.compile("|".join(sorted(PREFIXES, key=len, reverse=True)))
_LONGEST = max(map(len, PREFIXES))
# A percent escape before the prefix has three characters.
PREFIX_REACH = _LONGEST + 3
"""Number of characters before an id that decide about its prefix."""


def id_prefix(text: str, end: int) -> str:
    """The id prefix that ends at ``end``, or "" when none does.

    A prefix begins at the beginning of a word or behind a percent escape.
    """
    if text[end - 1 : end] not in ("-", "_"):
        return ""
    for start in range(max(0, end - _LONGEST), end - 2):
        if _begins_word(text, start):
            prefix = _PREFIX.fullmatch(text, start, end)
            if prefix:
                return prefix[0]
    return ""


def _begins_word(text: str, start: int) -> bool:
    if start == 0 or (start >= 3 and text[start - 3] == "%"):
        return True
    before = text[start - 1]
    return not (before.isalnum() or before in "-_")
