"""The JSON Schemas that others read: of scenarios, of results, of the adapter protocol.

Editors, pipelines and adapters point at these files, so that their folder does not move. Those that
are made from models are written by ``schema_text``, so that the two cannot drift.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).resolve().parent.parent / "published"
"""The folder, in a checkout and in an installed package alike."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_LINE_END_IN_A_PARAGRAPH = re.compile(r"(?<!\n)\n(?!\n)")


def schema_text(schema: dict[str, Any]) -> str:
    """``schema`` as it stands in its file. Descriptions come from docstrings, and how those are
    wrapped leaves no trace: a paragraph is one line."""
    return json.dumps(_unwrapped(schema), indent=2, sort_keys=True) + "\n"


def _unwrapped(value: Any) -> Any:
    if isinstance(value, list):
        return [_unwrapped(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _unwrapped_member(name, member) for name, member in value.items()}


def _unwrapped_member(name: str, member: Any) -> Any:
    if name == "description" and isinstance(member, str):
        return _LINE_END_IN_A_PARAGRAPH.sub(" ", member)
    return _unwrapped(member)
