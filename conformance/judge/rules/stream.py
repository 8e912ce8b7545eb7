"""Rules about streams: every served event reaches the caller, in order and whole (sdk-behaviour
section 6).

The rules about the caller's side apply to tidy streams only
(:class:`conformance.wire.sse.EventStream`): what an SDK makes of a broken one is for a scenario to
say.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

from conformance.judge.rules.compare import differences, dig, objects, plain, same
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.response import served_as_told
from conformance.judge.rules.result import lost_but_allowed, unknown_pointers
from conformance.judge.rules.seen import seen
from conformance.suite.scenario.match import show
from conformance.wire.exchange import Source

COUNT = Rule(
    "stream.chunk-count",
    "The caller receives as many chunks as events were served",
    Level.MUST,
    Blame.SDK,
    "Azure's first event has no choices and its filter events no delta; an SDK that skips one loses annotations.",
    "sdk-behaviour section 6; wire-contract section 6",
)
ORDER = Rule(
    "stream.order",
    "Chunks arrive in the order they were served",
    Level.MUST,
    Blame.SDK,
    "Text put together in another order is another text.",
    "sdk-behaviour section 6",
)
CONTENT = Rule(
    "stream.chunk-content",
    "Each chunk's serialisation equals the JSON of its event",
    Level.MUST,
    Blame.SDK,
    "What is lost there is lost to every caller.",
    "sdk-behaviour sections 6 and 7",
)
TEXT = Rule(
    "stream.text",
    "The text the caller puts together equals the deltas on the wire",
    Level.MUST,
    Blame.SDK,
    "It is what the user reads.",
    "article, Streaming; sdk-behaviour section 6",
)
DONE = Rule(
    "stream.done",
    "A chat or completion stream ends with [DONE], a Responses stream has none",
    Level.MUST,
    Blame.CASSETTE,
    "SDKs end a stream by it, and Azure sends it so.",
    "wire-contract section 6",
)
SEQUENCE = Rule(
    "stream.sequence",
    "sequence_number of Responses events increases by one",
    Level.MUST,
    Blame.CASSETTE,
    "Callers find lost events by it.",
    "wire-contract section 6, Responses stream",
)
_ELSEWHERE = frozenset({Source.LIVE, Source.GATEWAY})


def _chunks(context: StepContext) -> list[Any] | None:
    """The chunks the caller received of a whole, tidy stream it succeeded with; None when there is
    nothing to judge."""
    view, outcome = seen(context), context.observation.outcome
    if (
        not view.succeeded
        or context.call.stream is None
        or view.whole_stream is None
        or outcome.chunks is None
    ):
        return None
    return list(outcome.chunks)


@rule_check(COUNT)
def _count(context: StepContext) -> Iterable[Finding] | None:
    chunks = _chunks(context)
    if chunks is None:
        return None
    served = len(seen(context).consumed)
    if len(chunks) == served:
        return ()
    return (
        finding(
            COUNT,
            f"{served} events were served to be read; the caller received {len(chunks)} chunks.",
            pointer="/chunks",
            expected=served,
            actual=len(chunks),
            step=context.index,
        ),
    )


def _mixed_up(chunks: list[Any], served: list[Any]) -> bool:
    """Whether the same chunks stand in another order."""
    if len(chunks) != len(served) or same(chunks, served):
        return False
    return sorted(map(_canonical, chunks)) == sorted(map(_canonical, served))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


@rule_check(ORDER)
def _order(context: StepContext) -> Iterable[Finding] | None:
    chunks = _chunks(context)
    if chunks is None or seen(context).trait("result.serialisation", "exact") != "exact":
        return None
    served = seen(context).consumed
    if not _mixed_up(chunks, served):
        return ()
    first = next(i for i, pair in enumerate(zip(served, chunks, strict=True)) if not same(*pair))
    return (
        finding(
            ORDER,
            f"The chunks are those served, in another order from chunk {first} on.",
            pointer=f"/chunks/{first}",
            step=context.index,
        ),
    )


@rule_check(CONTENT)
def _content(context: StepContext) -> Iterable[Finding] | None:
    chunks, view = _chunks(context), seen(context)
    if chunks is None or view.trait("result.serialisation") == "none":
        return None
    if same(view.consumed, chunks) or _mixed_up(chunks, view.consumed):
        return ()
    if len(chunks) != len(view.consumed):
        return _strangers(context, view.consumed, chunks)
    return list(_chunk_differences(context, view.consumed, chunks))


def _strangers(context: StepContext, served: list[Any], chunks: list[Any]) -> list[Finding]:
    """Chunks that are no served event. How many are missing is for stream.chunk-count; pairs mean
    nothing then."""
    if seen(context).trait("result.serialisation", "exact") != "exact":
        return []
    known = {_canonical(value) for value in served}
    return [
        finding(
            CONTENT,
            f"Chunk {number} is none of the events served: {show(chunk)}.",
            pointer=f"/chunks/{number}",
            actual=chunk,
            step=context.index,
        )
        for number, chunk in enumerate(chunks)
        if _canonical(chunk) not in known
    ]


def _chunk_differences(
    context: StepContext, served: list[Any], chunks: list[Any]
) -> Iterator[Finding]:
    view, schema = seen(context), context.operation.chunk_schema
    for number, (wanted, chunk) in enumerate(zip(served, chunks, strict=False)):
        unknown = unknown_pointers(context, schema, wanted)
        for difference in differences(wanted, chunk):
            if not lost_but_allowed(view, difference, unknown, difference.pointer):
                yield finding(
                    CONTENT,
                    f"Chunk {number} at {difference.pointer or 'the root'}: "
                    f"{difference.sentence('the wire', 'the caller')}.",
                    pointer=f"/chunks/{number}{difference.pointer}",
                    expected=plain(difference.wanted),
                    actual=plain(difference.actual),
                    step=context.index,
                )


@rule_check(TEXT)
def _text(context: StepContext) -> Iterable[Finding] | None:
    view, outcome = seen(context), context.observation.outcome
    if _chunks(context) is None or context.operation.usage not in ("chat", "response"):
        return None
    name = "delta_text" if context.operation.usage == "response" else "text"
    if not isinstance(outcome.view, dict) or name not in outcome.view:
        return None
    wanted = "".join(_deltas(view.consumed))
    shown = outcome.view[name] or ""
    if shown == wanted:
        return ()
    return (
        finding(
            TEXT,
            f"The deltas on the wire make {show(wanted)}; the caller reads {show(shown)}.",
            pointer=f"/view/{name}",
            expected=wanted,
            actual=shown,
            step=context.index,
        ),
    )


def _deltas(events: list[Any]) -> Iterator[str]:
    """The text of choice 0, or of the output text deltas, piece by piece."""
    for event in events:
        pieces = (
            [event.get("delta")]
            if dig(event, "type") == "response.output_text.delta"
            else [
                dig(choice, "delta", "content") if "delta" in choice else choice.get("text")
                for choice in objects(dig(event, "choices"))
                if choice.get("index", 0) == 0
            ]
        )
        yield from (piece for piece in pieces if isinstance(piece, str))


@rule_check(DONE)
def _done(context: StepContext) -> Iterable[Finding] | None:
    view, schema = seen(context), context.operation.chunk_schema
    if view.stream is None or view.success is None or schema is None or served_as_told(context):
        return None
    wanted = schema != "response-event"
    if view.stream.done == wanted:
        return ()
    if wanted and not view.reads_all and view.success.provenance.source in _ELSEWHERE:
        # the service was still speaking when the caller left: how it would have ended is not known
        return None
    return (
        finding(
            DONE,
            f"The stream {'has no' if wanted else 'has a'} [DONE].",
            pointer="/response",
            expected=wanted,
            actual=view.stream.done,
            step=context.index,
        ),
    )


@rule_check(SEQUENCE)
def _sequence(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if (
        view.stream is None
        or context.operation.chunk_schema != "response-event"
        or served_as_told(context)
    ):
        return None
    numbers = [dig(event.value, "sequence_number") for event in view.stream.events]
    if not numbers:
        return None
    return [
        finding(
            SEQUENCE,
            f"Event {index + 1} has sequence_number {show(later)} after {show(earlier)}.",
            pointer=f"/response/events/{index + 1}/sequence_number",
            actual=later,
            step=context.index,
        )
        for index, (earlier, later) in enumerate(pairwise(numbers))
        if not (isinstance(earlier, int) and isinstance(later, int) and later == earlier + 1)
    ]
