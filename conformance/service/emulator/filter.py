"""The content filter: what a prompt asks it to find, in the blocks Azure reports it with
(wire-contract section 4).

Severity categories are filtered from ``medium`` on, Azure's default threshold; ``low`` is only
annotated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conformance.service.emulator.prompt import Directives, directives

SEVERITIES = ("hate", "self_harm", "sexual", "violence")
_LEVELS = ("safe", "low", "medium", "high")
_FILTERED_FROM = 2
FAILURE = {"code": "content_filter_error", "message": "The contents are not filtered"}
"""The entry of a filter that failed itself (RageAgainstThePixel/OpenAI-DotNet issue 274)."""


@dataclass(frozen=True, slots=True)
class FilterResult:
    """What the filter found: its ``block``, and whether that blocks. ``failed``: it could not look
    at the answer."""

    block: dict[str, Any]
    blocked: bool = False
    failed: bool = False

    def annotate(self, choice: dict[str, Any], whole: bool = True) -> dict[str, Any]:
        """``choice`` with its filter members. Not ``whole``: the empty block of role and finish
        chunks."""
        choice["content_filter_results"] = self.block if whole and not self.failed else {}
        if self.failed and whole:
            choice["content_filter_result"] = {"error": FAILURE}
        return choice


def judge_prompt(text: str) -> FilterResult:
    """The verdict on a prompt: ``[[filter:hate=medium]]``, ``[[filter:profanity]]``,
    ``[[jailbreak]]``, ``[[indirect-attack]]`` and ``[[blocklist:name]]``."""
    given = directives(text)
    block = _severities(given, "filter")
    block["jailbreak"] = _detection(given.has("jailbreak"))
    if given.has("indirect-attack"):
        block["indirect_attack"] = _detection(True)
    if "profanity" in given.values("filter"):
        block["profanity"] = _detection(True)
    if names := given.values("blocklist"):
        block["custom_blocklists"] = {
            "filtered": True,
            "details": [{"filtered": True, "id": n} for n in names],
        }
    return FilterResult(block, any(entry["filtered"] for entry in block.values()))


def judge_completion(text: str) -> FilterResult:
    """The verdict on the answer to ``text``: ``[[completion-filter:violence=high]]``,
    ``[[protected-material]]``, ``[[protected-material-code]]`` (found, cited, not filtered) and
    ``[[filter-error]]``."""
    given = directives(text)
    block = _severities(given, "completion-filter")
    block["protected_material_text"] = _detection(given.has("protected-material"))
    block["protected_material_code"] = {
        "filtered": False,
        "detected": given.has("protected-material-code"),
    }
    if given.has("protected-material-code"):
        block["protected_material_code"]["citation"] = {
            "URL": "https://github.com/contoso/emulated",
            "license": "MIT",
        }
    failed = given.has("filter-error")
    return FilterResult(
        block, not failed and any(entry["filtered"] for entry in block.values()), failed
    )


def safe_severities() -> dict[str, Any]:
    """The block of content nothing was found in."""
    return {name: {"filtered": False, "severity": "safe"} for name in SEVERITIES}


def prompt_results(verdict: FilterResult, with_image: bool = False) -> list[dict[str, Any]]:
    """``prompt_filter_results`` of a prompt.

    A prompt with images has two items, the second first, under a key in the singular (the article's
    image sample; crewAI's recording of 2026-01).
    """
    if not with_image:
        return [{"prompt_index": 0, "content_filter_results": verdict.block}]
    detections = {name: entry for name, entry in verdict.block.items() if name not in SEVERITIES}
    lists = detections.pop("custom_blocklists", {"filtered": False, "details": []})
    rated = {name: verdict.block[name] for name in SEVERITIES} | {"custom_blocklists": lists}
    return [
        {"prompt_index": 1, "content_filter_result": rated},
        {"prompt_index": 0, "content_filter_result": detections},
    ]


def _severities(given: Directives, name: str) -> dict[str, Any]:
    asked = dict(value.split("=", 1) for value in given.values(name) if "=" in value)
    return {category: _severity(asked.get(category, "safe")) for category in SEVERITIES}


def _severity(level: str) -> dict[str, Any]:
    known = level if level in _LEVELS else "safe"
    return {"filtered": _LEVELS.index(known) >= _FILTERED_FROM, "severity": known}


def _detection(found: bool) -> dict[str, bool]:
    return {"filtered": found, "detected": found}
