"""Members that no matching part of a schema knows: notes by default, failures in strict mode.

The service may add members without a version change (facts/service#version-freezes-nothing), so
schemas let them pass and this walker reports them. It follows ``properties``, ``items``, ``$ref``,
``allOf``, ``anyOf``/``oneOf`` and ``if``/``then``/``else`` the way unevaluatedProperties does, over
parts compiled once. Two keywords of ours refine it: ``x-seen-only: true`` marks a member seen in
real traffic that no Azure specification has, ``x-since`` the first api-version whose specification
has it.
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
        return f"{self.pointer} {_IN_WORDS[self.standing]}{self.since}"


_IN_WORDS = {
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


@dataclass(frozen=True, slots=True)
class _Report:
    """The unknown ``members`` of one walk, which is made for api-version ``version``."""

    version: str
    members: list[UnknownMember]

    def add_marked(self, declared: tuple[_Property, ...], trail: Trail) -> None:
        """Report a declared member unless one of its declarations makes it known to the
        version."""
        later = ""
        for declaration in declared:
            if declaration.seen_only:
                continue
            if declaration.since <= self.version:
                return
            later = min(later or declaration.since, declaration.since)
        standing = MemberStanding.SEEN_ONLY
        if later:
            standing = MemberStanding.LATER
        self.members.append(UnknownMember(_pointer(trail), trail[1], standing, later))


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
        report = _Report(api_version, [])
        with suppress(RecursionError, ValueError):
            self._visit((uri,), instance, (), report)
        return tuple(report.members)

    def _visit(self, uris: tuple[str, ...], instance: Any, trail: Trail, report: _Report) -> None:
        if isinstance(instance, dict):
            self._visit_object(self._view(uris, instance), instance, trail, report)
        elif isinstance(instance, list):
            items = self._view(uris, instance).items
            if items:
                for index, item in enumerate(instance):
                    self._visit(items, item, (trail, index), report)

    def _visit_object(
        self, view: _View, instance: dict[str, Any], trail: Trail, report: _Report
    ) -> None:
        for name, value in instance.items():
            member = view.members.get(name)
            below = (trail, name)
            if member is None:
                self._visit_undeclared(view, value, below, report)
                continue
            if member.marked:
                report.add_marked(member.declared, below)
            if member.children and isinstance(value, (dict, list)):
                self._visit(member.children, value, below, report)

    def _visit_undeclared(self, view: _View, value: Any, trail: Trail, report: _Report) -> None:
        name = trail[1]
        uris = tuple(uri for pattern, uri in view.patterns if pattern.search(name)) or view.rest
        if uris:
            self._visit(uris, value, trail, report)
        elif view.is_judged:
            report.members.append(UnknownMember(_pointer(trail), name))

    def _view(self, uris: tuple[str, ...], instance: Any) -> _View:
        """The merged parts that apply to ``instance``: those at ``uris`` and the branches it
        matches."""
        applicable = list(uris)
        for uri in applicable:  # grows while it is walked: branches may have branches
            for choice in self._part(uri).choices:
                applicable.extend(self._matching(choice, instance))
        key = tuple(applicable)
        view = self._views.get(key)
        if view is None:
            view = self._views[key] = self._merge([self._part(uri) for uri in key])
        return view

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
            members=members,
            patterns=patterns,
            rest=tuple(uri for part in parts for uri in part.rest),
            is_judged=bool(declared) and not any(part.is_open for part in parts),
            items=self._speaking(uri for part in parts for uri in part.items),
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
        validator = self._validators.get(uri)
        if validator is None:
            validator = self._validators[uri] = self._compile_at(uri)
        return validator

    def _part(self, uri: str) -> _Part:
        part = self._parts.get(uri)
        if part is None:
            compiler = _Compiler(self._documents, self._validator, self._part)
            part = self._parts[uri] = compiler.compile(uri)
        return part


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
            properties={name: tuple(known) for name, known in self._properties.items()},
            patterns=tuple(self._patterns),
            rest=tuple(self._rest),
            is_open=self._open,
            items=tuple(self._items),
            choices=tuple(self._choices),
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
            marks = {} if member is True else member
            self._properties.setdefault(name, []).append(
                _Property(
                    _below(uri, "properties", name),
                    since=marks.get("x-since", ""),
                    seen_only=bool(marks.get("x-seen-only")),
                )
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
        if not types:
            return lambda _instance: True
        return lambda instance: _type_name(instance) in types

    def _types(self, uri: str) -> frozenset[str]:
        schema = self._documents.resolve(uri)
        while isinstance(schema, dict) and "type" not in schema and "$ref" in schema:
            uri = urljoin(uri, schema["$ref"])
            schema = self._documents.resolve(uri)
        if not isinstance(schema, dict):
            return frozenset()
        types = schema.get("type", ())
        if isinstance(types, str):
            types = (types,)
        return frozenset(types)

    def _condition(self, uri: str, schema: dict[str, Any]) -> Accepts:
        """The test of an ``if``: read off the schema where it is the usual comparison of one
        member, else validated."""
        tested = schema.get("properties", {})
        if (
            set(schema) == {"properties", "required"}
            and len(tested) == 1
            and list(tested) == schema["required"]
        ):
            ((name, condition),) = tested.items()
            if set(condition) in ({"const"}, {"enum"}):
                allowed = frozenset(condition.get("enum", (condition.get("const"),)))
                return lambda instance: _text_member(instance, name) in allowed
        if set(schema) == {"required"}:
            needed = frozenset(schema["required"])
            return lambda instance: not isinstance(instance, dict) or needed <= instance.keys()
        return lambda instance: self._validator(uri).is_valid(instance)


def _text_member(instance: Any, name: str) -> str | None:
    if not isinstance(instance, dict):
        return None
    value = instance.get(name)
    return value if isinstance(value, str) else None


def _type_name(instance: Any) -> str:
    if isinstance(instance, dict):
        return "object"
    if isinstance(instance, list):
        return "array"
    return "scalar"


def _below(uri: str, *steps: str | int) -> str:
    separator = "" if "#" in uri else "#"
    escaped = "".join(
        f"/{str(step).replace('~', '~0').replace('/', '~1').replace('%', '%25')}" for step in steps
    )
    return f"{uri}{separator}{escaped}"
