"""Responses: created, kept, continued, read and deleted (facts/service#responses)."""

from __future__ import annotations

from typing import Any

from conformance.service.emulator import (
    errors,
    response_input,
    response_stream,
    rules,
    tools,
    usage,
    writer,
)
from conformance.service.emulator.answers import Answer, json_answer, stream_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.chat import REASONING_TOKENS, named_schema
from conformance.service.emulator.filter import FilterResult, judge_completion, judge_prompt
from conformance.service.emulator.members import text_or
from conformance.service.emulator.paging import page
from conformance.service.emulator.response_input import ResponseInput
from conformance.service.emulator.state import StoredResponse
from conformance.service.emulator.streaming import token_logprob
from conformance.service.emulator.validation import MemberRule, check, check_value, metadata
from conformance.service.emulator.writer import Draft, ModelInput

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")


def create(call: ServiceCall) -> Answer:
    """A response: whole, as events, or queued when it is made in the background. Raises Refusal."""
    body = call.body
    check(body, rules.RESPONSES, call.version)
    _check_combinations(call)
    response_items = response_input.read(call)
    model_input = _model_input(call, response_items)
    call.charge(response_items.tokens + (model_input.limit or 0))
    if response_items.tokens > call.target.context:
        raise errors.invalid(
            "Your input exceeds the context window of this model. Please adjust your input and try "
            "again.",
            "input",
            "context_length_exceeded",
        )
    prompt_result = judge_prompt(response_items.everything)
    if prompt_result.blocked:
        raise errors.response_filtered()
    completion_result = judge_completion(response_items.user)
    draft = writer.filtered(writer.compose(model_input), completion_result)
    frame = _frame(call)
    final = _finished(call, frame, draft, response_items.tokens)
    if frame["store"]:
        final["content_filters"] = [
            _filter_item(prompt_result, "prompt", len(response_items.everything)),
            _filter_item(completion_result, "completion", len(draft.text)),
        ]
    stored = _keep(call, response_items, final)
    if body.get("background"):
        return json_answer(_now(stored, call))
    if body.get("stream"):
        padded = (body.get("stream_options") or {}).get("include_obfuscation") is not False
        return stream_answer(response_stream.events(frame, final, draft, padded=padded))
    return json_answer(final)


def retrieve(call: ServiceCall) -> Answer:
    """The response as it is now. Raises Refusal for one that is not there."""
    return json_answer(_now(_stored(call), call))


def delete(call: ServiceCall) -> Answer:
    """Delete a response. Raises Refusal for one that is not there."""
    _stored(call)
    identity = call.route.arguments["response_id"]
    del call.state.responses[identity]
    return json_answer({"id": identity, "object": "response.deleted", "deleted": True})


def list_input_items(call: ServiceCall) -> Answer:
    """A page of the items a response was made of. Raises Refusal."""
    return json_answer(page(call, _stored(call).input_items))


def _stored(call: ServiceCall) -> StoredResponse:
    identity = call.route.arguments["response_id"]
    response = call.state.responses.get(identity)
    if response is None:
        # The body of the public service (facts/traffic#response-not-found), on both surfaces: no
        # other is known of the classic one.
        raise errors.not_found(f"Response with id '{identity}' not found.", v1=True)
    return response


def _now(stored: StoredResponse, call: ServiceCall) -> dict[str, Any]:
    """The response as it is now. One made in the background is queued for one pace of the
    configuration, then in progress for one."""
    seconds_left = stored.ready_at - call.state.now()
    if seconds_left <= 0:
        return stored.body
    status = "queued"
    if seconds_left <= call.state.config.pace:
        status = "in_progress"
    return {
        **stored.body,
        "status": status,
        "output": [],
        "usage": None,
        "completed_at": None,
        "incomplete_details": None,
        "content_filters": None,
    }


