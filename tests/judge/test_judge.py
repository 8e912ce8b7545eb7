"""Judging and settling: verdicts, waivers, exit codes. No SDK is needed for any of it."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ExitCode
from conformance.judge import judge as judging
from conformance.judge.judge import CAP, Judged, judge, judge_fault, judge_unrun
from conformance.judge.observation import CaseObservation
from conformance.judge.results import CaseResult, FindingResult, Run, Tool, Verdict, WaiverUse
from conformance.judge.rules.context import StepContext, StepObservation
from conformance.judge.rules.finding import Blame, Finding, Level
from conformance.judge.rules.registry import Applied
from conformance.judge.settle import WaivedSubject, exit_code, settle_waivers
from conformance.plan.case import Case
from conformance.plan.plan import plan
from conformance.plan.selection import Selection
from conformance.run.calls import build_call, client_config
from conformance.run.execution import facts_of
from conformance.sdk.subject import SubjectUnderTest
from conformance.suite.load import Suite
from conformance.suite.waivers import Waiver
from conformance.wire.operations import OPERATIONS
from conformance.wire.protocol import Outcome
from conformance.wire.sse import NOT_JSON
from tests.corpus.overlay import load, make_root

TODAY = date(2026, 3, 2)
GIVEN: dict[str, Any] = {
    "id": "w",
    "rule": "r.one",
    "scenarios": ["chat/*"],
    "fingerprint": "left",
    "reason": "A deviation we know of.",
    "link": "https://example.com/1",
    "expires": "2026-12-31",
}


def waiver(**changes: Any) -> Waiver:
    return Waiver.model_validate(GIVEN | changes)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return load(make_root(tmp_path_factory.mktemp("judge")))


def subject(suite: Suite, *waivers: Waiver, version: str = "3.0.0") -> SubjectUnderTest:
    return SubjectUnderTest(replace(suite.sdk("python"), waivers=waivers), version)


def cases(suite: Suite, *waivers: Waiver, version: str = "3.0.0") -> tuple[Case, ...]:
    return plan(suite, (subject(suite, *waivers, version=version),), Selection()).cases


def found(
    message: str = "left is wrong",
    *,
    rule: str = "r.one",
    level: Level = Level.MUST,
    blame: Blame = Blame.SDK,
) -> Finding:
    return Finding(rule, level, blame, message, "/here")


def judged(
    monkeypatch: pytest.MonkeyPatch,
    case: Case,
    *findings: Finding,
    status: Any = "ok",
    reason: str = "",
    unreached: int = 0,
    unplayed: tuple[str, ...] = (),
) -> Judged:
    """The judgement of a step whose checks find ``findings``."""
    step = case.spec.steps[0]
    context = StepContext(
        0,
        Level.MUST,
        case.api_version,
        OPERATIONS[step.call],
        client_config(case.spec.client, case.api_version, case.surface),
        build_call(step, None),
        step.expect,  # type: ignore[arg-type]
        StepObservation((), Outcome(status, reason=reason)),
        {},
        None,
    )  # type: ignore[arg-type]
    applied = tuple(
        Applied(item.rule, "note" if item.level is Level.MAY else "broken") for item in findings
    )
    monkeypatch.setattr(
        judging, "apply_checks", lambda _: ((*applied, Applied("r.held", "held")), findings)
    )
    return judge(facts_of(case), CaseObservation((context,), unreached, unplayed), TODAY)


def test_a_case_without_findings_passes(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judged(monkeypatch, cases(suite)[0]).result.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("findings", "verdict"),
    [
        ([found()], Verdict.FAIL),
        ([found(level=Level.SHOULD)], Verdict.FAIL),
        ([found(level=Level.MAY)], Verdict.PASS),
        ([found(level=Level.MAY, blame=Blame.HARNESS)], Verdict.PASS),
        ([found(blame=Blame.HARNESS)], Verdict.ERROR),
        ([found(), found(blame=Blame.HARNESS)], Verdict.ERROR),
        ([found(blame=Blame.CASSETTE)], Verdict.FAIL),
    ],
)
def test_the_worst_finding_decides_and_notes_do_not(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, findings: list[Finding], verdict: Verdict
) -> None:
    assert judged(monkeypatch, cases(suite)[0], *findings).result.verdict is verdict


def test_of_many_findings_of_one_rule_some_are_shown_and_all_are_judged(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, many = cases(suite, waiver())[0], [found()] * (CAP + 30)
    excused = judged(monkeypatch, case, *many).result
    assert (excused.verdict, len(excused.findings)) == (Verdict.WAIVED, CAP + 1)
    assert excused.findings[-1].message == "30 more findings of this rule are not shown."
    hidden = judged(monkeypatch, case, *many, found("right is wrong")).result
    assert (hidden.verdict, len(hidden.findings)) == (Verdict.FAIL, CAP + 1)
    assert [item.waived_by for item in hidden.findings] == ["w"] * CAP + [None]


def test_a_crash_is_an_error_with_its_reason_and_no_waiver_excuses_it(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = judged(
        monkeypatch, cases(suite, waiver())[0], found(), status="crash", reason="it fell"
    ).result
    assert (result.verdict, result.reason) == (Verdict.ERROR, "it fell")


def test_steps_that_did_not_run_and_answers_nobody_asked_for_are_findings(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases(suite)[0]
    unreached = judged(monkeypatch, case, unreached=1, unplayed=("GET /x",)).result
    assert [finding.rule for finding in unreached.findings] == ["scenario.unreached"]
    unplayed = judged(monkeypatch, case, unplayed=("GET /x",)).result
    assert [(finding.rule, finding.level) for finding in unplayed.findings] == [
        ("cassette.unplayed", Level.SHOULD)
    ]
    assert {check.rule: check.outcome for check in unplayed.checks} == {
        "cassette.unplayed": "broken",
        "r.held": "held",
    }


def test_a_waiver_excuses_the_failure_it_pins_and_is_named(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = judged(monkeypatch, cases(suite, waiver())[0], found())
    assert outcome.result.verdict is Verdict.WAIVED
    assert [finding.waived_by for finding in outcome.result.findings] == ["w"]
    assert (outcome.used, outcome.mismatched) == ({"w"}, frozenset())


@pytest.mark.parametrize(
    "item",
    [
        waiver(rule="r.two"),
        waiver(versions="<3"),
        waiver(surfaces=["sync"]),
        waiver(api_versions=["v1"]),
        waiver(scenarios=["retries/*"]),
        waiver(expires="2026-03-01"),
    ],
    ids=["rule", "version", "surface", "api-version", "scenario", "expired"],
)
def test_a_waiver_outside_its_scope_excuses_nothing_and_is_not_mismatched(
    suite: Suite, item: Waiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(case for case in cases(suite, item) if case.surface == "async")
    outcome = judged(monkeypatch, case, found())
    assert (outcome.result.verdict, outcome.used, outcome.mismatched) == (
        Verdict.FAIL,
        frozenset(),
        frozenset(),
    )


def test_a_rule_that_breaks_in_another_way_is_not_excused_and_the_waiver_is_mismatched(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = judged(monkeypatch, cases(suite, waiver())[0], found("right is wrong"))
    assert (outcome.result.verdict, outcome.used, outcome.mismatched) == (
        Verdict.FAIL,
        frozenset(),
        {"w"},
    )


def test_a_finding_that_is_excused_makes_no_other_waiver_of_its_rule_mismatched(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = judged(
        monkeypatch, cases(suite, waiver(), waiver(id="other", fingerprint="right"))[0], found()
    )
    assert (outcome.used, outcome.mismatched) == ({"w"}, frozenset())


def test_one_excused_finding_does_not_excuse_another(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcome = judged(monkeypatch, cases(suite, waiver())[0], found(), found(rule="r.two"))
    assert outcome.result.verdict is Verdict.FAIL
    assert [finding.waived_by for finding in outcome.result.findings] == ["w", None]


@pytest.mark.parametrize("blame", [Blame.CASSETTE, Blame.HARNESS, Blame.ADAPTER, Blame.ENVIRONMENT])
def test_only_faults_of_the_sdk_or_the_service_can_be_waived(
    suite: Suite, blame: Blame, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert judged(monkeypatch, cases(suite, waiver())[0], found(blame=blame)).result.verdict in (
        Verdict.FAIL,
        Verdict.ERROR,
    )


def test_a_note_uses_no_waiver(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not judged(monkeypatch, cases(suite, waiver())[0], found(level=Level.MAY)).used


def test_cases_that_planning_decided_keep_their_reason(suite: Suite) -> None:
    case = facts_of(cases(suite)[0])
    unsupported = judge_unrun(case, Verdict.UNSUPPORTED, "no").result
    assert (unsupported.verdict, unsupported.reason) == (Verdict.UNSUPPORTED, "no")
    assert judge_unrun(case, Verdict.NOT_RUN, "no").result.reason == "no"
    assert judge_fault(case, "broken").result.verdict is Verdict.ERROR
    assert str(case.identity) in judge_fault(case, "broken").result.reproduce


# --- settling


def settled(
    suite: Suite,
    item: Waiver,
    *,
    run: Any = lambda case: True,
    verdict: Verdict = Verdict.PASS,
    used: bool = False,
    mismatched: bool = False,
    version: str = "3.0.0",
    planned: bool = True,
) -> str:
    """The state of ``item`` after a run of the cases that ``run`` picks."""
    whole = cases(suite, item, version=version)
    names = frozenset({item.id})
    done = tuple(
        Judged(
            judge_fault(facts_of(case), "").result.model_copy(update={"verdict": verdict}),
            names if used else frozenset(),
            names if mismatched else frozenset(),
        )
        for case in whole
        if run(case)
    )
    ids = tuple(loaded.id for loaded in suite.scenarios)
    identities = tuple(case.identity for case in whole if case.runs)
    (use,) = settle_waivers(
        (WaivedSubject("python", version, (item,)),),
        done,
        ids,
        identities if planned else None,
        TODAY,
    )
    return use.state


def test_a_waiver_that_was_used_is_used_and_lists_its_cases(suite: Suite) -> None:
    assert settled(suite, waiver(), used=True, mismatched=True) == "used"


def test_a_waiver_that_expired_is_red_even_when_used_but_not_outside_its_versions(
    suite: Suite,
) -> None:
    assert settled(suite, waiver(expires="2026-03-01"), used=True) == "expired"
    assert settled(suite, waiver(expires="2026-03-02"), used=True) == "used"
    assert settled(suite, waiver(expires="2026-03-01", versions="<2")) == "out-of-range"


def test_a_waiver_whose_rule_broke_otherwise_is_mismatched(suite: Suite) -> None:
    assert settled(suite, waiver(), mismatched=True, verdict=Verdict.FAIL) == "mismatched"


def test_a_waiver_is_stale_when_everything_it_covers_was_run_and_nothing_needed_it(
    suite: Suite,
) -> None:
    assert settled(suite, waiver()) == "stale"
    founded = waiver(scenarios=["chat/founded"])
    assert settled(suite, founded, run=lambda case: case.loaded.id == "chat/founded") == "stale"
    assert (
        settled(suite, waiver(surfaces=["async"]), run=lambda case: case.surface == "async")
        == "stale"
    )


@pytest.mark.parametrize(
    "run",
    [
        lambda case: False,
        lambda case: case.surface == "sync",
        lambda case: case.loaded.id == "chat/founded",
        lambda case: case.id.endswith("async"),
    ],
    ids=["nothing", "one surface", "one scenario", "the other surface"],
)
def test_a_waiver_is_never_stale_after_a_part_of_what_it_covers(suite: Suite, run: Any) -> None:
    assert settled(suite, waiver(), run=run) == "unexercised"


def test_cases_that_were_not_exercised_prove_nothing_about_a_waiver(suite: Suite) -> None:
    for verdict in (Verdict.NOT_RUN, Verdict.UNSUPPORTED, Verdict.ERROR):
        assert settled(suite, waiver(), verdict=verdict) == "unexercised"
    assert settled(suite, waiver(), planned=False) == "unexercised"


def test_a_waiver_of_scenarios_this_suite_does_not_have_is_unexercised(suite: Suite) -> None:
    assert settled(suite, waiver(scenarios=["gone/*"])) == "unexercised"


def test_a_waiver_of_an_api_version_no_scenario_has_is_unexercised(suite: Suite) -> None:
    assert settled(suite, waiver(api_versions=["v1"])) == "unexercised"


def test_uses_are_in_the_order_of_their_names(suite: Suite) -> None:
    whose = WaivedSubject("python", "3.0.0", (waiver(id="b"), waiver(id="a")))
    assert [use.id for use in settle_waivers((whose,), (), (), (), TODAY)] == ["a", "b"]


# --- exit codes


def case_result(verdict: Verdict, *levels: Level) -> CaseResult:
    findings = tuple(
        FindingResult(
            rule="r",
            level=level,
            blame=Blame.SDK,
            message="m",
            waived_by="w" if verdict is Verdict.WAIVED else None,
        )
        for level in levels
    )
    return CaseResult(
        id=f"{verdict}{levels}",
        scenario="s",
        sdk="python",
        version="1",
        surface="sync",
        api_version="v1",
        lane="inprocess",
        capability="c",
        level=Level.MUST,
        verdict=verdict,
        findings=findings,
    )


CASES = {
    "pass": case_result(Verdict.PASS),
    "note": case_result(Verdict.PASS, Level.MAY),
    "waived": case_result(Verdict.WAIVED, Level.MUST),
    "must": case_result(Verdict.FAIL, Level.MUST),
    "should": case_result(Verdict.FAIL, Level.SHOULD),
    "unsupported": case_result(Verdict.UNSUPPORTED),
    "not-run": case_result(Verdict.NOT_RUN),
    "error": case_result(Verdict.ERROR),
    "unusable": case_result(Verdict.ERROR).model_copy(
        update={
            "id": "unusable",
            "findings": (
                FindingResult(
                    rule=judging.UNUSABLE.id, level=Level.MUST, blame=Blame.CASSETTE, message="m"
                ),
            ),
        }
    ),
}
STATES = ("used", "stale", "expired", "mismatched", "out-of-range", "unexercised")


def waiver_use(state: str) -> WaiverUse:
    return WaiverUse(
        id="w",
        sdk="python",
        rule="r",
        scenarios=(),
        versions="",
        reason="r",
        link="l",
        expires="e",
        state=state,
    )  # type: ignore[arg-type]


def expected(
    names: tuple[str, ...], state: str | None, fail_on: Level, problems: bool, interrupted: bool
) -> int:
    """The documented meaning, said in another way than the code says it."""
    if problems or "error" in names:
        return 3
    exercised = set(names) & {"pass", "note", "waived", "must", "should"}
    if "unusable" in names:
        return 2
    if not exercised:
        return 3 if interrupted else 2
    red = {"must"} | ({"should"} if fail_on is Level.SHOULD else set())
    if exercised & red or state in ("stale", "expired", "mismatched"):
        return 1
    return 3 if interrupted else 0


@pytest.mark.parametrize("fail_on", [Level.MUST, Level.SHOULD])
def test_the_exit_code_of_every_combination_of_verdicts_waivers_and_faults(fail_on: Level) -> None:
    for size in range(4):
        for names in itertools.combinations(CASES, size):
            for state, problems, interrupted in itertools.product(
                (None, *STATES), (False, True), (False, True)
            ):
                run = Run(
                    tool=Tool(version="0"),
                    started="2026-03-02T00:00:00Z",
                    cases=tuple(CASES[n] for n in names),
                    waivers=(waiver_use(state),) if state else (),
                    problems=("p",) if problems else (),
                    interrupted=interrupted,
                )
                assert exit_code(run, fail_on=fail_on) == expected(
                    names, state, fail_on, problems, interrupted
                ), names


def test_a_run_without_cases_is_never_green() -> None:
    assert exit_code(Run(tool=Tool(version="0"), started="x")) is ExitCode.USAGE


def test_waivers_are_read_from_the_folder_of_the_sdk(tmp_path: Path) -> None:
    assert load(make_root(tmp_path)).sdk("python").waivers is not None


def test_a_request_that_is_known_to_deviate_explains_that_no_recording_fits_it(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = waiver(rule="request.route")
    missed = found("no recording fits", rule="cassette.miss", blame=Blame.CASSETTE)
    outcome = judged(
        monkeypatch,
        cases(suite, known)[0],
        found(rule="request.route"),
        missed,
        unplayed=("POST /a",),
    )
    assert outcome.result.verdict is Verdict.WAIVED
    assert {item.waived_by for item in outcome.result.findings} == {"w"}


def test_a_miss_without_a_known_deviation_of_the_request_is_never_excused(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    missed = found("no recording fits", rule="cassette.miss", blame=Blame.CASSETTE)
    assert (
        judged(monkeypatch, cases(suite, waiver())[0], found(), missed).result.verdict
        is Verdict.FAIL
    )


def test_a_call_that_is_known_to_fail_explains_that_its_recording_is_left_over_not_that_none_fits(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases(suite, waiver(rule="result.unexpected-error"))[0]
    failed = found(rule="result.unexpected-error")
    assert judged(monkeypatch, case, failed, unplayed=("POST /a",)).result.verdict is Verdict.WAIVED
    missed = found("no recording fits", rule="cassette.miss", blame=Blame.CASSETTE)
    assert (
        judged(monkeypatch, case, failed, missed, unplayed=("POST /a",)).result.verdict
        is Verdict.FAIL
    )


def test_a_call_that_is_known_to_fail_explains_that_its_answer_was_never_served_but_no_other_answer(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = cases(suite, waiver(rule="result.unexpected-error"))[0]
    failed = found(rule="result.unexpected-error")
    unserved = replace(
        found("nothing was served", rule="expect.response", blame=Blame.CASSETTE), actual=None
    )
    assert judged(monkeypatch, case, failed, unserved).result.verdict is Verdict.WAIVED
    assert (
        judged(monkeypatch, case, failed, replace(unserved, actual=404)).result.verdict
        is Verdict.FAIL
    )


def test_what_a_finding_holds_can_always_be_written(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    odd = replace(found(), actual=NOT_JSON, expected={"at": (1, NOT_JSON)})
    (result,) = judged(monkeypatch, cases(suite)[0], odd).result.findings
    assert json.loads(result.model_dump_json())["expected"] == {"at": [1, repr(NOT_JSON)]}
