"""Executing one case: the only stage that does I/O.

It opens a client through a lane, performs the steps in order, and keeps what was seen. It decides
nothing; an SDK that hangs, crashes or lies is an observation like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from conformance.errors import InputError, Where
from conformance.judge.observation import CaseObservation
from conformance.judge.rules.context import StepContext, StepObservation
from conformance.judge.rules.finding import Level
from conformance.plan.plan import Case
from conformance.sdk.lane import Lane, Session
from conformance.service.entra import TokenEndpoint
from conformance.service.player import CasePlayer, ServicePlayer
from conformance.service.remote.credentials import StandIns
from conformance.service.remote.player import TargetPlayer
from conformance.service.remote.relay import Relay
from conformance.service.script import compile_step, fixture_base64
from conformance.service.targets import service_of
from conformance.suite.cassette import CassettePlayback
from conformance.suite.load import Suite
from conformance.suite.scenario.load import Fixtures
from conformance.suite.scenario.model import ClientSpec, OptionsSpec, Scenario, Step
from conformance.suite.scenario.variables import UnknownVariable, substitute
from conformance.wire.clock import VirtualClock
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import Auth, Call, CallOptions, ClientConfig, Outcome, StreamPlan
from conformance.wire.stand_ins import API_KEY, SERVICE_ENDPOINT, TOKENS

STAND_INS = StandIns(frozenset({API_KEY}), frozenset(TOKENS))


def execute(case: Case, suite: Suite, lane: Lane, *, strict: bool = False) -> CaseObservation:
    """Run ``case`` and observe it. Raises InputError when its cassette or a fixture is wrong."""
    scenario = case.spec
    config = client_config(case, scenario.client)
    playback = _playback(case, suite) if case.target.is_replay else None
    clock = VirtualClock()
    side = TokenEndpoint(config.auth.tokens) if config.auth.kind == "credential" else None
    host = urlsplit(config.endpoint).netloc
    if case.target.is_replay:
        player = CasePlayer(clock, host, playback, side)
    else:
        service = service_of(case.target, config, clock, STAND_INS)
        player = (
            TargetPlayer(clock, host, service, side)
            if isinstance(service, Relay)
            else ServicePlayer(clock, host, service.answer, side)
        )
    session = lane.open(config, player, clock, case.id, case.waits)
    contexts: list[StepContext] = []
    done: dict[str, Any] = {}
    wrong: str | None = None
    try:
        for index, step in enumerate(scenario.steps):
            filled = _late(step, done, case)
            if filled is None:
                break
            context = _perform(
                case, index, filled, config, player, session, suite, strict, lane.wait_slack
            )
            contexts.append(context)
            outcome = context.observation.outcome
            done[step.name or str(index)] = {"result": outcome.result, "view": outcome.view}
            if outcome.status != "ok" and not context.expects_error:
                break
    finally:
        wrong = session.close()
    if wrong and contexts:
        contexts[-1] = _belied(contexts[-1], wrong)
    unplayed = (
        tuple(f"{i.request.method} {i.request.path}" for i in playback.unplayed())
        if playback
        else ()
    )
    return CaseObservation(tuple(contexts), len(scenario.steps) - len(contexts), unplayed)


def _perform(
    case: Case,
    index: int,
    step: Step,
    config: ClientConfig,
    player: CasePlayer,
    session: Session,
    suite: Suite,
    strict: bool,
    wait_slack: float,
) -> StepContext:
    player.begin_step(compile_step(step, suite.fixtures))
    call = build_call(step, suite.fixtures)
    outcome = session.call(call)
    exchanges, waits, side_exchanges = session.observed(player)
    observation = StepObservation(exchanges, outcome, waits, side_exchanges)
    return StepContext(
        index=index,
        level=Level(case.spec.level),
        api_version=case.api_version,
        operation=OPERATIONS[step.call],
        client=config,
        call=call,
        expect=step.expect,
        observation=observation,
        traits=case.subject.sdk.contract.traits(case.subject.version),
        schemas=suite.schemas,
        strict=strict,
        wait_slack=wait_slack,
    )


def _belied(context: StepContext, wrong: str) -> StepContext:
    """``context`` with an outcome that can no longer be believed."""
    return replace(
        context, observation=replace(context.observation, outcome=Outcome("crash", reason=wrong))
    )


def _late(step: Step, done: dict[str, Any], case: Case) -> Step | None:
    """``step`` with the results of earlier steps filled in; None when a service of its own mind
    gave no such result."""
    raw = step.model_dump(by_alias=True, exclude_unset=True) if done else None
    if raw is None:
        return step
    try:
        return Step.model_validate(substitute(raw, {"steps": done}))
    except UnknownVariable as error:
        if not case.target.is_replay:
            return None
        raise InputError(
            "unknown-variable",
            f"${{{error.name}}} has no value when the step runs",
            f"known: {', '.join(error.known)}",
            case.loaded.document.where(["steps"]),
        ) from None


def _playback(case: Case, suite: Suite) -> CassettePlayback | None:
    cassette = suite.cassettes.get(cassette_name(case.spec, case.loaded.id, case.api_version))
    if cassette is None:
        return None
    if cassette.api_version and cassette.api_version != case.api_version:
        raise InputError(
            "cassette-api-version",
            f"cassette {cassette.name} says it is of api-version "
            f"{cassette.api_version}, not {case.api_version}",
            "move it to the folder of its api-version",
            Where(f"cassettes/{cassette.name}.yaml"),
        )
    return CassettePlayback(cassette)


def cassette_name(scenario: Scenario, identity: str, api_version: str) -> str:
    """Where the cassette of a scenario stands below ``cassettes/``, without ``.yaml``."""
    return f"{api_version}/{scenario.cassette or identity}"


def client_config(case: Case, spec: ClientSpec) -> ClientConfig:
    """The client of a case: the offline suite's endpoint and credentials, and what the scenario
    sets."""
    kind: Any = spec.auth  # one of Auth's words by now: the variables of the scenario are filled in
    auth = Auth(kind, spec.api_key if spec.api_key is not None else API_KEY, spec.tokens or TOKENS)
    return ClientConfig(
        endpoint=spec.endpoint or SERVICE_ENDPOINT,
        api="v1" if case.api_version == "v1" else "azure",
        api_version=case.api_version,
        auth=auth,
        max_retries=_optional_int(spec.max_retries),
        timeout=None if spec.timeout == "default" else float(spec.timeout),
        deployment=spec.deployment,
        headers=tuple(spec.headers.items()),
        environment=tuple(spec.environment.items()),
        surface=case.surface,
    )


def build_call(step: Step, fixtures: Fixtures) -> Call:
    """The call a step makes, with file contents read from fixtures."""
    stream = step.stream
    plan = None
    if step.is_streamed:
        first = stream.first if stream is not None and not isinstance(stream, bool) else None
        plan = StreamPlan("all") if first is None else StreamPlan("first", first)
    return Call(step.call, _with_files(step.with_, fixtures), _options(step.options), plan)


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
    timeout = None if spec.timeout is None else float(spec.timeout)
    return CallOptions(
        _optional_int(spec.max_retries),
        timeout,
        tuple(spec.headers.items()),
        tuple(spec.query.items()),
    )


def _optional_int(value: int | str | None) -> int | None:
    return None if value is None or value == "default" else int(value)
