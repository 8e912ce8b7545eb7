"""api-versions and the ranges scenarios and commands write over them.

Dated versions are ordered by date, a preview before a release of the same date. ``v1`` is no date:
it is only meant when it is named.
"""

from __future__ import annotations

import re

from conformance.suite.scenario.model import API_VERSIONS

_TERM = re.compile(
    r"(?P<operator>>=|<=|>|<|==)?\s*(?P<version>[0-9]{4}-[0-9]{2}-[0-9]{2}(-preview)?|v1)\Z"
)


def select_versions(
    text: str | list[str], known: tuple[str, ...] = API_VERSIONS
) -> tuple[str, ...]:
    """The members of ``known`` that ``text`` names.

    ``text`` is a list of versions, or comma-separated terms: comparisons (``>=2024-10-21``) must
    all hold, versions named alone are added to them; ``all`` is everything. Raises ValueError with
    a sentence.
    """
    if text == "all":
        return known
    comparisons: list[tuple[str, str]] = []
    named: set[str] = set()
    if isinstance(text, str):
        text = text.split(",")
    for term in text:
        read = _TERM.match(term.strip())
        if read is None:
            raise ValueError(
                f"{term.strip()!r} is no api-version; write >=2024-10-21, 2024-10-21 or v1"
            )
        if read["operator"] in (None, "=="):
            named.add(read["version"])
        else:
            comparisons.append((read["operator"], read["version"]))
    unknown = named - set(known)
    if unknown:
        raise ValueError(
            f"no schemas for api-version {', '.join(sorted(unknown))}; known: {', '.join(known)}"
        )
    return tuple(
        v for v in known if v in named or (comparisons and v != "v1" and _all_hold(v, comparisons))
    )


def _all_hold(version: str, comparisons: list[tuple[str, str]]) -> bool:
    return all(_holds(_order(version), operator, _order(limit)) for operator, limit in comparisons)


def _holds(left: tuple[str, int], operator: str, right: tuple[str, int]) -> bool:
    return {">=": left >= right, "<=": left <= right, ">": left > right, "<": left < right}[
        operator
    ]


def _order(version: str) -> tuple[str, int]:
    # A preview comes before the release of the same day.
    return (version[:10], int(not version.endswith("-preview")))


def at_least(version: str, since: str) -> bool:
    """Whether ``version`` is ``since`` or later; ``v1`` is later than every date."""
    return version == "v1" or _order(version) >= _order(since)
