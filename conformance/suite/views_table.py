"""The table of view members in ``docs/scenarios.md``, made from the schemas of the views.

Write it anew with ``python -m conformance.suite.views_table docs/scenarios.md``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from conformance.suite.views import COMMON, view_names, view_schema
from conformance.wire.operations import OPERATIONS

BEGIN = (
    "<!-- Made from schemas/views by `python -m conformance.suite.views_table`; do not edit. -->"
)
END = "<!-- End of what is made. -->"

_FIRST_OF = {operation.view: operation.id for operation in reversed(OPERATIONS.values())}
"""The first operation that has each view."""


def with_table(page: str) -> str:
    """``page`` with the table between its two marks renewed. Raises ValueError without the
    marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN!r} or {END!r}")
    return f"{before}{BEGIN}\n\n{views_table()}\n{END}{after}"


def views_table() -> str:
    """The table in Markdown: a row a view, in the order of the table of operations."""
    lines = ["| operations | members |", "| --- | --- |"]
    for view, operations in _operations_by_view().items():
        lines.append(f"| {operations} | {_members(view)} |")
    return "\n".join(lines) + "\n"


def _operations_by_view() -> dict[str, str]:
    """The operations that have each view, in words. Raises ValueError for a view that none has."""
    operations: dict[str, list[str]] = {}
    streams: dict[str, list[str]] = {}
    for operation in OPERATIONS.values():
        operations.setdefault(operation.view, []).append(f"`{operation.id}`")
        if operation.stream_view is not None:
            streams.setdefault(operation.stream_view, []).append(f"`{operation.id}`")
    words = {view: ", ".join(ids) for view, ids in operations.items()}
    words |= {view: f"{', '.join(ids)}, streamed" for view, ids in streams.items()}
    if set(words) != set(view_names()):
        raise ValueError(f"views without an operation: {set(view_names()) ^ set(words)}")
    return words


def _members(view: str) -> str:
    schema = view_schema(view)
    shown = [_member(name, member) for name, member in schema.get("properties", {}).items()]
    whole, hash_, _ = schema.get("$ref", "").partition("#")
    if whole:
        shown.insert(0, f"those of `{_FIRST_OF[whole.removesuffix('.json')]}`, put together")
    elif hash_:
        members = schema["$defs"]["members"]["properties"]
        shown = [_member(name, member) for name, member in members.items()] + shown
    return ", ".join(shown)


def _member(name: str, member: dict[str, Any]) -> str:
    parts = [f"`{name}`"]
    shape = _resolved(member)
    below = shape.get("properties")
    items = _resolved(shape.get("items", {})).get("properties")
    if below:
        parts.append("{" + ", ".join(f"`{part}`" for part in below) + "}")
    if items:
        parts.append("[{" + ", ".join(f"`{part}`" for part in items) + "}]")
    if "description" in member:
        parts.append(f"({member['description']})")
    return " ".join(parts)


def _resolved(member: dict[str, Any]) -> dict[str, Any]:
    """The shape of ``member``, which may stand in the file of shared definitions."""
    file, _, place = member.get("$ref", "").partition("#/$defs/")
    if not place:
        return member
    shape: dict[str, Any] = view_schema(file.removesuffix(".json") or COMMON)["$defs"][place]
    return shape


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")
