"""Members no schema knows are noted, each with its place and its standing, and nothing else is."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.suite.schema import MemberStanding, UnknownMember
from tests.schemas.schema_corpus import Corpus, corpus, corpus_file, every_schema, registry


def noted(name: str, version: str, body: Any) -> dict[str, MemberStanding]:
    return {
        member.pointer: member.standing
        for member in registry().unknown_members(name, version, body)
    }


def body_of(name: str, version: str, title: str = "") -> Any:
    valid = corpus(version, name).valid
    return copy.deepcopy(valid[title] if title else next(iter(valid.values())))


def test_a_body_with_specified_members_only_has_no_notes() -> None:
    body = body_of("chat-completion", "v1")
    assert registry().unknown_members("chat-completion", "v1", body) == ()


def test_an_unknown_member_is_noted_with_its_pointer_and_name() -> None:
    body = body_of("chat-completion", "v1")
    body["choices"][0]["message"]["mo/od"] = "merry"
    assert registry().unknown_members("chat-completion", "v1", body) == (
        UnknownMember("/choices/0/message/mo~1od", "mo/od", MemberStanding.UNKNOWN),
    )


def test_the_inside_of_an_unknown_member_is_not_noted_again() -> None:
    body = body_of("chat-completion", "v1") | {"novelty": {"a": {"b": 1}}}
    assert noted("chat-completion", "v1", body) == {"/novelty": MemberStanding.UNKNOWN}


def test_members_seen_in_traffic_but_in_no_specification_say_so() -> None:
    title = "last, with usage and no choices"
    assert noted("chat-chunk", "2024-10-21", body_of("chat-chunk", "2024-10-21", title)) == {
        "/service_tier": MemberStanding.SEEN_ONLY,
        "/latency_checkpoint": MemberStanding.SEEN_ONLY,
        "/usage/latency_checkpoint": MemberStanding.SEEN_ONLY,
    }
    assert noted("chat-chunk", "v1", body_of("chat-chunk", "v1")) == {
        "/obfuscation": MemberStanding.SEEN_ONLY
    }


def test_members_of_a_later_version_are_noted_with_that_version() -> None:
    body = body_of("chat-completion", "2024-10-21")
    members = registry().unknown_members("chat-completion", "2024-10-21", body)
    later = {member.pointer: member.since for member in members}
    assert later == {
        "/choices/0/message/annotations": "v1",
        "/usage/completion_tokens_details/audio_tokens": "2025-01-01-preview",
        "/usage/completion_tokens_details/accepted_prediction_tokens": "2025-01-01-preview",
        "/usage/completion_tokens_details/rejected_prediction_tokens": "2025-01-01-preview",
        "/usage/prompt_tokens_details": "2025-01-01-preview",
    }


def test_a_note_reads_as_a_sentence() -> None:
    assert str(UnknownMember("/a", "a")) == "/a is in no schema"
    assert (
        str(UnknownMember("/a", "a", MemberStanding.LATER, "v1")) == "/a is specified only from v1"
    )


def test_a_category_of_tomorrow_is_noted_once_in_its_block() -> None:
    body = body_of("content-filter-choice", "v1", "a category of tomorrow")
    assert noted("content-filter-choice", "v1", body) == {"/sarcasm": MemberStanding.UNKNOWN}


def test_prompt_categories_in_a_choice_block_are_noted() -> None:
    body = body_of("chat-completion", "v1")
    body["choices"][0]["content_filter_results"]["jailbreak"] = {
        "filtered": False,
        "detected": False,
    }
    assert noted("chat-completion", "v1", body) == {
        "/choices/0/content_filter_results/jailbreak": MemberStanding.UNKNOWN
    }


def test_the_kind_of_an_item_decides_which_members_it_may_have() -> None:
    body = body_of("response", "v1")
    body["output"][1]["call_id"] = "call_9"
    body["output"][2]["summary"] = []
    assert {
        pointer
        for pointer, standing in noted("response", "v1", body).items()
        if standing is MemberStanding.UNKNOWN
    } == {"/output/1/call_id", "/output/2/summary"}


def test_an_item_of_an_unknown_kind_has_its_members_noted() -> None:
    body = body_of("response", "v1", "hosted tools and an item of tomorrow")
    assert noted("response", "v1", body) == {"/output/6/destination": MemberStanding.UNKNOWN}


def test_free_maps_are_never_noted() -> None:
    body = body_of("response", "v1")
    body["metadata"] = {"anything": "goes"}
    body["tools"] = [{"type": "function", "anything": {"goes": 1}}]
    assert not [pointer for pointer in noted("response", "v1", body) if "anything" in pointer]


def test_an_invalid_body_still_has_its_unknown_members_noted() -> None:
    body = body_of("chat-completion", "v1") | {"novelty": 1, "created": "now"}
    assert noted("chat-completion", "v1", body) == {"/novelty": MemberStanding.UNKNOWN}


@pytest.mark.parametrize("body", [None, "text", 1, [], [{}]])
def test_bodies_that_are_not_objects_have_no_members_to_note(body: Any) -> None:
    assert registry().unknown_members("chat-completion", "v1", body) == ()


def outspoken(schema: Any) -> Any:
    """``schema`` with ``additionalProperties: true`` spelled out, for which jsonschema-rs leaves no
    annotation."""
    if isinstance(schema, list):
        return [outspoken(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {"title": "any"} if key == "additionalProperties" and part is True else outspoken(part)
        for key, part in schema.items()
    }


@cache
def annotator(name: str, version: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": registry().uri(name, version)},
        retriever=lambda uri: outspoken(registry().documents.get(uri).content),
    )


def evaluated(name: str, version: str, body: Any) -> dict[str, set[str]]:
    """Per object that a schema speaks about, the members jsonschema-rs annotates as evaluated."""
    known: dict[str, set[str]] = {}
    for note in annotator(name, version).evaluate(body).annotations():
        if note["schemaLocation"].endswith(("/properties", "/additionalProperties")):
            where = known.setdefault(note["instanceLocation"], set())
            names: Any = note["annotations"]
            where.update(names if isinstance(names, list) else ())
    return known


def objects(value: Any, pointer: str = "") -> list[tuple[str, dict[str, Any]]]:
    if isinstance(value, list):
        return [
            found
            for index, item in enumerate(value)
            for found in objects(item, f"{pointer}/{index}")
        ]
    if not isinstance(value, dict):
        return []
    return [
        (pointer, value),
        *(found for key, item in value.items() for found in objects(item, f"{pointer}/{key}")),
    ]


WITH_OBJECTS = [
    schema
    for schema in every_schema()[::3]
    if any(objects(body) for body in corpus(*schema).valid.values())
]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_is_noted_agrees_with_the_annotations_of_json_schema(data: st.DataObject) -> None:
    version, name = data.draw(st.sampled_from(WITH_OBJECTS))
    valid: Corpus = corpus(version, name)
    body = copy.deepcopy(
        data.draw(st.sampled_from([body for body in valid.valid.values() if objects(body)]))
    )
    pointer, place = data.draw(st.sampled_from(objects(body)))
    place["zz_new"] = {"inner": 1}
    if not registry().validator(name, version).is_valid(body):
        return
    known = evaluated(name, version, body)
    judged = pointer in known and bool(known[pointer])
    reported = noted(name, version, body).get(f"{pointer}/zz_new") is MemberStanding.UNKNOWN
    assert not judged or reported == ("zz_new" not in known[pointer]), corpus_file(version, name)
