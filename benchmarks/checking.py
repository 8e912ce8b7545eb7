"""What it costs to apply every rule to a step, beside the bare SDK call that is checked.

Run from the repository root: ``python benchmarks/checking.py``. The steps are a chat answer and a
chat stream, each called once through the SDK in this process. Calls and checks take turns, and the
best round of each counts, in processor time.

The bar: checking a plain chat step takes at most a third of the bare call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

from case_cost import ANSWER, MESSAGES, URL, bare_call

from conformance.judge.rules import Level, StepContext, StepObservation, apply_checks
from conformance.sdk.inprocess import InProcessLane
from conformance.service.player import CasePlayer, ScriptedReply
from conformance.suite.scenario.model import Expect
from conformance.suite.schema import SchemaRegistry
from conformance.wire.clock import VirtualClock
from conformance.wire.exchange import Provenance, Reply, Response, Source
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import Auth, Call, ClientConfig, StreamPlan

ROOT = Path(__file__).resolve().parents[1]
OPERATION = OPERATIONS["chat.completions.create"]
ROUNDS = 40
STEPS = 5
WORDS = 50
"""Words of the stream, each an event."""
BAR = 1 / 3


def answer() -> Response:
    return response("application/json", json.dumps(ANSWER))


def stream() -> Response:
    """The answer as a stream of ``WORDS`` events."""
    head = {name: ANSWER[name] for name in ("id", "created", "model")}
    head["object"] = "chat.completion.chunk"
    deltas = [{"role": "assistant", "content": ""}, *({"content": "word "} for _ in range(WORDS))]
    events = [
        {**head, "choices": [{"index": 0, "finish_reason": None, "delta": delta}]}
        for delta in deltas
    ]
    events.append({**head, "choices": [{"index": 0, "finish_reason": "stop", "delta": {}}]})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return response("text/event-stream", "".join([*lines, "data: [DONE]\n\n"]))


def response(kind: str, body: str) -> Response:
    headers = (("Content-Type", kind), ("x-request-id", "bench"))
    return Response(200, headers, body.encode(), Provenance(Source.SCRIPT, "benchmark"))


def performed(served: Response, plan: StreamPlan | None) -> StepContext:
    """A step in which the SDK of this process met ``served``."""
    endpoint = URL.partition("/openai/")[0]
    client = ClientConfig(endpoint, "azure", "2024-10-21", Auth("api_key", "k" * 32))
    call = Call(OPERATION.id, {"model": "conf-chat", "messages": MESSAGES}, stream=plan)
    clock = VirtualClock()
    player = CasePlayer(clock, endpoint.removeprefix("https://"), None)
    player.begin_step((ScriptedReply(Reply(served)),))
    with InProcessLane() as lane:
        outcome = lane.perform(client, call, player, clock, seed="benchmark")
    return StepContext(
        index=0,
        level=Level.MUST,
        api_version="2024-10-21",
        operation=OPERATION,
        client=client,
        call=call,
        expect=Expect(),
        observation=StepObservation(tuple(player.exchanges), outcome),
        traits={},
        schemas=SchemaRegistry.load(ROOT / "schemas"),
    )


def seconds_of(work: Callable[[], object], times: int) -> float:
    """Processor seconds that ``work`` takes, over ``times`` runs of it."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def main() -> None:
    """Measure and print the table."""
    plain, streamed = performed(answer(), None), performed(stream(), StreamPlan())
    broken = [item for step in (plain, streamed) for item in apply_checks(step)[1]]
    if any(item.level is not Level.MAY for item in broken):
        raise SystemExit(f"the steps measured are to conform: {broken}")
    bare = plain_seconds = stream_seconds = float("inf")
    for number in range(ROUNDS):
        if number % 10 == 0:
            bare = min(bare, bare_call(60))
        plain_seconds = min(plain_seconds, seconds_of(lambda: apply_checks(plain), STEPS))
        stream_seconds = min(stream_seconds, seconds_of(lambda: apply_checks(streamed), STEPS))
    print(f"{'bare SDK call, chat':40s} {bare * 1e6:8.0f} us")
    print(f"{'every rule on that step':40s} {plain_seconds * 1e6:8.0f} us")
    print(f"{f'every rule on a stream of {WORDS} words':40s} {stream_seconds * 1e6:8.0f} us")
    print(f"rules / bare call {plain_seconds / bare:31.2f}      (bar: {BAR:.2f})")


if __name__ == "__main__":
    main()
