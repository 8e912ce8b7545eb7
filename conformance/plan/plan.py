"""Planning: from scenarios, SDKs and a selection to cases. Pure; runs nothing and opens no
cassette."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise, product
from types import MappingProxyType
from typing import Any, Literal

from pydantic import ValidationError

from conformance.errors import InputError, InputErrors, UsageError, Where
from conformance.plan.realtime import LIMIT, real_time
from conformance.service.player import ELSEWHERE
from conformance.service.targets import REPLAY, Target, adapt, obstacle
from conformance.suite.load import Sdk, Suite
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.model import API_VERSIONS, Scenario
from conformance.suite.scenario.variables import UnknownVariable, lookup, substitute
from conformance.suite.scenario.versions import at_least, select_versions
from conformance.suite.settings import DEPLOYMENTS
from conformance.suite.validation import input_errors
from conformance.wire.operations import OPERATIONS
from conformance.wire.vocabulary import Surface

SERVICE_ENDPOINT = "https://conformance.openai.azure.com"
API_KEY = "conformance-api-key-not-a-secret"


@dataclass(frozen=True, slots=True)
class SubjectUnderTest:
    """An SDK in the version that is installed or was asked for. ``absent`` says why it cannot run;
    empty when it can. ``lane`` is how it reaches the service: ``inprocess`` or ``loopback``; see
    :meth:`lane_of`.
    """

    sdk: Sdk
    version: str
    runtime: str = ""
    absent: str = ""
    lane: str = "inprocess"
    sockets: bool = False

    def lane_of(self, scenario: Scenario) -> str:
        """The lane of the cases of ``scenario``: the subject's own, or loopback where it takes a
        socket and the subject's adapter is there as well (``sockets``)."""
        return "loopback" if scenario.lane == "loopback" and self.sockets else self.lane


@dataclass(frozen=True, slots=True)
class Selection:
    """What to run. Empty means everything; patterns are globs over scenario ids."""

    patterns: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    surfaces: tuple[str, ...] = ()
    case_ids: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        return self == Selection()


@dataclass(frozen=True, slots=True)
class Case:
    """One scenario x matrix row x SDK version x surface x api-version.

    ``spec`` has the matrix, contract, deployment and api-version variables filled in; only
    ``${steps...}`` are left. ``status`` is ``run``, or ``unsupported`` / ``not-run`` with
    ``reason``. ``waits``: the seconds of real time it may spend waiting.
    """

    id: str
    loaded: LoadedScenario
    spec: Scenario
    subject: SubjectUnderTest
    surface: Surface
    api_version: str
    lane: str = "inprocess"
    status: Literal["run", "unsupported", "not-run"] = "run"
    reason: str = ""
    row: Mapping[str, Any] = field(default_factory=dict)
    target: Target = REPLAY
    waits: float = 0.0


def plan(
    suite: Suite,
    subjects: Iterable[SubjectUnderTest],
    selection: Selection,
    *,
    target: Target = REPLAY,
    longest_wait: float = LIMIT,
) -> tuple[Case, ...]:
    """Every case of the selection on ``target``, sorted by id; one that would wait for more than
    ``longest_wait`` seconds of real time is not run. Raises InputError for a variable nobody
    defines."""
    said = tuple(sdk.contract.traits("") for sdk in suite.sdks)
    cases = [
        case
        for loaded in suite.scenarios
        if _wanted(loaded, selection)
        for case in _expand(loaded, tuple(subjects), selection, said, target, longest_wait)
    ]
    cases.sort(key=lambda case: case.id)
    for one, other in pairwise(cases):
        if one.id == other.id:
            raise InputError(
                "case-twice",
                f"two cases are called {one.id}",
                "make the matrix values tell them apart",
                one.loaded.document.where_key([], "matrix"),
            )
    return tuple(cases)


def check_selection(suite: Suite, selection: Selection) -> None:
    """Raises UsageError for a part of ``selection`` that names nothing: a typing error must not run
    a smaller suite."""
    loaded = suite.scenarios
    for pattern in selection.patterns:
        if not any(_wanted(item, Selection(patterns=(pattern,))) for item in loaded):
            raise _nothing("scenario", pattern, (item.id for item in loaded))
    for capability in selection.capabilities:
        if not any(item.capability == capability for item in loaded):
            raise _nothing("capability", capability, (item.capability for item in loaded))
    for tag in selection.tags:
        if not any(tag in item.scenario.tags for item in loaded):
            raise _nothing("tag", tag, (tag for item in loaded for tag in item.scenario.tags))


