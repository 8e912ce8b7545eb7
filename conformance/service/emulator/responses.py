"""Responses: created, kept, continued, read and deleted (wire-contract section 3, Responses)."""

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
from conformance.service.emulator.paging import page
from conformance.service.emulator.response_input import ResponseInput
from conformance.service.emulator.state import StoredResponse
from conformance.service.emulator.streaming import token_logprob
from conformance.service.emulator.validation import MemberRule, check, check_value, metadata
from conformance.service.emulator.writer import Draft, ModelInput

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh")


def create(call: ServiceCall) -> Answer:
    """A response, whole, as events, or queued when it is made in the background. Raises Refusal."""
    body = call.body
    check(body, rules.RESPONSES, call.version)
    _check_model(call)
    given = response_input.read(call)
    ask = _ask(call, given)
    call.charge(given.tokens + (ask.limit or 0))
    if given.tokens > call.target.context:
        raise errors.invalid(
            "Your input exceeds the context window of this model. Please adjust your input and try "
            "again.",
            "input",
            "context_length_exceeded",
        )
    found = judge_prompt(given.everything)
    if found.blocked:
        raise errors.response_filtered()
    verdict = judge_completion(given.user)
    draft = writer.filtered(writer.compose(ask), verdict)
    frame = _frame(call)
    final = _finished(call, frame, given, draft, (found, verdict))
    stored = _keep(call, given, final)
    if body.get("background"):
        return json_answer(_now(stored, call))
    if body.get("stream"):
        padded = (body.get("stream_options") or {}).get("include_obfuscation") is not False
        return stream_answer(response_stream.events(frame, final, draft, padded))
    return json_answer(final)


def retrieve(call: ServiceCall) -> Answer:
    return json_answer(_now(_stored(call), call))


def delete(call: ServiceCall) -> Answer:
    _stored(call)
    identity = call.route.arguments["response_id"]
    del call.state.responses[identity]
    return json_answer({"id": identity, "object": "response.deleted", "deleted": True})


def list_input_items(call: ServiceCall) -> Answer:
    return json_answer(page(call, _stored(call).input_items))


def _stored(call: ServiceCall) -> StoredResponse:
    identity = call.route.arguments["response_id"]
    found = call.state.responses.get(identity)
    if found is None:
        # The public service's body (real-traffic, error bodies); both surfaces, as the classic one
        # has no own.
        raise errors.not_found(f"Response with id '{identity}' not found.", v1=True)
    return found


def _now(stored: StoredResponse, call: ServiceCall) -> dict[str, Any]:
    """The response as it stands: one made in the background is queued, then in progress, each for
    one pace."""
    left = stored.ready_at - call.state.now()
    if left <= 0:
        return stored.body
    status = "in_progress" if left <= call.state.config.pace else "queued"
    return {
        **stored.body,
        "status": status,
        "output": [],
        "usage": None,
        "completed_at": None,
        "incomplete_details": None,
        "content_filters": None,
    }


def _keep(call: ServiceCall, given: ResponseInput, final: dict[str, Any]) -> StoredResponse:
    now = call.state.now()
    wait = 2 * call.state.config.pace if call.body.get("background") else 0
    if wait:
        final["completed_at"] = int(now + wait)
    stored = StoredResponse(
        final, given.items, [*given.history, *given.items, *final["output"]], now, now + wait
    )
    if call.body.get("store") is not False:
        call.state.responses[final["id"]] = stored
    return stored


# QuotaRequest


def _check_model(call: ServiceCall) -> None:
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


def _ask(call: ServiceCall, given: ResponseInput) -> ModelInput:
    body = call.body
    offered = tools.response_tools(body)
    schema, json_mode = _text_format(body, given)
    effort = (body.get("reasoning") or {}).get("effort")
    thinks = call.target.can("reasoning") and effort not in ("none", "minimal")
    return ModelInput(
        given.user,
        given.outputs,
        offered,
        tools.choice(body, offered),
        body.get("parallel_tool_calls") is not False,
        schema,
        json_mode,
        (),
        body.get("max_output_tokens"),
        REASONING_TOKENS if thinks else 0,
    )


