"""Rules about what a request carries: everything the caller gave, and nothing else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from typing import Any

from conformance.judge.rules.compare import close, differences, plain, same
from conformance.judge.rules.finding import Blame, Breach, Breaches, Level
from conformance.judge.rules.rule import About, fact, rule
from conformance.judge.rules.step import ObservedStep
from conformance.suite.scenario.match import ABSENT, escape, show
from conformance.wire.multipart import FormPart


def _body_of_caller(step: ObservedStep) -> dict[str, Any]:
    """The members the caller gave for the body; ``stream`` has its own rule."""
    return {
        name: value
        for name, value in step.call.arguments.items()
        if name not in step.path_arguments and name != "stream"
    }


def _stands_in_path(step: ObservedStep, name: str) -> bool:
    """Whether ``model`` is carried by the path, so that the body need not repeat it
    (facts/sdks#deployment-name)."""
    return name == "model" and step.operation.deployment and step.client.api == "azure"


def _may_be_added(step: ObservedStep, name: str, value: Any) -> bool:
    """Whether the SDK documents that it adds the member ``name`` with ``value`` to the body."""
    if _stands_in_path(step, name):
        return bool(value == step.client.deployment)
    adds = step.trait("request.adds", {})
    if not isinstance(adds, dict):
        return False
    allowed = adds.get(step.operation.id, ())
    if isinstance(allowed, dict):
        return name in allowed and same(allowed[name], value)
    return name in allowed


def _sent_members(step: ObservedStep) -> list[tuple[str, Any]] | None:
    """The members the first request carries, ``("", body)`` for a body where none belongs; None
    when no request was sent or its body cannot be read."""
    if step.first_request is None:
        return None
    if step.operation.body == "json":
        if not isinstance(step.request_json, dict):
            return None
        return list(step.request_json.items())
    if step.operation.body == "multipart":
        return [(_argument(part.name), _part_value(part)) for part in step.request_parts]
    body = step.request_json or step.first_request.body.decode("latin-1")
    if not body:
        return []
    return [("", body)]


@rule(
    "request.body-unasked",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[
        fact("service#stream-options-refused"),
        fact("sdks#stream-options"),
        fact("sdks#embeddings"),
    ],
    on=_sent_members,
)
def body_has_only_what_the_caller_asked_for(
    step: ObservedStep, members: list[tuple[str, Any]]
) -> Breaches:
    """No body member is sent that the caller did not ask for.

    An older api-version answers 400 to a member it does not know (stream_options), and a gateway
    may too. Members an SDK documents that it adds are named by the contract trait request.adds.
    """
    asked_for = {*_body_of_caller(step), "stream"}
    for name, value in members:
        takes_no_body = not name and step.operation.body == "none"
        if not takes_no_body and (name in asked_for or _may_be_added(step, name, value)):
            continue
        pointer = "/requests/0/body"
        if name:
            pointer += f"/{escape(name)}"
        yield Breach(
            pointer,
            f"The request carries {name or 'a body'} {show(value)} although the caller did not ask "
            "for it.",
            actual=value,
        )


@rule(
    "request.body-complete",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[fact("sdks#max-tokens"), fact("sdks#drivers")],
    when=lambda step: step.first_request is not None and step.operation.body != "none",
)
def body_has_all_the_caller_gave(step: ObservedStep) -> Breaches:
    """Every body member the caller gave reaches the wire with its value; files by content.

    A dropped or renamed parameter silently changes what the model does.
    """
    assert step.first_request is not None  # the guard has looked
    if step.operation.body == "multipart":
        return _lost_parts(step)
    if not isinstance(step.request_json, dict):
        start = step.first_request.body[:80].decode("latin-1")
        return [Breach("/requests/0/body", f"The body is not a JSON object: {show(start)}.")]
    return _lost_members(step, step.request_json)


def _lost_members(step: ObservedStep, body: dict[str, Any]) -> Iterator[Breach]:
    for name, value in _body_of_caller(step).items():
        if name in body and same(value, body[name]):
            continue
        sent = {key: body[key] for key in (name,) if key in body}
        if _stands_in_path(step, name) and sent in ({}, {name: step.client.deployment}):
            continue
        for difference in differences({name: value}, sent):
            yield Breach(
                f"/requests/0/body{difference.pointer}",
                f"At {difference.pointer}: {difference.sentence('the caller', 'the request')}.",
                expected=plain(difference.expected),
                actual=plain(difference.actual),
            )


def _lost_parts(step: ObservedStep) -> Iterator[Breach]:
    for name, value in _body_of_caller(step).items():
        parts = [part for part in step.request_parts if _argument(part.name) == name]
        if _stands_in_path(step, name) and not parts:
            continue
        files = list(_files(value))
        if files:
            expected, problem = None, _file_problem(files, parts)
        else:
            expected, problem = value, _text_problem(value, parts)
        if problem:
            yield Breach(
                f"/requests/0/parts/{escape(name)}",
                f"The caller gave {name}; {problem}.",
                expected=expected,
                actual=[_part_value(part) for part in parts],
            )


def _files(value: Any) -> Iterator[dict[str, Any]]:
    """The files in an argument: one, or a list of them."""
    items = value
    if not isinstance(value, list):
        items = [value]
    for item in items:
        if isinstance(item, dict) and isinstance(item.get("$file"), dict):
            yield item["$file"]


def _file_problem(files: list[dict[str, Any]], parts: list[FormPart]) -> str | None:
    """What is wrong with ``parts``, which are to carry ``files``; None: nothing."""
    expected = [(spec.get("name"), _content(spec)) for spec in files]
    for name, content in expected:
        same_content = [part for part in parts if part.content == content]
        if not same_content:
            sizes = [f"{len(part.content)} bytes, sha256 {_digest(part.content)}" for part in parts]
            return (
                f"{len(content)} bytes with sha256 {_digest(content)} were to be sent, found "
                f"{', '.join(sizes) or 'no such part'}"
            )
        if name and all(part.filename != name for part in same_content):
            return f"its file name {show(name)} became {show(same_content[0].filename)}"
    if len(parts) != len(expected):
        return f"{len(expected)} files were to be sent, found {len(parts)}"
    return None


def _content(spec: dict[str, Any]) -> bytes:
    try:
        return base64.b64decode(spec.get("base64") or "")
    except (binascii.Error, ValueError, TypeError):
        return b""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _text_problem(value: Any, parts: list[FormPart]) -> str | None:
    """What is wrong with ``parts``, which are to carry ``value``, as JSON or leaf by leaf; None:
    nothing."""
    texts = [part.content.decode("utf-8", "replace") for part in parts]
    if isinstance(value, dict | list) and len(texts) == 1 and _is_json_of(value, texts[0]):
        return None
    rest = list(texts)
    for leaf in _leaves(value):
        place = next((index for index, text in enumerate(rest) if _stands_for(text, leaf)), None)
        if place is None:
            sent = "no such part"
            if texts:
                sent = show(texts)
            return f"{show(leaf)} was to be sent, found {sent}"
        rest.pop(place)
    if rest:
        return f"{show(rest)} was sent beside it"
    return None


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value


def _stands_for(text: str, value: Any) -> bool:
    """Whether form text stands for a JSON scalar: 0.200000 is 0.2, true is true."""
    if isinstance(value, str):
        return text == value
    if not text:
        return value is None
    try:
        return close(value, json.loads(text))
    except ValueError:
        return isinstance(value, bool) and text.lower() == str(value).lower()


def _is_json_of(value: Any, text: str) -> bool:
    try:
        return same(value, json.loads(text))
    except ValueError:
        return False


def _argument(name: str) -> str:
    """The argument a part belongs to: ``timestamp_granularities[]`` is
    ``timestamp_granularities``."""
    return name.split("[")[0]


def _part_value(part: FormPart) -> str:
    if part.filename is not None:
        return f"file {part.filename}, {len(part.content)} bytes"
    return part.content.decode("utf-8", "replace")


@rule(
    "request.stream-flag",
    Level.MUST,
    Blame.SDK,
    about=About.REQUEST,
    sources=[fact("service#operations")],
    when=lambda step: (
        step.operation.chunk_schema is not None and isinstance(step.request_json, dict)
    ),
)
def stream_is_asked_for_when_it_is_wanted(step: ObservedStep) -> Breaches:
    """A streamed call sends stream: true, a plain call does not.

    The service answers with events only when it is asked to.
    """
    sent = step.request_json.get("stream", ABSENT)
    streamed = step.call.stream is not None
    if streamed:
        held, kind = sent is True, "streamed"
    else:
        held, kind = sent in (ABSENT, False, None), "not streamed"
    if not held:
        yield Breach(
            "/requests/0/body/stream",
            f"The call was {kind}, but the request carries stream {show(sent)}.",
            expected=streamed,
            actual=plain(sent),
        )
