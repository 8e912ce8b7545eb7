"""Planning: the matrix, names that stay, selections, and what is not run and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import InputError, InputErrors, UsageError
from conformance.plan.case import Case
from conformance.plan.plan import Plan, matrix_rows, plan
from conformance.plan.selection import Selection, check_selection
from conformance.plan.subjects import subjects_of
from conformance.sdk.subject import SubjectUnderTest
from conformance.service.replay import REPLAY
from conformance.suite.home import find_home
from conformance.suite.load import Suite
from conformance.suite.scenario.model import API_VERSIONS
from conformance.wire.stand_ins import API_KEY
from conformance.wire.vocabulary import LaneKind
from tests.corpus.overlay import PROJECT, contract, load, make_root, scenario, step


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    return load(
        make_root(
            tmp_path_factory.mktemp("plan"),
            {
                "scenarios/chat/matrix.yaml": scenario(
                    step(content="${matrix.a}${matrix.b}"), head="matrix: {a: [1, 2], b: [x, y]}\n"
                ),
                "scenarios/retries/everywhere.yaml": scenario(
                    api_versions="all", head="tags: [wide]\nlevel: should\n"
                ),
                "scenarios/responses/late.yaml": scenario(
                    step().replace("chat.completions.create", "responses.create"),
                    api_versions="all",
                ),
                "scenarios/chat/socket.yaml": scenario(head="lane: loopback\n"),
                "scenarios/chat/sync-only.yaml": scenario(head="surfaces: [sync, sync]\n"),
            },
        )
    )


def planned(
    suite: Suite, *, subject: SubjectUnderTest | None = None, **selection: Any
) -> tuple[Case, ...]:
    subjects = (subject,) if subject else subjects_of(suite, ("python",))
    return plan(suite, subjects, Selection(**selection)).cases


def test_one_case_for_each_row_version_and_surface(suite: Suite) -> None:
    assert len(planned(suite, patterns=("chat/matrix",))) == 4 * 2
    assert len(planned(suite, patterns=("retries/everywhere",))) == len(API_VERSIONS) * 2
    assert len(planned(suite, patterns=("chat/sync-only",))) == 1


def test_names_are_unique_sorted_and_the_same_each_time(suite: Suite) -> None:
    names = [case.id for case in planned(suite)]
    assert names == sorted(set(names))
    assert names == [case.id for case in planned(load(suite.home.scenarios.parent))]


def test_a_name_says_scenario_row_version_sdk_and_surface(suite: Suite) -> None:
    version = subjects_of(suite, ("python",))[0].version
    first = planned(suite, patterns=("chat/matrix",))[0]
    assert first.id == f"chat/matrix[a=1,b=x]::2024-10-21::python@{version}-async"


def test_rows_are_every_combination_and_one_empty_row_without_a_matrix(suite: Suite) -> None:
    assert len(list(matrix_rows(suite.by_id["chat/matrix"].scenario))) == 4
    assert list(matrix_rows(suite.by_id["chat/founded"].scenario)) == [{}]


def test_rows_that_would_share_a_name_are_refused(tmp_path: Path) -> None:
    root = make_root(
        tmp_path,
        {
            "scenarios/chat/twins.yaml": scenario(
                step(content="${matrix.x.b}"), head="matrix: {x: [{a: 1, b: 2}, {a: 1, b: 3}]}\n"
            )
        },
    )
    with pytest.raises(InputError) as caught:
        planned(load(root))
    assert caught.value.code == "case-twice"
    assert str(caught.value.where) == "scenarios/chat/twins.yaml:5:1"


def test_variables_are_filled_in_and_those_of_steps_are_left(tmp_path: Path) -> None:
    text = scenario(
        step() + step(content="${steps.0.result.id} ${api_key} ${sdk.name} ${contract.retries.max}")
    )
    case = planned(
        load(make_root(tmp_path, {"scenarios/chat/x.yaml": text})), patterns=("chat/x",)
    )[0]
    assert (
        case.spec.steps[1].with_["messages"][0]["content"]
        == "${steps.0.result.id} " + f"{API_KEY} python 2"
    )
    assert case.spec.steps[0].with_["model"] == "conf-chat"


def test_a_variable_nobody_defines_is_refused_with_its_place(tmp_path: Path) -> None:
    root = make_root(
        tmp_path, {"scenarios/chat/x.yaml": scenario(step(content="${contract.nope}"))}
    )
    with pytest.raises(InputError) as caught:
        planned(load(root))
    assert caught.value.code == "unknown-variable"
    assert str(caught.value.where).startswith("scenarios/chat/x.yaml:7:")


def test_what_a_contract_does_not_say_is_not_asked_of_its_sdk(tmp_path: Path) -> None:
    nested = contract().replace(
        "traits:\n", "traits:\n  poems.forms: {value: {short: haiku}, source: {fact: x}}\n"
    )
    root = make_root(
        tmp_path,
        {
            "scenarios/chat/x.yaml": scenario(step(content="${contract.poems.forms.short}")),
            "adapters/python/contract.yaml": contract(),
            "adapters/talkative/contract.yaml": nested.replace("sdk: python", "sdk: talkative", 1),
        },
    )
    suite = load(root)
    found = planned(suite, patterns=("chat/x",))
    assert {(case.status, case.reason) for case in found} == {
        ("unsupported", "the contract of python does not say poems.forms.short")
    }
    (talkative,) = [sdk for sdk in suite.sdks if sdk.name == "talkative"]
    assert {
        case.status
        for case in planned(
            suite, subject=SubjectUnderTest(talkative, "3.0.0"), patterns=("chat/x",)
        )
    } == {"run"}


def test_a_matrix_value_that_does_not_fit_is_refused_with_the_row(tmp_path: Path) -> None:
    text = scenario(step(service="${matrix.s}"), head="matrix: {s: [42]}\n")
    root = make_root(tmp_path, {"scenarios/chat/x.yaml": text})
    with pytest.raises(InputErrors) as caught:
        planned(load(root))
    assert "with s = 42" in str(caught.value)


@pytest.mark.parametrize(
    ("selection", "scenarios"),
    [
        (
            {"patterns": ("chat",)},
            {"chat/founded", "chat/matrix", "chat/scripted", "chat/socket", "chat/sync-only"},
        ),
        (
            {"patterns": ("chat/",)},
            {"chat/founded", "chat/matrix", "chat/scripted", "chat/socket", "chat/sync-only"},
        ),
        ({"patterns": ("*/everywhere", "chat/founded")}, {"retries/everywhere", "chat/founded"}),
        ({"patterns": ("cha",)}, set()),
        ({"capabilities": ("retries",)}, {"retries/everywhere"}),
        ({"tags": ("wide",)}, {"retries/everywhere"}),
        ({"levels": ("should",)}, {"retries/everywhere"}),
        ({"tags": ("wide",), "levels": ("must",)}, set()),
        ({"api_versions": ("v1",)}, {"retries/everywhere", "responses/late"}),
    ],
)
def test_a_selection_narrows_by_every_part_of_it(
    suite: Suite, selection: dict[str, Any], scenarios: set[str]
) -> None:
    assert {case.loaded.id for case in planned(suite, **selection)} == scenarios


def test_one_case_can_be_named(suite: Suite) -> None:
    name = planned(suite)[3].id
    assert [case.id for case in planned(suite, case_ids=(name,))] == [name]
    assert {case.surface for case in planned(suite, surfaces=("async",))} == {"async"}


@pytest.mark.parametrize(
    "selection",
    [
        {"patterns": ("chat/founded", "chat/fonded")},
        {"tags": ("wdie",)},
        {"capabilities": ("chat", "retrys")},
    ],
)
def test_a_part_of_a_selection_that_names_nothing_is_refused_with_what_is_near(
    suite: Suite, selection: dict[str, Any]
) -> None:
    with pytest.raises(UsageError, match="did you mean") as caught:
        check_selection(suite, Selection(**selection))
    assert caught.value.code == "nothing-selected"
    check_selection(
        suite, Selection(patterns=("chat", "*/everywhere"), tags=("wide",), capabilities=("chat",))
    )


def test_nothing_selected_is_an_error() -> None:
    with pytest.raises(UsageError) as caught:
        Plan((), (), REPLAY, Selection()).require_cases()
    assert caught.value.code == "nothing-selected"


def test_what_an_api_version_or_the_lane_does_not_have_is_not_run_and_says_why(
    suite: Suite,
) -> None:
    late = {case.api_version: case for case in planned(suite, patterns=("responses/late",))}
    assert late["2024-10-21"].status == "not-run"
    assert "not part of api-version 2024-10-21" in late["2024-10-21"].reason
    assert late["v1"].status == "run"
    (bound,) = subjects_of(suite, ("python",), LaneKind.INPROCESS)
    assert {
        (case.status, case.reason)
        for case in planned(suite, subject=bound, patterns=("chat/socket",))
    } == {("not-run", "the scenario needs the loopback lane")}


def test_what_the_contract_lacks_is_unsupported_with_its_reason_even_where_traits_are_missing(
    tmp_path: Path,
) -> None:
    lacks = "lacks:\n  telepathy: {reason: It reads no minds., source: {fact: test}}\n"
    text = contract().replace("lacks:\n", lacks)
    suite = load(
        make_root(
            tmp_path,
            {
                "adapters/python/contract.yaml": text,
                "scenarios/chat/mind.yaml": scenario(
                    step(content="${contract.minds.max}"), head="needs: [telepathy]\n"
                ),
            },
        )
    )
    assert {(case.status, case.reason) for case in planned(suite, patterns=("chat/mind",))} == {
        ("unsupported", "It reads no minds.")
    }


def test_an_ability_is_listed_with_its_source_and_a_deployments_client_is_one_where_it_is_lacked(
    tmp_path: Path,
) -> None:
    ability = "abilities:\n  telepathy: {versions: '>=2', source: {fact: test}}\n"
    lack = (
        "lacks:\n  client.deployment: {reason: Every call names its own., source: {fact: test}}\n"
        "  streaming: {reason: It waits for the whole., source: {fact: test}}\n"
    )
    text = contract().replace("abilities:\n", ability, 1).replace("lacks:\n", lack, 1)
    suite = load(
        make_root(
            tmp_path,
            {
                "adapters/python/contract.yaml": text,
                "scenarios/chat/bound.yaml": scenario(head="client: {deployment: mine}\n"),
                "scenarios/chat/flow.yaml": scenario(
                    step().replace("with: {", "with: {stream: true, ", 1)
                ),
                "scenarios/chat/mind.yaml": scenario(head="needs: [telepathy]\n"),
            },
        )
    )
    assert {(case.status, case.reason) for case in planned(suite, patterns=("chat/bound",))} == {
        ("unsupported", "Every call names its own.")
    }
    assert {(case.status, case.reason) for case in planned(suite, patterns=("chat/flow",))} == {
        ("unsupported", "It waits for the whole.")
    }
    assert {case.status for case in planned(suite, patterns=("chat/mind",))} == {"run"}
    old = SubjectUnderTest(suite.sdk("python"), "1.40.0")
    assert {case.status for case in planned(suite, subject=old, patterns=("chat/mind",))} == {
        "unsupported"
    }


def test_an_operation_of_later_versions_is_unsupported_by_earlier_ones(suite: Suite) -> None:
    old = SubjectUnderTest(suite.sdk("python"), "1.40.0")
    (case, *_) = planned(suite, subject=old, patterns=("responses/late",), api_versions=("v1",))
    assert case.status == "unsupported"
    assert "openai >=1.66 only" in case.reason


def test_an_sdk_that_is_not_there_has_no_cases_and_alone_is_an_error_with_its_reason(
    suite: Suite,
) -> None:
    absent = SubjectUnderTest(suite.sdk("python"), "-", absent="not installed here")
    nothing = plan(suite, (absent,), Selection())
    assert nothing.cases == ()
    with pytest.raises(UsageError) as caught:
        nothing.require_cases()
    assert (caught.value.code, caught.value.hint) == ("sdk-absent", "python: not installed here")


def test_subjects_are_named_once_and_a_name_that_is_unknown_or_absent_is_refused(
    suite: Suite,
) -> None:
    version = next(
        subject.version for subject in subjects_of(suite, ()) if subject.sdk.name == "python"
    )
    assert len(subjects_of(suite, ("python", f"python@{version}", "python"))) == 1
    for wanted, code in (("nosuch", "sdk-unknown"), ("python@0.0.1", "sdk-version")):
        with pytest.raises(UsageError) as caught:
            subjects_of(suite, (wanted,))
        assert caught.value.code == code


def test_a_version_is_the_same_however_it_is_spelled(suite: Suite) -> None:
    version = next(
        subject.version for subject in subjects_of(suite, ()) if subject.sdk.name == "python"
    )
    for spelled in (version, f"v{version}", f"{version}.0", f" {version}"):
        assert subjects_of(suite, (f"python@{spelled}",))[0].version == version


@pytest.mark.parametrize(
    "wanted",
    ["python@", "python@latest", "python@../../x", "python@3/../x", "python@3 4", "python@*"],
)
def test_what_is_no_version_is_refused_before_it_becomes_a_path(suite: Suite, wanted: str) -> None:
    with pytest.raises(UsageError) as caught:
        subjects_of(suite, (wanted,), LaneKind.LOOPBACK)
    assert caught.value.code == "sdk-version"


def test_an_sdk_named_that_cannot_run_is_refused_and_unnamed_is_listed(tmp_path: Path) -> None:
    suite = load(
        make_root(
            tmp_path,
            {
                "adapters/python/contract.yaml": contract(),
                "adapters/go/contract.yaml": contract().replace("sdk: python", "sdk: go", 1),
            },
        )
    )
    assert [(subject.sdk.name, bool(subject.absent)) for subject in subjects_of(suite, ())] == [
        ("go", True),
        ("python", False),
    ]
    with pytest.raises(UsageError) as caught:
        subjects_of(suite, ("go",))
    assert caught.value.code == "sdk-absent"
    with pytest.raises(UsageError):
        subjects_of(suite, ("all",))


def test_all_lists_with_its_reason_the_sdk_that_is_a_contract_only(tmp_path: Path) -> None:
    only = contract().replace("sdk: python", "sdk: go\nnot_run: nobody wrote it", 1)
    suite = load(
        make_root(
            tmp_path,
            {"adapters/python/contract.yaml": contract(), "adapters/go/contract.yaml": only},
        )
    )
    assert {(subject.sdk.name, subject.absent) for subject in subjects_of(suite, ("all",))} == {
        ("go", "nobody wrote it"),
        ("python", ""),
    }
    with pytest.raises(UsageError):
        subjects_of(suite, ("all", "go@1.0"))


def test_ten_thousand_cases_are_planned_in_seconds(suite: Suite) -> None:
    import time

    loaded = suite.by_id["retries/everywhere"]
    many = replace(
        suite, scenarios=tuple(replace(loaded, id=f"retries/case-{index}") for index in range(1000))
    )
    began = time.perf_counter()
    assert len(planned(many)) == 10_000
    assert time.perf_counter() - began < 8


def test_the_home_is_found_upwards_and_lacks_are_filled_from_the_project(tmp_path: Path) -> None:
    root = make_root(tmp_path / "suite")
    below = root / "scenarios" / "chat"
    home = find_home(below)
    assert home.scenarios == root / "scenarios"
    assert (home.adapters, home.schemas) == (PROJECT / "adapters", PROJECT / "schemas")
    assert home.digest("scenarios") == find_home(root, root).digest("scenarios")
    with pytest.raises(UsageError):
        find_home(tmp_path, tmp_path / "nowhere")


def test_a_scenario_is_filled_in_once_for_each_set_of_values_its_variables_have(
    tmp_path: Path,
) -> None:
    suite = load(
        make_root(
            tmp_path,
            {
                "scenarios/chat/same.yaml": scenario(
                    step(content="${deployment.chat}"), api_versions="all"
                ),
                "scenarios/chat/each.yaml": scenario(
                    step(content="${api_version}"), api_versions="all"
                ),
            },
        )
    )
    same, each = (planned(suite, patterns=(name,)) for name in ("chat/same", "chat/each"))
    assert len({id(case.spec) for case in same}) == 1
    assert len({id(case.spec) for case in each}) == len(API_VERSIONS)
    for case in each:
        assert case.spec.steps[0].with_["messages"][0]["content"] == case.api_version


def test_what_takes_a_socket_runs_through_the_same_versions_adapter_beside_the_inprocess_cases(
    tmp_path: Path,
) -> None:
    wired = {
        "scenarios/chat/socket.yaml": scenario(head="lane: loopback\n"),
        "scenarios/chat/any.yaml": scenario(),
    }
    suite = load(make_root(tmp_path / "with", wired))
    cases = plan(
        suite, subjects_of(suite, ("python",)), Selection(patterns=("chat/socket", "chat/any"))
    )
    assert {case.loaded.id: (case.lane, case.status) for case in cases} == {
        "chat/socket": ("loopback", "run"),
        "chat/any": ("inprocess", "run"),
    }
    without = load(
        make_root(tmp_path / "without", {**wired, "adapters/python/contract.yaml": contract()})
    )
    cases = plan(without, subjects_of(without, ("python",)), Selection(patterns=("chat/socket",)))
    assert {case.status for case in cases} == {"not-run"}
