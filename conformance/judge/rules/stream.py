"""Rules about streams: every served event reaches the caller, in order and whole.

The rules about the caller's side apply to tidy streams only
(:class:`conformance.wire.sse.EventStream`): what an SDK makes of a broken one is for a scenario to
say.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from conformance.judge.rules.compare import differences, dig, objects, plain, same
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.result import lost_but_allowed, unknown_pointers
from conformance.judge.rules.rule import About, article, fact, rule, service_rule
from conformance.judge.rules.served import Served
from conformance.judge.rules.step import ObservedStep, serves_another_schema
from conformance.suite.scenario.match import show
from conformance.wire.exchange import Source

_ELSEWHERE = frozenset({Source.LIVE, Source.GATEWAY})
"""Where an answer comes from that was still being sent when the caller left."""

Chunks = list[Any]


def _received_chunks(step: ObservedStep) -> Chunks | None:
    """The chunks the caller received of a whole, tidy stream it succeeded with; None when there is
    nothing to judge."""
    if not step.succeeded or step.call.stream is None or step.served.whole_stream is None:
        return None
    if step.outcome.chunks is None:
        return None
    return list(step.outcome.chunks)


def _chunks_in_full(step: ObservedStep) -> Chunks | None:
    """The chunks received, of an SDK whose chunks can be told from each other: it loses nothing
    when it serialises them."""
    if step.trait("result.serialisation", "exact") != "exact":
        return None
    return _received_chunks(step)


def _chunks_as_json(step: ObservedStep) -> Chunks | None:
    """The chunks received, of an SDK that serialises them."""
    if step.trait("result.serialisation") == "none":
        return None
    return _received_chunks(step)


@rule(
    "stream.chunk-count",
    Level.MUST,
    Blame.SDK,
    about=About.STREAM,
    sources=[fact("sdks#streaming"), fact("service#streaming")],
    on=_received_chunks,
)
def every_event_is_a_chunk(step: ObservedStep, chunks: Chunks) -> Breaches:
    """The caller receives as many chunks as events were served.

    Azure's first event has no choices and its filter events no delta; an SDK that skips one loses
    annotations.
    """
    served = len(step.consumed)
    if len(chunks) != served:
        yield Breach(
            "/chunks",
            f"{served} events were served to be read; the caller received {len(chunks)} chunks.",
            expected=served,
            actual=len(chunks),
        )


def _mixed_up(chunks: Chunks, served: list[Any]) -> bool:
    """Whether the same chunks stand in another order."""
    if len(chunks) != len(served) or same(chunks, served):
        return False
    return sorted(map(_canonical, chunks)) == sorted(map(_canonical, served))


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


@rule(
    "stream.order",
    Level.MUST,
    Blame.SDK,
    about=About.STREAM,
    sources=[fact("sdks#streaming")],
    on=_chunks_in_full,
)
def chunks_arrive_in_order(step: ObservedStep, chunks: Chunks) -> Breaches:
    """Chunks arrive in the order they were served.

    Text put together in another order is another text.
    """
    served = step.consumed
    if _mixed_up(chunks, served):
        pairs = enumerate(zip(served, chunks, strict=True))
        first = next(number for number, pair in pairs if not same(*pair))
        yield Breach(
            f"/chunks/{first}",
            f"The chunks are those served, in another order from chunk {first} on.",
        )


@rule(
    "stream.chunk-content",
    Level.MUST,
    Blame.SDK,
    about=About.STREAM,
    sources=[fact("sdks#streaming"), fact("sdks#extension-data")],
    on=_chunks_as_json,
)
def chunks_equal_their_events(step: ObservedStep, chunks: Chunks) -> Breaches:
    """Each chunk's serialisation equals the JSON of its event.

    What is lost there is lost to every caller.
    """
    served = step.consumed
    if same(served, chunks) or _mixed_up(chunks, served):
        return ()
    if len(chunks) != len(served):
        return _strange_chunks(step, served, chunks)
    return _chunk_differences(step, served, chunks)


def _strange_chunks(step: ObservedStep, served: list[Any], chunks: Chunks) -> Iterator[Breach]:
    """Chunks that are no served event. How many are missing is for stream.chunk-count; pairs mean
    nothing then."""
    if step.trait("result.serialisation", "exact") != "exact":
        return
    known = {_canonical(value) for value in served}
    for number, chunk in enumerate(chunks):
        if _canonical(chunk) not in known:
            yield Breach(
                f"/chunks/{number}",
                f"Chunk {number} is none of the events served: {show(chunk)}.",
                actual=chunk,
            )


def _chunk_differences(step: ObservedStep, served: list[Any], chunks: Chunks) -> Iterator[Breach]:
    for number, (event, chunk) in enumerate(zip(served, chunks, strict=False)):
        unknown = unknown_pointers(step, step.operation.chunk_schema, event)
        for difference in differences(event, chunk):
            if lost_but_allowed(step, difference, unknown):
                continue
            yield Breach(
                f"/chunks/{number}{difference.pointer}",
                f"Chunk {number} at {difference.pointer or 'the root'}: "
                f"{difference.sentence('the wire', 'the caller')}.",
                expected=plain(difference.expected),
                actual=plain(difference.actual),
            )


def _shown_text(step: ObservedStep) -> tuple[str, Any] | None:
    """(name, value) of the view member in which the caller reads the text of a stream."""
    if step.operation.usage not in ("chat", "response") or _received_chunks(step) is None:
        return None
    name = "text"
    if step.operation.usage == "response":
        name = "delta_text"
    if not isinstance(step.outcome.view, dict) or name not in step.outcome.view:
        return None
    return name, step.outcome.view[name] or ""


@rule(
    "stream.text",
    Level.MUST,
    Blame.SDK,
    about=About.STREAM,
    sources=[article("Streaming"), fact("sdks#streaming")],
    on=_shown_text,
)
def text_equals_the_deltas(step: ObservedStep, shown: tuple[str, Any]) -> Breaches:
    """The text the caller puts together equals the deltas on the wire.

    It is what the user reads.
    """
    name, text = shown
    deltas = "".join(_deltas(step.consumed))
    if text != deltas:
        yield Breach(
            f"/view/{name}",
            f"The deltas on the wire make {show(deltas)}; the caller reads {show(text)}.",
            expected=deltas,
            actual=text,
        )


def _deltas(events: list[Any]) -> Iterator[str]:
    """The text of choice 0, or of the output text deltas, piece by piece."""
    for event in events:
        if dig(event, "type") == "response.output_text.delta":
            pieces = [event.get("delta")]
        else:
            pieces = [
                _piece_of(choice)
                for choice in objects(dig(event, "choices"))
                if choice.get("index", 0) == 0
            ]
        yield from (piece for piece in pieces if isinstance(piece, str))


def _piece_of(choice: dict[str, Any]) -> Any:
    """The text in one piece of a choice: of a chat below ``delta``, of a legacy completion in
    ``text``."""
    if "delta" in choice:
        return dig(choice, "delta", "content")
    return choice.get("text")


def _end_not_heard(step: ObservedStep) -> bool:
    """Whether the service was still speaking when the caller left: how the stream would have ended
    is not known."""
    served = step.served
    if served.success is None or served.stream is None or served.stream.done or step.reads_all:
        return False
    return (
        served.operation.chunk_schema != "response-event"
        and served.success.provenance.source in _ELSEWHERE
    )


@service_rule(
    "stream.done",
    about=About.STREAM,
    sources=[fact("service#stream-order"), fact("service#responses-stream")],
    unless=lambda step: serves_another_schema(step) or _end_not_heard(step),
)
def a_stream_ends_as_its_kind_does(served: Served) -> Breaches | None:
    """A chat or completion stream ends with [DONE], a Responses stream has none.

    SDKs end a stream by it, and Azure sends it so.
    """
    stream, schema = served.stream, served.operation.chunk_schema
    if stream is None or served.success is None or schema is None:
        return None
    ends_with_done = schema != "response-event"
    if stream.done == ends_with_done:
        return ()
    problem = "has a"
    if ends_with_done:
        problem = "has no"
    return [
        Breach(
            "/response",
            f"The stream {problem} [DONE].",
            expected=ends_with_done,
            actual=stream.done,
        )
    ]


@service_rule(
    "stream.sequence",
    about=About.STREAM,
    sources=[fact("service#responses-stream")],
    unless=serves_another_schema,
)
def events_are_counted(served: Served) -> Breaches | None:
    """sequence_number of Responses events increases by one.

    Callers find lost events by it.
    """
    if served.stream is None or served.operation.chunk_schema != "response-event":
        return None
    numbers = [dig(event.value, "sequence_number") for event in served.stream.events]
    if not numbers:
        return None
    return [
        Breach(
            f"/response/events/{index}/sequence_number",
            f"Event {index} has sequence_number {show(later)} after {show(earlier)}.",
            actual=later,
        )
        for index, (earlier, later) in enumerate(pairwise(numbers), start=1)
        if not (isinstance(earlier, int) and isinstance(later, int) and later == earlier + 1)
    ]
