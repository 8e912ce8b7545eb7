"""From the words of a scenario to what is asked of an SDK: its client and its calls."""

from __future__ import annotations

from typing import Any

from conformance.service.script import fixture_base64
from conformance.suite.scenario.load import Fixtures
from conformance.suite.scenario.model import ClientSpec, OptionsSpec, Step
from conformance.wire.protocol import Auth, Call, CallOptions, ClientConfig, StreamPlan
from conformance.wire.stand_ins import API_KEY, SERVICE_ENDPOINT, TOKENS
from conformance.wire.vocabulary import Surface


def client_config(spec: ClientSpec, api_version: str, surface: Surface) -> ClientConfig:
    """The client of a case: the offline suite's endpoint and credentials, and what the scenario
    sets."""
    kind: Any = spec.auth  # one of Auth's words by now: the variables of the scenario are filled in
    key = API_KEY if spec.api_key is None else spec.api_key
    return ClientConfig(
        endpoint=spec.endpoint or SERVICE_ENDPOINT,
        api="v1" if api_version == "v1" else "azure",
        api_version=api_version,
        auth=Auth(kind, key, spec.tokens or TOKENS),
        max_retries=_optional_int(spec.max_retries),
        timeout=_optional_seconds(spec.timeout),
        deployment=spec.deployment,
        headers=tuple(spec.headers.items()),
        environment=tuple(spec.environment.items()),
        surface=surface,
    )


def build_call(step: Step, fixtures: Fixtures) -> Call:
    """The call a step makes, with file contents read from fixtures."""
    return Call(
        step.call, _with_files(step.with_, fixtures), _options(step.options), _stream_plan(step)
    )


def _stream_plan(step: Step) -> StreamPlan | None:
    if not step.is_streamed:
        return None
    stream = step.stream
    if stream is None or isinstance(stream, bool) or stream.first is None:
        return StreamPlan("all")
    return StreamPlan("first", stream.first)


def _with_files(value: Any, fixtures: Fixtures) -> Any:
    if isinstance(value, dict):
        if "$file" in value:
            return {"$file": _file(value["$file"], fixtures)}
        return {key: _with_files(item, fixtures) for key, item in value.items()}
    return [_with_files(item, fixtures) for item in value] if isinstance(value, list) else value


def _file(spec: dict[str, Any], fixtures: Fixtures) -> dict[str, Any]:
    if "fixture" not in spec:
        return spec
    rest = {key: value for key, value in spec.items() if key != "fixture"}
    return {**rest, "base64": fixture_base64(fixtures.get(spec["fixture"]))}


def _options(spec: OptionsSpec | None) -> CallOptions:
    if spec is None:
        return CallOptions()
    return CallOptions(
        max_retries=_optional_int(spec.max_retries),
        timeout=_optional_seconds(spec.timeout),
        headers=tuple(spec.headers.items()),
        query=tuple(spec.query.items()),
    )


def _optional_seconds(value: float | str | None) -> float | None:
    return None if value is None or value == "default" else float(value)


def _optional_int(value: int | str | None) -> int | None:
    return None if value is None or value == "default" else int(value)