def _nothing(what: str, name: str, known: Iterable[str]) -> UsageError:
    near = difflib.get_close_matches(name, sorted(set(known)), n=2)
    return UsageError(
        "nothing-selected",
        f"there is no {what} {name!r}",
        f"did you mean {' or '.join(near)}?"
        if near
        else "see `conformance list` for what there is",
    )


def require_cases(
    cases: tuple[Case, ...], subjects: tuple[SubjectUnderTest, ...] = ()
) -> tuple[Case, ...]:
    """``cases``, or UsageError when there are none: an empty run is never green (design section
    12)."""
    if subjects and all(subject.absent for subject in subjects):
        reasons = "; ".join(f"{subject.sdk.name}: {subject.absent}" for subject in subjects)
        raise UsageError("sdk-absent", "no SDK can run here", reasons)
    if not cases:
        raise UsageError(
            "nothing-selected",
            "no case matches the selection",
            "see `conformance list` for what there is",
        )
    return cases


def case_id(
    scenario: str, row: Mapping[str, Any], api_version: str, sdk: str, version: str, surface: str
) -> str:
    """The stable name of a case; sharding and waivers rest on it."""
    inside = ",".join(f"{key}={_row_text(value)}" for key, value in sorted(row.items()))
    return f"{scenario}{f'[{inside}]' if inside else ''}::{api_version}::{sdk}@{version}-{surface}"


def _row_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name", next(iter(value.values()), "")))
    return str(value).replace("::", ":")


def matches(scenario: str, pattern: str) -> bool:
    """Whether ``pattern`` selects the scenario called so: by its id, a folder above it, or a
    glob."""
    folder = pattern.rstrip("/")
    return fnmatchcase(scenario, pattern) or scenario == folder or scenario.startswith(folder + "/")


def _wanted(loaded: LoadedScenario, selection: Selection) -> bool:
    scenario = loaded.scenario
    ids = {case.split("::")[0].split("[")[0] for case in selection.case_ids}
    return (
        (
            not selection.patterns
            or any(matches(loaded.id, pattern) for pattern in selection.patterns)
        )
        and (not selection.capabilities or loaded.capability in selection.capabilities)
        and (not selection.tags or bool(set(selection.tags) & set(scenario.tags)))
        and (not selection.levels or scenario.level in selection.levels)
        and (not ids or loaded.id in ids)
    )


def _expand(
    loaded: LoadedScenario,
    subjects: tuple[SubjectUnderTest, ...],
    selection: Selection,
    said: tuple[Mapping[str, Any], ...],
    target: Target,
    longest_wait: float,
) -> Iterator[Case]:
    versions = scenario_versions(loaded)
    for subject, api_version in product((s for s in subjects if not s.absent), versions):
        if selection.api_versions and api_version not in selection.api_versions:
            continue
        unsaid = _unsaid(loaded, subject, said)
        for row in matrix_rows(loaded.scenario):
            lane = subject.lane_of(loaded.scenario)
            status, reason = _applicability(loaded.scenario, subject, api_version)
            if status == "run" and unsaid:
                status, reason = "unsupported", unsaid
            spec = (
                loaded.scenario
                if status != "run"
                else resolve(loaded, subject, api_version, row, target.deployments or {})
            )
            if (
                status == "run"
                and (lack := _lacking_client(spec, subject, api_version)) is not None
            ):
                status, reason = "unsupported", lack
            if status == "run" and not target.is_replay:
                reason = obstacle(target, loaded.document.text, spec, SERVICE_ENDPOINT)
                status, spec = "not-run" if reason else "run", adapt(target, spec)
            waits = 0.0
            if status == "run" and lane == "loopback":
                met = real_time(spec, subject.sdk.contract.traits(subject.version), longest_wait)
                status, reason, waits = (
                    "not-run" if met.obstacle else "run",
                    met.obstacle,
                    met.waits,
                )
            for surface in _surfaces(loaded.scenario, subject, selection):
                identity = case_id(
                    loaded.id, row, api_version, subject.sdk.name, subject.version, surface
                )
                if not selection.case_ids or identity in selection.case_ids:
                    yield Case(
                        identity,
                        loaded,
                        spec,
                        subject,
                        surface,
                        api_version,
                        lane,
                        status,
                        reason,
                        row,
                        target,
                        waits,
                    )


