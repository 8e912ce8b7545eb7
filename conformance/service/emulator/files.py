"""Files: uploaded, listed, read, deleted (wire-contract section 9)."""

from __future__ import annotations

import re
from typing import Any

from conformance.service.emulator import errors, form
from conformance.service.emulator.answers import JSON_UTF8, OCTETS, Answer, json_answer
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.paging import page
from conformance.service.emulator.state import State, StoredFile
from conformance.service.emulator.validation import MemberRule, MemberRules, check

_PURPOSES = ("fine-tune", "assistants", "batch")
_RULES: MemberRules = {
    "purpose": MemberRule("string", required=True),
    "expires_after": MemberRule("object", since="2025-04-01-preview"),
}
_IN_WORK = {"fine-tune"}
"""Purposes whose files are looked through before they are ready; those of batches were recorded as
ready at once."""


def create(call: ServiceCall) -> Answer:
    """Store an upload. 201 with a Location on the classic surface, 200 on v1. Raises Refusal."""
    given = form.read(call, _RULES, ("file",))
    check(given.members, _RULES, call.version)
    purposes = (*_PURPOSES, "evals") if call.v1 else _PURPOSES
    if given.members["purpose"] not in purposes:
        raise errors.payload(
            f"'{given.members['purpose']}' is not one of {list(purposes)} - 'purpose'", call.v1
        )
    part = given.file("file")
    stored = store(call.state, part.filename or "file", given.members["purpose"], part.content)
    stored.expires_at = _expiry(given.members.get("expires_after"), stored.created_at)
    answer = described(stored, call)
    if call.v1:
        return json_answer(answer, content_type=JSON_UTF8)
    base = call.request.url.partition("?")[0]
    place = f"{base.rstrip('/')}/{stored.id}?api-version={call.version}"
    return json_answer(answer, content_type=JSON_UTF8, status=201, headers=(("Location", place),))


def store(state: State, filename: str, purpose: str, content: bytes) -> StoredFile:
    """Keep ``content`` as a file of ``purpose``."""
    now = state.now()
    ready = now + 2 * state.config.pace if purpose in _IN_WORK else now
    stored = StoredFile(
        f"file-{state.hexadecimal('file', 32)}", filename, purpose, content, int(now), ready
    )
    state.files[stored.id] = stored
    return stored


def described(file: StoredFile, call: ServiceCall) -> dict[str, Any]:
    """The file object: pending, then running, then processed."""
    left = file.ready_at - call.state.now()
    status = (
        "processed" if left <= 0 else "running" if left <= call.state.config.pace else "pending"
    )
    found = {
        "id": file.id,
        "object": "file",
        "bytes": len(file.content),
        "created_at": file.created_at,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": status,
    }
    return (
        {**found, "expires_at": file.expires_at}
        if call.v1 and file.expires_at is not None
        else found
    )


def list_all(call: ServiceCall) -> Answer:
    purpose = dict(call.request.query).get("purpose")
    items = [
        described(file, call)
        for file in call.state.files.values()
        if purpose in (None, file.purpose)
    ]
    shown = page(call, items, default=10_000)
    return json_answer(
        shown if call.v1 else {"object": "list", "data": shown["data"]}, content_type=JSON_UTF8
    )


def retrieve(call: ServiceCall) -> Answer:
    return json_answer(described(_file(call), call), content_type=JSON_UTF8)


def content(call: ServiceCall) -> Answer:
    file = _file(call)
    name = re.sub(r"[^\x20-\x21\x23-\x7e]", "_", file.filename)
    return Answer(
        file.content, OCTETS, headers=(("Content-Disposition", f'attachment; filename="{name}"'),)
    )


def delete(call: ServiceCall) -> Answer:
    file = _file(call)
    del call.state.files[file.id]
    return json_answer({"object": "file", "deleted": True, "id": file.id}, content_type=JSON_UTF8)


def _file(call: ServiceCall) -> StoredFile:
    identity = call.route.arguments["file_id"]
    found = call.state.files.get(identity)
    if found is None:
        raise errors.not_found(f"No such File object: {identity}", call.v1)
    return found


def _expiry(asked: Any, created: int) -> int | None:
    if asked is None:
        return None
    seconds = asked.get("seconds", "")
    if asked.get("anchor") != "created_at" or not re.fullmatch(
        r"[0-9]{1,9}", str(seconds), re.ASCII
    ):
        raise errors.invalid(
            "Invalid 'expires_after': expected an anchor of created_at and seconds.",
            "expires_after",
        )
    return created + int(seconds)