def _keep(
    call: ServiceCall, response_items: ResponseInput, final: dict[str, Any]
) -> StoredResponse:
    """Store the response, unless the request says not to."""
    now = ready_at = call.state.now()
    if call.body.get("background"):
        ready_at += 2 * call.state.config.pace
    if ready_at > now:
        final["completed_at"] = int(ready_at)
    stored = StoredResponse(
        body=final,
        input_items=response_items.items,
        items=[*response_items.history, *response_items.items, *final["output"]],
        created=now,
        ready_at=ready_at,
    )
    if call.body.get("store") is not False:
        call.state.responses[final["id"]] = stored
    return stored


# QuotaRequest


def _check_combinations(call: ServiceCall) -> None:
    """Raises Refusal for a member that does not go with the model or another member, or that the
    emulator does not have."""
    body, reasoning = call.body, call.target.can("reasoning")
    effort = (body.get("reasoning") or {}).get("effort")
    if effort is not None:
        check_value("reasoning.effort", effort, MemberRule("string", choices=_EFFORTS))
        if not reasoning:
            raise errors.unsupported_parameter("reasoning.effort")
    for name in ("temperature", "top_p"):
        if reasoning and body.get(name) is not None and body[name] != 1:
            raise errors.unsupported_parameter(name)
    if body.get("background") and body.get("store") is False:
        raise errors.invalid("Background mode requires store=true.", "background")
    if body.get("background") and body.get("stream"):
        raise errors.limitation("a response that is both streamed and made in the background")
    for name in ("prompt", "conversation"):
        if body.get(name) is not None:
            raise errors.limitation(f"the response member '{name}'")


def _model_input(call: ServiceCall, response_items: ResponseInput) -> ModelInput:
    body = call.body
    offered = tools.response_tools(body)
    schema, json_mode = _text_format(body, response_items)
    effort = (body.get("reasoning") or {}).get("effort")
    reasoning = 0
    if call.target.can("reasoning") and effort not in ("none", "minimal"):
        reasoning = REASONING_TOKENS
    return ModelInput(
        user=response_items.user,
        outputs=response_items.outputs,
        functions=offered,
        choice=tools.choice(body, offered),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=schema,
        json_mode=json_mode,
        limit=body.get("max_output_tokens"),
        reasoning=reasoning,
    )


def _text_format(body: dict[str, Any], response_items: ResponseInput) -> tuple[Any, bool]:
    """(schema, json mode) of ``text.format``. Raises Refusal."""
    text_format = (body.get("text") or {}).get("format") or {"type": "text"}
    check_value("text.format", text_format, MemberRule("object"))
    kind = text_format.get("type")
    if kind is None:
        raise errors.missing("text.format.type")
    check_value(
        "text.format.type",
        kind,
        MemberRule("string", choices=("json_object", "json_schema", "text")),
    )
    if kind == "json_object" and "json" not in response_items.everything.lower():
        raise errors.invalid(
            "Response input messages must contain the word 'json' in some form to use "
            "'text.format' of type 'json_object'.",
            "input",
        )
    if kind == "json_schema":
        if text_format.get("schema") is None:
            raise errors.missing("text.format.schema")
        return named_schema(text_format, "text.format", "response_format"), False
    return None, kind == "json_object"


# Answering


