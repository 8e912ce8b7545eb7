"""One call in canonical form: what an SDK sent and what its caller got, as JSON pointers that can
be compared.

What names a library and its machine (`IDENTITY_HEADERS`, an error's class and wording) is kept
apart: it always differs, and would drown what should not. Every value is JSON text with sorted
keys; whole numbers are written alike. Pure.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance.judge.results import ExchangeTrace, RequestTrace, StepTrace
from conformance.wire.multipart import parse_multipart

IDENTITY_HEADERS = frozenset(
    {
        "host",
        "user-agent",
        "content-length",
        "date",
        "connection",
        "transfer-encoding",
        "accept-encoding",
        "accept-language",
        "sec-fetch-mode",
        "x-ms-client-request-id",
        "x-ms-useragent",
    }
)
"""Headers that name the library, its transport or the moment. ``x-stainless-*`` belongs to them."""

NO_RECORDING = "no recording"
IDENTITY_PREFIX = "x-stainless-"
_ERROR_IDENTITY = ("type", "bases", "message")
_ERROR_MEMBERS = ("kind", "status", "code", "param", "error_type", "content_filter", "request_id")
_LONGEST_LIST = 40
_DEEPEST = 30
Members = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CanonicalCall:
    """A call: ``request`` is empty when nothing was sent, ``answer`` is what its caller got,
    ``identity`` what always differs, ``attempts`` one word for each attempt (its status or fault)
    and ``waits`` the pauses between them in seconds, each beside what the answer before it
    ``asked`` for. Members are JSON pointers with JSON text."""

    request: Members
    answer: Members
    identity: Members
    attempts: tuple[str, ...]
    waits: tuple[float | None, ...]
    asked: tuple[float | None, ...]

    @property
    def answered_by(self) -> str:
        """How the last attempt ended: what the caller got was made of that. Empty when nothing was
        sent."""
        return self.attempts[-1] if self.attempts else ""

    @property
    def missed(self) -> bool:
        """Whether a request was answered by the harness alone, for want of a recording."""
        return any(item.endswith(NO_RECORDING) for item in self.attempts)


def canonical_call(step: StepTrace) -> CanonicalCall:
    """``step`` in canonical form."""
    request: dict[str, str] = {}
    identity: dict[str, str] = {}
    if step.exchanges:
        _request(step.exchanges[0].request, request, identity)
        if changed := _changed(step.exchanges):
            request["/later-attempts"] = _text(changed)
    answer = _answer(step, identity)
    return CanonicalCall(
        request,
        answer,
        identity,
        tuple(map(outcome_of, step.exchanges)),
        tuple(item.waited for item in step.exchanges[1:]),
        tuple(item.asked_wait for item in step.exchanges[:-1]),
    )


def outcome_of(item: ExchangeTrace) -> str:
    """How an attempt ended, in a word or two: its status, and the fault that was played or what was
    missing."""
    if item.miss is not None:
        return f"{item.response.status if item.response else ''} {NO_RECORDING}".strip()
    if item.response is not None:
        return f"{item.response.status}{f' {item.fault}' if item.fault else ''}"
    return item.fault or "no response"


def _changed(exchanges: tuple[ExchangeTrace, ...]) -> list[str]:
    """What later attempts sent otherwise than the first: pointers, each once."""
    first: dict[str, str] = {}
    _request(exchanges[0].request, first, {})
    found: set[str] = set()
    for item in exchanges[1:]:
        if item.request.url == exchanges[0].request.url and item.request == exchanges[0].request:
            continue
        later: dict[str, str] = {}
        _request(item.request, later, {})
        found.update(
            name for name in first.keys() | later.keys() if first.get(name) != later.get(name)
        )
    return sorted(found)


def _request(sent: RequestTrace, members: dict[str, str], identity: dict[str, str]) -> None:
    parts = _parts(sent.url)
    members["/method"] = _text(sent.method)
    members["/path"] = _text(parts[0])
    members.update(_several("/query", parts[1]))
    for name, value in _several(
        "/headers", ((name.lower(), value) for name, value in sent.headers)
    ).items():
        plain = name.removeprefix("/headers/").split("/")[0]
        is_identity = plain in IDENTITY_HEADERS or plain.startswith(IDENTITY_PREFIX)
        (identity if is_identity else members)[name] = value
    members.update(
        _body(sent.body, next((v for n, v in sent.headers if n.lower() == "content-type"), ""))
    )


def _parts(url: str) -> tuple[str, list[tuple[str, str]]]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, []
    return parts.path, parse_qsl(parts.query, keep_blank_values=True)


def _several(place: str, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """``pairs`` as members below ``place``; a name given twice has a list of values in their
    order."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return {
        f"{place}/{_token(name)}": _text(found[0] if len(found) == 1 else found)
        for name, found in values.items()
    }


