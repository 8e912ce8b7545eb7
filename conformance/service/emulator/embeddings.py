"""Embeddings: deterministic vectors of unit length, as numbers or base64 (wire-contract section
3)."""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from typing import Any

from conformance.service.emulator import errors, rules, tokens, usage
from conformance.service.emulator.answers import Answer, Refusal, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.validation import check

MOST_INPUTS = 2048
"""Inputs a request may have (Azure OpenAI embeddings, "Best practices")."""


def create(call: ServiceCall) -> Answer:
    """The vectors of every input. Raises Refusal."""
    body, deployment = call.body, call.target
    check(
        {name: value for name, value in body.items() if name != "input"},
        {name: rule for name, rule in rules.EMBEDDINGS.items() if name != "input"},
        call.version,
    )
    inputs = _inputs(body)
    size = _dimensions(call)
    counts = [tokens.count(one) if isinstance(one, str) else len(one) for one in inputs]
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
    wanted = body.get("encoding_format") or "float"
    data = [
        {"object": "embedding", "index": index, "embedding": _encoded(vector(one, size), wanted)}
        for index, one in enumerate(inputs)
    ]
    return json_answer(
        {
            "object": "list",
            "model": deployment.served,
            "data": data,
            "usage": usage.embeddings(sum(counts)),
        }
    )


def vector(given: str | list[int], size: int) -> list[float]:
    """``size`` numbers of unit length that depend on ``given`` alone; shorter ones are the
    beginning of longer ones, scaled, as with the models that can be shortened."""
    text = given if isinstance(given, str) else "tokens:" + ",".join(map(str, given))
    raw = hashlib.shake_256(text.encode()).digest(2 * size)
    numbers = [value + 0.5 for value in struct.unpack(f"<{size}h", raw)]
    length = math.sqrt(sum(value * value for value in numbers))
    return [value / length for value in numbers]


def _encoded(values: list[float], wanted: str) -> list[float] | str:
    packed = struct.pack(f"<{len(values)}f", *values)
    if wanted == "base64":
        return base64.b64encode(packed).decode()
    return list(struct.unpack(f"<{len(values)}f", packed))


def _inputs(body: dict[str, Any]) -> list[str | list[int]]:
    """The inputs, whatever form they came in: a text, texts, tokens, or lists of tokens."""
    given = body.get("input")
    if given is None:
        raise errors.missing("input")
    listed: list[Any] = given if isinstance(given, list) else [given]
    if listed and all(_is_token(one) for one in listed):
        listed = [listed]
    if len(listed) > MOST_INPUTS:
        raise errors.invalid(f"Too many inputs. The max number of inputs is {MOST_INPUTS}.")
    if not listed or not all(_is_text(one) or _is_tokens(one) for one in listed):
        raise _wrong_input()
    return listed


def _wrong_input() -> Refusal:
    """Recorded on Azure for ``{"input": true}``."""
    return errors.invalid(
        "'$.input' is invalid. Please check the API reference: "
        "https://platform.openai.com/docs/api-reference."
    )


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 200_000


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_tokens(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_token(one) for one in value)


def _dimensions(call: ServiceCall) -> int:
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
