"""What a scenario can ask of a service with answers of its own, and what may be expected of it.

Pure. What such a service cannot be asked is not run, with its reason; what only a recording can
promise is not expected of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from conformance.suite.scenario.model import Expect, RequestExpect, Scenario, Step
from conformance.suite.settings import KEY
from conformance.wire.stand_ins import SERVICE_ENDPOINT

_DEPLOYMENT = re.compile(r"\$\{deployment\.([a-z_]+)\}")
_RECORDED_ID = re.compile(r"(?:file-|batch_|ftjob-|resp_)[A-Za-z0-9]{8}")
_RECORDED_CALL = re.compile(r"call_[A-Za-z0-9]{8}")
_LATER = "${steps."
REPLAY_ONLY = "replay-only"
"""The tag of a scenario whose recorded answer no other service need give to its request."""
_OPERATORS_WITHOUT_A_VALUE = frozenset({"$from", "$present", "$absent", "$null", "$type"})
_BY_REQUEST = frozenset({"object", "role", "deleted"})
"""Members of a result that follow from what was asked, whoever answers."""
_OF_AN_ERROR = frozenset({"kind", "status"})
"""What of an error follows from what was asked, whoever answers."""
_UNPROVOKED = "it rests on a recorded answer that its request does not provoke"
_NOTHING_LEFT = object()


@dataclass(frozen=True, slots=True)
class Accepts:
    """What a service takes. ``deployments``: its deployment for each capability; None: it has
    every deployment of the suite. ``key`` and ``entra``: which credentials it can be asked with."""

    deployments: Mapping[str, str] | None = None
    key: bool = True
    entra: bool = True


EVERYTHING = Accepts()


def obstacle(spec: Scenario, text: str, accepts: Accepts = EVERYTHING) -> str:
    """Why the scenario ``spec`` (written as ``text``) cannot be put to a service that takes what
    ``accepts`` says; empty when it can."""
    if any(_writes_answers(step) for step in spec.steps):
        return "the scenario writes the service's answers, and this target gives its own"
    if spec.client.endpoint is not None and spec.client.endpoint.rstrip("/") != SERVICE_ENDPOINT:
        return "the scenario is about an address of its own"
    return unprovoked(spec) or _lacking(spec, text, accepts)


def _writes_answers(step: Step) -> bool:
    return isinstance(step.service, list) and any(
        not isinstance(item, str) for item in step.service
    )


def unprovoked(spec: Scenario) -> str:
    """Why no service need give the answers ``spec`` is about to its requests; empty when one
    may."""
    if REPLAY_ONLY in spec.tags:
        return _UNPROVOKED
    for step in spec.steps:
        response = step.expect.response
        if response is not None and (
            response.content_filter in ("filtered", "failed") or response.schema_ == "none"
        ):
            return _UNPROVOKED
        error = step.expect.error
        if error is not None and error.get("status") not in (400, 401, 404):
            return _UNPROVOKED
        sent = _text(step)
        recorded = _RECORDED_ID.search(sent)
        if recorded is None and _LATER in sent:
            recorded = _RECORDED_CALL.search(sent)
        if recorded is not None:
            return f"it names something a recording has made ({recorded[0][:5]}...)"
    return ""


def _text(step: Step) -> str:
    """What the caller of ``step`` hands over, as text."""
    return f"{step.with_!r} {step.options.query if step.options else ''!r}"


def _lacking(spec: Scenario, text: str, accepts: Accepts) -> str:
    if accepts.deployments is not None:
        for capability in sorted(set(_DEPLOYMENT.findall(text))):
            if capability not in accepts.deployments:
                return f"no deployment for {capability} is configured"
    kind = spec.client.auth
    if kind == "none":
        with_key = any("KEY" in name for name in spec.client.environment)
        kind = "api_key" if with_key else "token"
    is_about_keys = "auth" in spec.client.model_fields_set or "api-key" in text
    if kind == "api_key" and not accepts.key and is_about_keys:
        return f"it is about API keys, and {KEY} is not set"
    if kind != "api_key" and not accepts.entra:
        return "it is about Entra tokens, and the target is asked with a key"
    return ""


def adapt(spec: Scenario, accepts: Accepts = EVERYTHING) -> Scenario:
    """``spec`` as it is put to a service with answers of its own: expectations that only a
    recording can keep are left out, and a service that takes no key is asked with tokens."""
    changes: dict[str, Any] = {"steps": [_adapted(step) for step in spec.steps]}
    if not accepts.key and spec.client.auth == "api_key":
        changes["client"] = spec.client.model_copy(update={"auth": "token_provider"})
    return spec.model_copy(update=changes)


def _adapted(step: Step) -> Step:
    expect = step.expect
    changes: dict[str, Any] = {
        "result": _unbound(expect.result, keep=_BY_REQUEST),
        "chunks": _unbound(expect.chunks),
        "request_id": _unbound(expect.request_id),
    }
    if expect.error is not None:
        changes["error"] = _unbound(expect.error, keep=_OF_AN_ERROR) or {}
    if expect.requests is not None and _LATER in _text(step):
        changes["requests"] = _without_ids(expect.requests)
    if expect.response is not None:
        changes["response"] = expect.response.model_copy(
            update={
                "headers": _unbound(expect.response.headers) or {},
                "body": _unbound(expect.response.body),
            }
        )
    changed: Expect = expect.model_copy(update=changes)
    return step.model_copy(update={"expect": changed})


def _without_ids(
    requests: RequestExpect | list[RequestExpect],
) -> RequestExpect | list[RequestExpect]:
    """``requests`` without what may hold an id that only the recording has."""
    free: dict[str, Any] = {"path": None, "body": None, "parts": {}}
    if isinstance(requests, list):
        return [item.model_copy(update=free) for item in requests]
    return requests.model_copy(update=free)


def _unbound(value: Any, keep: frozenset[str] = frozenset()) -> Any:
    """What ``value`` says without quoting a recording; None when nothing is left."""
    unquoted = _without_quotes(value, keep)
    return None if unquoted is _NOTHING_LEFT else unquoted


def _without_quotes(value: Any, keep: frozenset[str]) -> Any:
    if not isinstance(value, dict):
        return _NOTHING_LEFT
    if any(str(key).startswith("$") for key in value):
        return value if set(value) <= _OPERATORS_WITHOUT_A_VALUE else _NOTHING_LEFT
    left = {
        key: item if key in keep else below
        for key, item in value.items()
        if (below := _without_quotes(item, frozenset())) is not _NOTHING_LEFT or key in keep
    }
    return left or _NOTHING_LEFT
