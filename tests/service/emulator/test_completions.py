"""Legacy completions: several prompts, limits, log probabilities, streams, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from tests.service.emulator.emulating import Caller, error, events


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
