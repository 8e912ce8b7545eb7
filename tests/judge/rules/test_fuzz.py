"""Whatever is sent, served or reported, checks answer: they never raise, and none of them fails."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.judge.rules import CHECK_FAILED, StepContext, apply_checks
from conformance.wire.exchange import Exchange, Fault, Request, Response
from conformance.wire.protocol import ErrorKind, Outcome, SdkError
from tests.judge.rules.builders import CONFORMANT, PROVENANCE, REQUEST_ID

NAMES = st.sampled_from(
    [
        "choices",
        "delta",
        "message",
        "content",
        "content_filter_results",
        "content_filter_result",
        "usage",
        "error",
        "prompt_filter_results",
        "prompt_index",
        "total_tokens",
        "prompt_tokens",
        "completion_tokens",
        "finish_reason",
        "index",
        "filtered",
        "severity",
        "detected",
        "details",
        "code",
        "data",
        "embedding",
        "output",
        "type",
        "response",
        "sequence_number",
        "content_filters",
        "content_filter_offsets",
        "check_offset",
        "start_offset",
        "tool_calls",
        "function",
        "innererror",
        "object",
        "id",
        "completion_tokens_details",
        "reasoning_tokens",
        "hate",
        "stream",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.floats()
    | st.text(max_size=6)
    | st.just("AAAAAA=="),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=6)
    ),
    max_leaves=25,
)
OBJECT = st.dictionaries(NAMES, JSON, max_size=6)
LINES = st.lists(
    st.sampled_from(["data:", "data: [DONE]", ": x", "", "event: error", "id: 1", "data: {"])
    | JSON.map(lambda v: f"data: {json.dumps(v)}"),
    max_size=8,
)
SSE = LINES.map(lambda lines: ("\n\n".join(lines) + "\n\n").encode("utf-8", "surrogatepass"))
BODY = (OBJECT | JSON).map(lambda v: json.dumps(v).encode()) | SSE | st.binary(max_size=30)
HEADER = st.tuples(
    st.sampled_from(
        [
            "content-type",
            "retry-after",
            "retry-after-ms",
            "x-should-retry",
            "x-request-id",
            "api-key",
            "authorization",
            "x-stainless-retry-count",
        ]
    )
    | st.text(min_size=1, max_size=6),
    st.sampled_from(
        [
            "text/event-stream",
            "application/json",
            "0",
            "-1",
            "1e999",
            "9" * 30,
            "Wed, 21 Oct 2026 07:28:00",
            "multipart/form-data; boundary=X",
            "true",
            REQUEST_ID,
        ]
    )
    | st.text(max_size=8),
)
HEADERS = st.lists(HEADER, max_size=5).map(tuple)
STATUS = st.sampled_from([0, 101, 200, 204, 307, 400, 401, 404, 409, 418, 429, 500, 529, 999])
URL = st.sampled_from(
    [
        "https://conformance.openai.azure.com/openai/deployments/a%2Fb/chat/completions?api-version=x",
        "https://conformance.openai.azure.com//openai",
        "https://[::1",
        "",
        "ä",
        "http://other/?a=&a",
    ]
)
RESPONSE = st.none() | st.builds(Response, STATUS, HEADERS, BODY, st.just(PROVENANCE))
EXCHANGE = st.builds(
    Exchange,
    st.builds(Request, st.sampled_from(["GET", "POST", "x"]), URL, HEADERS, BODY),
    RESPONSE,
    st.floats(0, 9),
    st.none() | st.sampled_from(Fault),
    st.none() | st.just("no answer"),
)
ERROR = st.builds(
    SdkError,
    st.text(max_size=5),
    st.sampled_from(ErrorKind),
    st.text(max_size=9),
    st.just(()),
    st.none() | STATUS,
    JSON,
    JSON,
    JSON,
    st.none() | st.text(max_size=4),
    JSON,
    JSON,
    HEADERS,
)
OUTCOME = st.builds(
    Outcome,
    st.sampled_from(["ok", "error", "unsupported", "crash"]),
    JSON,
    st.none() | OBJECT,
    st.none() | st.lists(JSON, max_size=4).map(tuple),
    st.none() | st.just(REQUEST_ID),
    st.none() | ERROR,
)

KIND = st.sampled_from(sorted(CONFORMANT))

quiet = settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))


def failures(context: StepContext) -> list[str]:
    return [
        finding.message for finding in apply_checks(context)[1] if finding.rule == CHECK_FAILED.id
    ]


@given(kind=KIND, body=BODY, status=STATUS, headers=HEADERS, outcome=OUTCOME)
@quiet
def test_any_answer_is_judged(
    kind: str, body: bytes, status: int, headers: Any, outcome: Outcome
) -> None:
    context = CONFORMANT[kind]()
    exchanges = context.observation.exchanges
    last = replace(exchanges[-1], response=Response(status, headers, body, PROVENANCE))
    seen = replace(context.observation, exchanges=(*exchanges[:-1], last), outcome=outcome)
    assert failures(replace(context, observation=seen)) == []


@given(
    kind=KIND,
    exchanges=st.lists(EXCHANGE, max_size=4).map(tuple),
    outcome=OUTCOME,
    waits=st.lists(st.floats(-1, 1e9), max_size=3).map(tuple),
    traits=st.dictionaries(
        st.sampled_from(
            [
                "retries.statuses",
                "retries.backoff",
                "errors.classes",
                "retries.max_wait",
                "request.adds",
                "result.serialisation",
                "errors.exposes",
                "retries.honours",
                "result.view_lacks",
            ]
        ),
        JSON,
    ),
)
@quiet
def test_any_traffic_is_judged(
    kind: str, exchanges: Any, outcome: Outcome, waits: Any, traits: Any
) -> None:
    context = CONFORMANT[kind]()
    seen = replace(
        context.observation,
        exchanges=exchanges,
        outcome=outcome,
        waits=waits,
        side_exchanges=exchanges,
    )
    assert failures(replace(context, observation=seen, traits=traits)) == []
