"""Event streams to cut and to vary: generated ones, and one of three events."""

from __future__ import annotations

import json

from hypothesis import strategies as st

VALUES = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
MEMBERS = st.dictionaries(st.text(max_size=4), VALUES, max_size=4)
NAMES = st.sampled_from(["", "response.created", "error"])


def encoded(events: list[tuple[str, object]], *, ascii_only: bool = False) -> bytes:
    parts = []
    for name, value in events:
        text = json.dumps(value, ensure_ascii=ascii_only)
        parts.append((f"event: {name}\n" if name else "") + f"data: {text}\n\n")
    return "".join([*parts, "data: [DONE]\n\n"]).encode("utf-8")


STREAMS = st.lists(st.tuples(NAMES, MEMBERS), max_size=4).map(encoded)
THREE = encoded([("", {"n": 1}), ("", {"n": "h\u00e9\u20ac\U0001f600"}), ("", {"n": [3]})])