def _frame(call: ServiceCall) -> dict[str, Any]:
    """The response as it begins: everything the request decides."""
    body = call.body
    reasoning, text = body.get("reasoning") or {}, body.get("text") or {}
    effort, summary = reasoning.get("effort"), reasoning.get("summary")
    if not effort and call.target.can("reasoning"):
        effort = "medium"
    if not isinstance(summary, str):
        summary = None
    return {
        "id": f"resp_{call.state.hexadecimal('resp', 48)}",
        "object": "response",
        "created_at": int(call.state.now()),
        "completed_at": None,
        "status": "in_progress",
        "background": bool(body.get("background")),
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "max_tool_calls": body.get("max_tool_calls"),
        "metadata": metadata(body) or {},
        # The deployment's name, not the model's: recorded on v1, where x-ms-served-model has the
        # model.
        "model": call.name,
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls") is not False,
        "previous_response_id": body.get("previous_response_id"),
        "prompt_cache_key": body.get("prompt_cache_key"),
        "prompt_cache_retention": body.get("prompt_cache_retention"),
        "reasoning": {"effort": effort or None, "summary": summary},
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default",
        "store": body.get("store") is not False,
        "temperature": _number(body, "temperature"),
        "top_p": _number(body, "top_p"),
        "text": {
            "format": text.get("format") or {"type": "text"},
            "verbosity": text_or(text.get("verbosity"), "medium"),
        },
        "tool_choice": body.get("tool_choice") or "auto",
        "tools": body.get("tools") or [],
        "top_logprobs": body.get("top_logprobs") or 0,
        "truncation": body.get("truncation") or "disabled",
        "usage": None,
        "user": body.get("user"),
        "content_filters": None,
        "frequency_penalty": 0.0,
        "presence_penalty": 0.0,
    }


def _number(body: dict[str, Any], name: str) -> float:
    if body.get(name) is None:
        return 1.0
    return float(body[name])


def _finished(
    call: ServiceCall, frame: dict[str, Any], draft: Draft, input_tokens: int
) -> dict[str, Any]:
    """The response as it ends, but for what the filter says of it."""
    final = {**frame, "usage": usage.response(input_tokens, draft.tokens, draft.reasoning)}
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(draft.finish)
    if reason:
        final["status"] = "incomplete"
        final["incomplete_details"] = {"reason": reason}
    else:
        final["status"] = "completed"
        final["completed_at"] = int(call.state.now())
    final["output"] = _output(call, draft, final["status"])
    return final


def _filter_item(filter_result: FilterResult, source: str, length: int) -> dict[str, Any]:
    """The filter's result for a prompt or a completion of ``length`` characters."""
    block = filter_result.block
    if filter_result.failed:
        block = {}
    return {
        "blocked": filter_result.blocked,
        "source_type": source,
        "content_filter_raw": [],
        "content_filter_results": block,
        "content_filter_offsets": {"check_offset": 0, "end_offset": length, "start_offset": 0},
    }


def _output(call: ServiceCall, draft: Draft, status: str) -> list[dict[str, Any]]:
    """The output items: a reasoning item where the model thought, then its calls or its message."""
    items: list[dict[str, Any]] = []
    if draft.reasoning:
        items.append(_reasoning_item(call))
    for function_call in draft.calls:
        items.append(
            {
                "id": f"fc_{call.state.hexadecimal('fc', 48)}",
                "type": "function_call",
                "status": status,
                "arguments": function_call.arguments,
                "call_id": f"call_{call.state.word('call', 24)}",
                "name": function_call.name,
            }
        )
    if not draft.calls:
        items.append(
            {
                "id": f"msg_{call.state.hexadecimal('msg', 48)}",
                "type": "message",
                "status": status,
                "content": [_message_part(call, draft)],
                "role": "assistant",
            }
        )
    return items


def _reasoning_item(call: ServiceCall) -> dict[str, Any]:
    item = {"id": f"rs_{call.state.hexadecimal('rs', 48)}", "type": "reasoning", "summary": []}
    if "reasoning.encrypted_content" in _included(call):
        item["encrypted_content"] = call.state.word("enc", 64)
    return item


def _message_part(call: ServiceCall, draft: Draft) -> dict[str, Any]:
    if draft.refusal:
        return {"type": "refusal", "refusal": "".join(draft.refusal)}
    logprobs = []
    if "message.output_text.logprobs" in _included(call):
        alternatives = call.body.get("top_logprobs") or 0
        logprobs = [token_logprob(piece, alternatives) for piece in draft.pieces]
    return {"type": "output_text", "annotations": [], "logprobs": logprobs, "text": draft.text}


def _included(call: ServiceCall) -> list[str]:
    """What the request asks for beside the usual members."""
    return call.body.get("include") or []
