"""The model behind every text deployment: a function of what it is asked, steered by directives
(docs/emulator.md).

It does not pretend to think: it answers a few known questions, follows directives, fills schemas
with the smallest instance, calls the tools it is told to, and otherwise repeats what was said.
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


@dataclass(frozen=True, slots=True)
class OfferedFunction:
    """A function the model may call, and the JSON Schema of its arguments."""

    name: str
    parameters: Any


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A call the model makes; ``arguments`` is JSON text."""

    name: str
    arguments: str

    @property
    def tokens(self) -> int:
        return tokens.count(self.name) + tokens.count(self.arguments)


@dataclass(frozen=True, slots=True)
class ModelInput:
    """What the model is asked. ``user`` is the last thing the user said, ``outputs`` what tools
    answered since.

    ``choice`` is auto, none, required or the name of a tool. ``schema`` is what the answer must
    satisfy, ``json_mode`` that it must be any object. ``limit`` bounds the completion in tokens,
    ``reasoning`` of which are not shown.
    """

    user: str
    outputs: tuple[str, ...] = ()
    tools: tuple[OfferedFunction, ...] = ()
    choice: str = "auto"
    parallel: bool = True
    schema: Any = None
    json_mode: bool = False
    stop: tuple[str, ...] = ()
    limit: int | None = None
    reasoning: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model wrote: ``pieces`` are the tokens of its text. ``finish`` is a chat
    finish_reason."""

    pieces: tuple[str, ...] = ()
    refusal: tuple[str, ...] = ()
    calls: tuple[FunctionCall, ...] = ()
    finish: str = "stop"
    reasoning: int = 0

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def tokens(self) -> int:
        return (
            self.reasoning
            + len(self.pieces)
            + len(self.refusal)
            + sum(call.tokens for call in self.calls)
        )


def compose(ask: ModelInput, index: int = 0) -> Draft:
    """The ``index``-th answer to ``ask``."""
    given = directives(ask.user)
    budget = None if ask.limit is None else max(0, ask.limit - ask.reasoning)
    reasoning = ask.reasoning if ask.limit is None else min(ask.reasoning, ask.limit)
    calls = _wanted_calls(ask, given)
    if calls:
        return replace(_within_budget(calls, budget), reasoning=reasoning)
    if given.has("refuse"):
        return Draft(refusal=tuple(tokens.split(REFUSAL)), reasoning=reasoning)
    pieces = tuple(tokens.split(_stopped(_text(ask, given, index), ask.stop)))
    if budget is not None and len(pieces) > budget:
        return Draft(pieces[:budget], finish="length", reasoning=reasoning)
    return Draft(pieces, reasoning=reasoning)


def filtered(draft: Draft, verdict: FilterResult) -> Draft:
    """``draft`` as far as the filter let it come: half of it, when ``verdict`` blocks."""
    if not verdict.blocked:
        return draft
    return Draft(
        draft.pieces[: len(draft.pieces) // 2], finish="content_filter", reasoning=draft.reasoning
    )


def _text(ask: ModelInput, given: Directives, index: int) -> str:
    if ask.schema is not None:
        return json.dumps(minimal(ask.schema), ensure_ascii=False, separators=(",", ":"))
    said = given.first("say")
    if ask.json_mode:
        return json.dumps(
            {"answer": plain(ask.user)[:_ECHO] if said is None else said}, ensure_ascii=False
        )
    wanted = given.number("tokens", MOST_TOKENS)
    if wanted is not None:
        return (" word" * wanted)[1:]
    text = said if said is not None else _answer(ask)
    return text if index == 0 else f"{text} ({index + 1})"


def _answer(ask: ModelInput) -> str:
    if ask.outputs:
        return "The tool answered: " + "; ".join(output[:_ECHO] for output in ask.outputs)
    words = plain(ask.user)
    for question, answer in _KNOWN.items():
        if question in words.lower():
            return answer
    return f"You said: {words[:_ECHO]}" if words else "Hello! How can I help you today?"


def _stopped(text: str, stops: tuple[str, ...]) -> str:
    places = [place for stop in stops if stop and (place := text.find(stop)) >= 0]
    return text[: min(places)] if places else text


def _wanted_calls(ask: ModelInput, given: Directives) -> tuple[FunctionCall, ...]:
    if not ask.tools or ask.choice == "none":
        return ()
    by_name = {tool.name: tool for tool in ask.tools}
    forced = ask.choice != "auto"
    if ask.outputs and not forced:
        return ()
    calls = [
        _call(by_name[name], arguments)
        for name, arguments in map(_spoken, given.values("call"))
        if name in by_name and ask.choice in ("auto", "required", name)
    ]
    if not calls and forced:
        calls = [_call(by_name.get(ask.choice, ask.tools[0]), "")]
    if not calls:
        calls = [_call(tool, "") for tool in ask.tools if _mentioned(tool.name, plain(ask.user))]
    return tuple(calls if ask.parallel else calls[:1])


def _spoken(value: str) -> tuple[str, str]:
    name, _, arguments = value.partition(" ")
    return name, arguments.strip()


def _call(tool: OfferedFunction, arguments: str) -> FunctionCall:
    return FunctionCall(
        tool.name, arguments or json.dumps(minimal(tool.parameters) or {}, ensure_ascii=False)
    )


def _mentioned(name: str, text: str) -> bool:
    """Whether ``text`` has a word of ``name``: get_current_weather is meant by a question for the
    weather."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()
    return bool(set(re.findall(r"[a-z]{4,}", spaced)) & set(re.findall(r"[a-z]{4,}", text.lower())))


def _within_budget(calls: tuple[FunctionCall, ...], budget: int | None) -> Draft:
    if budget is None or sum(call.tokens for call in calls) <= budget:
        return Draft(calls=calls, finish="tool_calls")
    left = max(0, budget - tokens.count(calls[0].name))
    cut = "".join(tokens.split(calls[0].arguments)[:left])
    return Draft(calls=(FunctionCall(calls[0].name, cut),), finish="length")
