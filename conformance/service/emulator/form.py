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
    """``members`` have the types their rules name; ``files`` are lists, as a name may occur more
    than once."""

    members: dict[str, Any] = field(default_factory=dict)
    files: dict[str, list[FormPart]] = field(default_factory=dict)

    def file(self, name: str) -> FormPart:
        """The only file called ``name``. Raises Refusal when there is none."""
        if name not in self.files:
            raise errors.missing(name)
        return self.files[name][0]


def read(call: ServiceCall, rules: MemberRules, files: tuple[str, ...]) -> Form:
    """The form of ``call``; ``files`` are the names that are files. Brackets after a name make a
    list or an object."""
    form = Form()
    for part in call.parts():
        name, member = part.name.removesuffix("[]"), _MEMBER.match(part.name)
        if name in files:
            form.files.setdefault(name, []).append(part)
            continue
        text = part.content.decode("utf-8", "replace")
        if member:
            nested = form.members.setdefault(member[1], {})
            if isinstance(nested, dict):
                nested[member[2]] = text
        elif part.name.endswith("[]") or "strings" in (rules[name].kinds if name in rules else ""):
            listed = form.members.setdefault(name, [])
            if isinstance(listed, list):
                listed.append(text)
        else:
            form.members[name] = _typed(text, rules[name].kinds if name in rules else "string")
    return form


def _typed(text: str, kinds: str) -> Any:
    """``text`` as what its rule asks for; left as text when it is not that, so that the rule
    refuses it."""
    if kinds == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    if kinds in ("integer", "number") and re.fullmatch(r"[+-]?[0-9]{1,15}", text, re.ASCII):
        return int(text)
    if kinds == "number" and re.fullmatch(r"[+-]?[0-9]{0,15}\.[0-9]{1,15}", text, re.ASCII):
        return float(text)
    return text
