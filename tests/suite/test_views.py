"""The vocabulary that every adapter's view is held to."""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource

from conformance.suite.schema import SchemaRegistry
from conformance.suite.views import (
    AS_SENT,
    COMMON,
    view_name,
    view_names,
    view_problem,
    view_schema,
    views_folder,
)
from conformance.wire.operations import OPERATIONS
from tests.places import PROJECT

NAMES = (*view_names(), COMMON)


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_the_vocabulary_is_a_schema_that_says_what_it_is(name: str) -> None:
    schema = view_schema(name)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", view_names())
def test_a_validator_of_others_reads_the_vocabulary_by_its_relative_references(name: str) -> None:
    files = {
        path.name: Resource.from_contents(json.loads(path.read_text(encoding="utf-8")))
        for path in views_folder().glob("*.json")
    }
    registry: Registry[Any] = Registry().with_resources(files.items())
    validator = jsonschema.Draft202012Validator({"$ref": f"{name}.json"}, registry=registry)
    assert validator.is_valid({})
    assert not validator.is_valid({"txet": "Hi"})


def test_an_answer_and_its_stream_have_a_view_each() -> None:
    assert view_name("chat.completions.create", streamed=False) == "chat"
    assert view_name("chat.completions.create", streamed=True) == "chat-stream"
    assert view_name("embeddings.create", streamed=True) == "event-stream"
    assert view_name("teapots.create", streamed=False) is None


@pytest.mark.parametrize("name", view_names())
def test_a_member_of_another_name_leaves_every_view(name: str) -> None:
    assert view_problem(name, {}) is None
    problem = view_problem(name, {"txet": "Hi"})
    assert problem is not None
    assert problem.startswith("/view: ")
    assert "'txet'" in problem
    assert problem.endswith(f"(schemas/views/{name}.json)")


@pytest.mark.parametrize(
    ("name", "view", "place"),
    [
        ("chat", {"choices": "two"}, "/view/choices: "),
        ("chat", {"tool_calls": None}, "/view/tool_calls: "),
        ("chat", {"tool_calls": [{"function": "f"}]}, "/view/tool_calls/0: "),
        ("chat", {"usage": {"input_tokens": 1}}, "/view/usage: "),
        ("chat", {"texts": "Hi"}, "/view/texts: "),
        ("chat", {"chunk_count": 1}, "/view: "),
        ("chat-stream", {"chunk_count": -1}, "/view/chunk_count: "),
        ("embeddings", {"vectors": [[0.5] * 9]}, "/view/vectors/0: "),
        ("speech", {"sha256": "abc"}, "/view/sha256: "),
        ("batch", {"counts": {"total": 1, "done": 1}}, "/view/counts: "),
        ("list", {"count": 1.5}, "/view/count: "),
    ],
)
def test_a_value_that_the_adapter_makes_has_the_type_of_the_vocabulary(
    name: str, view: dict[str, Any], place: str
) -> None:
    problem = view_problem(name, view)
    assert problem is not None
    assert problem.startswith(place)


def test_a_value_that_an_sdk_hands_through_may_have_the_type_the_service_gave_it() -> None:
    assert (
        view_problem("chat", {"model": 5, "texts": [None, 7], "usage": {"total_tokens": "2"}})
        is None
    )


def test_what_is_marked_as_sent_has_a_documented_type_all_the_same() -> None:
    marked = [item for item in view_schema(COMMON)["$defs"].values() if item.get(AS_SENT)]
    assert marked
    assert all("type" in item for item in marked)


@pytest.mark.parametrize("view", [{"text": math.nan}, {"text": "\ud800"}, {"id": 10**400}])
def test_a_value_that_no_json_can_say_raises_nothing(view: dict[str, Any]) -> None:
    view_problem("chat", view)


def test_a_long_value_is_cut_in_the_message() -> None:
    problem = view_problem("chat", {"choices": "x" * 10_000})
    assert problem is not None
    assert len(problem) < 400


def test_every_operation_has_a_view_in_the_vocabulary_and_every_view_an_operation() -> None:
    used = {operation.view for operation in OPERATIONS.values()}
    used |= {operation.stream_view for operation in OPERATIONS.values() if operation.stream_view}
    assert used == set(view_names())


def test_the_vocabulary_is_no_api_version() -> None:
    assert "views" not in SchemaRegistry.load(PROJECT / "schemas").api_versions()
