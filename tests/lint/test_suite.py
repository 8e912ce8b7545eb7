"""Lint beyond the corpus: what it must not complain about, and how it says what it does."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conformance.errors import InputError, InputErrors
from conformance.lint.suite import ERROR_MEMBERS, lint
from conformance.wire.protocol import SdkError
from tests.corpus.overlay import PROJECT, contract, load, make_root, scenario, step, waiver

ERROR = '[{status: 429, body: {$fixture: "errors/${matrix.name}"}}]'


def codes(root: Path) -> list[str]:
    return [f"{problem.code} {problem.where}" for problem in lint(load(root))]


def test_a_fixture_is_used_by_its_whole_name_only(tmp_path: Path) -> None:
    root = make_root(
        tmp_path, {"scenarios/fixtures/chat/found.yaml": "source: script\nref: test\nbody: {}\n"}
    )
    assert "fixture-unused scenarios/fixtures/chat/found.yaml:1:1" in codes(root)
    assert "fixture-unused scenarios/fixtures/chat/founded.yaml:1:1" not in codes(root)


def test_a_fixture_named_by_a_matrix_is_used_and_the_others_are_not(tmp_path: Path) -> None:
    text = scenario(
        step(service=ERROR, expect="{error: {status: 429}}"), head="matrix: {name: [throttled]}\n"
    )
    found = codes(make_root(tmp_path, {"scenarios/chat/x.yaml": text}))
    assert "fixture-unused scenarios/fixtures/errors/throttled.yaml:1:1" not in found
    assert "fixture-unused scenarios/fixtures/errors/not-found.yaml:1:1" in found


def test_a_fixture_in_a_comment_is_not_used(tmp_path: Path) -> None:
    text = scenario().replace("steps:", "# {$fixture: errors/throttled}\nsteps:")
    assert "fixture-unused scenarios/fixtures/errors/throttled.yaml:1:1" in codes(
        make_root(tmp_path, {"scenarios/chat/x.yaml": text})
    )


def test_files_that_nobody_reads_for_their_suffix_are_told(tmp_path: Path) -> None:
    root = make_root(
        tmp_path, {"scenarios/chat/x.yml": scenario(), "cassettes/2024-10-21/chat/y.yml": "a"}
    )
    assert [code for code in codes(root) if code.startswith("file-suffix")] == [
        "file-suffix cassettes/2024-10-21/chat/y.yml:1:1",
        "file-suffix scenarios/chat/x.yml:1:1",
    ]


SOCKETS = '[{status: 200, head: ["HTTP/1.1 200"], body: {$fixture: chat/founded}}]'


@pytest.mark.parametrize(
    ("service", "column"),
    [
        (SOCKETS, 29),
        ("[{status: 200, body: {}, close: true}]", 39),
        ('[{status: 200, headers: {content-length: "3"}, body: {}}]', 29),
        ('[{status: 200, body: {}, headers: {content-length: "${matrix.n}"}}]', 39),
    ],
)
def test_what_needs_sockets_says_so_once_and_needs_only_the_lane(
    tmp_path: Path, service: str, column: int
) -> None:
    text = scenario(step(service=service), head='matrix: {n: ["3", "4"]}\n')
    found = [
        code
        for code in codes(make_root(tmp_path, {"scenarios/chat/x.yaml": text}))
        if "lane" in code
    ]
    assert found == [f"lane-loopback scenarios/chat/x.yaml:9:{column}"]
    said = make_root(
        tmp_path / "said",
        {"scenarios/chat/x.yaml": text.replace("steps:", "lane: loopback\nsteps:")},
    )
    assert not any("lane" in code for code in codes(said))


def test_problems_are_in_the_order_of_files_and_lines(tmp_path: Path) -> None:
    root = make_root(
        tmp_path,
        {
            f"scenarios/chat/{name}.yaml": scenario(
                step(expect="{result: {a: {$nope: 1}}}") + step(expect="{error: {knd: x}}")
            )
            for name in "ba"
        },
    )
    found = [code for code in codes(root) if "fixture" not in code and "cassette" not in code]
    assert found == sorted(
        found, key=lambda code: (code.split()[1].split(":")[0], int(code.split(":")[1]))
    )
    assert len(found) == 4


def test_a_suite_that_borrows_adapters_and_cassettes_is_not_blamed_for_them(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    shutil.rmtree(root / "cassettes")
    (root / "scenarios" / "chat" / "founded.yaml").unlink()
    assert {code.split()[0] for code in codes(root)} == {"fixture-unused"}


def test_a_waiver_of_the_suites_own_must_name_its_scenarios(tmp_path: Path) -> None:
    root = make_root(
        tmp_path,
        {
            "adapters/python/contract.yaml": contract(),
            "adapters/python/waivers.yaml": waiver(scenarios="[gone/one]"),
        },
    )
    assert "waiver-scenario adapters/python/waivers.yaml:4:16" in codes(root)


def test_a_schema_with_a_reference_to_nowhere_is_refused(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    shutil.copytree(PROJECT / "schemas", root / "schemas")
    path = root / "schemas" / "2024-10-21" / "chat-completion.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace("#/$defs/", "#/$defs/nowhere-"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="nowhere") as caught:
        raise InputErrors(
            tuple(problem for problem in lint(load(root)) if "schema" in problem.code)
        )
    assert "chat-completion.json" in str(caught.value.where)


def test_the_members_of_an_expected_error_are_those_of_the_protocol() -> None:
    assert set(ERROR_MEMBERS) <= {"kind", *SdkError.__dataclass_fields__}


def test_the_project_itself_has_scenarios_that_can_be_read() -> None:
    assert len(load(PROJECT).scenarios) >= 20
