"""The corpus of the runner itself: what must be rejected, what must fail by name, and what must
pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.errors import InputError, InputErrors
from conformance.judge.results import CaseResult, Run, Verdict
from conformance.lint.suite import lint
from conformance.plan.selection import Selection
from tests.corpus.overlay import CORPUS, contract, load, make_root, run

PLACES = {
    "scenarios": "scenarios/chat/rejected.yaml",
    "fixtures": "scenarios/fixtures/chat/founded.yaml",
    "cassettes": "cassettes/2024-10-21/chat/founded.yaml",
    "waivers": "adapters/python/waivers.yaml",
    "contracts": "adapters/python/contract.yaml",
}
REJECTED = sorted((CORPUS / "must-reject").glob("*/*.yaml"))
FAILING = sorted((CORPUS / "must-fail").glob("*.yaml"))
PASSING = sorted((CORPUS / "must-pass").glob("*.yaml"))


def test_the_corpus_does_not_shrink() -> None:
    assert len(REJECTED) >= 92
    assert len(FAILING) >= 33
    assert len(PASSING) >= 23
    assert {path.parent.name for path in REJECTED} == set(PLACES)


def problems_of(root: Path) -> list[InputError]:
    """What loading and lint say against the suite at ``root``."""
    try:
        return list(lint(load(root)))
    except InputErrors as errors:
        return list(errors.errors)
    except InputError as error:
        return [error]


def test_the_suite_under_the_corpus_has_nothing_to_reject_but_what_only_other_files_use(
    tmp_path: Path,
) -> None:
    assert {problem.code for problem in problems_of(make_root(tmp_path))} <= {
        "fixture-unused",
        "cassette-unused",
    }


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_that_is_wrong_is_rejected_with_its_code_and_line(
    path: Path, tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    code, line = re.match(r"# rejected: (\S+) @ (\d+)\n", text).groups()  # type: ignore[union-attr]
    place = PLACES[path.parent.name]
    files = {place: text}
    if path.parent.name == "waivers":
        files["adapters/python/contract.yaml"] = contract()
    found = [
        problem
        for problem in problems_of(make_root(tmp_path, files))
        if problem.where and problem.where.file == place
    ]
    assert (code, int(line)) in [
        (problem.code, problem.where.line) for problem in found if problem.where
    ], found
    assert all(problem.cause and problem.where and problem.where.line >= 1 for problem in found)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    files = {
        f"scenarios/{path.parent.name}/{path.name}": path.read_text(encoding="utf-8")
        for path in (*FAILING, *PASSING)
    }
    suite = load(make_root(tmp_path_factory.mktemp("corpus"), files))
    return run(suite, Selection(patterns=("must-fail/*", "must-pass/*")))


def cases_of(whole: Run, scenario: str) -> list[CaseResult]:
    return [case for case in whole.cases if case.scenario == scenario]


@pytest.mark.parametrize("path", FAILING, ids=lambda path: path.stem)
def test_a_scenario_that_must_fail_fails_by_the_rule_it_names(path: Path, whole_run: Run) -> None:
    rule = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# fails: ")
    cases = cases_of(whole_run, f"must-fail/{path.stem}")
    assert cases
    for case in cases:
        assert case.verdict is Verdict.FAIL, (case.reason, case.findings)
        assert rule in {finding.rule for finding in case.findings}, case.findings


@pytest.mark.parametrize("path", PASSING, ids=lambda path: path.stem)
def test_a_scenario_that_must_pass_passes_on_both_surfaces(path: Path, whole_run: Run) -> None:
    cases = cases_of(whole_run, f"must-pass/{path.stem}")
    assert cases
    assert {case.verdict for case in cases} == {Verdict.PASS}, [case.findings for case in cases]
