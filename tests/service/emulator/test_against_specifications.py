"""The emulator's answers against the published OpenAPI files, every disagreement listed with its
reason.

The files are not part of the repository; without them beside it these tests are skipped and say so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.service.emulator import Emulator
from conformance.suite.scenario.model import API_VERSIONS
from conformance.suite.scenario.versions import at_least
from conformance.wire.operations import OPERATIONS
from tests.places import PROJECT
from tests.service.emulator import openapi, variants
from tests.service.emulator.emulating import Caller
from tests.service.emulator.walking import VISITS, Store

needs_specs = pytest.mark.skipif(
    not openapi.SPECS.is_dir(),
    reason="the OpenAPI files are not beside this repository (../shared/specs)",
)

REASONING = "Reasoning items have a summary and no content: 3 of 3 recordings."
EXCEPTIONS: dict[str, str] = {
    "/: oneOf": (
        "A transcription satisfies both alternatives of the specification, "
        "which has no telling member."
    ),
    "/error/type: type": (
        "A filtered prompt has type null in all 23 recordings; the specification wants text."
    ),
    "/error/type: enum": "v1 allows only the type error, which no recorded refusal has.",
    "/choices/*/message: required 'content'": (
        "A filtered answer may have no content (Microsoft Learn, streaming)."
    ),
    "/object: enum": (
        "The first chunk, and those of the asynchronous filter, have an empty object: "
        "312 of 319 streams."
    ),
    "/choices/*: required 'delta'": (
        "Chunks of the asynchronous filter have no delta (Microsoft Learn, streaming)."
    ),
    "/prompt_filter_results/*: required 'content_filter_results'": (
        "Prompts with images have the singular content_filter_result "
        "(the article, crewAI's recording)."
    ),
    "/user: type": "user is null in 13 of 13 recorded responses; the previews want text.",
    "/response/user: type": "user is null in 13 of 13 recorded responses; the previews want text.",
    "/response/usage: type": (
        "The first events of a stream have usage null; the previews want an object."
    ),
    "/output/*: required 'content'": REASONING,
    "/item: required 'content'": REASONING,
    "/response/output/*: required 'content'": REASONING,
}
"""Where real traffic wins over a specification. Each entry must still be needed, and stands in
docs/emulator.md."""

Source = Callable[[Caller], Iterator[tuple[str, Any]]]
PARTS: dict[str, tuple[Source, tuple[str, ...], str]] = {
    "chat": (
        variants.chats,
        ("createChatCompletionResponse", "AzureCreateChatCompletionResponse"),
        "2024-06-01",
    ),
    "chunk": (
        variants.chat_chunks,
        ("createChatCompletionStreamResponse", "AzureCreateChatCompletionStreamResponse"),
        "2024-06-01",
    ),
    "error": (variants.refusals, ("errorResponse", "AzureErrorResponse"), "2024-06-01"),
    "image error": (variants.image_refusals, ("dalleErrorResponse",), "2024-06-01"),
    "verbose": (variants.transcripts, ("audioVerboseResponse",), "2024-06-01"),
    "response": (variants.responses, ("response", "AzureResponse"), "2025-03-01-preview"),
    "event": (
        variants.response_events,
        ("responseStreamEvent", "OpenAI.ResponseStreamEvent"),
        "2025-03-01-preview",
    ),
}


def plain(version: str) -> Iterator[tuple[str, str]]:
    """(operation, problem) of the plain walk."""
    for name, operation in OPERATIONS.items():
        path = (
            operation.path if version == "v1" else operation.classic_path().removeprefix("/openai")
        )
        schema = openapi.answer_schema(version, operation.method, path)
        if not at_least(version, operation.since) or operation.answer != "json" or schema is None:
            continue
        caller = Caller(Emulator(), version)
        body = VISITS[name](caller, Store(caller)).json()
        yield from ((name, problem) for problem in openapi.problems(version, schema, body))


def varied(version: str) -> Iterator[tuple[str, str]]:
    known = openapi.document(version)["components"]["schemas"]
    for part, (source, names, since) in PARTS.items():
        name = next((name for name in names if name in known), None)
        if name is None or not at_least(version, since):
            continue
        schema = {"$ref": f"#/components/schemas/{name}"}
        for what, body in source(Caller(Emulator(), version)):
            yield from (
                (f"{part} ({what})", problem) for problem in openapi.problems(version, schema, body)
            )


@needs_specs
def test_disagreements_are_those_that_are_known() -> None:
    found: dict[str, set[str]] = defaultdict(set)
    for version in API_VERSIONS:
        for where, problem in (*plain(version), *varied(version)):
            found[problem].add(f"{version} {where}")
    assert {
        problem: sorted(found[problem])[:5] for problem in found.keys() - EXCEPTIONS.keys()
    } == {}
    assert EXCEPTIONS.keys() - found.keys() == set(), "exceptions nothing needs any more"


def test_disagreements_are_documented() -> None:
    text = " ".join((PROJECT / "docs" / "emulator.md").read_text(encoding="utf-8").split())
    assert [reason for reason in EXCEPTIONS.values() if reason not in text] == []
