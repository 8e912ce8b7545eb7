"""Lint: what is wrong with a suite although every file can be read. Pure but for reading cassettes
and fixtures.

Every problem is an InputError with file:line:column. Nothing here depends on what is installed.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal

from conformance.errors import InputError, InputErrors, Where
from conformance.judge.rulebook import every_rule
from conformance.plan.case import cassette_name
from conformance.plan.fill import resolve
from conformance.plan.plan import matrix_rows, scenario_versions
from conformance.sdk.subject import SubjectUnderTest
from conformance.service.script import compile_step, needs_sockets
from conformance.suite.case_id import row_text
from conformance.suite.cassette import Cassette
from conformance.suite.citations import link_problem, source_problems, text_problems
from conformance.suite.facts import load_facts
from conformance.suite.home import facts_folder
from conformance.suite.load import Suite
from conformance.suite.scenario.load import LoadedScenario
from conformance.suite.scenario.match import operator_problems
from conformance.suite.scenario.model import API_VERSIONS, ReplySpec, Scenario, Step
from conformance.suite.scenario.variables import VARIABLE, UnknownVariable, substitute, variables_in
from conformance.suite.waivers import Waiver
from conformance.suite.yaml import load_file
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import ErrorKind
from conformance.wire.vocabulary import LaneKind

ANY_VERSION = "9999"
"""A version later than every other, to ask a contract what its newest version supports."""


def lint(suite: Suite) -> tuple[InputError, ...]:
    """Every problem of the suite, in file order."""
    problems: list[InputError] = []
    for loaded in suite.scenarios:
        problems.extend(_scenario(loaded, suite))
    problems.extend(_fixtures(suite))
    problems.extend(_cassettes(suite))
    problems.extend(_overlooked(suite))
    problems.extend(_waivers(suite))
    problems.extend(_schemas(suite))
    problems.extend(_citations(suite))
    return tuple(sorted({str(problem): problem for problem in problems}.values(), key=_order))


def _citations(suite: Suite) -> Iterator[InputError]:
    """Sources of scenarios and contracts, and what any file of the suite's own cites in its
    text."""
    facts = load_facts(facts_folder())
    for document in (
        *(loaded.document for loaded in suite.scenarios),
        *(sdk.contract.document for sdk in suite.sdks if _is_own(suite, suite.home.adapters)),
    ):
        yield from source_problems(document.value, document.where, facts)
    for root, pattern in (
        (suite.home.scenarios, "**/*.yaml"),
        (suite.home.cassettes, "**/*.yaml"),
        (suite.home.adapters, "*/*.yaml"),
        (suite.home.adapters, "*/*.md"),
        (suite.home.schemas, "**/*.json"),
        (facts_folder().parent, "**/*.md"),
    ):
        for path in sorted(root.glob(pattern)) if _is_own(suite, root) else ():
            shown = f"{root.name}/{path.relative_to(root).as_posix()}"
            yield from text_problems(
                path.read_text(encoding="utf-8", errors="replace"), shown, facts
            )


def _order(problem: InputError) -> tuple[str, int, int]:
    where = problem.where or Where("")
    return (where.file, where.line, where.column)


def _scenario(loaded: LoadedScenario, suite: Suite) -> Iterator[InputError]:
    try:
        versions = scenario_versions(loaded)
    except InputError as error:
        yield error
        return
    for index, step in enumerate(loaded.scenario.steps):
        yield from _operation(loaded, step, index)
    yield from _operators(loaded)
    yield from _error_members(loaded)
    yield from _variable_syntax(loaded)
    yield from _matrix(loaded)
    yield from _runnable(loaded, suite)
    yield from _resolved(loaded, suite, versions)


def _operation(loaded: LoadedScenario, step: Step, index: int) -> Iterator[InputError]:
    if step.call in OPERATIONS or step.call.startswith("${"):
        return
    near = difflib.get_close_matches(step.call, OPERATIONS, n=1)
    yield InputError(
        "operation-unknown",
        f"there is no operation {step.call!r}",
        f"did you mean {near[0]!r}?" if near else "see docs/scenarios.md, operations",
        loaded.document.where(["steps", index, "call"]),
    )


def _operators(loaded: LoadedScenario) -> Iterator[InputError]:
    for index, raw in enumerate(loaded.document.value["steps"]):
        expect = raw.get("expect") or {}
        for path, sentence in operator_problems(expect):
            yield InputError(
                "operator",
                sentence,
                "see docs/scenarios.md, matching",
                loaded.document.where(["steps", index, "expect", *path]),
            )


def _error_members(loaded: LoadedScenario) -> Iterator[InputError]:
    """Members of ``expect.error`` are read by name: one that does not exist would never be
    found."""
    for index, step in enumerate(loaded.scenario.steps):
        path: list[str | int] = ["steps", index, "expect", "error"]
        for name, value in (step.expect.error or {}).items():
            if name not in ERROR_MEMBERS:
                yield InputError(
                    "unknown-key",
                    f"unknown key {name!r}",
                    _near(name, ERROR_MEMBERS),
                    loaded.document.where_key(path, name),
                )
            elif (
                name == "kind"
                and isinstance(value, str)
                and "${" not in value
                and value not in set(ErrorKind)
            ):
                yield InputError(
                    "error-kind",
                    f"there is no error kind {value!r}",
                    _near(value, list(ErrorKind)),
                    loaded.document.where([*path, name]),
                )


ERROR_MEMBERS = (
    "kind",
    "type",
    "bases",
    "status",
    "code",
    "param",
    "error_type",
    "message",
    "request_id",
    "body",
    "content_filter",
    "headers",
)


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {str(near[0])!r}?" if near else f"known: {', '.join(known)}"


def _variable_syntax(loaded: LoadedScenario) -> Iterator[InputError]:
    """A ``${`` that begins no variable would be sent as it stands."""
    for path, text in _texts(loaded.document.value):
        if "${" in VARIABLE.sub("", text):
            yield InputError(
                "variable-syntax",
                f"{text!r} holds a ${{ that is not a whole variable",
                "write ${name}, without another ${ inside",
                loaded.document.where(path),
            )


def _texts(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _texts(item, (*path, key))


def _matrix(loaded: LoadedScenario) -> Iterator[InputError]:
    used = {
        name.split(".")[1]
        for name in variables_in(loaded.document.value)
        if name.startswith("matrix.")
    }
    for name in loaded.scenario.matrix:
        if name not in used:
            yield InputError(
                "matrix-unused",
                f"matrix parameter {name!r} is not used",
                f"write ${{matrix.{name}}} where it matters, or drop it",
                loaded.document.where_key(["matrix"], name),
            )
    seen: set[str] = set()
    for row in matrix_rows(loaded.scenario):
        name = row_text(row)
        if name in seen:
            yield InputError(
                "case-twice",
                f"two rows of the matrix are called {loaded.id}[{name}]",
                "make the values tell them apart, or give each mapping a name",
                loaded.document.where_key([], "matrix"),
            )
            return
        seen.add(name)


def _runnable(loaded: LoadedScenario, suite: Suite) -> Iterator[InputError]:
    """A scenario that no contract supports checks nothing."""
    abilities = [*(step.call for step in loaded.scenario.steps), *loaded.scenario.needs]
    reasons = []
    for sdk in suite.sdks:
        lacks = [
            lack
            for ability in abilities
            if (lack := sdk.contract.unsupported(ability, ANY_VERSION))
        ]
        if not lacks:
            return
        reasons.append(f"{sdk.name}: {lacks[0]}")
    yield InputError(
        "nobody-runs-it",
        "no SDK can run this scenario",
        "; ".join(reasons[:3]),
        loaded.document.where(["steps"]),
    )


def _resolved(
    loaded: LoadedScenario, suite: Suite, versions: tuple[str, ...]
) -> Iterator[InputError]:
    """Problems that show only with variables filled in: once for the first SDK that can run the
    scenario."""
    sdk = next((s for s in suite.sdks if LaneKind.INPROCESS in s.contract.contract.lanes), None)
    if sdk is None:
        return
    subject = SubjectUnderTest(sdk, ANY_VERSION)
    for row in matrix_rows(loaded.scenario):
        try:
            spec = resolve(loaded, subject, api_version=versions[0], row=row)
        except InputErrors as errors:
            yield from errors.errors
            return
        except InputError as error:
            yield error
            return
        yield from _steps(loaded, spec, suite, versions)


def _steps(
    loaded: LoadedScenario, spec: Scenario, suite: Suite, versions: tuple[str, ...]
) -> Iterator[InputError]:
    for index, step in enumerate(spec.steps):
        place = loaded.document.where(["steps", index])
        try:
            compile_step(step, suite.fixtures)
            if spec.lane.admits(LaneKind.INPROCESS):
                yield from _sockets(loaded, step, index, suite)
            for name in _file_fixtures(step.with_):
                suite.fixtures.get(name)
        except InputError as error:
            yield InputError(error.code, error.cause, error.hint, error.where or place)
        yield from _expected_error(loaded, step, index)
        yield from _schema_name(loaded, step, index, suite=suite, versions=versions)
    if any(_uses_cassette(step) for step in spec.steps):
        yield from _has_cassette(loaded, spec, suite, versions)


def _expected_error(loaded: LoadedScenario, step: Step, index: int) -> Iterator[InputError]:
    """A forgotten expected error turns a MUST upside down (a2a-tck issue 202)."""
    answers = _answers(step)
    if not any(isinstance(item, ReplySpec) for item in answers) or step.expect.error is not None:
        return
    last = answers[-1]
    if isinstance(last, ReplySpec) and (
        last.fault in _NEVER_OK or (isinstance(last.status, int) and last.status >= 400)
    ):
        yield InputError(
            "error-not-expected",
            "the service's last answer is an error but the step expects none",
            "write expect.error (kind and status at least)",
            loaded.document.where(["steps", index]),
        )


_NEVER_OK = (
    "connect_refused",
    "connect_timeout",
    "connection_reset",
    "connection_closed",
    "read_timeout",
    "cut_head",
)


def _sockets(loaded: LoadedScenario, step: Step, index: int, suite: Suite) -> Iterator[InputError]:
    """An answer that only a real connection can show: the in-process lane would quietly play
    another one."""
    for number, item in enumerate(_answers(step)):
        if not isinstance(item, ReplySpec):
            continue
        key = needs_sockets(item, suite.fixtures)
        if key is not None:
            yield InputError(
                "lane-loopback",
                f"only a real connection can show an answer with {_SOCKET_KEYS[key]}",
                "write lane: loopback",
                loaded.document.where_key(["steps", index, "service", number], key),
            )


_SOCKET_KEYS = {
    "head": "a head of its own",
    "close": "a connection that ends after it",
    "headers": "a content-length that is not its body's",
}


def _schema_name(
    loaded: LoadedScenario, step: Step, index: int, *, suite: Suite, versions: tuple[str, ...]
) -> Iterator[InputError]:
    response = step.expect.response
    if response is None or response.schema_ in (None, "none"):
        return
    name = response.schema_
    for version in versions:
        if name not in suite.schemas.names(version):
            near = difflib.get_close_matches(name, suite.schemas.names(version), n=1)
            yield InputError(
                "schema-unknown",
                f"api-version {version} has no schema {name!r}",
                f"did you mean {near[0]!r}?" if near else "see schemas/",
                loaded.document.where(["steps", index, "expect", "response", "schema"]),
            )
            return


def _answers(step: Step) -> list[ReplySpec | Literal["cassette"]]:
    """What the step writes in the place of the service; empty where it writes nothing."""
    return step.service if isinstance(step.service, list) else []


def _uses_cassette(step: Step) -> bool:
    return step.service is None or "cassette" in _answers(step)


def _has_cassette(
    loaded: LoadedScenario, spec: Scenario, suite: Suite, versions: tuple[str, ...]
) -> Iterator[InputError]:
    for version in versions:
        name = cassette_name(spec, loaded.id, version)
        if not (suite.cassettes.root / f"{name}.yaml").is_file():
            yield InputError(
                "cassette-missing",
                f"there is no cassette cassettes/{name}.yaml",
                "record it, name another with `cassette:`, or narrow `api_versions`",
                loaded.document.where(["api_versions"]),
            )
            return


def _file_fixtures(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        inner = value.get("$file")
        if isinstance(inner, dict) and "fixture" in inner:
            yield str(inner["fixture"])
        for item in value.values():
            yield from _file_fixtures(item)
    elif isinstance(value, list):
        for item in value:
            yield from _file_fixtures(item)


def _fixtures(suite: Suite) -> Iterator[InputError]:
    used = {_glob(name) for loaded in suite.scenarios for name in _fixture_names(loaded)}
    for name in suite.fixtures.names:
        if not any(fnmatchcase(name, pattern) for pattern in used):
            yield InputError(
                "fixture-unused",
                f"no scenario uses the fixture {name!r}",
                "use it or delete it",
                Where(f"scenarios/fixtures/{name}.yaml", 1, 1),
            )
        try:
            suite.fixtures.get(name)
        except InputErrors as errors:
            yield from errors.errors
        except InputError as error:
            yield error


def _fixture_names(loaded: LoadedScenario) -> Iterator[str]:
    """The fixtures a scenario names, with its matrix filled in; other variables are left to a
    glob."""
    written = set(_named_fixtures(loaded.document.value))
    yield from (name for name in written if "${" not in name)
    for row in matrix_rows(loaded.scenario):
        for name in written:
            if "${" in name:
                with contextlib.suppress(UnknownVariable):
                    name = str(substitute(name, {"matrix": row}))
                yield name


def _named_fixtures(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            if key in ("$fixture", "fixture") and isinstance(item, str):
                yield item
            else:
                yield from _named_fixtures(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named_fixtures(item)


def _is_own(suite: Suite, folder: Path) -> bool:
    """Whether ``folder`` belongs to the suite; what it lacks comes from the package and serves
    other scenarios too."""
    return folder.parent == suite.home.scenarios.parent


def _cassettes(suite: Suite) -> Iterator[InputError]:
    used = {
        cassette_name(loaded.scenario, loaded.id, version)
        for loaded in suite.scenarios
        for version in _versions_or_none(loaded)
    }
    patterns = {name for name in used if "${" in name}
    root = suite.cassettes.root
    is_own = _is_own(suite, root)
    for path in sorted(root.rglob("*.yaml")):
        name = path.relative_to(root).with_suffix("").as_posix()
        try:
            yield from _cassette(suite.cassettes.get(name))
        except InputError as error:
            yield error
        if is_own and name not in used and not any(fnmatchcase(name, _glob(p)) for p in patterns):
            yield InputError(
                "cassette-unused",
                "no scenario uses this cassette",
                "use it or delete it",
                Where(f"{root.name}/{name}.yaml", 1, 1),
            )


def _cassette(cassette: Cassette | None) -> Iterator[InputError]:
    if cassette is None:
        return
    where = Where(f"cassettes/{cassette.name}.yaml", 1, 1)
    folder = cassette.name.partition("/")[0]
    if cassette.api_version and cassette.api_version != folder:
        yield InputError(
            "cassette-api-version",
            f"the cassette says it is of api-version {cassette.api_version}",
            f"move it to cassettes/{cassette.api_version}/, or record it again for {folder}",
            where,
        )
    if not cassette.interactions:
        yield InputError(
            "cassette-empty", "the cassette holds no interactions", "record it, or delete it", where
        )


def _overlooked(suite: Suite) -> Iterator[InputError]:
    """Files nobody reads because of their suffix."""
    for root in (suite.home.scenarios, suite.home.cassettes):
        for path in sorted(root.rglob("*.yml")):
            yield InputError(
                "file-suffix",
                "the file is not read: its suffix is .yml",
                "rename it to .yaml",
                Where(f"{root.name}/{path.relative_to(root).as_posix()}", 1, 1),
            )


def _glob(name: str) -> str:
    return re.sub(r"\$\{[^}]*\}", "*", name)


def _versions_or_none(loaded: LoadedScenario) -> tuple[str, ...]:
    try:
        return scenario_versions(loaded)
    except InputError:
        return ()


def _waivers(suite: Suite) -> Iterator[InputError]:
    rules = {rule.id for rule in every_rule()}
    if not _is_own(suite, suite.home.adapters):
        return
    for sdk in suite.sdks:
        file = suite.home.adapters / sdk.name / "waivers.yaml"
        if not sdk.waivers:
            continue
        document = load_file(file, name=f"{suite.home.adapters.name}/{sdk.name}/waivers.yaml")
        for index, waiver in enumerate(sdk.waivers):
            for key, code, cause, hint in _waiver(waiver, rules, suite):
                where = document.where(["waivers", index, key])
                yield InputError(code, f"waiver {waiver.id}: {cause}", hint, where)


def _waiver(waiver: Waiver, rules: set[str], suite: Suite) -> Iterator[tuple[str, str, str, str]]:
    """(key, code, cause, hint) of each problem."""
    if waiver.rule not in rules:
        near = difflib.get_close_matches(waiver.rule, rules, n=1)
        yield (
            "rule",
            "waiver-rule",
            f"there is no rule {waiver.rule!r}",
            f"did you mean {near[0]!r}?" if near else "see docs/rules.md",
        )
    if problem := link_problem(waiver.link):
        yield ("link", "link-form", problem, "write the whole address, as a browser has it")
    for pattern in waiver.scenarios if _is_own(suite, suite.home.adapters) else ():
        if not any(fnmatchcase(loaded.id, pattern) for loaded in suite.scenarios):
            yield (
                "scenarios",
                "waiver-scenario",
                f"no scenario matches {pattern!r}",
                "mend the pattern or drop the waiver",
            )
    for version in waiver.api_versions:
        if version not in API_VERSIONS:
            yield (
                "api_versions",
                "waiver-api-version",
                f"there is no api-version {version!r}",
                f"known: {', '.join(API_VERSIONS)}",
            )


def _schemas(suite: Suite) -> Iterator[InputError]:
    try:
        suite.schemas.check_all()
    except InputErrors as errors:
        yield from errors.errors
    except InputError as error:
        yield error
