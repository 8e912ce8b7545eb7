"""A schema file that is not sound gives one clear error with its place; names are helped along."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.errors import InputError, InputErrors
from conformance.suite.schema import SchemaRegistry
from tests.schemas.schema_corpus import REPOSITORY, registry

HEAD = '"title": "t", "description": "d", "x-source": "s"'


def headed(rest: str) -> str:
    """A schema text: the members every schema has on line 1, then ``rest``."""
    return "{" + HEAD + ", " + rest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "common").mkdir()
    (tmp_path / "2024-10-21").mkdir()
    write(tmp_path, "common/parts.json", headed('"$defs": {"count": {"type": "integer"}}}'))
    write(tmp_path, "2024-10-21/thing.json", headed('"$ref": "../common/parts.json#/$defs/count"}'))
    return tmp_path


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, "utf-8")


def failure(folder: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        SchemaRegistry.load(folder).validate("thing", "2024-10-21", 1)
    return caught.value


def test_the_schemas_of_the_repository_are_sound() -> None:
    registry().check_all()


def test_a_sound_schema_decides(folder: Path) -> None:
    found = SchemaRegistry.load(folder)
    assert found.validate("thing", "2024-10-21", 1) == ()
    assert (
        found.validate("thing", "2024-10-21", "x")[0].message
        == 'Expected integer, found string "x".'
    )


def test_a_ref_to_a_missing_definition_names_file_line_and_the_nearest_one(folder: Path) -> None:
    write(
        folder,
        "2024-10-21/thing.json",
        headed('\n\n  "$ref": "../common/parts.json#/$defs/cout"\n}'),
    )
    error = failure(folder)
    assert error.code == "schema-broken-ref"
    assert str(error.where) == f"{folder}/2024-10-21/thing.json:3:11"
    assert "common/parts.json#/$defs/cout" in error.cause
    assert error.hint == "Did you mean 'count'?"


def test_a_ref_to_a_missing_file_names_the_nearest_one(folder: Path) -> None:
    write(folder, "2024-10-21/thing.json", headed('"$ref": "../common/part.json"}'))
    assert (failure(folder).code, failure(folder).hint) == (
        "schema-broken-ref",
        "Did you mean 'parts.json'?",
    )


def test_a_ref_deep_in_a_shared_file_is_found_too(folder: Path) -> None:
    write(
        folder,
        "common/parts.json",
        headed('"$defs": {"count": {"items": [\n{"$ref": "#/nowhere"}]}}}'),
    )
    assert str(failure(folder).where) == f"{folder}/common/parts.json:2:10"


def test_a_ref_to_the_network_is_refused(folder: Path) -> None:
    write(folder, "2024-10-21/thing.json", headed('"$ref": "https://example.com/x.json"}'))
    assert failure(folder).code == "schema-broken-ref"
    assert "nothing is fetched" in failure(folder).hint


def test_a_file_that_is_not_json_names_the_place(folder: Path) -> None:
    write(folder, "2024-10-21/thing.json", '{\n  "type": integer\n}')
    error = failure(folder)
    assert (error.code, str(error.where)) == (
        "schema-not-json",
        f"{folder}/2024-10-21/thing.json:2:11",
    )


def test_a_member_written_twice_is_refused(folder: Path) -> None:
    write(folder, "2024-10-21/thing.json", '{"type": "string", "type": "integer"}')
    assert (failure(folder).code, "'type'" in failure(folder).cause) == ("schema-not-json", True)


def test_a_file_that_is_no_schema_names_the_place(folder: Path) -> None:
    write(folder, "2024-10-21/thing.json", '{"properties": {\n  "a": {"type": "text"}}}')
    error = failure(folder)
    assert (error.code, error.where.line if error.where else 0) == ("schema-invalid", 2)


def test_a_file_that_is_no_object_is_refused(folder: Path) -> None:
    write(folder, "2024-10-21/thing.json", "[]")
    assert failure(folder).code == "schema-invalid"


@pytest.mark.parametrize(
    "text",
    [
        '{"pattern": "("}',
        '{"$ref": "#/$defs/a/enum", "$defs": {"a": {"enum": [1]}}}',
        '{"$dynamicRef": "#x"}',
        '{"$id": "https://example.com/x"}',
        '{"$ref": "#anchor"}',
    ],
)
def test_a_schema_that_cannot_be_compiled_is_an_input_error_for_every_use(
    folder: Path, text: str
) -> None:
    write(folder, "2024-10-21/thing.json", text)
    assert failure(folder).code in ("schema-invalid", "schema-broken-ref")
    with pytest.raises(InputError):
        SchemaRegistry.load(folder).unknown_members("thing", "2024-10-21", {"a": 1})


def test_an_unknown_name_suggests_the_nearest_and_the_versions_that_have_it() -> None:
    with pytest.raises(InputError) as caught:
        registry().validate("chat-completions", "2024-10-21", {})
    assert (caught.value.code, caught.value.hint) == (
        "schema-unknown",
        "Did you mean 'chat-completion'?",
    )
    with pytest.raises(InputError) as caught:
        registry().validate("response", "2024-10-21", {})
    assert "2025-03-01-preview" in caught.value.hint
    with pytest.raises(InputError, match="no schemas for api-version"):
        registry().names("2019-01-01")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no schemas"):
        SchemaRegistry.load(tmp_path)


def test_lint_reports_every_unsound_file_at_once(folder: Path) -> None:
    write(folder, "2024-10-21/thing.json", "{")
    write(folder, "2024-10-21/bare.json", '{"type": "string"}')
    with pytest.raises(InputErrors) as caught:
        SchemaRegistry.load(folder).check_all()
    assert [error.code for error in caught.value.errors] == ["schema-invalid", "schema-not-json"]


def test_the_digest_changes_with_any_byte_and_with_nothing_else(tmp_path: Path) -> None:
    copy = tmp_path / "schemas"
    shutil.copytree(REPOSITORY / "schemas", copy)
    assert SchemaRegistry.load(copy).digest() == registry().digest()
    changed = copy / "v1" / "error.json"
    changed.write_text(changed.read_text("utf-8") + "\n", "utf-8")
    assert SchemaRegistry.load(copy).digest() != registry().digest()


@pytest.mark.parametrize(
    ("asked", "held"),
    [
        ("2023-05-15", "2024-06-01"),
        ("2024-06-01", "2024-06-01"),
        ("2024-12-01-preview", "2024-10-21"),
        ("2025-03-01-preview", "2025-03-01-preview"),
        ("2026-01-01", "2025-04-01-preview"),
        ("v1", "v1"),
        ("preview", "v1"),
    ],
)
def test_an_api_version_without_schemas_is_served_by_the_newest_before_it(
    asked: str, held: str
) -> None:
    assert registry().closest_version(asked) == held


def test_each_version_has_the_operations_it_has() -> None:
    assert "response" not in registry().names("2024-10-21")
    assert {"response", "response-event"} <= set(registry().names("2025-03-01-preview"))
    assert {"completion", "transcription", "images", "batch"} <= set(registry().names("v1"))


def test_every_schema_says_what_it_is_and_where_it_is_written() -> None:
    for path in (REPOSITORY / "schemas").glob("*/*.json"):
        if path.parent.name in ("common", *registry().api_versions()):
            content = json.loads(path.read_text("utf-8"))
            assert content["$schema"] == "https://json-schema.org/draft/2020-12/schema", path
            assert all(content[member] for member in ("title", "description", "x-source")), path


def test_a_valid_body_is_decided_without_importing_jsonschema() -> None:
    program = (
        "import sys; from pathlib import Path; from conformance.suite.schema import SchemaRegistry;"
        "SchemaRegistry.load(Path('schemas')).validate('error', 'v1', {'message': 'm'});"
        "sys.exit('jsonschema' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, check=False).returncode == 0
    )