def _text_format(body: dict[str, Any], given: ResponseInput) -> tuple[Any, bool]:
    """(schema, json mode) of ``text.format``."""
    wanted = (body.get("text") or {}).get("format") or {"type": "text"}
    check_value("text.format", wanted, MemberRule("object"))
    if wanted.get("type") is None:
        raise errors.missing("text.format.type")
    check_value(
        "text.format.type",
        wanted["type"],
        MemberRule("string", choices=("json_object", "json_schema", "text")),
    )
    if wanted["type"] == "json_object" and "json" not in given.everything.lower():
        raise errors.invalid(
            "Response input messages must contain the word 'json' in some form to use 'text.format' "
            "of type 'json_object'.",
            "input",
        )
    if wanted["type"] == "json_schema":
        if wanted.get("schema") is None:
            raise errors.missing("text.format.schema")
        return named_schema(wanted, "text.format", "response_format"), False
    return None, wanted["type"] == "json_object"


# Answering


def _frame(call: ServiceCall) -> dict[str, Any]:
    """The response as it begins: everything the request decides."""
    body = call.body
    reasoning, text = body.get("reasoning") or {}, body.get("text") or {}
    thinks = call.target.can("reasoning")
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
        "reasoning": {
            "effort": reasoning.get("effort") or ("medium" if thinks else None),
            "summary": reasoning["summary"] if isinstance(reasoning.get("summary"), str) else None,
        },
        "safety_identifier": body.get("safety_identifier"),
        "service_tier": "default",
        "store": body.get("store") is not False,
        "temperature": _number(body, "temperature"),
        "top_p": _number(body, "top_p"),
        "text": {
            "format": text.get("format") or {"type": "text"},
            "verbosity": text["verbosity"] if isinstance(text.get("verbosity"), str) else "medium",
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
    return 1.0 if body.get(name) is None else float(body[name])


def _finished(
    call: ServiceCall,
    frame: dict[str, Any],
    given: ResponseInput,
    draft: Draft,
    verdicts: tuple[FilterResult, FilterResult],
) -> dict[str, Any]:
    reason = {"length": "max_output_tokens", "content_filter": "content_filter"}.get(draft.finish)
    final = {
        **frame,
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else int(call.state.now()),
        "incomplete_details": {"reason": reason} if reason else None,
        "output": _output(call, draft, "incomplete" if reason else "completed"),
        "usage": usage.response(given.tokens, draft.tokens, draft.reasoning),
    }
    if frame["store"]:
        final["content_filters"] = [
            _filter_item(verdicts[0], "prompt", len(given.everything)),
            _filter_item(verdicts[1], "completion", len(draft.text)),
        ]
    return final


def _filter_item(verdict: FilterResult, source: str, length: int) -> dict[str, Any]:
    return {
        "blocked": verdict.blocked,
        "source_type": source,
        "content_filter_raw": [],
        "content_filter_results": {} if verdict.failed else verdict.block,
        "content_filter_offsets": {"check_offset": 0, "end_offset": length, "start_offset": 0},
    }


def _output(call: ServiceCall, draft: Draft, status: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    include = call.body.get("include") or []
    if draft.reasoning:
        hidden = (
            {"encrypted_content": call.state.word("enc", 64)}
            if "reasoning.encrypted_content" in include
            else {}
        )
        items.append(
            {
                "id": f"rs_{call.state.hexadecimal('rs', 48)}",
                "type": "reasoning",
                "summary": [],
                **hidden,
            }
        )
    for one in draft.calls:
        items.append(
            {
                "id": f"fc_{call.state.hexadecimal('fc', 48)}",
                "type": "function_call",
                "status": status,
                "arguments": one.arguments,
                "call_id": f"call_{call.state.word('call', 24)}",
                "name": one.name,
            }
        )
    if not draft.calls:
        logprobs = (
            [token_logprob(piece, call.body.get("top_logprobs") or 0) for piece in draft.pieces]
            if "message.output_text.logprobs" in include
            else []
        )
        part = (
            {"type": "refusal", "refusal": "".join(draft.refusal)}
            if draft.refusal
            else {
                "type": "output_text",
                "annotations": [],
                "logprobs": logprobs,
                "text": draft.text,
            }
        )
        items.append(
            {
                "id": f"msg_{call.state.hexadecimal('msg', 48)}",
                "type": "message",
                "status": status,
                "content": [part],
                "role": "assistant",
            }
        )
    return items
