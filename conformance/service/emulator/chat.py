"""Chat completions (facts/service#chat to facts/service#errors)."""

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
from conformance.service.emulator.members import object_or_empty
from conformance.service.emulator.structured import check_strict
from conformance.service.emulator.validation import MemberRule, check, check_value
from conformance.service.emulator.writer import ModelInput
from conformance.suite.scenario.versions import at_least

REASONING_TOKENS = 64
"""Tokens that a reasoning model uses before it answers, unless it is told not to reason."""
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
    messages = chat_input.read(body["messages"], deployment)
    model_input = _model_input(body, messages, deployment.can("reasoning"))
    prompt_tokens = (
        messages.tokens
        + tokens.count_json(body.get("tools"))
        + tokens.count_json(body.get("functions"))
    )
    most_tokens = prompt_tokens + (model_input.limit or 0)
    call.charge(most_tokens)
    if most_tokens > deployment.context:
        raise errors.too_long(deployment.context, most_tokens, "messages")
    prompt_result = judge_prompt(messages.everything)
    if prompt_result.blocked:
        raise errors.prompt_filtered(prompt_result.block)
    completion_result = judge_completion(messages.user)
    drafts = [
        writer.filtered(writer.compose(model_input, index), completion_result)
        for index in range(body.get("n") or 1)
    ]
    logprobs = None
    if body.get("logprobs"):
        logprobs = body.get("top_logprobs") or 0
    with_image = messages.images > 0
    chat = streaming.ChatAnswer(
        id=call.state.word("chatcmpl", 29),
        created=int(call.state.now()),
        model=deployment.served,
        drafts=drafts,
        filter_result=completion_result,
        prompt_results=prompt_results(prompt_result, with_image=with_image),
        usage=usage.chat(
            prompt_tokens,
            sum(draft.tokens for draft in drafts),
            sum(draft.reasoning for draft in drafts),
        ),
        logprobs=logprobs,
        legacy="functions" in body and "tools" not in body,
        prompt_length=len(messages.everything),
        asynchronous=deployment.asynchronous_filter or "[[async-filter]]" in messages.user,
        call_ids=[[call.state.word("call", 24) for _ in draft.calls] for draft in drafts],
    )
    if body.get("stream"):
        with_usage = bool((body.get("stream_options") or {}).get("include_usage"))
        chunks = streaming.chat_chunks(chat, with_usage=with_usage)
        return stream_answer(streaming.events(chunks), by_image=with_image)
    return json_answer(streaming.whole(chat), by_image=with_image)


def _model_input(body: dict[str, Any], messages: ChatInput, can_reason: bool) -> ModelInput:
    offered = tools.chat_tools(body)
    schema, json_mode = _response_format(body, messages)
    reasoning = 0
    if can_reason and body.get("reasoning_effort") not in ("none", "minimal"):
        reasoning = REASONING_TOKENS
    return ModelInput(
        user=messages.user,
        outputs=messages.outputs,
        functions=offered,
        choice=tools.choice(body, offered),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=schema,
        json_mode=json_mode,
        stop=writer.stop_texts(body.get("stop")),
        limit=body.get("max_completion_tokens") or body.get("max_tokens"),
        reasoning=reasoning,
    )


def _response_format(body: dict[str, Any], messages: ChatInput) -> tuple[Any, bool]:
    """(schema, json mode) of ``response_format``. Raises Refusal."""
    response_format = body.get("response_format") or {"type": "text"}
    kind = response_format.get("type")
    check_value(
        "response_format.type",
        kind,
        MemberRule("string", choices=("json_object", "json_schema", "text")),
    )
    if kind == "json_object" and "json" not in messages.everything.lower():
        raise errors.invalid(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of "
            "type 'json_object'.",
            "messages",
        )
    if kind != "json_schema":
        return None, kind == "json_object"
    json_schema = response_format.get("json_schema")
    if not isinstance(json_schema, dict):
        raise errors.missing("response_format.json_schema")
    return named_schema(json_schema, "response_format.json_schema", "response_format"), False


def named_schema(json_schema: dict[str, Any], place: str, what: str) -> dict[str, Any]:
    """The schema in ``json_schema`` (a name, a schema, whether it is strict), which stands at
    ``place``. Raises Refusal for one that strict mode does not take; ``what`` is its name there."""
    if not isinstance(json_schema.get("name"), str):
        raise errors.missing(f"{place}.name")
    schema = json_schema.get("schema")
    if schema is None:
        schema = {"type": "object", "properties": {}, "additionalProperties": False}
    check_value(f"{place}.schema", schema, MemberRule("object"))
    if json_schema.get("strict") is True:
        check_strict(json_schema["name"], schema, param=what, what=what, code=None)
    return dict(schema)


def _check_combinations(call: ServiceCall) -> None:
    """Raises Refusal for a member that does not go with the model, the version or another
    member."""
    body = call.body
    if call.target.can("reasoning"):
        _check_reasoning(body)
    elif body.get("reasoning_effort") is not None:
        raise errors.unrecognized("reasoning_effort")
    if body.get("prediction") is not None and not at_least(call.version, "2025-01-01-preview"):
        raise errors.bad_request(
            "Prediction is enabled only for api versions 2025-01-01-preview and later"
        )
    response_format = object_or_empty(body.get("response_format"))
    if response_format.get("type") == "json_schema" and not at_least(call.version, "2024-08-01"):
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
