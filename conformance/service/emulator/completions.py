"""Legacy completions, whole and streamed (facts/service#completions)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import errors, rules, streaming, tokens, usage, writer
from conformance.service.emulator.answers import Answer, json_answer, stream_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.filter import FilterResult, judge_completion, judge_prompt
from conformance.service.emulator.validation import check
from conformance.service.emulator.writer import Draft, ModelInput

_DEFAULT_LIMIT = 16
"""Tokens of an answer when the request says nothing."""


@dataclass(frozen=True, slots=True)
class CompletionChoice:
    """One choice of an answer: what the model wrote and what the filter says of it. ``echo`` is the
    prompt when it was asked for, else empty; ``logprobs`` is how many alternatives each token has,
    None for no log probabilities."""

    draft: Draft
    filter_result: FilterResult
    echo: str
    logprobs: int | None


def create(call: ServiceCall) -> Answer:
    """The answer to a completion request. Raises Refusal."""
    body, deployment = call.body, call.target
    check(body, rules.COMPLETIONS, call.version)
    if body.get("stream_options") is not None and not body.get("stream"):
        raise errors.invalid(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
    prompts = _prompts(body["prompt"])
    limit = body.get("max_tokens")
    if limit is None:
        limit = _DEFAULT_LIMIT
    used = sum(max(1, tokens.count(prompt)) for prompt in prompts)
    call.charge(used + limit)
    if used + limit > deployment.context:
        raise errors.invalid(
            f"This model's maximum context length is {deployment.context} tokens, however you "
            f"requested {used + limit} tokens ({used} in your prompt; {limit} for the completion). "
            "Please reduce your prompt; or completion length.",
            None,
            "context_length_exceeded",
        )
    filter_results = [judge_prompt(prompt) for prompt in prompts]
    for filter_result in filter_results:
        if filter_result.blocked:
            raise errors.prompt_filtered(filter_result.block)
    choices = [
        _complete(body, prompt, limit, index)
        for prompt in prompts
        for index in range(body.get("n") or 1)
    ]
    frame = {
        "id": f"cmpl-{call.state.word('cmpl', 29)}",
        "object": "text_completion",
        "created": int(call.state.now()),
        "model": deployment.served,
    }
    prompt_results = [
        {"prompt_index": index, "content_filter_results": filter_result.block}
        for index, filter_result in enumerate(filter_results)
    ]
    used_tokens = usage.chat(used, sum(choice.draft.tokens for choice in choices))
    if body.get("stream"):
        chunks = _chunks(frame, prompt_results, choices)
        if (body.get("stream_options") or {}).get("include_usage"):
            chunks = _with_usage(chunks, {**frame, "choices": [], "usage": used_tokens})
        return stream_answer(streaming.events(chunks))
    return json_answer(
        {
            **frame,
            "choices": [_whole(choice, index) for index, choice in enumerate(choices)],
            "prompt_filter_results": prompt_results,
            "usage": used_tokens,
        }
    )


def _prompts(prompt: Any) -> list[str]:
    """The prompts as texts; tokens are written as their numbers, as there is no model to read
    them."""
    if isinstance(prompt, str):
        return [prompt]
    if prompt and all(isinstance(item, str) for item in prompt):
        return list(prompt)
    if _is_tokens(prompt):
        return [" ".join(map(str, prompt))]
    if prompt and all(_is_tokens(item) for item in prompt):
        return [" ".join(map(str, item)) for item in prompt]
    raise errors.invalid(
        "'$.prompt' is invalid. Please check the API reference: "
        "https://platform.openai.com/docs/api-reference."
    )


def _is_tokens(value: Any) -> bool:
    """Whether ``value`` is a list of token numbers, and not an empty one."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(token, int) and not isinstance(token, bool) for token in value)


def _complete(body: dict[str, Any], prompt: str, limit: int, index: int) -> CompletionChoice:
    model_input = ModelInput(prompt, stop=writer.stop_texts(body.get("stop")), limit=limit)
    filter_result = judge_completion(prompt)
    draft = writer.filtered(writer.compose(model_input, index), filter_result)
    echo = ""
    if body.get("echo"):
        echo = prompt
    return CompletionChoice(draft, filter_result, echo, body.get("logprobs"))


def _whole(choice: CompletionChoice, index: int) -> dict[str, Any]:
    """The choice as it stands in an answer that is not streamed."""
    whole = {
        "index": index,
        "text": choice.echo + "".join(choice.draft.refusal) + choice.draft.text,
        "finish_reason": choice.draft.finish,
        "logprobs": _logprobs(choice, choice.draft.pieces, len(choice.echo)),
    }
    return choice.filter_result.annotate(whole)


def _logprobs(
    choice: CompletionChoice, pieces: tuple[str, ...], offset: int
) -> dict[str, Any] | None:
    if choice.logprobs is None:
        return None
    offsets = []
    for piece in pieces:
        offsets.append(offset)
        offset += len(piece)
    chances = [tokens.log_probability(piece) for piece in pieces]
    best = None
    if choice.logprobs:
        best = [
            {piece + "~" * rank: chance - rank for rank in range(choice.logprobs)}
            for piece, chance in zip(pieces, chances, strict=True)
        ]
    return {
        "tokens": list(pieces),
        "token_logprobs": chances,
        "top_logprobs": best,
        "text_offset": offsets,
    }


def _chunks(
    frame: dict[str, Any],
    prompt_results: list[dict[str, Any]],
    choices: list[CompletionChoice],
) -> Iterator[dict[str, Any]]:
    """The chunks of a stream: the prompts' filter results, then the choices."""
    yield {
        "id": "",
        "object": "",
        "created": 0,
        "model": "",
        "choices": [],
        "prompt_filter_results": prompt_results,
    }
    for index, choice in enumerate(choices):
        for part in _parts(choice, index):
            yield {**frame, "choices": [part]}


def _with_usage(
    chunks: Iterator[dict[str, Any]], usage_chunk: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """``chunks`` with the usage in one more at the end, and null in all before it but the first
    (facts/service#usage-chunk)."""
    yield next(chunks)
    for chunk in chunks:
        yield {**chunk, "usage": None}
    yield usage_chunk


def _parts(choice: CompletionChoice, index: int) -> Iterator[dict[str, Any]]:
    """The choice as it comes in the chunks of a stream."""
    annotate = choice.filter_result.annotate
    texts = list(choice.draft.refusal)
    if choice.echo:
        texts.insert(0, choice.echo)
    for text in texts:
        yield annotate({"index": index, "text": text, "finish_reason": None, "logprobs": None})
    offset = len(choice.echo)
    for piece in choice.draft.pieces:
        part = {
            "index": index,
            "text": piece,
            "finish_reason": None,
            "logprobs": _logprobs(choice, (piece,), offset),
        }
        offset += len(piece)
        yield annotate(part)
    finish = choice.draft.finish
    last = {"index": index, "text": "", "finish_reason": finish, "logprobs": None}
    yield annotate(last, whole=finish == "content_filter")
