"""Explaining why an instance is not valid, in sentences a reader can act on.

jsonschema-rs has decided by the time anything here runs. jsonschema is imported on the first
failure only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.suite.schema.documents import DocumentStore
from conformance.wire.text import shortened

if TYPE_CHECKING:
    import jsonschema_rs
    from jsonschema.exceptions import ValidationError
    from jsonschema.protocols import Validator

ACTUAL_LIMIT = 200
"""Longest ``actual`` of a problem, in characters."""


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One way in which an instance is not valid.

    ``pointer`` is the JSON pointer of the value at fault (of the object, for a missing member),
    ``message`` one sentence, ``expected`` what the schema asks for, ``actual`` the value found as
    JSON, at most 200 characters, ``keyword`` the JSON Schema keyword that failed.
    """

    pointer: str
    message: str
    expected: str
    actual: str
    keyword: str

    def __str__(self) -> str:
        return f"{self.pointer or '(root)'}: {self.message}"


class Explainer:
    """Explains failures against the schemas of one store. Validators are built once per schema."""

    def __init__(self, documents: DocumentStore) -> None:
        self._documents = documents
        self._class = _validator_class()
        self._validators: dict[str, Validator] = {}

    def validator(self, uri: str) -> Validator:
        """jsonschema's validator of the schema at ``uri``, with patterns read as JSON Schema means
        them."""
        validator = self._validators.get(uri)
        if validator is None:
            validator = self._validators[uri] = self._build(uri)
        return validator

    def _build(self, uri: str) -> Validator:
        from referencing import Registry
        from referencing.jsonschema import DRAFT202012

        reachable = self._documents.reachable(uri)
        registry = Registry[Any]().with_resources(
            (document.uri, DRAFT202012.create_resource(document.content)) for document in reachable
        )
        return self._class({"$ref": uri}, registry=registry)

    def explain(
        self, uri: str, decided: jsonschema_rs.Draft202012Validator, instance: Any
    ) -> tuple[SchemaProblem, ...]:
        """The problems of an instance that ``decided`` has refused, ordered by pointer; never
        empty.

        Should jsonschema find nothing, what jsonschema-rs said is passed on, so that a refusal is
        never lost.
        """
        try:
            problems = {
                problem
                for error in self.validator(uri).iter_errors(instance)
                for problem in _problems(error)
            }
        except RecursionError:  # deeper than Python can follow, though not than Rust
            problems = set()
        problems = problems or set(_as_decided(decided, instance))
        return tuple(sorted(problems, key=lambda item: (item.pointer, item.message, item.expected)))


