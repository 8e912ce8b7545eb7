"""The vocabulary of views: what a caller reads of an answer, by names that all SDKs share.

The schemas below ``schemas/views`` (JSON Schema 2020-12) are the vocabulary. They belong to the
harness, not to a suite: every adapter is held to the same ones, whatever schemas a project has.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.suite.home import shipped
from conformance.wire.operations import OPERATIONS
from conformance.wire.text import shortened

if TYPE_CHECKING:
    import jsonschema_rs

COMMON = "common"
"""The file of shared definitions; not a view."""

AS_SENT = "x-as-sent"
"""Marks a schema of values that SDKs hand through as the service sent them."""

_BASE = "https://conformance.invalid/views/"
_OTHER_STREAM = "event-stream"
_LONGEST_MESSAGE = 300


def views_folder() -> Path:
    """The folder of the vocabulary. Raises EnvironmentFault when the installation has none."""
    return shipped("schemas") / "views"


def view_names() -> tuple[str, ...]:
    """The name of every view, sorted."""
    return tuple(sorted(p.stem for p in views_folder().glob("*.json") if p.stem != COMMON))


def view_name(operation: str, *, streamed: bool) -> str | None:
    """The view of an answer to ``operation``; None for an operation that is not in the table."""
    row = OPERATIONS.get(operation)
    if row is None:
        return None
    if streamed:
        return row.stream_view or _OTHER_STREAM
    return row.view


@functools.cache
def view_schema(name: str) -> dict[str, Any]:
    """The schema of view ``name`` as it stands in its file."""
    schema: dict[str, Any] = json.loads((views_folder() / f"{name}.json").read_text("utf-8"))
    return schema


def view_problem(name: str, view: Any) -> str | None:
    """How ``view`` leaves the vocabulary of view ``name``, in one line; None where it does not.

    An SDK without a typed accessor leaves a member out. The type of a value that is handed through
    as the service sent it is not judged here: that is the service's doing, and rules compare it.
    """
    validator = _validator(name)
    try:
        if validator.is_valid(view):
            return None
        error = next(iter(validator.iter_errors(view)))
    except ValueError:  # half of a surrogate pair or NaN: values no JSON can say
        return None
    place = "".join(f"/{part}" for part in error.instance_path)
    message = shortened(str(error.message), _LONGEST_MESSAGE)
    return f"/view{place}: {message} (schemas/views/{name}.json)"


@functools.cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{_BASE}{name}.json"},
        retriever=lambda uri: _enforced(view_schema(uri.removeprefix(_BASE).removesuffix(".json"))),
    )


def _enforced(schema: Any) -> Any:
    """``schema`` without the types of what is handed through."""
    if isinstance(schema, list):
        return [_enforced(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get(AS_SENT):
        return True
    return {name: _enforced(member) for name, member in schema.items()}
