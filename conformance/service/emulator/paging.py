"""Lists in pages: ``limit``, ``after`` and ``order`` of the query."""

from __future__ import annotations

import re
from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.validation import MemberRule, check_value, wrong_choice


def page(
    call: ServiceCall, items: list[dict[str, Any]], newest_first: bool = True, default: int = 20
) -> dict[str, Any]:
    """The page of ``items`` (oldest first) the query asks for, with every member a list may have.
    Raises Refusal."""
    query = dict(call.request.query)
    order = query.get("order", "desc" if newest_first else "asc")
    if order not in ("asc", "desc"):
        raise wrong_choice("order", order, ("asc", "desc"))
    ordered = items[::-1] if order == "desc" else list(items)
    after = query.get("after")
    if after:
        place = next((index for index, item in enumerate(ordered) if item["id"] == after), None)
        if place is None:
            raise errors.invalid(f"No item with id '{after}' found.", "after")
        ordered = ordered[place + 1 :]
    limit = _limit(query.get("limit", query.get("$top", str(default))))
    shown = ordered[:limit]
    return {
        "object": "list",
        "data": shown,
        "first_id": shown[0]["id"] if shown else None,
        "last_id": shown[-1]["id"] if shown else None,
        "has_more": len(ordered) > limit,
    }


def _limit(text: str) -> int:
    value: Any = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text, re.ASCII) else text
    check_value("limit", value, MemberRule("integer", low=1, high=10_000))
    return int(value)
