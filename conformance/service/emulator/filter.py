"""The content filter: it finds what a directive in the prompt asks it to find, and reports it in
the blocks that Azure uses (facts/service#content-filter).

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
    """What the filter found in a text: the ``block`` that is reported, and whether the text is
    ``blocked``. ``failed``: the filter itself failed, and the text passes."""

    block: dict[str, Any]
    blocked: bool = False
    failed: bool = False

    def annotate(self, choice: dict[str, Any], *, whole: bool = True) -> dict[str, Any]:
        """``choice`` with its filter members added. When not ``whole``, the block is empty, as in
        the role and finish chunks of a stream."""
        choice["content_filter_results"] = {}
        if whole and self.failed:
            choice["content_filter_result"] = {"error": FAILURE}
        elif whole:
            choice["content_filter_results"] = self.block
        return choice


def judge_prompt(text: str) -> FilterResult:
    """What the filter finds in a prompt. Directives: ``[[filter:hate=medium]]``,
    ``[[filter:profanity]]``, ``[[jailbreak]]``, ``[[indirect-attack]]``, ``[[blocklist:name]]``."""
    steering = directives(text)
    block = _severities(steering, "filter")
    block["jailbreak"] = _detection(steering.has("jailbreak"))
    if steering.has("indirect-attack"):
        block["indirect_attack"] = _detection(True)
    if "profanity" in steering.values("filter"):
        block["profanity"] = _detection(True)
    if names := steering.values("blocklist"):
        block["custom_blocklists"] = {
            "filtered": True,
            "details": [{"filtered": True, "id": name} for name in names],
        }
    return FilterResult(block, any(entry["filtered"] for entry in block.values()))


def judge_completion(text: str) -> FilterResult:
    """What the filter finds in the answer to ``text``. Directives:
    ``[[completion-filter:violence=high]]``, ``[[protected-material]]``,
    ``[[protected-material-code]]`` (detected and cited, but not filtered), ``[[filter-error]]``."""
    steering = directives(text)
    block = _severities(steering, "completion-filter")
    block["protected_material_text"] = _detection(steering.has("protected-material"))
    has_code = steering.has("protected-material-code")
    block["protected_material_code"] = {"filtered": False, "detected": has_code}
    if has_code:
        block["protected_material_code"]["citation"] = {
            "URL": "https://github.com/contoso/emulated",
            "license": "MIT",
        }
    failed = steering.has("filter-error")
    blocked = not failed and any(entry["filtered"] for entry in block.values())
    return FilterResult(block, blocked, failed)


def prompt_results(
    filter_result: FilterResult, *, with_image: bool = False
) -> list[dict[str, Any]]:
    """``prompt_filter_results`` of a prompt."""
    if not with_image:
        return [{"prompt_index": 0, "content_filter_results": filter_result.block}]
    # A prompt with images has two items, the second first, under a key in the singular: so in the
    # article's image sample and in a recording (facts/service#image-input).
    block = filter_result.block
    detections = {name: entry for name, entry in block.items() if name not in SEVERITIES}
    lists = detections.pop("custom_blocklists", {"filtered": False, "details": []})
    rated = {name: block[name] for name in SEVERITIES} | {"custom_blocklists": lists}
    return [
        {"prompt_index": 1, "content_filter_result": rated},
        {"prompt_index": 0, "content_filter_result": detections},
    ]


def _severities(steering: Directives, name: str) -> dict[str, Any]:
    """The severity categories at the levels that directives called ``name`` ask for."""
    levels = dict(value.split("=", 1) for value in steering.values(name) if "=" in value)
    return {category: _severity(levels.get(category, "safe")) for category in SEVERITIES}


def _severity(level: str) -> dict[str, Any]:
    if level not in _LEVELS:
        level = "safe"
    return {"filtered": _LEVELS.index(level) >= _FILTERED_FROM, "severity": level}


def _detection(detected: bool) -> dict[str, bool]:
    return {"filtered": detected, "detected": detected}
