"""Prefixes of the ids the service makes, as documented and recorded: ``chatcmpl-``, ``file-``,
``resp_``."""

from __future__ import annotations

import re

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
_PREFIX = re.compile("|".join(sorted(PREFIXES, key=len, reverse=True)))
_LONGEST = max(map(len, PREFIXES))
PREFIX_REACH = _LONGEST + 3
"""Characters before an id that decide about its prefix."""


def id_prefix(text: str, end: int) -> str:
    """The id prefix that ends at ``end`` and begins a word (or follows a percent escape), or ""."""
    if text[end - 1 : end] not in ("-", "_"):
        return ""
    for start in range(max(0, end - _LONGEST), end - 2):
        before = text[start - 1 : start] if start else ""
        escaped = start >= 3 and text[start - 3] == "%"
        if not before or escaped or not (before.isalnum() or before in "-_"):
            found = _PREFIX.fullmatch(text, start, end)
            if found:
                return found[0]
    return ""
