"""What the rules make of chunks that are lost and of streams that were left."""

from __future__ import annotations

from dataclasses import replace

from conformance.wire.exchange import Provenance, Source
from conformance.wire.protocol import StreamPlan
from tests.judge.rules import bodies
from tests.judge.rules.builders import chat_stream, with_outcome
from tests.judge.rules.judged import applied_rules, broken_rules


def test_a_lost_chunk_is_one_finding() -> None:
    context = chat_stream()
    chunks = context.observation.outcome.chunks or ()
    assert broken_rules(
        with_outcome(context, replace(context.observation.outcome, chunks=chunks[1:]))
    ) == {"stream.chunk-count"}


def test_a_stream_whose_caller_left_need_not_end_where_the_service_was_still_speaking() -> None:
    unended = bodies.sse(bodies.chat_events(), done=False)
    left = chat_stream(bodies.chat_events(), raw=unended, plan=StreamPlan("first", 2))
    assert "stream.done" in broken_rules(
        left
    )  # a recording is whole, whatever the caller read of it
    observation = left.observation
    exchange = observation.exchanges[-1]
    assert exchange.response is not None
    live = replace(
        exchange, response=replace(exchange.response, provenance=Provenance(Source.LIVE))
    )
    asked = replace(left, observation=replace(observation, exchanges=(live,)))
    assert "stream.done" not in applied_rules(asked)
    heard = replace(asked, call=replace(asked.call, stream=StreamPlan()))
    assert "stream.done" in broken_rules(heard)
