"""Embeddings: forms of input and output, and the legacy completions beside them."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from tests.service.emulator.emulating import Caller, error, events


def embed(caller: Caller, **members: Any) -> list[Any]:
    return [
        item["embedding"]
        for item in caller.post("/embeddings", members, "conf-embeddings").json()["data"]
    ]


def test_numbers_and_base64_are_the_same_vector(caller: Caller) -> None:
    (numbers,) = embed(caller, input="Hello", dimensions=16)
    (coded,) = embed(caller, input="Hello", dimensions=16, encoding_format="base64")
    assert list(struct.unpack("<16f", base64.b64decode(coded))) == numbers
    assert abs(sum(one * one for one in numbers) - 1) < 1e-5


def test_shorter_vectors_begin_like_longer_ones(caller: Caller) -> None:
    (short,) = embed(caller, input="Hello", dimensions=4)
    (long,) = embed(caller, input="Hello")
    assert len(long) == 1536
    ratios = [a / b for a, b in zip(short, long, strict=False)]
    assert max(ratios) - min(ratios) < 1e-3 * ratios[0]


@pytest.mark.parametrize(
    "given, count", [("one", 1), (["one", "two"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2)]
)
def test_forms_of_input(caller: Caller, given: Any, count: int) -> None:
    assert len(embed(caller, input=given, dimensions=2)) == count


@pytest.mark.parametrize(
    "members, code, param, says",
    [
        ({}, "missing_required_parameter", "input", "Missing"),
        ({"input": True}, None, None, "'$.input' is invalid"),
        ({"input": ""}, None, None, "'$.input' is invalid"),
        ({"input": []}, None, None, "'$.input' is invalid"),
        ({"input": ["a", 3]}, None, None, "'$.input' is invalid"),
        ({"input": ["a"] * 2049}, None, None, "Too many inputs"),
        ({"input": "word " * 9000}, None, None, "maximum context length is 8191 tokens"),
        ({"input": "a", "dimensions": 1537}, None, "dimensions", "1537"),
        ({"input": "a", "encoding_format": "hex"}, "invalid_value", "encoding_format", "'hex'"),
    ],
)
def test_embeddings_that_are_refused(
    caller: Caller, members: dict[str, Any], code: str | None, param: str | None, says: str
) -> None:
    refused = caller.post("/embeddings", members, "conf-embeddings")
    assert refused.status == 400 and says in error(refused)["message"]
    assert (error(refused)["code"], error(refused)["param"]) == (code, param)


def complete(caller: Caller, **members: Any) -> dict[str, Any]:
    found = caller.post("/completions", members, "conf-completions").json()
    assert isinstance(found, dict)
    return found


def test_completions_of_several_prompts(caller: Caller) -> None:
    body = complete(caller, prompt=["[[say:one]]", "[[say:two]]"], n=2)
    assert [choice["text"] for choice in body["choices"]] == ["one", "one (2)", "two", "two (2)"]
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2, 3]
    assert [item["prompt_index"] for item in body["prompt_filter_results"]] == [0, 1]
    assert (
        body["usage"]["total_tokens"]
        == body["usage"]["prompt_tokens"] + body["usage"]["completion_tokens"]
    )


def test_completions_stop_at_sixteen_tokens_unless_told(caller: Caller) -> None:
    assert complete(caller, prompt="[[tokens:40]]")["choices"][0]["finish_reason"] == "length"
    assert complete(caller, prompt="[[tokens:40]]")["usage"]["completion_tokens"] == 16
    assert (
        complete(caller, prompt="[[tokens:40]]", max_tokens=50)["usage"]["completion_tokens"] == 40
    )
    assert complete(caller, prompt="x", max_tokens=0)["usage"]["completion_tokens"] == 0


def test_completion_log_probabilities_have_offsets(caller: Caller) -> None:
    choice = complete(caller, prompt="[[say:one two]]", logprobs=2, echo=True)["choices"][0]
    logprobs = choice["logprobs"]
    assert logprobs["tokens"] == ["one", " two"]
    assert [choice["text"][at : at + 3] for at in logprobs["text_offset"]] == ["one", " tw"]
    assert all(len(best) == 2 for best in logprobs["top_logprobs"])


def test_a_completion_stream_says_the_same(caller: Caller) -> None:
    whole = complete(caller, prompt="[[say:one two three]]", echo=True)["choices"][0]["text"]
    response = caller.post(
        "/completions",
        {
            "prompt": "[[say:one two three]]",
            "echo": True,
            "stream": True,
            "stream_options": {"include_usage": True},
        },
        "conf-completions",
    )
    *chunks, done = events(response)
    assert done == "[DONE]" and chunks[-1]["usage"]["completion_tokens"] == 3
    assert "".join(choice["text"] for chunk in chunks for choice in chunk["choices"]) == whole


@pytest.mark.parametrize("prompt", [[], [1, "a"], [[]], [None]])
def test_prompts_that_are_refused(caller: Caller, prompt: Any) -> None:
    refused = caller.post("/completions", {"prompt": prompt}, "conf-completions")
    assert refused.status == 400 and "'$.prompt' is invalid" in error(refused)["message"]


def test_a_prompt_too_long(caller: Caller) -> None:
    refused = caller.post(
        "/completions", {"prompt": "word " * 4090, "max_tokens": 100}, "conf-completions"
    )
    assert error(refused)["code"] == "context_length_exceeded"
