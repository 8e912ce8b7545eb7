"""Files: uploaded, listed, read, deleted (facts/service#files)."""

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
_PROCESSED = {"fine-tune"}
"""Purposes whose files are processed before they are ready. Files of batches were recorded as ready
at once."""


def create(call: ServiceCall) -> Answer:
    """Store an upload. Raises Refusal."""
    upload = form.read(call, _RULES, ("file",))
    check(upload.members, _RULES, call.version)
    purpose, purposes = upload.members["purpose"], [*_PURPOSES]
    if call.v1:
        purposes.append("evals")
    if purpose not in purposes:
        raise errors.payload(f"'{purpose}' is not one of {purposes} - 'purpose'", call.v1)
    part = upload.file("file")
    stored = store(call.state, part.filename or "file", purpose, part.content)
    stored.expires_at = _expiry(upload.members.get("expires_after"), stored.created_at)
    return created(described(stored, call), stored.id, call)


def created(body: dict[str, Any], identity: str, call: ServiceCall) -> Answer:
    """``body`` as the answer to creating a file or job: 201 with a Location on the classic surface,
    200 on v1 (facts/service#created-or-ok)."""
    if call.v1:
        return json_answer(body, content_type=JSON_UTF8)
    base = call.request.url.partition("?")[0].rstrip("/")
    location = f"{base}/{identity}?api-version={call.version}"
    return json_answer(body, content_type=JSON_UTF8, status=201, headers=(("Location", location),))


def store(state: State, filename: str, purpose: str, content: bytes) -> StoredFile:
    """Keep ``content`` as a file of ``purpose``."""
    now = ready_at = state.now()
    if purpose in _PROCESSED:
        ready_at += 2 * state.config.pace
    stored = StoredFile(
        id=f"file-{state.hexadecimal('file', 32)}",
        filename=filename,
        purpose=purpose,
        content=content,
        created_at=int(now),
        ready_at=ready_at,
    )
    state.files[stored.id] = stored
    return stored


def described(file: StoredFile, call: ServiceCall) -> dict[str, Any]:
    """The file object as it is now. A file is pending for one pace, then running for one, then
    processed."""
    seconds_left = file.ready_at - call.state.now()
    status = "pending"
    if seconds_left <= 0:
        status = "processed"
    elif seconds_left <= call.state.config.pace:
        status = "running"
    body = {
        "id": file.id,
        "object": "file",
        "bytes": len(file.content),
        "created_at": file.created_at,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": status,
    }
    if call.v1 and file.expires_at is not None:
        body["expires_at"] = file.expires_at
    return body


def list_all(call: ServiceCall) -> Answer:
    """The files, those of one purpose when the query names it. Raises Refusal."""
    purpose = dict(call.request.query).get("purpose")
    items = [
        described(file, call)
        for file in call.state.files.values()
        if purpose in (None, file.purpose)
    ]
    body = page(call, items, default=10_000)
    if not call.v1:
        body = {"object": "list", "data": body["data"]}
    return json_answer(body, content_type=JSON_UTF8)


def retrieve(call: ServiceCall) -> Answer:
    """The file object. Raises Refusal for one that is not there."""
    return json_answer(described(_file(call), call), content_type=JSON_UTF8)


def content(call: ServiceCall) -> Answer:
    """The bytes of a file. Raises Refusal for one that is not there."""
    file = _file(call)
    # Quotation marks, control characters and what is not ASCII would break the header.
    name = re.sub(r"[^\x20-\x21\x23-\x7e]", "_", file.filename)
    return Answer(
        file.content, OCTETS, headers=(("Content-Disposition", f'attachment; filename="{name}"'),)
    )


def delete(call: ServiceCall) -> Answer:
    """Delete a file. Raises Refusal for one that is not there."""
    file = _file(call)
    del call.state.files[file.id]
    return json_answer({"object": "file", "deleted": True, "id": file.id}, content_type=JSON_UTF8)


def _file(call: ServiceCall) -> StoredFile:
    identity = call.route.arguments["file_id"]
    file = call.state.files.get(identity)
    if file is None:
        raise errors.not_found(f"No such File object: {identity}", call.v1)
    return file


def _expiry(expires_after: dict[str, str] | None, created_at: int) -> int | None:
    """When a file created at ``created_at`` expires. Raises Refusal."""
    if expires_after is None:
        return None
    seconds = str(expires_after.get("seconds", ""))
    is_number = re.fullmatch(r"[0-9]{1,9}", seconds, re.ASCII)
    if expires_after.get("anchor") != "created_at" or not is_number:
        raise errors.invalid(
            "Invalid 'expires_after': expected an anchor of created_at and seconds.",
            "expires_after",
        )
    return created_at + int(seconds)