@lru_cache(maxsize=4_096)
def _body(body: str, content_type: str) -> Members:
    """The members of a body. Equal bodies are read once: a suite asks many SDKs for the same
    call."""
    if not body:
        return {}
    if content_type.startswith("multipart/"):
        return dict(_form(body, content_type))
    try:
        return dict(_flat("/body", json.loads(body)))
    except (ValueError, RecursionError):
        return {"/body": _text(body)}


def _form(body: str, content_type: str) -> Iterator[tuple[str, str]]:
    parts = parse_multipart(body.encode("utf-8", "replace"), content_type)
    if not parts:
        yield "/body", _text(body)
    fields: dict[str, list[Any]] = {}
    for part in parts:
        text = part.content.decode("utf-8", "replace")
        value = (
            text
            if part.filename is None
            else {"filename": part.filename, "content_type": part.content_type, "content": text}
        )
        fields.setdefault(part.name, []).append(value)
    for name, values in fields.items():
        yield from _flat(f"/body/{_token(name)}", values[0] if len(values) == 1 else values)


def _answer(step: StepTrace, identity: dict[str, str]) -> Members:
    members = {"/outcome": _text(step.outcome)}
    if step.outcome == "ok":
        members.update(_flat("/view", step.view))
        if "/view/chunk_count" not in members:
            members["/chunks"] = _text(step.chunk_count)
        members["/request_id"] = _text(step.request_id)
    elif isinstance(step.error, Mapping):
        for name in _ERROR_MEMBERS:
            members.update(_flat(f"/error/{name}", step.error.get(name)))
        identity.update({f"/error/{name}": _text(step.error.get(name)) for name in _ERROR_IDENTITY})
    # A caller who reads null has read nothing, whether or not there is an accessor that says so.
    return {name: value for name, value in members.items() if value != "null"}


def _flat(pointer: str, value: Any, depth: int = _DEEPEST) -> Iterator[tuple[str, str]]:
    """``value`` as one member for each leaf; what is empty, long or deep is one member."""
    if isinstance(value, Mapping) and value and depth:
        for key, item in value.items():
            yield from _flat(f"{pointer}/{_token(str(key))}", item, depth - 1)
    elif isinstance(value, list | tuple) and 0 < len(value) <= _LONGEST_LIST and depth:
        for index, item in enumerate(value):
            yield from _flat(f"{pointer}/{index}", item, depth - 1)
    else:
        yield pointer, _text(value)


def _token(text: str) -> str:
    return text.replace("~", "~0").replace("/", "~1")


_LONGEST_TEXT = 400


def _text(value: Any) -> str:
    """``value`` as JSON text; beyond `_LONGEST_TEXT` its beginning, length and digest, which tell
    as much apart."""
    try:
        text = json.dumps(_whole(value), ensure_ascii=False, sort_keys=True, default=str)
    except RecursionError:
        text = json.dumps("(nested too deeply to show)")
    if len(text) <= _LONGEST_TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{text[: _LONGEST_TEXT // 2]}... ({len(text):,} characters, sha256 {digest})"


def _whole(value: Any) -> Any:
    """1.0 as 1: JSON has one kind of number, and a schema's integer may be written either way."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value
