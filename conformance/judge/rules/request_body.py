"""Rules about what a request carries: everything the caller gave, and nothing else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

from conformance.judge.rules.compare import close, differences, plain, same
from conformance.judge.rules.context import StepContext
from conformance.judge.rules.finding import Blame, Finding, Level, Rule, finding
from conformance.judge.rules.registry import rule_check
from conformance.judge.rules.request import path_arguments
from conformance.judge.rules.seen import seen
from conformance.suite.scenario.match import ABSENT, escape, show
from conformance.wire.multipart import FormPart

UNASKED = Rule(
    "request.body-unasked",
    "No body member is sent that the caller did not ask for",
    Level.MUST,
    Blame.SDK,
    "An older api-version answers 400 to a member it does not know (stream_options), and a gateway may too. Members "
    "an SDK documents that it adds are named by the contract trait request.adds.",
    "design section 5, universal checks; wire-contract section 6; sdk-behaviour section 9",
)
COMPLETE = Rule(
    "request.body-complete",
    "Every body member the caller gave reaches the wire with its value; files by content",
    Level.MUST,
    Blame.SDK,
    "A dropped or renamed parameter silently changes what the model does.",
    "design section 5, universal checks; sdk-behaviour sections 7 and 10",
)
STREAM_FLAG = Rule(
    "request.stream-flag",
    "A streamed call sends stream: true, a plain call does not",
    Level.MUST,
    Blame.SDK,
    "The service answers with events only when it is asked to.",
    "wire-contract section 2, chat completions",
)


def _given(context: StepContext) -> dict[str, Any]:
    """The members the caller gave for the body; ``stream`` has its own rule."""
    in_path = path_arguments(context)
    return {
        name: value
        for name, value in context.call.arguments.items()
        if name not in in_path and name != "stream"
    }


def _in_path(context: StepContext, name: str) -> bool:
    """Whether ``model`` is carried by the path, so that the body need not repeat it (sdk-behaviour
    section 1.1)."""
    return name == "model" and context.operation.deployment and context.client.api == "azure"


def _may_add(context: StepContext, name: str, value: Any) -> bool:
    if _in_path(context, name):
        return bool(value == context.client.deployment)
    adds = seen(context).trait("request.adds", {})
    allowed = adds.get(context.operation.id, ()) if isinstance(adds, dict) else ()
    if isinstance(allowed, dict):
        return name in allowed and same(allowed[name], value)
    return name in allowed


@rule_check(UNASKED)
def _unasked(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if view.first_request is None:
        return None
    given = _given(context)
    if context.operation.body == "json":
        body = view.request_json
        if not isinstance(body, dict):
            return None
        extra = [
            (name, value)
            for name, value in body.items()
            if name not in given and name != "stream" and not _may_add(context, name, value)
        ]
    elif context.operation.body == "multipart":
        extra = [
            (base, _part_value(part))
            for part in view.request_parts
            if (base := _base(part.name)) not in given
            and base != "stream"
            and not _may_add(context, base, _part_value(part))
        ]
    else:
        extra = (
            [("", body)]
            if (body := view.request_json or view.first_request.body.decode("latin-1"))
            else []
        )
    return [
        finding(
            UNASKED,
            f"The request carries {name or 'a body'} {show(value)} although the caller did not ask "
            "for it.",
            pointer=f"/requests/0/body{'/' if name else ''}{escape(name)}",
            actual=value,
            step=context.index,
        )
        for name, value in extra
    ]


@rule_check(COMPLETE)
def _complete(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if view.first_request is None or context.operation.body == "none":
        return None
    if context.operation.body == "multipart":
        return list(_lost_parts(context, _given(context), view.request_parts))
    body = view.request_json
    if not isinstance(body, dict):
        start = view.first_request.body[:80].decode("latin-1")
        return [
            finding(
                COMPLETE,
                f"The body is not a JSON object: {show(start)}.",
                pointer="/requests/0/body",
                step=context.index,
            )
        ]
    return list(_lost_members(context, _given(context), body))


def _lost_members(
    context: StepContext, given: dict[str, Any], body: dict[str, Any]
) -> Iterator[Finding]:
    for name, value in given.items():
        if name in body and same(value, body[name]):
            continue
        if _in_path(context, name) and (
            name not in body or body[name] == context.client.deployment
        ):
            continue
        for difference in differences({name: value}, {name: body[name]} if name in body else {}):
            yield finding(
                COMPLETE,
                f"At {difference.pointer}: {difference.sentence('the caller', 'the request')}.",
                pointer=f"/requests/0/body{difference.pointer}",
                expected=plain(difference.wanted),
                actual=plain(difference.actual),
                step=context.index,
            )


def _lost_parts(
    context: StepContext, given: dict[str, Any], parts: tuple[FormPart, ...]
) -> Iterator[Finding]:
    for name, value in given.items():
        have = [part for part in parts if _base(part.name) == name]
        if _in_path(context, name) and not have:
            continue
        files = list(_files(value))
        problem = _file_problem(files, have) if files else _text_problem(value, have)
        if problem:
            yield finding(
                COMPLETE,
                f"The caller gave {name}; {problem}.",
                pointer=f"/requests/0/parts/{escape(name)}",
                expected=None if files else value,
                actual=[_part_value(part) for part in have],
                step=context.index,
            )


def _files(value: Any) -> Iterator[dict[str, Any]]:
    """The files in an argument: one, or a list of them."""
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict) and isinstance(item.get("$file"), dict):
            yield item["$file"]


def _file_problem(files: list[dict[str, Any]], parts: list[FormPart]) -> str | None:
    wanted = [(spec.get("name"), _content(spec)) for spec in files]
    for name, content in wanted:
        same_content = [part for part in parts if part.content == content]
        if not same_content:
            found = (
                ", ".join(f"{len(p.content)} bytes, sha256 {_digest(p.content)}" for p in parts)
                or "no such part"
            )
            return f"{len(content)} bytes with sha256 {_digest(content)} were to be sent, found {found}"
        if name and all(part.filename != name for part in same_content):
            return f"its file name {show(name)} became {show(same_content[0].filename)}"
    return (
        None
        if len(parts) == len(wanted)
        else f"{len(wanted)} files were to be sent, found {len(parts)}"
    )


def _content(spec: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(spec.get("base64") or "")
    except (binascii.Error, ValueError, TypeError):
        return b""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _text_problem(value: Any, parts: list[FormPart]) -> str | None:
    texts = [part.content.decode("utf-8", "replace") for part in parts]
    if isinstance(value, dict | list) and len(texts) == 1 and _is_json_of(value, texts[0]):
        return None
    rest = list(texts)
    for leaf in _leaves(value):
        hit = next((i for i, text in enumerate(rest) if _says(leaf, text)), None)
        if hit is None:
            return f"{show(leaf)} was to be sent, found {show(texts) if texts else 'no such part'}"
        rest.pop(hit)
    return f"{show(rest)} was sent beside it" if rest else None


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _says(value: Any, text: str) -> bool:
    """Whether form text stands for a JSON scalar: 0.200000 is 0.2, true is true."""
    if isinstance(value, str):
        return text == value
    try:
        return close(value, json.loads(text)) if text else value is None
    except ValueError:
        return isinstance(value, bool) and text.lower() == str(value).lower()


def _is_json_of(value: Any, text: str) -> bool:
    try:
        return same(value, json.loads(text))
    except ValueError:
        return False


def _base(name: str) -> str:
    """The argument a part belongs to: ``timestamp_granularities[]`` is
    ``timestamp_granularities``."""
    return name.split("[")[0]


def _part_value(part: FormPart) -> str:
    if part.filename is not None:
        return f"file {part.filename}, {len(part.content)} bytes"
    return part.content.decode("utf-8", "replace")


@rule_check(STREAM_FLAG)
def _stream_flag(context: StepContext) -> Iterable[Finding] | None:
    view = seen(context)
    if (
        view.first_request is None
        or context.operation.chunk_schema is None
        or not isinstance(view.request_json, dict)
    ):
        return None
    sent = view.request_json.get("stream", ABSENT)
    asked = context.call.stream is not None
    if sent is True if asked else sent in (ABSENT, False, None):
        return ()
    return (
        finding(
            STREAM_FLAG,
            f"The call was {'streamed' if asked else 'not streamed'}, but the request carries "
            f"stream {show(sent)}.",
            pointer="/requests/0/body/stream",
            expected=asked,
            actual=plain(sent),
            step=context.index,
        ),
    )