def scenario_versions(loaded: LoadedScenario) -> tuple[str, ...]:
    """The api-versions a scenario runs on. Raises InputError for a range that names none."""
    try:
        versions = select_versions(loaded.scenario.api_versions, API_VERSIONS)
    except ValueError as error:
        raise InputError(
            "api-versions", str(error), "", loaded.document.where(["api_versions"])
        ) from None
    if not versions:
        raise InputError(
            "api-versions",
            f"{loaded.scenario.api_versions!r} names no known api-version",
            f"known: {', '.join(API_VERSIONS)}",
            loaded.document.where(["api_versions"]),
        )
    return versions


def matrix_rows(scenario: Scenario) -> Iterator[dict[str, Any]]:
    """Each combination of the matrix parameters; one empty row when there is no matrix."""
    names = list(scenario.matrix)
    for values in product(*(scenario.matrix[name] for name in names)):
        yield dict(zip(names, values, strict=True))


def _surfaces(scenario: Scenario, subject: SubjectUnderTest, selection: Selection) -> list[Surface]:
    return [
        s
        for s in _SURFACES
        if s in scenario.surfaces
        and s in subject.sdk.contract.contract.surfaces
        and (not selection.surfaces or s in selection.surfaces)
    ]


_SURFACES = tuple(Surface)


_CONTRACT = "contract."
_NO_V1 = "api.v1"
"""The ability of calling the v1 surface; an SDK whose contract lacks it runs on dated api-versions
alone."""


def _applicability(
    scenario: Scenario, subject: SubjectUnderTest, api_version: str
) -> tuple[Literal["run", "unsupported", "not-run"], str]:
    contract = subject.sdk.contract
    if scenario.lane not in ("any", subject.lane_of(scenario)):
        return "not-run", f"the scenario needs the {scenario.lane} lane"
    if api_version == "v1" and _NO_V1 in contract.contract.lacks:
        return "unsupported", contract.contract.lacks[_NO_V1].reason
    for ability in (*(step.call for step in scenario.steps), *scenario.needs):
        lack = contract.unsupported(ability, subject.version)
        if lack is not None:
            return "unsupported", lack
        operation = OPERATIONS.get(ability)
        if operation is not None and not at_least(api_version, operation.since):
            return "not-run", f"{ability} is not part of api-version {api_version}"
    return "run", ""


def _unsaid(
    loaded: LoadedScenario, subject: SubjectUnderTest, said: tuple[Mapping[str, Any], ...]
) -> str:
    """Why the scenario asks nothing of the SDK: it names a trait that contracts (``said``) have,
    and this one has not; empty when there is no such trait. One that no contract has is a mistake,
    told when it is filled in."""
    own = subject.sdk.contract.traits(subject.version)
    for name in loaded.variables:
        trait = name.removeprefix(_CONTRACT)
        if trait != name and not _has(own, trait) and any(_has(traits, trait) for traits in said):
            return f"the contract of {subject.sdk.name} does not say {trait}"
    return ""


def _has(traits: Mapping[str, Any], name: str) -> bool:
    try:
        lookup(name, traits)
    except UnknownVariable:
        return False
    return True


def _lacking_client(spec: Scenario, subject: SubjectUnderTest, api_version: str) -> str | None:
    """Why the SDK has no such client: its contract lacks ``auth.<kind>``, ``auth.<kind>.v1`` on the
    v1 route, ``client.deployment`` where the client is given one, or ``streaming`` where a call
    streams."""
    names = [f"auth.{spec.client.auth}"]
    if api_version == "v1":
        names.append(f"auth.{spec.client.auth}.v1")
    if spec.client.deployment is not None:
        names.append("client.deployment")
    if any(step.is_streamed for step in spec.steps):
        names.append("streaming")
    lacks = subject.sdk.contract.contract.lacks
    return next(
        (
            lack
            for ability in names
            if ability in lacks
            if (lack := subject.sdk.contract.unsupported(ability, subject.version)) is not None
        ),
        None,
    )


def resolve(
    loaded: LoadedScenario,
    subject: SubjectUnderTest,
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
        "contract": subject.sdk.contract.traits(subject.version),
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
        hint = (
            f"known there: {', '.join(error.known[:12])}"
            if error.known
            else "see docs/scenarios.md, variables"
        )
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
        given = f" (with {', '.join(f'{k} = {v!r}' for k, v in row.items())})" if row else ""
        raise InputErrors(
            tuple(InputError(p.code, p.cause + given, p.hint, p.where) for p in problems)
        ) from None


def _place_of(loaded: LoadedScenario, name: str) -> Where:
    offset = loaded.document.text.find("${" + name)
    before = loaded.document.text[: max(offset, 0)]
    return Where(loaded.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
