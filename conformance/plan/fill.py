"""A scenario with its variables filled in, as far as they are known before it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from conformance.errors import InputError, InputErrors, Where
from conformance.sdk.subject import SubjectUnderTest
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.model import Scenario
from conformance.suite.scenario.variables import UnknownVariable, lookup, substitute
from conformance.suite.settings import DEPLOYMENTS
from conformance.suite.validation import input_errors
from conformance.wire.stand_ins import API_KEY, ELSEWHERE, SERVICE_ENDPOINT


def resolve(
    loaded: LoadedScenario,
    subject: SubjectUnderTest,
    *,
    api_version: str,
    row: Mapping[str, Any],
    deployments: Mapping[str, str] = MappingProxyType({}),
) -> Scenario:
    """The scenario with everything filled in that is known before it runs; ``deployments`` go
    before the suite's own.

    Raises InputError with a place."""
    scope = {
        "matrix": row,
        "api_version": api_version,
        "deployment": {**DEPLOYMENTS, **deployments},
        "endpoint": SERVICE_ENDPOINT,
        "elsewhere": ELSEWHERE,
        "api_key": API_KEY,
        "contract": subject.traits,
        "sdk": {"name": subject.sdk.name, "version": subject.version},
    }
    if "${" not in loaded.document.text:
        return loaded.scenario
    with contextlib.suppress(UnknownVariable):  # which is reported below, with its place
        values = repr([lookup(name, scope) for name in loaded.variables])
        if values not in loaded.filled:
            loaded.filled[values] = _filled(loaded, scope, row)
        return loaded.filled[values]
    return _filled(loaded, scope, row)


def _filled(loaded: LoadedScenario, scope: Mapping[str, Any], row: Mapping[str, Any]) -> Scenario:
    raw = {key: value for key, value in loaded.document.value.items() if key != "matrix"}
    try:
        filled = substitute(raw, scope, keep="steps.")
    except UnknownVariable as error:
        hint = "see docs/scenarios.md, variables"
        if error.known:
            hint = f"known there: {', '.join(error.known[:12])}"
        raise InputError(
            "unknown-variable",
            f"${{{error.name}}} has no value",
            hint,
            _place_of(loaded, error.name),
        ) from None
    try:
        return Scenario.model_validate(filled)
    except ValidationError as error:
        problems = input_errors(error, loaded.document, Scenario, "scenario")
        values = ""
        if row:
            values = f" (with {', '.join(f'{k} = {v!r}' for k, v in row.items())})"
        raise InputErrors(
            tuple(InputError(p.code, p.cause + values, p.hint, p.where) for p in problems)
        ) from None


def _place_of(loaded: LoadedScenario, name: str) -> Where:
    offset = loaded.document.text.find("${" + name)
    before = loaded.document.text[: max(offset, 0)]
    return Where(loaded.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
