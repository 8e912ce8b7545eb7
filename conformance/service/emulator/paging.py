"""Lists in pages: ``limit``, ``after`` and ``order`` of the query."""

from __future__ import annotations

import re
from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.validation import MemberRule, check_value, wrong_choice


def page(call: ServiceCall, items: list[dict[str, Any]], *, default: int = 20) -> dict[str, Any]:
    """The page of ``items`` (oldest first) that the query asks for, newest first unless it says
    otherwise, with every member a list may have. ``default`` is how many items a page has. Raises
    Refusal."""
    query = dict(call.request.query)
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise wrong_choice("order", order, ("asc", "desc"))
    ordered = list(items)
    if order == "desc":
        ordered.reverse()
    after = query.get("after")
    if after:
        ids = [item["id"] for item in ordered]
        if after not in ids:
            raise errors.invalid(f"No item with id '{after}' found.", "after")
        ordered = ordered[ids.index(after) + 1 :]
    limit = _limit(query.get("limit", query.get("$top", str(default))))
    data = ordered[:limit]
    ids = [item["id"] for item in data] or [None]
    return {
        "object": "list",
        "data": data,
        "first_id": ids[0],
        "last_id": ids[-1],
        "has_more": len(ordered) > limit,
    }


def _limit(text: str) -> int:
    """``text`` as the number of items on a page. Raises Refusal."""
    value: Any = text
    if re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII):
        value = int(text)
    check_value("limit", value, MemberRule("integer", low=1, high=10_000))
    return int(value)
