"""Chat completions: wire-contract sections 3 to 7."""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import (
    chat_input,
    errors,
    rules,
    streaming,
    tokens,
    tools,
    usage,
    writer,
)
from conformance.service.emulator.answers import Answer, json_answer, stream_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.chat_input import ChatInput
from conformance.service.emulator.filter import judge_completion, judge_prompt, prompt_results
from conformance.service.emulator.structured import check_strict
from conformance.service.emulator.validation import MemberRule, check, check_value
from conformance.service.emulator.writer import ModelInput
from conformance.suite.scenario.versions import at_least

REASONING_TOKENS = 64
_NOT_FOR_REASONING = (
    "top_p",
    "presence_penalty",
    "frequency_penalty",
    "logprobs",
    "top_logprobs",
    "logit_bias",
)
_DEFAULTS = {
    "top_p": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "top_logprobs": 0,
}


def create(call: ServiceCall) -> Answer:
    """The answer to a chat completion request. Raises Refusal."""
    body, deployment = call.body, call.target
    check(body, rules.CHAT, call.version)
    _check_combinations(call)
    talk = chat_input.read(body["messages"], deployment)
    ask = _ask(body, talk, deployment.can("reasoning"))
    prompt_tokens = (
        talk.tokens
        + tokens.count_json(body.get("tools"))
        + tokens.count_json(body.get("functions"))
    )
    call.charge(prompt_tokens + (ask.limit or 0))
    if prompt_tokens + (ask.limit or 0) > deployment.context:
        raise errors.too_long(deployment.context, prompt_tokens + (ask.limit or 0), "messages")
    found = judge_prompt(talk.everything)
    if found.blocked:
        raise errors.prompt_filtered(found.block)
    verdict = judge_completion(talk.user)
    drafts = [
        writer.filtered(writer.compose(ask, index), verdict) for index in range(body.get("n") or 1)
    ]
    told = usage.chat(
        prompt_tokens,
        sum(draft.tokens for draft in drafts),
        sum(draft.reasoning for draft in drafts),
    )
    chat = streaming.ChatAnswer(
        call.state.word("chatcmpl", 29),
        int(call.state.now()),
        deployment.served,
        drafts,
        verdict,
        prompt_results(found, talk.images > 0),
        told,
        body.get("top_logprobs") or 0 if body.get("logprobs") else None,
        "functions" in body and "tools" not in body,
        len(talk.everything),
        deployment.asynchronous_filter or "[[async-filter]]" in talk.user,
        [[call.state.word("call", 24) for _ in draft.calls] for draft in drafts],
    )
    if body.get("stream"):
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        return stream_answer(
            streaming.events(streaming.chat_chunks(chat, with_usage)), by_image=talk.images > 0
        )
    return json_answer(streaming.whole(chat), by_image=talk.images > 0)


def _ask(body: dict[str, Any], talk: ChatInput, reasoning: bool) -> ModelInput:
    offered = tools.chat_tools(body)
    schema, json_mode = _response_format(body, talk)
    effort = body.get("reasoning_effort")
    stop = body.get("stop")
    return ModelInput(
        talk.user,
        talk.outputs,
        offered,
        tools.choice(body, offered),
        body.get("parallel_tool_calls") is not False,
        schema,
        json_mode,
        (stop,) if isinstance(stop, str) else tuple(stop or ()),
        body.get("max_completion_tokens") or body.get("max_tokens"),
        REASONING_TOKENS if reasoning and effort not in ("none", "minimal") else 0,
    )


def _response_format(body: dict[str, Any], talk: ChatInput) -> tuple[Any, bool]:
    """(schema, json mode) of ``response_format``."""
    wanted = body.get("response_format") or {"type": "text"}
    check_value(
        "response_format.type",
        wanted.get("type"),
        MemberRule("string", choices=("json_object", "json_schema", "text")),
    )
    if wanted["type"] == "json_object" and "json" not in talk.everything.lower():
        raise errors.invalid(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type "
            "'json_object'.",
            "messages",
        )
    if wanted["type"] != "json_schema":
        return None, wanted["type"] == "json_object"
    given = wanted.get("json_schema")
    if not isinstance(given, dict):
        raise errors.missing("response_format.json_schema")
    return named_schema(given, "response_format.json_schema", "response_format"), False


def named_schema(given: dict[str, Any], place: str, what: str) -> dict[str, Any]:
    """The schema of a ``json_schema`` format, checked as far as strict mode asks for. Raises
    Refusal."""
    if not isinstance(given.get("name"), str):
        raise errors.missing(f"{place}.name")
    schema = given.get("schema")
    if schema is None:
        schema = {"type": "object", "properties": {}, "additionalProperties": False}
    check_value(f"{place}.schema", schema, MemberRule("object"))
    if given.get("strict") is True:
        check_strict(given["name"], schema, what, what, None)
    return dict(schema)


def _check_combinations(call: ServiceCall) -> None:
    """What is wrong only together with something else: the model, the version or another member."""
    body = call.body
    if call.target.can("reasoning"):
        _check_reasoning(body)
    elif body.get("reasoning_effort") is not None:
        raise errors.unrecognized("reasoning_effort")
    if body.get("prediction") is not None and not at_least(call.version, "2025-01-01-preview"):
        raise errors.bad_request(
            "Prediction is enabled only for api versions 2025-01-01-preview and later"
        )
    wanted = body.get("response_format")
    if (
        isinstance(wanted, dict)
        and wanted.get("type") == "json_schema"
        and not at_least(call.version, "2024-08-01")
    ):
        raise errors.bad_request(
            "response_format value as json_schema is enabled only for api versions "
            "2024-08-01-preview and later"
        )
    if body.get("top_logprobs") is not None and not body.get("logprobs"):
        raise errors.invalid(
            "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.",
            "top_logprobs",
        )
    if body.get("stream_options") is not None and not body.get("stream"):
        raise errors.invalid(
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            "stream_options",
        )
    for name in ("data_sources", "audio", "web_search_options"):
        if body.get(name) is not None:
            raise errors.limitation(f"the chat member '{name}'")


def _check_reasoning(body: dict[str, Any]) -> None:
    if body.get("max_tokens") is not None:
        raise errors.unsupported_parameter("max_tokens", "max_completion_tokens")
    temperature = body.get("temperature")
    if temperature is not None and temperature != 1:
        raise errors.unsupported_value(
            "temperature",
            f"'temperature' does not support {temperature} with this model. "
            "Only the default (1) value is supported.",
        )
    for name in _NOT_FOR_REASONING:
        if body.get(name) is not None and body[name] != _DEFAULTS.get(name, {}):
            raise errors.unsupported_parameter(name)
