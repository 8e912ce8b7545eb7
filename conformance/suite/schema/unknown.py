"""Members that no matching part of a schema knows: notes by default, failures in strict mode.

The service may add members without a version change (wire-contract section 1.2), so schemas let
them pass and this walker reports them. It follows ``properties``, ``items``, ``$ref``, ``allOf``,
``anyOf``/``oneOf`` and ``if``/``then``/``else`` the way unevaluatedProperties does, over parts
compiled once. Two keywords of ours refine it: ``x-seen-only: true`` marks a member seen in real
traffic that no Azure specification has, ``x-since`` the first api-version whose specification has
it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from conformance.suite.schema.documents import DocumentStore

if TYPE_CHECKING:
    import jsonschema_rs


class MemberStanding(StrEnum):
    """Why a member is reported."""

    UNKNOWN = "unknown"
    SEEN_ONLY = "seen-only"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class UnknownMember:
    """A member the specification of the api-version does not have.

    ``pointer`` is the JSON pointer of the member itself, ``name`` its last step. ``standing``:
    ``unknown`` nowhere described, ``seen-only`` known from real traffic alone, ``later`` specified
    from ``since`` on.
    """

    pointer: str
    name: str
    standing: MemberStanding = MemberStanding.UNKNOWN
    since: str = ""

    def __str__(self) -> str:
        return f"{self.pointer} {_SAID[self.standing]}{self.since}"


_SAID = {
    MemberStanding.UNKNOWN: "is in no schema",
    MemberStanding.SEEN_ONLY: "is in no Azure specification, but has been seen in real traffic",
    MemberStanding.LATER: "is specified only from ",
}

Accepts = Callable[[Any], bool]
Trail = tuple[Any, ...]
"""``()`` for the root, else ``(trail of the parent, member name or index)``; spelled out only when
reported."""


@dataclass(frozen=True, slots=True)
class _Property:
    """A declared member: the address of its schema, and its standing."""

    uri: str
    since: str
    seen_only: bool


@dataclass(frozen=True, slots=True)
class _Branches:
    """Parts of which those apply that accept the instance (anyOf, oneOf), or one of two
    (if/then/else)."""

    branches: tuple[tuple[Accepts, str], ...]
    exact: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """What one schema, with its $ref and allOf folded in, says about members."""

    properties: dict[str, tuple[_Property, ...]]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    rest: tuple[str, ...]
    is_open: bool
    items: tuple[str, ...]
    choices: tuple[_Branches, ...]

    @property
    def is_silent(self) -> bool:
        return not (
            self.properties
            or self.patterns
            or self.rest
            or self.items
            or self.choices
            or self.is_open
        )


@dataclass(frozen=True, slots=True)
class _Member:
    """One name in a view: its declarations, and the addresses to visit in its value (none when they
    are silent)."""

    declared: tuple[_Property, ...]
    children: tuple[str, ...]
    marked: bool


@dataclass(frozen=True, slots=True)
class _View:
    """Several parts that apply to one object or array together, merged."""

    members: dict[str, _Member]
    patterns: tuple[tuple[re.Pattern[str], str], ...]
    rest: tuple[str, ...]
    is_judged: bool
    items: tuple[str, ...]


class UnknownWalker:
    """Finds unknown members with the schemas of one store. Parts and views are compiled when first
    met and kept.

    ``compile_at`` makes the validator of the schema at an address.
    """

    def __init__(
        self,
        documents: DocumentStore,
        compile_at: Callable[[str], jsonschema_rs.Draft202012Validator],
    ) -> None:
        self._documents = documents
        self._compile_at = compile_at
        self._parts: dict[str, _Part] = {}
        self._views: dict[tuple[str, ...], _View] = {}
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}

    def walk(self, uri: str, api_version: str, instance: Any) -> tuple[UnknownMember, ...]:
        """The unknown members of ``instance`` under the schema at ``uri``, in document order.

        Of an instance nested too deeply to follow, or not JSON inside, those met before that place.
        """
        found: list[UnknownMember] = []
        with suppress(RecursionError, ValueError):
            self._visit((uri,), instance, (), api_version, found)
        return tuple(found)

    def _visit(
        self,
        uris: tuple[str, ...],
        instance: Any,
        trail: Trail,
        version: str,
        out: list[UnknownMember],
    ) -> None:
        if isinstance(instance, dict):
            self._visit_object(self._view(uris, instance), instance, trail, version, out)
        elif isinstance(instance, list):
            items = self._view(uris, instance).items
            if items:
                for index, item in enumerate(instance):
                    self._visit(items, item, (trail, index), version, out)

    def _visit_object(
        self,
        view: _View,
        instance: dict[str, Any],
        trail: Trail,
        version: str,
        out: list[UnknownMember],
    ) -> None:
        for name, value in instance.items():
            member = view.members.get(name)
            if member is None:
                self._visit_undeclared(view, name, value, trail, version, out)
                continue
            if member.marked:
                _report(member.declared, name, trail, version, out)
            if member.children and isinstance(value, (dict, list)):
                self._visit(member.children, value, (trail, name), version, out)

    def _visit_undeclared(
        self,
        view: _View,
        name: str,
        value: Any,
        trail: Trail,
        version: str,
        out: list[UnknownMember],
    ) -> None:
        uris = tuple(uri for pattern, uri in view.patterns if pattern.search(name)) or view.rest
        if uris:
            self._visit(uris, value, (trail, name), version, out)
        elif view.is_judged:
            out.append(UnknownMember(_pointer((trail, name)), name))

    def _view(self, uris: tuple[str, ...], instance: Any) -> _View:
        """The merged parts that apply to ``instance``: those at ``uris`` and the branches it
        matches."""
        applicable = list(uris)
        for uri in applicable:  # grows while it is walked: branches may have branches
            for choice in self._part(uri).choices:
                applicable.extend(self._matching(choice, instance))
        key = tuple(applicable)
        found = self._views.get(key)
        if found is None:
            found = self._views[key] = self._merge([self._part(uri) for uri in key])
        return found

    def _merge(self, parts: list[_Part]) -> _View:
        declared: dict[str, list[_Property]] = {}
        for part in parts:
            for name, properties in part.properties.items():
                declared.setdefault(name, []).extend(properties)
        patterns = tuple(pattern for part in parts for pattern in part.patterns)
        members = {
            name: self._member(name, tuple(known), patterns) for name, known in declared.items()
        }
        return _View(
            members,
            patterns,
            tuple(uri for part in parts for uri in part.rest),
            bool(declared) and not any(part.is_open for part in parts),
            self._speaking(uri for part in parts for uri in part.items),
        )

    def _member(
        self,
        name: str,
        declared: tuple[_Property, ...],
        patterns: tuple[tuple[re.Pattern[str], str], ...],
    ) -> _Member:
        uris = [known.uri for known in declared] + [
            uri for pattern, uri in patterns if pattern.search(name)
        ]
        return _Member(
            declared,
            self._speaking(uris),
            all(known.seen_only or known.since for known in declared),
        )

    def _speaking(self, uris: Iterable[str]) -> tuple[str, ...]:
        return tuple(uri for uri in dict.fromkeys(uris) if not self._part(uri).is_silent)

    def _matching(self, choice: _Branches, instance: Any) -> list[str]:
        """The branches that accept ``instance``. A lone candidate is taken at its word; only a tie
        is validated."""
        candidates = [uri for accepts, uri in choice.branches if accepts(instance)]
        if choice.exact or len(candidates) < 2:
            return candidates
        return [uri for uri in candidates if self._validator(uri).is_valid(instance)] or candidates

    def _validator(self, uri: str) -> jsonschema_rs.Draft202012Validator:
        found = self._validators.get(uri)
        if found is None:
            found = self._validators[uri] = self._compile_at(uri)
        return found

    def _part(self, uri: str) -> _Part:
        found = self._parts.get(uri)
        if found is None:
            found = self._parts[uri] = _Compiler(
                self._documents, self._validator, self._part
            ).compile(uri)
        return found


def _report(
    known: tuple[_Property, ...], name: str, trail: Trail, version: str, out: list[UnknownMember]
) -> None:
    """Report a declared member unless one of its declarations makes it known to ``version``."""
    later = ""
    for declared in known:
        if declared.seen_only:
            continue
        if declared.since <= version:
            return
        later = min(later or declared.since, declared.since)
    standing = MemberStanding.LATER if later else MemberStanding.SEEN_ONLY
    out.append(UnknownMember(_pointer((trail, name)), name, standing, later))


def _pointer(trail: Trail) -> str:
    steps: list[str] = []
    while trail:
        trail, step = trail
        steps.append(str(step).replace("~", "~0").replace("/", "~1"))
    return "".join(f"/{step}" for step in reversed(steps))


class _Compiler:
    """Folds one schema and what it refers to in place into a part."""

    def __init__(
        self,
        documents: DocumentStore,
        validator: Callable[[str], jsonschema_rs.Draft202012Validator],
        part: Callable[[str], _Part],
    ) -> None:
        self._documents = documents
        self._validator = validator
        self._part = part
        self._properties: dict[str, list[_Property]] = {}
        self._patterns: list[tuple[re.Pattern[str], str]] = []
        self._rest: list[str] = []
        self._items: list[str] = []
        self._choices: list[_Branches] = []
        self._open = False
        self._folded: set[str] = set()

    def compile(self, uri: str) -> _Part:
        self._fold(uri)
        return _Part(
            {name: tuple(known) for name, known in self._properties.items()},
            tuple(self._patterns),
            tuple(self._rest),
            self._open,
            tuple(self._items),
            tuple(self._choices),
        )

    def _fold(self, uri: str) -> None:
        schema = self._documents.resolve(uri)
        if not isinstance(schema, dict) or uri in self._folded:
            return
        self._folded.add(uri)
        if "$ref" in schema:
            self._fold(urljoin(uri, schema["$ref"]))
        for index in range(len(schema.get("allOf", ()))):
            self._fold(_below(uri, "allOf", index))
        self._fold_members(uri, schema)
        self._fold_choices(uri, schema)

    def _fold_members(self, uri: str, schema: dict[str, Any]) -> None:
        for name, member in schema.get("properties", {}).items():
            since, seen_only = (
                (member.get("x-since", ""), bool(member.get("x-seen-only")))
                if member is not True
                else ("", False)
            )
            self._properties.setdefault(name, []).append(
                _Property(_below(uri, "properties", name), since, seen_only)
            )
        for pattern in schema.get("patternProperties", {}):
            self._patterns.append((re.compile(pattern), _below(uri, "patternProperties", pattern)))
        rest = schema.get("additionalProperties", False)
        if rest is not False:
            self._open = True
            self._rest.append(_below(uri, "additionalProperties"))
        if isinstance(schema.get("items"), dict):
            self._items.append(_below(uri, "items"))

    def _fold_choices(self, uri: str, schema: dict[str, Any]) -> None:
        for keyword in ("anyOf", "oneOf"):
            branches = [
                _below(uri, keyword, index) for index in range(len(schema.get(keyword, ())))
            ]
            speaking = [branch for branch in branches if not self._part(branch).is_silent]
            if len(speaking) == 1:
                self._fold(
                    speaking[0]
                )  # the other branches have nothing to say, as in "this shape or null"
            elif speaking:
                self._choices.append(
                    _Branches(
                        tuple((self._may_accept(branch), branch) for branch in speaking), False
                    )
                )
        if "if" not in schema:
            return
        holds = self._condition(_below(uri, "if"), schema["if"])
        branches_of_if: list[tuple[Accepts, str]] = []
        for keyword, accepts in (("then", holds), ("else", lambda instance: not holds(instance))):
            branch = _below(uri, keyword)
            if keyword in schema and not self._part(branch).is_silent:
                branches_of_if.append((accepts, branch))
        if branches_of_if:
            self._choices.append(_Branches(tuple(branches_of_if), True))

    def _may_accept(self, uri: str) -> Accepts:
        """A cheap test that is never wrong when it says no: by the JSON type alone."""
        types = self._types(uri)
        return lambda instance: _type_name(instance) in types if types else True

    def _types(self, uri: str) -> frozenset[str]:
        schema = self._documents.resolve(uri)
        while isinstance(schema, dict) and "type" not in schema and "$ref" in schema:
            uri = urljoin(uri, schema["$ref"])
            schema = self._documents.resolve(uri)
        written = schema.get("type", ()) if isinstance(schema, dict) else ()
        return frozenset((written,) if isinstance(written, str) else written)

    def _condition(self, uri: str, schema: dict[str, Any]) -> Accepts:
        """The test of an ``if``: read off the schema where it is the usual comparison of one
        member, else validated."""
        tested = schema.get("properties", {})
        if (
            set(schema) == {"properties", "required"}
            and len(tested) == 1
            and list(tested) == schema["required"]
        ):
            ((name, wanted),) = tested.items()
            if set(wanted) in ({"const"}, {"enum"}):
                allowed = frozenset(wanted.get("enum", (wanted.get("const"),)))
                return lambda instance: _text_member(instance, name) in allowed
        if set(schema) == {"required"}:
            needed = frozenset(schema["required"])
            return lambda instance: not isinstance(instance, dict) or needed <= instance.keys()
        return lambda instance: self._validator(uri).is_valid(instance)


def _text_member(instance: Any, name: str) -> str | None:
    value = instance.get(name) if isinstance(instance, dict) else None
    return value if isinstance(value, str) else None


def _type_name(instance: Any) -> str:
    if isinstance(instance, dict):
        return "object"
    return "array" if isinstance(instance, list) else "scalar"


def _below(uri: str, *steps: str | int) -> str:
    separator = "" if "#" in uri else "#"
    escaped = "".join(
        f"/{str(step).replace('~', '~0').replace('/', '~1').replace('%', '%25')}" for step in steps
    )
    return f"{uri}{separator}{escaped}"
