"""The canonical form of one call: what an SDK sent and what its caller got, as members that can be
compared one by one.

A member is a JSON pointer with a value as JSON text, its keys sorted and whole numbers written
alike. What names a library or its machine (`IDENTITY_HEADERS`, the class and wording of an error)
is kept apart: it always differs, and among it nobody would see what should not. Pure.
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
"""Headers that name the library, its transport or the moment."""

IDENTITY_PREFIX = "x-stainless-"
"""What all other headers that name the library begin with."""

NO_RECORDING = "no recording"
"""How an attempt ended that no recording answers."""

_ERROR_IDENTITY = ("type", "bases", "message")
_ERROR_MEMBERS = ("kind", "status", "code", "param", "error_type", "content_filter", "request_id")
# A list that is longer, or a value that is nested deeper, is one member: an embedding has thousands
# of numbers.
_LONGEST_LIST = 40
_DEEPEST = 30

_LONGEST_TEXT = 400
Members = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CanonicalCall:
    """A call of one SDK."""

    request: Members
    """What the first attempt sent; empty when nothing was sent."""
    answer: Members
    """What the caller got."""
    identity: Members
    """What names the library or its machine."""
    attempts: tuple[str, ...]
    """How each attempt ended, in a word or two."""
    waits: tuple[float | None, ...]
    """The pauses between the attempts in seconds; one less than there are attempts."""
    asked: tuple[float | None, ...]
    """For each pause the seconds that the answer before it asked for."""

    @property
    def answered_by(self) -> str:
        """How the last attempt ended, from which the SDK made what the caller got; empty when
        nothing was sent."""
        return self.attempts[-1] if self.attempts else ""

    @property
    def missed(self) -> bool:
        """Whether the harness answered a request itself, because no recording had an answer."""
        return any(item.endswith(NO_RECORDING) for item in self.attempts)


def canonical_call(step: StepTrace) -> CanonicalCall:
    """The call that ``step`` traces, in canonical form."""
    request: dict[str, str] = {}
    identity: dict[str, str] = {}
    if step.exchanges:
        _add_request(step.exchanges[0].request, request, identity)
        if changed := _changed(step.exchanges):
            request["/later-attempts"] = _text(changed)
    return CanonicalCall(
        request=request,
        answer=_answer(step, identity),
        identity=identity,
        attempts=tuple(map(outcome_of, step.exchanges)),
        waits=tuple(item.waited for item in step.exchanges[1:]),
        asked=tuple(item.asked_wait for item in step.exchanges[:-1]),
    )


def outcome_of(item: ExchangeTrace) -> str:
    """How an attempt ended, in a word or two: the status of its response, and the fault that was
    played or that no recording had the answer."""
    status = str(item.response.status) if item.response is not None else ""
    if item.miss is not None:
        return f"{status} {NO_RECORDING}".strip()
    return f"{status} {item.fault or ''}".strip() or "no response"


def _changed(exchanges: tuple[ExchangeTrace, ...]) -> list[str]:
    """The pointers of what a later attempt sent otherwise than the first, each once."""
    first_request = exchanges[0].request
    first: dict[str, str] = {}
    _add_request(first_request, first, {})
    pointers: set[str] = set()
    for item in exchanges[1:]:
        if item.request == first_request:
            continue
        later: dict[str, str] = {}
        _add_request(item.request, later, {})
        pointers.update(
            name for name in first.keys() | later.keys() if first.get(name) != later.get(name)
        )
    return sorted(pointers)


def _add_request(sent: RequestTrace, members: dict[str, str], identity: dict[str, str]) -> None:
    """Add what was ``sent`` to ``members``, and its headers that name the library to
    ``identity``."""
    path, query = _path_and_query(sent.url)
    members["/method"] = _text(sent.method)
    members["/path"] = _text(path)
    members.update(_grouped("/query", query))
    headers = [(name.lower(), value) for name, value in sent.headers]
    for pointer, value in _grouped("/headers", headers).items():
        if _is_identity(pointer.removeprefix("/headers/")):
            identity[pointer] = value
        else:
            members[pointer] = value
    members.update(_body(sent.body, dict(reversed(headers)).get("content-type", "")))


def _is_identity(header: str) -> bool:
    return header in IDENTITY_HEADERS or header.startswith(IDENTITY_PREFIX)


def _path_and_query(url: str) -> tuple[str, list[tuple[str, str]]]:
    try:
        parts = urlsplit(url)
    except ValueError:
        return url, []  # shown as it is: what an SDK sent is never refused here
    return parts.path, parse_qsl(parts.query, keep_blank_values=True)


def _grouped(place: str, pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """``pairs`` as members below the pointer ``place``; a name that occurs twice has a list of its
    values in their order."""
    values_by_name: dict[str, list[str]] = {}
    for name, value in pairs:
        values_by_name.setdefault(name, []).append(value)
    return {
        f"{place}/{_token(name)}": _text(_single_or_all(values))
        for name, values in values_by_name.items()
    }


def _single_or_all(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


@lru_cache(maxsize=4_096)
def _body(body: str, content_type: str) -> Members:
    """The members of a body. Equal bodies are read once, because many SDKs make the same call."""
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
        value: Any = text
        if part.filename is not None:
            value = {
                "filename": part.filename,
                "content_type": part.content_type,
                "content": text,
            }
        fields.setdefault(part.name, []).append(value)
    for name, values in fields.items():
        yield from _flat(f"/body/{_token(name)}", _single_or_all(values))


def _answer(step: StepTrace, identity: dict[str, str]) -> Members:
    """What the caller of ``step`` got. The class and wording of an error are added to
    ``identity``."""
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
    # A caller who reads null has read nothing, whether or not the SDK has an accessor for it.
    return {name: value for name, value in members.items() if value != "null"}


def _flat(pointer: str, value: Any, depth: int = _DEEPEST) -> Iterator[tuple[str, str]]:
    """A pointer and JSON text for each leaf of ``value``. A container that is empty, longer than
    `_LONGEST_LIST` or deeper than `_DEEPEST` counts as a leaf."""
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


def _text(value: Any) -> str:
    """``value`` as JSON text. Of a text beyond `_LONGEST_TEXT` characters its beginning, length and
    digest: two such texts are still equal only when the values are."""
    try:
        text = json.dumps(_whole(value), ensure_ascii=False, sort_keys=True, default=str)
    except RecursionError:
        text = json.dumps("(nested too deeply to show)")
    if len(text) <= _LONGEST_TEXT:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    return f"{text[: _LONGEST_TEXT // 2]}... ({len(text):,} characters, sha256 {digest})"


def _whole(value: Any) -> Any:
    """``value`` with 1.0 written as 1: JSON has one kind of number, and a schema's integer may be
    written either way."""
    # Beyond 2**53 a float no longer tells neighbouring whole numbers apart.
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, Mapping):
        return {str(key): _whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(item) for item in value]
    return value
