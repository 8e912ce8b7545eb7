"""A chat completion, whole and as the chunks of a stream (facts/service#chat,
facts/service#stream-order).

The chunks have the order of all 30 recordings: the prompt's filter results with nothing else, a
role chunk, content, a finish chunk, usage when asked for, [DONE]. With the asynchronous filter
(facts/service#async-filter), content is not annotated and filter results come in chunks of their
own, the last after the finish chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.service.emulator import tokens
from conformance.service.emulator.answers import encode
from conformance.service.emulator.filter import FilterResult
from conformance.service.emulator.writer import Draft, FunctionCall

DONE = b"data: [DONE]\n\n"
_CHECK_EVERY = 8
"""Tokens between two results of the asynchronous filter."""


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """Everything a chat answer is made of.

    ``filter_result`` is that of the drafts, ``prompt_results`` those of the prompt. ``logprobs`` is
    how many alternatives each token has, None for no log probabilities. ``legacy``: the request
    wants function_call in place of tool_calls. ``prompt_length``: the characters of the prompt,
    after which the asynchronous filter's offsets count those of the answer. ``asynchronous``: that
    filter is on. ``call_ids`` are the tool call ids of each draft.
    """

    id: str
    created: int
    model: str
    drafts: list[Draft]
    filter_result: FilterResult
    prompt_results: list[dict[str, Any]]
    usage: dict[str, Any]
    logprobs: int | None
    legacy: bool
    prompt_length: int
    asynchronous: bool
    call_ids: list[list[str]]

    @property
    def fingerprint(self) -> str:
        """The ``system_fingerprint``, the same for every answer of a model."""
        return f"fp_{int(tokens.fraction(self.model) * 16**10):010x}"


def events(chunks: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    """Server-sent events of ``chunks``, ended by [DONE]."""
    for chunk in chunks:
        yield b"data: " + encode(chunk) + b"\n\n"
    yield DONE


def whole(chat: ChatAnswer) -> dict[str, Any]:
    """The body of an answer that is not streamed."""
    return {
        "id": f"chatcmpl-{chat.id}",
        "object": "chat.completion",
        "created": chat.created,
        "model": chat.model,
        "choices": [_choice(chat, index, draft) for index, draft in enumerate(chat.drafts)],
        "prompt_filter_results": chat.prompt_results,
        "system_fingerprint": chat.fingerprint,
        "usage": chat.usage,
    }


def _choice(chat: ChatAnswer, index: int, draft: Draft) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": draft.text,
        "refusal": None,
        "annotations": [],
    }
    if draft.finish == "content_filter":
        # A filtered answer may have no content (facts/service#filtered-completion).
        del message["content"]
    elif draft.refusal:
        message |= {"content": None, "refusal": "".join(draft.refusal)}
    elif draft.calls:
        message |= {"content": None, **_calls(chat, index, draft)}
    choice = {
        "index": index,
        "finish_reason": _finish(chat, draft),
        "message": message,
        "logprobs": _logprobs(chat, draft.pieces),
    }
    # Answers that are tool calls were never annotated: 8 of 8 recordings.
    return chat.filter_result.annotate(choice, whole=not draft.calls)


def _finish(chat: ChatAnswer, draft: Draft) -> str:
    if chat.legacy and draft.finish == "tool_calls":
        return "function_call"
    return draft.finish


def _calls(chat: ChatAnswer, index: int, draft: Draft) -> dict[str, Any]:
    if chat.legacy:
        return {"function_call": _function(draft.calls[0])}
    return {
        "tool_calls": [
            {"id": f"call_{identity}", "type": "function", "function": _function(call)}
            for identity, call in zip(chat.call_ids[index], draft.calls, strict=True)
        ]
    }


def _function(call: FunctionCall) -> dict[str, str]:
    return {"name": call.name, "arguments": call.arguments}


def _logprobs(chat: ChatAnswer, pieces: Iterable[str]) -> dict[str, Any] | None:
    if chat.logprobs is None:
        return None
    return {"content": [token_logprob(piece, chat.logprobs) for piece in pieces], "refusal": None}


def token_logprob(piece: str, alternatives: int) -> dict[str, Any]:
    """One entry of ``logprobs.content``; the chosen token is the likeliest of its alternatives."""
    best = tokens.log_probability(piece)
    others = [_entry(piece + "~" * rank, best - rank) for rank in range(alternatives)]
    return {**_entry(piece, best), "top_logprobs": others}


def _entry(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


# Streams


def chat_chunks(chat: ChatAnswer, *, with_usage: bool) -> Iterator[dict[str, Any]]:
    """The chunks of a stream in order. ``with_usage`` adds the usage in a last one, and ``usage:
    null`` to the others but for the first and those of the asynchronous filter."""
    yield {
        "id": "",
        "object": "",
        "created": 0,
        "model": "",
        "choices": [],
        "prompt_filter_results": chat.prompt_results,
    }
    for index, draft in enumerate(chat.drafts):
        choices = _synchronous(chat, index, draft)
        if chat.asynchronous:
            choices = _asynchronous(chat, index, draft)
        for choice in choices:
            yield _chunk(chat, choice, with_usage=with_usage)
    if with_usage:
        yield {**_frame(chat), "choices": [], "usage": chat.usage}


def _frame(chat: ChatAnswer) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{chat.id}",
        "object": "chat.completion.chunk",
        "created": chat.created,
        "model": chat.model,
        "system_fingerprint": chat.fingerprint,
    }


def _chunk(chat: ChatAnswer, choice: dict[str, Any], *, with_usage: bool) -> dict[str, Any]:
    # A choice without a delta is a result of the asynchronous filter, whose chunks name nothing.
    if "delta" not in choice:
        return {"id": "", "object": "", "created": 0, "model": "", "choices": [choice]}
    chunk = {**_frame(chat), "choices": [choice]}
    if with_usage:
        chunk["usage"] = None
    return chunk


def _synchronous(chat: ChatAnswer, index: int, draft: Draft) -> Iterator[dict[str, Any]]:
    """The choices of a stream whose content is annotated as it comes."""
    annotate = chat.filter_result.annotate
    steps = list(_deltas(chat, index, draft))
    for number, (delta, pieces) in enumerate(steps):
        # The role chunk, tool calls and filtered content have an empty block.
        annotated = number > 0 and not draft.calls and draft.finish != "content_filter"
        yield annotate(_delta(chat, index, delta, pieces), whole=annotated)
    last = _delta(chat, index, {}, ())
    last["finish_reason"] = _finish(chat, draft)
    yield annotate(last, whole=draft.finish == "content_filter")


def _asynchronous(chat: ChatAnswer, index: int, draft: Draft) -> Iterator[dict[str, Any]]:
    """The choices of a stream that the filter reads later than the client. A violation ends the
    stream in a result of the filter."""
    checked = at = chat.prompt_length
    for number, (delta, pieces) in enumerate(_deltas(chat, index, draft), 1):
        yield _delta(chat, index, delta, pieces)
        at += len("".join(pieces))
        if number % _CHECK_EVERY == 0:
            yield _filter_choice(chat, index, (checked, at))
            checked = at
    if draft.finish == "content_filter":
        yield {**_filter_choice(chat, index, (checked, at)), "finish_reason": "content_filter"}
        return
    last = _delta(chat, index, {}, ())
    last["finish_reason"] = _finish(chat, draft)
    yield last
    yield _filter_choice(chat, index, (checked, at))


def _filter_choice(chat: ChatAnswer, index: int, span: tuple[int, int]) -> dict[str, Any]:
    """The asynchronous filter's result for the characters of ``span``, counted from the start of
    the prompt."""
    start, end = span
    choice: dict[str, Any] = {
        "index": index,
        "finish_reason": None,
        "content_filter_offsets": {"check_offset": end, "start_offset": start, "end_offset": end},
    }
    return chat.filter_result.annotate(choice)


def _delta(
    chat: ChatAnswer, index: int, delta: dict[str, Any], pieces: tuple[str, ...]
) -> dict[str, Any]:
    logprobs = None
    if pieces:
        logprobs = _logprobs(chat, pieces)
    return {"index": index, "delta": delta, "finish_reason": None, "logprobs": logprobs}


def _deltas(
    chat: ChatAnswer, index: int, draft: Draft
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    """(delta, the tokens whose probabilities it carries), the role first."""
    if draft.calls:
        yield from _call_deltas(chat, index, draft)
        return
    yield {"role": "assistant", "content": "", "refusal": None}, ()
    for piece in draft.pieces:
        yield {"content": piece}, (piece,)
    for piece in draft.refusal:
        yield {"refusal": piece}, ()


def _call_deltas(
    chat: ChatAnswer, index: int, draft: Draft
) -> Iterator[tuple[dict[str, Any], tuple[str, ...]]]:
    role: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None}
    if chat.legacy:
        yield {**role, "function_call": {"name": draft.calls[0].name, "arguments": ""}}, ()
        for piece in tokens.split(draft.calls[0].arguments):
            yield {"function_call": {"arguments": piece}}, ()
        return
    for number, (identity, call) in enumerate(zip(chat.call_ids[index], draft.calls, strict=True)):
        first = {
            "index": number,
            "id": f"call_{identity}",
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        delta: dict[str, Any] = {"tool_calls": [first]}
        if number == 0:
            delta = {**role, **delta}
        yield delta, ()
        for piece in tokens.split(call.arguments):
            yield {"tool_calls": [{"index": number, "function": {"arguments": piece}}]}, ()
