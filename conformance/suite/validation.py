"""From a loaded document to a model, and from pydantic's complaints to file:line:column with the
nearest known key."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from conformance.errors import InputError, InputErrors
from conformance.suite.nearest import known_keys_hint
from conformance.suite.yaml import Document
from conformance.wire.text import shortened

Model = TypeVar("Model", bound=BaseModel)


def validate(document: Document, model: type[Model], what: str) -> Model:
    """``document`` as a ``model``. Raises InputErrors listing every problem; ``what`` names the
    format in the hint."""
    try:
        return model.model_validate(document.value)
    except ValidationError as error:
        raise InputErrors(tuple(input_errors(error, document, model, what))) from None


def input_errors(
    error: ValidationError, document: Document, model: type[BaseModel], what: str
) -> Iterator[InputError]:
    """What pydantic complains of, as errors with places in ``document``; the forms a union offers
    are one complaint."""
    seen: set[tuple[str, str]] = set()
    values: dict[tuple[str | int, ...], list[str]] = {}
    complaints: list[tuple[tuple[str | int, ...], Any]] = []
    for item in error.errors(include_url=False):
        path = _real_path(item["loc"], document.value)
        complaints.append((path, item))
        values.setdefault(path, []).append(item["msg"].removeprefix("Value error, "))
    for path, item in complaints:
        converted = _convert(
            item=item,
            path=path,
            message=", or ".join(dict.fromkeys(values[path])),
            document=document,
            model=model,
            what=what,
        )
        key = (str(converted.where), converted.cause)
        if key not in seen:
            seen.add(key)
            yield converted


def _convert(
    item: Any,
    path: tuple[str | int, ...],
    message: str,
    document: Document,
    model: type[BaseModel],
    what: str,
) -> InputError:
    kind = item["type"]
    if kind == "extra_forbidden":
        parent, key = path[:-1], str(path[-1])
        return InputError(
            "unknown-key",
            f"unknown key {key!r}",
            known_keys_hint(key, set(known_keys(model, parent))),
            document.where_key(parent, key),
        )
    if kind == "missing":
        name = str(item["loc"][-1])
        return InputError(
            "missing-key",
            f"the key {name!r} is missing",
            f"every {what} needs it",
            document.where(path),
        )
    dotted = ".".join(map(str, path)) or "the document"
    return InputError(
        "invalid-value",
        f"{dotted}: {message}; found {_short(item.get('input'))}",
        f"see the format of a {what} in docs/scenarios.md",
        document.where(path),
    )


def _short(value: Any) -> str:
    return shortened(repr(value), 80)


def _real_path(loc: tuple[str | int, ...], value: Any) -> tuple[str | int, ...]:
    """pydantic's loc without the names of union branches, which are no part of the file."""
    path: list[str | int] = []
    last = len(loc) - 1
    for position, part in enumerate(loc):
        if isinstance(value, dict) and part in value:
            path.append(part)
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(value):
            path.append(part)
            value = value[part]
        elif position == last and isinstance(part, str) and isinstance(value, dict):
            break
    return tuple(path)


def known_keys(model: type[BaseModel], path: tuple[str | int, ...]) -> Iterator[str]:
    """The keys a mapping at ``path`` below ``model`` may have; empty where keys are free."""
    annotations: list[Any] = [model]
    for part in path:
        annotations = [below for a in annotations for below in _below(a, part)]
    for annotation in annotations:
        for candidate in _models(annotation):
            for name, field in candidate.model_fields.items():
                yield field.alias or name


def _below(annotation: Any, part: str | int) -> Iterator[Any]:
    for candidate in _models(annotation):
        for name, field in candidate.model_fields.items():
            if part in (name, field.alias):
                yield field.annotation
    for option in _flatten(annotation):
        origin = typing.get_origin(option)
        arguments = typing.get_args(option)
        if origin in (list, tuple) and isinstance(part, int) and arguments:
            yield arguments[0]
        elif origin is dict and isinstance(part, str) and len(arguments) == 2:
            yield arguments[1]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    for option in _flatten(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            yield option


def _flatten(annotation: Any) -> Iterator[Any]:
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        for option in typing.get_args(annotation):
            yield from _flatten(option)
    elif origin is typing.Annotated:
        yield from _flatten(typing.get_args(annotation)[0])
    else:
        yield annotation
