"""Embeddings: deterministic vectors of unit length, as numbers or as base64
(facts/service#embeddings, facts/service#base64-vectors)."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import Any

from conformance.service.emulator import errors, rules, tokens, usage
from conformance.service.emulator.answers import Answer, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.validation import check

MOST_INPUTS = 2048
"""Inputs a request may have (Azure OpenAI embeddings, "Best practices")."""


def create(call: ServiceCall) -> Answer:
    """The vectors of every input. Raises Refusal."""
    body, deployment = call.body, call.target
    # The input is checked by itself: the service refuses it in words of its own.
    check(
        {name: value for name, value in body.items() if name != "input"},
        {name: rule for name, rule in rules.EMBEDDINGS.items() if name != "input"},
        call.version,
    )
    inputs = _inputs(body)
    size = _dimensions(call)
    counts = [_count(item) for item in inputs]
    call.charge(sum(counts))
    for used in counts:
        if used > deployment.context:
            raise errors.invalid(
                f"This model's maximum context length is {deployment.context} tokens, however you "
                f"requested {used} tokens ({used} in your prompt; 0 for the completion). Please "
                "reduce your prompt; or completion length.",
                None,
                None,
            )
    as_base64 = body.get("encoding_format") == "base64"
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _encoded(vector(item, size), as_base64=as_base64),
        }
        for index, item in enumerate(inputs)
    ]
    return json_answer(
        {
            "object": "list",
            "model": deployment.served,
            "data": data,
            "usage": usage.embeddings(sum(counts)),
        }
    )


def vector(text_or_tokens: str | list[int], size: int) -> list[float]:
    """A vector of ``size`` numbers and unit length that depends on ``text_or_tokens`` alone. A
    shorter vector is the beginning of a longer one, scaled, as with models whose vectors can be
    shortened."""
    text = text_or_tokens
    if not isinstance(text, str):
        text = "tokens:" + ",".join(map(str, text))
    raw = hashlib.shake_256(text.encode()).digest(2 * size)
    # The half keeps every number from 0, so that the length is never 0 either.
    numbers = [value + 0.5 for value in struct.unpack(f"<{size}h", raw)]
    length = math.sqrt(sum(value * value for value in numbers))
    return [value / length for value in numbers]


def _encoded(values: list[float], *, as_base64: bool) -> list[float] | str:
    packed = struct.pack(f"<{len(values)}f", *values)
    if as_base64:
        return base64.b64encode(packed).decode()
    # Unpacked again, so that both forms have the same 32-bit numbers.
    return list(struct.unpack(f"<{len(values)}f", packed))


def _count(text_or_tokens: str | list[int]) -> int:
    """The number of tokens of an input."""
    if isinstance(text_or_tokens, str):
        return tokens.count(text_or_tokens)
    return len(text_or_tokens)


def _inputs(body: dict[str, Any]) -> list[str | list[int]]:
    """The inputs, whatever form they came in: a text, texts, tokens, or lists of tokens."""
    value = body.get("input")
    if value is None:
        raise errors.missing("input")
    if not isinstance(value, list) or _is_tokens(value):
        value = [value]
    if len(value) > MOST_INPUTS:
        raise errors.invalid(f"Too many inputs. The max number of inputs is {MOST_INPUTS}.")
    if not value or not all(_is_text(item) or _is_tokens(item) for item in value):
        # Recorded on Azure for {"input": true}.
        raise errors.invalid(
            "'$.input' is invalid. Please check the API reference: "
            "https://platform.openai.com/docs/api-reference."
        )
    return value


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 200_000


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_token(item) for item in value)


def _dimensions(call: ServiceCall) -> int:
    """How many numbers each vector has."""
    asked, most = call.body.get("dimensions"), call.target.dimensions or 1536
    if asked is None:
        return most
    if "text-embedding-3" not in call.target.model:
        raise errors.invalid("This model does not support specifying dimensions.")
    if asked > most:
        raise errors.invalid(
            f"Invalid value for 'dimensions' = {asked}. Must be less than or equal to {most}.",
            "dimensions",
        )
    return int(asked)
