"""Rules about results: what the caller reads is what the service sent, no less and no more.

Contract traits: ``result.serialisation`` (``exact``, the default; ``known``: nulls and members the
specification does not know may be missing; ``none``: the SDK has no serialisation),
``result.view_lacks`` (view members the SDK documents no accessor for: ``object``,
``responses.create:content_filters`` for one operation, ``usage/cached_tokens`` for a member of a
member) and ``result.returns_nothing`` (operations whose method is documented to return nothing).
"""

from __future__ import annotations

from typing import Any

from conformance.judge.rules.compare import (
    Difference,
    close,
    differences,
    mismatches,
    objects,
    plain,
    same,
)
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, article, docs, expectation, fact, rule
from conformance.judge.rules.step import ObservedStep, as_list
from conformance.judge.rules.wire_view import vector
from conformance.suite.scenario.match import ABSENT, Resolve, escape, show

_COUNTING = frozenset({"$gte", "$lte", "$gt", "$lt", "$approx", "$within"})
"""Matching operators on numbers: below ``chunks`` they are about how many there are."""


def lost_but_allowed(step: ObservedStep, difference: Difference, unknown: frozenset[str]) -> bool:
    """Whether the contract (``result.serialisation: known``) lets the SDK drop this member, because
    it is null or stands at or below one of the ``unknown`` pointers."""
    if step.trait("result.serialisation") != "known" or difference.kind != "lost":
        return False
    return difference.expected is None or any(
        difference.pointer == pointer or difference.pointer.startswith(pointer + "/")
        for pointer in unknown
    )


def unknown_pointers(step: ObservedStep, schema: str | None, value: Any) -> frozenset[str]:
    """Pointers of the members of ``value`` its specification does not know, where the contract lets
    the SDK drop those."""
    if schema is None or step.trait("result.serialisation") != "known":
        return frozenset()
    context = step.context
    return frozenset(
        member.pointer
        for member in context.schemas.unknown_members(schema, context.api_version, value)
    )


def _serialised_answer(step: ObservedStep) -> dict[str, Any] | None:
    """The JSON object on the wire of which the caller got a serialisation."""
    if not step.succeeded or step.call.stream is not None or step.operation.schema is None:
        return None
    if step.trait("result.serialisation") == "none" or step.returns_nothing:
        return None
    answer = step.served.answer
    if not isinstance(answer, dict):
        return None
    return answer


@rule(
    "result.serialisation",
    Level.MUST,
    Blame.SDK,
    about=About.RESULT,
    sources=[docs("adapters#the-protocol"), fact("sdks#extension-data")],
    on=_serialised_answer,
)
def serialisation_equals_the_wire(step: ObservedStep, answer: dict[str, Any]) -> Breaches:
    """The SDK's own serialisation of a result equals the JSON the service sent.

    What is lost there is lost to every caller who stores or forwards results.
    """
    result = step.outcome.result
    if same(answer, result):
        return
    unknown = unknown_pointers(step, step.operation.schema, answer)
    rounded = step.operation.usage == "embeddings"
    expected = answer
    if rounded:
        expected = _with_vectors(step, answer)
    for difference in differences(expected, result):
        if lost_but_allowed(step, difference, unknown):
            continue
        if rounded and close(difference.expected, difference.actual):
            continue
        yield Breach(
            f"/result{difference.pointer}",
            f"At {difference.pointer or 'the root'}: "
            f"{difference.sentence('the wire', 'the result')}.",
            expected=plain(difference.expected),
            actual=plain(difference.actual),
        )


def _with_vectors(step: ObservedStep, answer: dict[str, Any]) -> dict[str, Any]:
    """``answer`` with base64 vectors decoded, unless the caller asked for base64
    (facts/sdks#embeddings)."""
    keeps_base64 = step.call.arguments.get("encoding_format") == "base64"
    if keeps_base64 or not isinstance(answer.get("data"), list):
        return answer
    return {**answer, "data": [_with_vector(item) for item in objects(answer["data"])]}


def _with_vector(item: dict[str, Any]) -> dict[str, Any]:
    if "embedding" not in item:
        return item
    return {**item, "embedding": vector(item["embedding"])}


def _readable_view(step: ObservedStep) -> dict[str, Any] | None:
    """The view of the answer on the wire that the caller must be able to read."""
    if not step.succeeded or step.returns_nothing:
        return None
    return step.wire_view