def _validator_class() -> type[Validator]:
    """jsonschema's 2020-12 class, whose ``$`` is the end of the text (ECMA 262) and not also before
    a last newline."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError
    from jsonschema.validators import extend

    def pattern(
        _validator: Validator, regex: str, instance: Any, _schema: Any
    ) -> Iterator[ValidationError]:
        ending = re.sub(r"(?<!\\)\$$", r"\\Z", regex)
        if isinstance(instance, str) and not re.search(ending, instance):
            yield ValidationError(f"{instance!r} does not match {regex!r}")

    extended = extend(Draft202012Validator, {"pattern": pattern})  # type: ignore[no-untyped-call]
    strict: type[Validator] = extended
    return strict


def _problems(error: ValidationError) -> Iterator[SchemaProblem]:
    """``error`` as problems: itself, or those of the branch that came closest when it is an anyOf
    or oneOf."""
    if error.validator in ("anyOf", "oneOf") and error.context:
        branches = _by_branch(error.context)
        alternatives = _missing_alternatives(branches)
        if alternatives:
            yield _problem(
                error,
                "required",
                f"one of the members {alternatives}",
                f"Expected one of the members {alternatives}, found none of them.",
            )
            return
        closest = max(branches, key=_closeness)
        if not all(_is_type_mismatch(branch) for branch in branches):
            for inner in closest:
                yield from _problems(inner)
            return
    yield _describe(error)


def _by_branch(context: Sequence[ValidationError]) -> list[list[ValidationError]]:
    branches: dict[Any, list[ValidationError]] = {}
    for error in context:
        branches.setdefault(error.schema_path[0], []).append(error)
    return list(branches.values())


def _closeness(branch: list[ValidationError]) -> tuple[bool, int, int]:
    """How near the instance came to a branch: of the right type, failing deep inside, failing
    seldom."""
    deepest = max(_depth(error) for error in branch)
    return not _is_type_mismatch(branch), deepest, -len(branch)


def _depth(error: ValidationError) -> int:
    return len(error.path) + max((_depth(inner) for inner in error.context or ()), default=0)


def _is_type_mismatch(branch: list[ValidationError]) -> bool:
    return any(not error.path and error.validator in ("type", "const", "enum") for error in branch)


def _missing_alternatives(branches: list[list[ValidationError]]) -> str:
    """The members of which one is needed, when all that every branch lacks is a member."""
    if not all(
        len(branch) == 1 and branch[0].validator == "required" and not branch[0].path
        for branch in branches
    ):
        return ""
    return ", ".join(f"`{name}`" for branch in branches for name in _asked(branch[0]))


def _describe(error: ValidationError) -> SchemaProblem:
    keyword, asked = str(error.validator), _asked(error)
    if keyword == "required":
        name = next((name for name in asked if _names_missing(error.message, name)), "?")
        return _problem(error, keyword, f"a member `{name}`", f"The member `{name}` is missing.")
    in_words = _IN_WORDS.get(keyword)
    if in_words is None:
        return _problem(error, keyword, f"{keyword} {_short(asked)}", f"{error.message[:300]}.")
    expected = in_words(asked)
    return _problem(
        error, keyword, expected, f"Expected {expected}, found {_found(keyword, error.instance)}."
    )


def _asked(error: ValidationError) -> Any:
    """What the keyword that failed asks for."""
    return error.validator_value


def _names_missing(message: str, name: str) -> bool:
    return message.startswith(repr(name) + " is a required")


def _problem(error: ValidationError, keyword: str, expected: str, message: str) -> SchemaProblem:
    return SchemaProblem(
        pointer=pointer_of(error.absolute_path),
        message=message,
        expected=expected,
        actual=_short(error.instance),
        keyword=keyword,
    )


def pointer_of(path: Sequence[str | int] | Any) -> str:
    """The JSON pointer (RFC 6901) of a path of member names and indexes; empty for the root."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _as_decided(
    decided: jsonschema_rs.Draft202012Validator, instance: Any
) -> Iterator[SchemaProblem]:
    try:
        for error in decided.iter_errors(instance):
            keyword = "".join(str(step) for step in list(error.schema_path)[-1:])
            yield SchemaProblem(
                pointer=pointer_of(error.instance_path),
                message=f"{error.message[:300]}.",
                expected=keyword,
                actual=_short(error.instance),
                keyword=keyword,
            )
    except ValueError as error:
        yield not_json(instance, str(error))


def not_json(instance: Any, why: str) -> SchemaProblem:
    """The problem of a value that cannot be read as JSON: bytes, half a surrogate pair, nesting
    without end."""
    return SchemaProblem(
        pointer="",
        message=f"Expected readable JSON: {why[:300]}.",
        expected="readable JSON",
        actual=_short(instance),
        keyword="json",
    )


def _short(value: Any) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, default=repr)
    except (RecursionError, TypeError):
        text = type(value).__name__
    return shortened(text, ACTUAL_LIMIT, mark="…")


def _found(keyword: str, value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        return _json_type(value)
    if keyword == "type":
        return f"{_json_type(value)} {_short(value)[:60]}"
    return _short(value)[:80]


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    names = (
        (bool, "boolean"),
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        (list, "array"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "object")


def _either(values: Any) -> str:
    if isinstance(values, str):
        return values
    return " or ".join(str(value) for value in values)


def _at_least(number: int, noun: str) -> str:
    return f"at least {number} {noun}" + ("s" if number > 1 else "")


_IN_WORDS: dict[str, Callable[[Any], str]] = {
    "type": _either,
    "enum": lambda values: "one of " + ", ".join(_short(value) for value in values),
    "const": _short,
    "pattern": lambda regex: f"text matching {regex}",
    "minimum": lambda limit: f"a number of at least {limit}",
    "maximum": lambda limit: f"a number of at most {limit}",
    "minLength": lambda length: f"text of {_at_least(length, 'character')}",
    "minItems": lambda length: f"an array of {_at_least(length, 'item')}",
    "anyOf": lambda shapes: f"one of {len(shapes)} shapes",
    "oneOf": lambda shapes: f"exactly one of {len(shapes)} shapes",
}
"""What each keyword asks for, in words."""
