"""Finding, reading and validating scenarios and fixtures, and the schema editors use."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from conformance.errors import InputError, InputErrors, UsageError
from conformance.suite.published import PUBLISHED
from conformance.suite.scenario.editor import editor_schema, editor_schema_text
from conformance.suite.scenario.load import Fixtures, load_scenarios, scenario_files
from conformance.suite.scenario.model import Scenario
from conformance.suite.validation import known_keys, validate
from conformance.suite.yaml import load_text
from tests.corpus.overlay import BASE, CORPUS, PROJECT, make_root, scenario


def test_the_id_is_the_path_and_the_folder_is_the_capability() -> None:
    loaded = load_scenarios(BASE / "scenarios")
    assert [item.id for item in loaded] == ["chat/founded", "chat/scripted"]
    assert {item.capability for item in loaded} == {"chat"}
    assert loaded[0].file == "scenarios/chat/founded.yaml"


def test_a_scenario_may_stand_deeper_and_keeps_its_path_as_id(tmp_path: Path) -> None:
    root = make_root(tmp_path, {"scenarios/chat/deep/er.yaml": scenario()})
    assert "chat/deep/er" in [item.id for item in load_scenarios(root / "scenarios")]


def test_every_problem_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    root = make_root(
        tmp_path,
        {
            "scenarios/chat/a.yaml": scenario(head="tag: [x]\nlevle: must\n"),
            "scenarios/chat/b.yaml": "",
            "scenarios/loose.yaml": scenario(),
            "scenarios/chat/c.yaml": b"\xff\xfe",
        },
    )
    with pytest.raises(InputErrors) as caught:
        load_scenarios(root / "scenarios")
    codes = [(error.code, error.where.file if error.where else "") for error in caught.value.errors]
    assert codes == [
        ("unknown-key", "scenarios/chat/a.yaml"),
        ("unknown-key", "scenarios/chat/a.yaml"),
        ("yaml-empty", "scenarios/chat/b.yaml"),
        ("file-not-utf8", "scenarios/chat/c.yaml"),
        ("scenario-place", "scenarios/loose.yaml"),
    ]
    assert "did you mean 'tags'?" in str(caught.value)
    assert "did you mean 'level'?" in str(caught.value)


@pytest.mark.parametrize("make", [False, True], ids=["no folder", "an empty folder"])
def test_a_suite_without_scenarios_is_never_taken_for_one(tmp_path: Path, make: bool) -> None:
    if make:
        (tmp_path / "scenarios" / "fixtures").mkdir(parents=True)
    with pytest.raises(UsageError, match="scenarios"):
        load_scenarios(tmp_path / "scenarios")


def test_fixtures_are_no_scenarios_and_are_read_once(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    assert not [path for path in scenario_files(root / "scenarios") if "fixtures" in path.parts]
    fixtures = Fixtures(root / "scenarios")
    assert "chat/founded" in fixtures.names
    assert fixtures.get("chat/founded") is fixtures.get("chat/founded")


@pytest.mark.parametrize(
    "name", ["chat/nope", "../fixtures/chat/founded", "../../../etc/passwd", "", "/etc/passwd"]
)
def test_a_fixture_that_is_not_there_or_outside_is_unknown(name: str) -> None:
    with pytest.raises(InputError) as caught:
        Fixtures(BASE / "scenarios").get(name)
    assert caught.value.code == "fixture-unknown"


def test_the_keys_that_are_known_follow_lists_mappings_and_unions() -> None:
    assert "steps" in set(known_keys(Scenario, ()))
    assert {"call", "with"} <= set(known_keys(Scenario, ("steps", 0)))
    assert {"status", "sse"} <= set(known_keys(Scenario, ("steps", 0, "service", 3)))
    assert "first" in set(known_keys(Scenario, ("steps", 0, "stream")))
    assert not set(known_keys(Scenario, ("steps", 0, "with")))


def test_a_value_outside_its_set_is_told_with_place_and_what_was_found() -> None:
    document = load_text(scenario(head="level: maybe\n"), "s.yaml")
    with pytest.raises(InputErrors) as caught:
        validate(document, Scenario, "scenario")
    (error,) = caught.value.errors
    assert str(error.where) == "s.yaml:5:8"
    assert "'maybe'" in error.cause


def test_the_editor_schema_in_the_package_is_up_to_date() -> None:
    path = PUBLISHED / "scenario.schema.json"
    assert path.read_text(encoding="utf-8") == editor_schema_text(), (
        f"write it again: conformance lint --write-editor-schema {path.relative_to(PROJECT)}"
    )


def test_the_editor_schema_is_a_schema_that_every_scenario_of_corpus_and_project_fits() -> None:
    jsonschema.Draft202012Validator.check_schema(editor_schema())
    validator = jsonschema.Draft202012Validator(json.loads(editor_schema_text()))
    files = [*(CORPUS / "must-pass").glob("*.yaml"), *scenario_files(PROJECT / "scenarios")]
    for path in files:
        document = load_text(path.read_text(encoding="utf-8"), path.name)
        assert not [error.message for error in validator.iter_errors(document.value)], path


def test_the_editor_schema_refuses_a_key_that_is_unknown() -> None:
    document = load_text(scenario(head="tag: [x]\n"), "s.yaml")
    assert not jsonschema.Draft202012Validator(editor_schema()).is_valid(document.value)
