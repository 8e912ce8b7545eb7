"""Legacy completions, whole and streamed (wire-contract section 3)."""

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


@dataclass(frozen=True, slots=True)
class CompletionChoice:
    """One choice: ``echo`` is the prompt when it was asked for, ``place`` where its text begins."""

    draft: Draft
    verdict: FilterResult
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
    limit = _DEFAULT_LIMIT if body.get("max_tokens") is None else body["max_tokens"]
    used = sum(max(1, tokens.count(one)) for one in prompts)
    call.charge(used + limit)
    if used + limit > deployment.context:
        raise errors.invalid(
            f"This model's maximum context length is {deployment.context} tokens, however you "
            f"requested {used + limit} tokens ({used} in your prompt; {limit} for the completion). "
            "Please reduce your prompt; or completion length.",
            None,
            "context_length_exceeded",
        )
    found = [judge_prompt(one) for one in prompts]
    for verdict in found:
        if verdict.blocked:
            raise errors.prompt_filtered(verdict.block)
    written = [
        _write(body, one, limit, index) for one in prompts for index in range(body.get("n") or 1)
    ]
    frame = {
        "id": f"cmpl-{call.state.word('cmpl', 29)}",
        "object": "text_completion",
        "created": int(call.state.now()),
        "model": deployment.served,
    }
    results = [
        {"prompt_index": index, "content_filter_results": one.block}
        for index, one in enumerate(found)
    ]
    told = usage.chat(used, sum(one.draft.tokens for one in written))
    if body.get("stream"):
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return stream_answer(
            streaming.events(_chunks(frame, results, written, told if with_usage else None))
        )
    choices = [_choice(one, index) for index, one in enumerate(written)]
    return json_answer(
        {**frame, "choices": choices, "prompt_filter_results": results, "usage": told}
    )


def _prompts(given: Any) -> list[str]:
    """The prompts as texts; tokens are written as their numbers, as there is no model to read
    them."""
    if isinstance(given, str):
        return [given]
    if given and all(isinstance(one, str) for one in given):
        return list(given)
    if given and all(isinstance(one, int) and not isinstance(one, bool) for one in given):
        return [" ".join(map(str, given))]
    if given and all(
        isinstance(one, list)
        and one
        and all(isinstance(t, int) and not isinstance(t, bool) for t in one)
        for one in given
    ):
        return [" ".join(map(str, one)) for one in given]
    raise errors.invalid(
        "'$.prompt' is invalid. Please check the API reference: "
        "https://platform.openai.com/docs/api-reference."
    )


def _write(body: dict[str, Any], prompt: str, limit: int, index: int) -> CompletionChoice:
    stop = body.get("stop")
    ask = ModelInput(
        prompt, stop=(stop,) if isinstance(stop, str) else tuple(stop or ()), limit=limit
    )
    verdict = judge_completion(prompt)
    draft = writer.filtered(writer.compose(ask, index), verdict)
    return CompletionChoice(
        draft, verdict, prompt if body.get("echo") else "", body.get("logprobs")
    )


def _choice(one: CompletionChoice, index: int) -> dict[str, Any]:
    choice = {
        "index": index,
        "text": one.echo + "".join(one.draft.refusal) + one.draft.text,
        "finish_reason": one.draft.finish,
        "logprobs": _logprobs(one, one.draft.pieces, len(one.echo)),
    }
    return one.verdict.annotate(choice)


def _logprobs(one: CompletionChoice, pieces: tuple[str, ...], offset: int) -> dict[str, Any] | None:
    if one.logprobs is None:
        return None
    offsets = []
    for piece in pieces:
        offsets.append(offset)
        offset += len(piece)
    chances = [tokens.log_probability(piece) for piece in pieces]
    best = [
        {piece + "~" * rank: chance - rank for rank in range(one.logprobs)}
        for piece, chance in zip(pieces, chances, strict=True)
    ]
    return {
        "tokens": list(pieces),
        "token_logprobs": chances,
        "top_logprobs": best if one.logprobs else None,
        "text_offset": offsets,
    }


def _chunks(
    frame: dict[str, Any],
    results: list[dict[str, Any]],
    written: list[CompletionChoice],
    told: dict[str, Any] | None,
) -> Iterator[dict[str, Any]]:
    yield {
        "id": "",
        "object": "",
        "created": 0,
        "model": "",
        "choices": [],
        "prompt_filter_results": results,
    }
    extra = {} if told is None else {"usage": None}
    for index, one in enumerate(written):
        for choice in _choices(one, index):
            yield {**frame, "choices": [choice], **extra}
    if told is not None:
        yield {**frame, "choices": [], "usage": told}


def _choices(one: CompletionChoice, index: int) -> Iterator[dict[str, Any]]:
    offset = len(one.echo)
    texts = ([one.echo] if one.echo else []) + list(one.draft.refusal)
    for text in texts:
        yield one.verdict.annotate(
            {"index": index, "text": text, "finish_reason": None, "logprobs": None}
        )
    for piece in one.draft.pieces:
        choice = {
            "index": index,
            "text": piece,
            "finish_reason": None,
            "logprobs": _logprobs(one, (piece,), offset),
        }
        offset += len(piece)
        yield one.verdict.annotate(choice)
    last = {"index": index, "text": "", "finish_reason": one.draft.finish, "logprobs": None}
    yield one.verdict.annotate(last, whole=one.draft.finish == "content_filter")
