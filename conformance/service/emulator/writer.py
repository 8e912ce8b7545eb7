"""The model behind every text deployment: a pure function of its input, steered by directives in
the prompt (docs/emulator.md).

It does not pretend to think. It answers one known question, follows directives, fills schemas with
their smallest instance, calls the functions it is told to call, and otherwise repeats what the user
said.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from conformance.service.emulator import tokens
from conformance.service.emulator.filter import FilterResult
from conformance.service.emulator.prompt import Directives, directives, plain
from conformance.service.emulator.structured import minimal

REFUSAL = "I'm sorry, I can't help with that."
MOST_TOKENS = 4096
"""The longest answer ``[[tokens:N]]`` gives."""

_KNOWN = {"when was microsoft founded": "Microsoft was founded on April 4, 1975."}
_ECHO = 400
"""Characters of a text that are repeated in an answer."""


@dataclass(frozen=True, slots=True)
class OfferedFunction:
    """A function the model may call, and the JSON Schema of its arguments."""

    name: str
    parameters: Any


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call of a function that the model makes; ``arguments`` is JSON text."""

    name: str
    arguments: str

    @property
    def tokens(self) -> int:
        """How many tokens the call costs."""
        return tokens.count(self.name) + tokens.count(self.arguments)


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What the model is given.

    ``user`` is the last text of the user, ``outputs`` are the results of functions since then.
    ``functions`` may be called; ``choice`` is auto, none, required or the name of one. The answer
    must satisfy ``schema``, or with ``json_mode`` be any JSON object. ``limit`` bounds the
    completion in tokens; ``reasoning`` of them are used up by thinking, which is not shown.
    """

    user: str
    outputs: tuple[str, ...] = ()
    functions: tuple[OfferedFunction, ...] = ()
    choice: str = "auto"
    parallel: bool = True
    schema: Any = None
    json_mode: bool = False
    stop: tuple[str, ...] = ()
    limit: int | None = None
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model wrote: its text, a refusal (both as tokens) or calls of functions. ``finish``
    is a chat finish_reason; ``reasoning`` is how many tokens it thought."""

    pieces: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    finish: str = "stop"
    reasoning: int = 0

    @property
    def text(self) -> str:
        """The text in one piece."""
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        """How many tokens the completion has, thinking included."""
        return (
            self.reasoning
            + len(self.pieces)
            + len(self.refusal)
            + sum(call.tokens for call in self.calls)
        )


def stop_texts(stop: str | list[str] | None) -> tuple[str, ...]:
    """The texts of a request's ``stop``, which may be one text, several or none."""
    if isinstance(stop, str):
        return (stop,)
    return tuple(stop or ())


def compose(model_input: ModelInput, index: int = 0) -> Draft:
    """The answer to ``model_input`` with number ``index``; a request may ask for several."""
    steering = directives(model_input.user)
    budget, reasoning = None, model_input.reasoning
    if model_input.limit is not None:
        budget = max(0, model_input.limit - reasoning)
        reasoning = min(reasoning, model_input.limit)
    calls = _calls(model_input, steering)
    if calls:
        return replace(_within_budget(calls, budget), reasoning=reasoning)
    if steering.has("refuse"):
        return Draft(refusal=tuple(tokens.split(REFUSAL)), reasoning=reasoning)
    text = _stopped(_text(model_input, steering, index), model_input.stop)
    pieces = tuple(tokens.split(text))
    if budget is not None and len(pieces) > budget:
        return Draft(pieces[:budget], finish="length", reasoning=reasoning)
    return Draft(pieces, reasoning=reasoning)


def filtered(draft: Draft, filter_result: FilterResult) -> Draft:
    """``draft`` as far as the filter lets it pass: half of it when ``filter_result`` blocks."""
    if not filter_result.blocked:
        return draft
    return Draft(
        draft.pieces[: len(draft.pieces) // 2], finish="content_filter", reasoning=draft.reasoning
    )


def _text(model_input: ModelInput, steering: Directives, index: int) -> str:
    if model_input.schema is not None:
        return json.dumps(minimal(model_input.schema), ensure_ascii=False, separators=(",", ":"))
    dictated = steering.first("say")
    if model_input.json_mode:
        answer = dictated
        if answer is None:
            answer = plain(model_input.user)[:_ECHO]
        return json.dumps({"answer": answer}, ensure_ascii=False)
    length = steering.number("tokens", MOST_TOKENS)
    if length is not None:
        return (" word" * length)[1:]
    text = dictated
    if text is None:
        text = _answer(model_input)
    if index == 0:
        return text
    # The second answer to a request and those after it carry their number, so that they differ.
    return f"{text} ({index + 1})"


def _answer(model_input: ModelInput) -> str:
    if model_input.outputs:
        return "The tool answered: " + "; ".join(output[:_ECHO] for output in model_input.outputs)
    words = plain(model_input.user)
    for question, answer in _KNOWN.items():
        if question in words.lower():
            return answer
    if not words:
        return "Hello! How can I help you today?"
    return f"You said: {words[:_ECHO]}"


def _stopped(text: str, stops: tuple[str, ...]) -> str:
    """``text`` up to the first of ``stops`` in it."""
    places = [text.find(stop) for stop in stops if stop and stop in text]
    return text[: min(places, default=len(text))]


def _calls(model_input: ModelInput, steering: Directives) -> tuple[FunctionCall, ...]:
    """The functions the model calls: those a directive names, one when the request insists, else
    those whose name the user mentions."""
    offered, choice = model_input.functions, model_input.choice
    if not offered or choice == "none":
        return ()
    by_name = {function.name: function for function in offered}
    forced = choice != "auto"
    # With the results of functions at hand the model answers instead of calling again.
    if model_input.outputs and not forced:
        return ()
    calls = [
        _call(by_name[name], arguments)
        for name, arguments in map(_name_and_arguments, steering.values("call"))
        if name in by_name and choice in ("auto", "required", name)
    ]
    if not calls and forced:
        calls = [_call(by_name.get(choice, offered[0]), "")]
    if not calls:
        words = plain(model_input.user)
        calls = [_call(function, "") for function in offered if _mentioned(function.name, words)]
    if not model_input.parallel:
        calls = calls[:1]
    return tuple(calls)


def _name_and_arguments(value: str) -> tuple[str, str]:
    name, _, arguments = value.partition(" ")
    return name, arguments.strip()


def _call(function: OfferedFunction, arguments: str) -> FunctionCall:
    """A call of ``function``; empty ``arguments`` stand for the smallest the schema allows."""
    if not arguments:
        arguments = json.dumps(minimal(function.parameters) or {}, ensure_ascii=False)
    return FunctionCall(function.name, arguments)


def _mentioned(name: str, text: str) -> bool:
    """Whether a word of ``name`` stands in ``text``: a question for the weather means
    get_current_weather."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return bool(set(re.findall(r"[a-z]{4,}", spaced)) & set(re.findall(r"[a-z]{4,}", text.lower())))


def _within_budget(calls: tuple[FunctionCall, ...], budget: int | None) -> Draft:
    """``calls``, or as much of the first as ``budget`` tokens allow."""
    if budget is None or sum(call.tokens for call in calls) <= budget:
        return Draft(calls=calls, finish="tool_calls")
    left = max(0, budget - tokens.count(calls[0].name))
    cut = "".join(tokens.split(calls[0].arguments)[:left])
    return Draft(calls=(FunctionCall(calls[0].name, cut),), finish="length")