@rule(
    "result.view",
    Level.MUST,
    Blame.SDK,
    about=About.RESULT,
    sources=[docs("adapters#the-protocol"), article("all client sections")],
    on=_readable_view,
)
def accessors_show_the_wire(step: ObservedStep, wire_view: dict[str, Any]) -> Breaches:
    """What typed accessors show equals what the service sent.

    It is all a caller sees of the service.
    """
    shown: dict[str, Any] = {}
    if isinstance(step.outcome.view, dict):
        shown = step.outcome.view
    lacks = _lacking(step)
    for name, served in wire_view.items():
        read = shown.get(name, ABSENT)
        if (read is ABSENT and served is None) or name in lacks:
            continue
        served, read = _without(served, name, lacks), _without(read, name, lacks)
        if not close(served, read):
            yield Breach(
                f"/view/{escape(name)}",
                f"The wire has {name} {show(served)}; the caller reads {show(read)}.",
                expected=served,
                actual=plain(read),
            )


def _expected_result(step: ObservedStep) -> dict[str, Any] | None:
    """What the scenario says of the result, of a step that was answered."""
    if not step.answered:
        return None
    if not step.succeeded and not step.context.expects_error:
        return None  # result.unexpected-error says it
    return step.expect.result or None


@expectation("expect.result", Blame.SDK, about=About.OUTCOME, on=_expected_result)
def result_is_as_expected(step: ObservedStep, expected: dict[str, Any]) -> Breaches:
    """The result is as the scenario says.

    The scenario names what its sources document.
    """
    lacks = _lacking(step)
    expected = {name: value for name, value in expected.items() if name not in lacks}
    wire = _without_lacking(step.wire_view or {}, lacks) or None
    return mismatches(
        _without_lacking(expected, lacks),
        _without_lacking(step.outcome.view or {}, lacks),
        "/view",
        resolve=_from(wire),
    )


def _lacking(step: ObservedStep) -> frozenset[str]:
    """The view members the contract says this operation's result has no accessor for
    (``result.view_lacks``)."""
    here = f"{step.call.operation}:"
    return frozenset(
        str(name).removeprefix(here) for name in as_list(step.trait("result.view_lacks"))
    )


def _without_lacking(view: dict[str, Any], lacks: frozenset[str]) -> dict[str, Any]:
    """``view`` without those members of its members that have no accessor."""
    return {name: _without(value, name, lacks) for name, value in view.items()}


def _without(value: Any, name: str, lacks: frozenset[str]) -> Any:
    """``value`` of the view member ``name`` without those of its own members that have no
    accessor."""
    if not isinstance(value, dict):
        return value
    return {member: item for member, item in value.items() if f"{name}/{member}" not in lacks}


def _from(wire: Any) -> Resolve:
    """Looks ``{$from: wire}`` up in ``wire``, a JSON value; None: there is none to look in."""

    def resolve(_origin: str, pointer: str) -> Any:
        value = wire
        for part in pointer.split("/")[1:]:
            value = _member(value, part.replace("~1", "/").replace("~0", "~"))
        if wire is None and value is None:
            return ABSENT
        return value

    return resolve


def _member(value: Any, name: str) -> Any:
    """The member ``name`` of an object, or the item at the index ``name`` of a list; ABSENT when it
    is not there."""
    if isinstance(value, dict):
        return value.get(name, ABSENT)
    if isinstance(value, list) and name.isdigit() and int(name) < len(value):
        return value[int(name)]
    return ABSENT


def _expected_chunks(step: ObservedStep) -> Any:
    """What the scenario says of the chunks, of a step that was answered."""
    if not step.answered:
        return None
    return step.expect.chunks


@expectation("expect.chunks", Blame.SDK, about=About.OUTCOME, on=_expected_chunks)
def chunks_are_as_expected(step: ObservedStep, expected: Any) -> Breaches:
    """The chunks the caller received are as the scenario says.

    The scenario names what its sources document.
    """
    chunks = list(step.outcome.chunks or ())
    actual: Any = chunks
    if _is_count(expected):
        actual = len(chunks)
    served = None
    if step.served.stream is not None:
        served = [event.value for event in step.served.stream.events]
    return mismatches(expected, actual, "/chunks", resolve=_from(served))


def _is_count(expected: Any) -> bool:
    """Whether what is expected of chunks is how many there are."""
    if isinstance(expected, dict):
        return bool(expected) and expected.keys() <= _COUNTING
    return isinstance(expected, int)
