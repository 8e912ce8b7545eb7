"""Reading a multipart request into typed members and files."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from conformance.service.emulator import errors
from conformance.service.emulator.call import ServiceCall
from conformance.service.emulator.validation import MemberRules
from conformance.wire.multipart import FormPart

_MEMBER = re.compile(r"(\w+)\[(\w+)\]\Z")


@dataclass(slots=True)
class Form:
    """A multipart form: ``members`` by name, with the types their rules ask for, and ``files`` by
    name, of which each may occur more than once."""

    members: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[FormPart]] = field(default_factory=dict)

    def file(self, name: str) -> FormPart:
        """The only file called ``name``. Raises Refusal when there is none."""
        if name not in self.files:
            raise errors.missing(name)
        return self.files[name][0]


def read(call: ServiceCall, rules: MemberRules, files: tuple[str, ...]) -> Form:
    """The form of ``call``. ``files`` are the names of parts that are files. A name that ends in
    ``[]`` makes a list, one that ends in ``[key]`` an object. Raises Refusal for what is no
    form."""
    form = Form()
    for part in call.parts():
        name, member = part.name.removesuffix("[]"), _MEMBER.match(part.name)
        if name in files:
            form.files.setdefault(name, []).append(part)
            continue
        text = part.content.decode("utf-8", "replace")
        kinds = "string"
        if name in rules:
            kinds = rules[name].kinds
        # A name that is used in two ways keeps the value it got first.
        if member:
            nested = form.members.setdefault(member[1], {})
            if isinstance(nested, dict):
                nested[member[2]] = text
        elif part.name.endswith("[]") or "strings" in kinds:
            listed = form.members.setdefault(name, [])
            if isinstance(listed, list):
                listed.append(text)
        else:
            form.members[name] = _typed(text, kinds)
    return form


def _typed(text: str, kinds: str) -> Any:
    """``text`` as the type its rule asks for. It stays a text when it is not of that type, and the
    rule refuses it later."""
    if kinds == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kinds in ("integer", "number") and re.fullmatch(r"[+-]?[0-9]{1,15}", text, re.ASCII):
        return int(text)
    if kinds == "number" and re.fullmatch(r"[+-]?[0-9]{0,15}\.[0-9]{1,15}", text, re.ASCII):
        return float(text)
    return text
