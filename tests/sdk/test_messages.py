"""The protocol's JSON: what is sent and what is accepted are what the published schemas say, in
both validators."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from conformance.sdk.messages import (
    DEEPEST,
    REQUEST_SCHEMA,
    RESPONSE_SCHEMA,
    answer_problem,
    call_message,
    client_message,
    close_message,
    hello_message,
    hello_of,
    outcome_of,
    request_problem,
    shutdown_message,
)
from conformance.wire.protocol import (
    Auth,
    Call,
    CallOptions,
    ClientConfig,
    ErrorKind,
    Outcome,
    SdkError,
    StreamPlan,
)
from conformance.wire.vocabulary import Surface
from tests.places import PROJECT

CLIENT = ClientConfig(
    "https://127.0.0.1:4000",
    "azure",
    "2024-10-21",
    Auth("api_key", "key"),
    max_retries=0,
    timeout=2.5,
    deployment="d",
    headers=(("x", "y"),),
    environment=(("A", "b"),),
    surface=Surface.ASYNC,
)
CALL = Call(
    "chat.completions.create",
    {"model": "m"},
    CallOptions(1, 0.25, (("h", "v"),), (("q", "w"),)),
    StreamPlan("first", 3),
)
REQUESTS = [
    hello_message(),
    call_message("s", CLIENT, CALL),
    close_message("s"),
    shutdown_message(),
    call_message(
        "s",
        ClientConfig("http://x", "v1", "v1", Auth("credential")),
        Call("models.list", {}),
        "https://y",
    ),
]
ERROR = {"type": "RateLimitError", "kind": "rate_limit", "message": "slow down"}
HELLO = {
    "protocol": 1,
    "surfaces": ["sync"],
    "operations": ["models.list"],
    "adapter": {"sdk": "go", "package": "azopenai", "version": "0.7.2", "runtime": "go1.26"},
}


def schema(path: Any) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [REQUEST_SCHEMA, RESPONSE_SCHEMA])
def test_the_published_schemas_are_schemas(path: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(path))


@pytest.mark.parametrize("message", REQUESTS)
def test_what_the_harness_sends_is_valid(message: dict[str, Any]) -> None:
    sent = json.loads(json.dumps({"id": 1, **message}))
    assert request_problem(sent) is None
    jsonschema.validate(sent, schema(REQUEST_SCHEMA))
    assert request_problem({**sent, "id": 0}) is not None
    assert request_problem({**sent, "more": 1}) is not None


def test_a_call_says_milliseconds_and_leaves_the_environment_out() -> None:
    message = call_message("s", CLIENT, CALL)
    assert (message["client"]["timeout_ms"], message["options"]["timeout_ms"]) == (2500, 250)
    assert message["stream"] == {"consume": "first", "count": 3}
    assert "environment" not in message["client"]
    assert client_message(CLIENT)["auth"] == {"kind": "api_key", "key": "key"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("token", {"kind": "token", "tokens": ["a", "b"]}),
        ("none", {"kind": "none"}),
        ("token_provider", {"kind": "token_provider", "tokens": ["a", "b"]}),
        ("credential", {"kind": "credential", "authority": "https://there"}),
    ],
)
def test_an_adapter_is_given_the_credential_it_needs_and_no_other(
    kind: Any, expected: dict[str, Any]
) -> None:
    client = ClientConfig("http://x", "azure", "v", Auth(kind, "secret-key", ("a", "b")))
    assert client_message(client, "https://there")["auth"] == expected


@pytest.mark.parametrize(
    ("message", "kind", "valid"),
    [
        ({"outcome": "ok", "view": {}}, "outcome", True),
        (
            {"outcome": "ok", "view": {}, "result": None, "chunks": [1], "request_id": "r"},
            "outcome",
            True,
        ),
        ({"outcome": "ok", "view": {}, "token_calls": 2}, "outcome", True),
        ({"outcome": "ok"}, "outcome", False),
        ({"outcome": "ok", "view": {}, "token_calls": -1}, "outcome", False),
        ({"outcome": "ok", "view": {}, "veiw": {}}, "outcome", False),
        ({"outcome": "error", "error": ERROR}, "outcome", True),
        ({"outcome": "error", "error": {**ERROR, "kind": "unlucky"}}, "outcome", False),
        ({"outcome": "error", "error": {**ERROR, "headers": [["a", "b"]]}}, "outcome", True),
        ({"outcome": "error", "error": {**ERROR, "headers": [["a"]]}}, "outcome", False),
        ({"outcome": "unsupported", "reason": "no such method"}, "outcome", True),
        ({"outcome": "unsupported", "reason": ""}, "outcome", False),
        ({"outcome": "fine"}, "outcome", False),
        ({"outcome": "ok"}, "done", True),
        ({"outcome": "ok", "view": {}}, "done", False),
        (HELLO, "hello", True),
        ({**HELLO, "concurrency": 16}, "hello", True),
        ({**HELLO, "concurrency": 0}, "hello", False),
        ({**HELLO, "protocol": 2}, "hello", False),
        ({**HELLO, "surfaces": []}, "hello", False),
    ],
)
def test_answers_are_judged_alike_by_both_validators(
    message: dict[str, Any], kind: Any, valid: bool
) -> None:
    answer = {"id": 7, **message}
    problem = answer_problem(answer, kind)
    assert (problem is None) is valid
    assert problem is None or len(problem) < 400
    whole = schema(RESPONSE_SCHEMA)
    explaining = jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{kind}", "$defs": whole["$defs"]}
    )
    assert explaining.is_valid(answer) is valid


@pytest.mark.parametrize(
    "message", [None, 1, "ok", [], {}, {"id": "1", "outcome": "ok", "view": {}}]
)
def test_what_is_no_answer_at_all_is_a_problem_and_no_exception(message: Any) -> None:
    assert answer_problem(message, "outcome") is not None
    assert request_problem(message) is not None


def test_a_problem_names_its_place() -> None:
    said = answer_problem(
        {"id": 1, "outcome": "error", "error": {**ERROR, "status": "429"}}, "outcome"
    )
    assert said is not None and said.startswith("/error/status: ")


def test_answers_become_values() -> None:
    hello = hello_of({"id": 1, **HELLO})
    assert (hello.sdk, hello.version, hello.concurrency, hello.surfaces) == (
        "go",
        "0.7.2",
        1,
        ("sync",),
    )
    error = SdkError(
        "RateLimitError", ErrorKind.RATE_LIMIT, "slow down", ("APIError",), headers=(("a", "b"),)
    )
    answer = {
        "id": 2,
        "outcome": "error",
        "error": {**ERROR, "bases": ["APIError"], "headers": [["a", "b"]]},
        "chunks": [1, 2],
    }
    assert outcome_of(answer) == Outcome("error", chunks=(1, 2), error=error)
    assert outcome_of({"id": 2, "outcome": "unsupported", "reason": "why"}) == Outcome(
        "unsupported", reason="why"
    )


def test_the_conversation_in_the_documentation_is_one() -> None:
    page = (PROJECT / "docs" / "adapters.md").read_text(encoding="utf-8")
    said = [json.loads(line[3:]) for line in page.splitlines() if line.startswith("-> {")]
    heard = [json.loads(line[3:]) for line in page.splitlines() if line.startswith("<- {")]
    kinds: list[Any] = ["hello", "outcome", "done", "done"]
    assert [request_problem(message) for message in said] == [None] * 4
    assert [answer_problem(message, kind) for message, kind in zip(heard, kinds, strict=True)] == [
        None
    ] * 4
    assert [message["id"] for message in said] == [message["id"] for message in heard]


def test_an_answer_may_nest_so_deep_and_no_deeper() -> None:
    def nested(levels: int) -> dict[str, Any]:
        value: Any = []
        for _ in range(levels):
            value = [value]
        return {"id": 1, "outcome": "ok", "view": {"deep": value}}

    assert answer_problem(nested(DEEPEST - 3), "outcome") is None
    assert (
        answer_problem(nested(DEEPEST - 2), "outcome") == f"it nests deeper than {DEEPEST} levels"
    )
