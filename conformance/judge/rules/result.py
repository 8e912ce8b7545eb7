"""Rules about results: what the caller reads is what the service sent, no less and no more.

Contract traits: ``result.serialisation`` (``exact``, the default; ``known``: nulls and members the
specification does not know may be missing; ``none``: the SDK has no serialisation),
``result.view_lacks`` (view members the SDK documents no accessor for: ``object``,
``responses.create:content_filters`` for one operation, ``usage/cached_tokens`` for a member of a
member) and ``result.returns_nothing`` (operations whose method is documented to return nothing).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from conformance.judge.rules.compare import Difference, close, differences, objects, same
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.expecting import mismatches
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.seen import Seen, as_list, seen
from conformance.judge.rules.wire_view import vector, wire_view
from conformance.suite.scenario.match import ABSENT, Resolve, escape, show

SERIALISATION = Rule(
    "result.serialisation",
    "The SDK's own serialisation of a result equals the JSON the service sent",
    Level.MUST,
    Blame.SDK,
    "What is lost there is lost to every caller who stores or forwards results.",
    "design section 6; sdk-behaviour section 7, re-serialising the typed result",
)
VIEW = Rule(
    "result.view",
    "What typed accessors show equals what the service sent",
    Level.MUST,
    Blame.SDK,
    "It is all a caller sees of the service.",
    "design section 6, view; article, all client sections",
)
EXPECTED = Rule(
    "expect.result",
    "The result is as the scenario says",
    Level.MUST,
    Blame.SDK,
    "The scenario names what its sources document.",
    "the scenario's own sources",
)
CHUNKS = Rule(
    "expect.chunks",
    "The chunks the caller received are as the scenario says",
    Level.MUST,
    Blame.SDK,
    "The scenario names what its sources document.",
    "the scenario's own sources",
)

_COUNTING = frozenset({"$gte", "$lte", "$gt", "$lt", "$approx", "$within"})


def lost_but_allowed(
    view: Seen, difference: Difference, unknown: frozenset[str], pointer: str
) -> bool:
    """Whether the contract (``result.serialisation: known``) lets the SDK drop this member."""
    if view.trait("result.serialisation") != "known" or difference.kind != "lost":
        return False
    return difference.wanted is None or any(
        pointer == u or pointer.startswith(u + "/") for u in unknown
    )


def unknown_pointers(context: StepContext, schema: str | None, value: Any) -> frozenset[str]:
    """Pointers of the members of ``value`` its specification does not know."""
    if schema is None or seen(context).trait("result.serialisation") != "known":
        return frozenset()
    return frozenset(
        m.pointer for m in context.schemas.unknown_members(schema, context.api_version, value)
    )


@rule_check(SERIALISATION)
def _serialisation(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if not view.succeeded or context.call.stream is not None or context.operation.schema is None:
        return None
    wire = view.answer
    if (
        not isinstance(wire, dict)
        or view.trait("result.serialisation") == "none"
        or view.says_nothing
    ):
        return None
    result = context.observation.outcome.result
    if same(wire, result):
        return ()
    rounded = context.operation.usage == "embeddings"
    wanted = _with_vectors(context, wire) if rounded else wire
    unknown = unknown_pointers(context, context.operation.schema, wire)
    return [
        finding(
            SERIALISATION,
            f"At {d.pointer or 'the root'}: {d.sentence('the wire', 'the result')}.",
            pointer=f"/result{d.pointer}",
            expected=_json(d.wanted),
            actual=_json(d.actual),
            step=context.index,
        )
        for d in differences(wanted, result)
        if not lost_but_allowed(view, d, unknown, d.pointer)
        and not (rounded and close(d.wanted, d.actual))
    ]


def _with_vectors(context: StepContext, wire: dict[str, Any]) -> dict[str, Any]:
    """``wire`` with base64 vectors decoded, unless the caller asked for base64 (sdk-behaviour
    section 9)."""
    if context.call.arguments.get("encoding_format") == "base64" or not isinstance(
        wire.get("data"), list
    ):
        return wire
    return {
        **wire,
        "data": [
            {**item, "embedding": vector(item["embedding"])} if "embedding" in item else item
            for item in objects(wire["data"])
        ],
    }


def _json(value: Any) -> Any:
    return None if value is ABSENT else value


@rule_check(VIEW)
def _view(context: StepContext) -> Iterable[Finding] | None:
    view, outcome = seen(context), context.observation.outcome
    wire = wire_view(context) if view.succeeded else None
    if wire is None or view.says_nothing:
        return None
    shown = outcome.view if isinstance(outcome.view, dict) else {}
    lacks = _lacking(context)
    found = []
    for name, wanted in wire.items():
        have = shown.get(name, ABSENT)
        if (have is ABSENT and wanted is None) or name in lacks:
            continue
        wanted, have = _without(wanted, name, lacks), _without(have, name, lacks)
        if close(wanted, have):
            continue
        found.append(
            finding(
                VIEW,
                f"The wire has {name} {show(wanted)}; the caller reads {show(have)}.",
                pointer=f"/view/{escape(name)}",
                expected=wanted,
                actual=_json(have),
                step=context.index,
            )
        )
    return found


@rule_check(EXPECTED)
def _expected(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if not context.expect.result or not view.answered:
        return None
    if not view.succeeded and not context.expects_error:
        return None  # result.unexpected-error says it
    shown = context.observation.outcome.view or {}
    lacks = _lacking(context)
    wire = {
        name: _without(value, name, lacks) for name, value in (wire_view(context) or {}).items()
    } or None
    wanted = {
        name: _without(value, name, lacks)
        for name, value in context.expect.result.items()
        if name not in lacks
    }
    shown = {name: _without(value, name, lacks) for name, value in shown.items()}
    return mismatches(EXPECTED, context, wanted, shown, "/view", _from(wire))


def _lacking(context: StepContext) -> frozenset[str]:
    """The view members the contract says this operation's result has no accessor for
    (``result.view_lacks``)."""
    here = f"{context.call.operation}:"
    return frozenset(
        str(name).removeprefix(here) for name in as_list(seen(context).trait("result.view_lacks"))
    )


def _without(value: Any, name: str, lacks: frozenset[str]) -> Any:
    """``value`` of the view member ``name`` without those of its own members that have no
    accessor."""
    if not isinstance(value, dict):
        return value
    return {member: item for member, item in value.items() if f"{name}/{member}" not in lacks}


def _from(wire: Any) -> Resolve:
    """Looks ``{$from: wire}`` up in the wire's view."""

    def resolve(_origin: str, pointer: str) -> Any:
        value = wire
        for part in pointer.split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, list):
                value = value[int(name)] if name.isdigit() and int(name) < len(value) else ABSENT
            else:
                value = value.get(name, ABSENT) if isinstance(value, dict) else ABSENT
        return ABSENT if value is None and wire is None else value

    return resolve


@rule_check(CHUNKS)
def _chunks(context: StepContext) -> Iterable[Finding] | None:
    wanted, view = context.expect.chunks, seen(context)
    if wanted is None or not view.answered:
        return None
    chunks = list(context.observation.outcome.chunks or ())
    counted = isinstance(wanted, int) or (
        isinstance(wanted, dict) and bool(wanted) and wanted.keys() <= _COUNTING
    )
    served = [event.value for event in view.stream.events] if view.stream is not None else None
    return mismatches(
        CHUNKS, context, wanted, len(chunks) if counted else chunks, "/chunks", _from(served)
    )
