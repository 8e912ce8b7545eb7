"""What somebody probably meant who wrote a name that is not known."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.errors import nearest


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` with the known name closest to ``name``; empty where none is close."""
    close = nearest(name, known, most=1)
    return f"did you mean {close[0]!r}?" if close else ""


def known_keys_hint(key: str, known: Iterable[str]) -> str:
    """The hint for a key that is not known: the closest one, or all that are known here."""
    keys = sorted(known)
    return did_you_mean(key, keys) or f"known keys here: {', '.join(keys)}"
