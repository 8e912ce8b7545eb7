"""The YAML reader: safe on any text, JSON-shaped, and right about places."""

from __future__ import annotations

import contextlib
import gc
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from conformance.errors import InputError
from conformance.suite.yaml import MAX_BYTES, MAX_DEPTH, load_file, load_text

# Beyond the BMP, JSON escapes are surrogate pairs, which YAML has not; PyYAML reads exponents
# without a point as text.
texts = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | texts
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: "e" not in repr(x))
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


def code_of(text: str, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        load_text(text, "f.yaml", **options)
    return caught.value.code


@given(st.text(alphabet=st.characters(codec=None), max_size=200))
@example("\ud800")
@example("a: \x00")
@example("!!binary é")
@example("a: " + "9" * 5000)
@example("-  " * 50 + "a")
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused_with_an_input_error(text: str) -> None:
    try:
        load_text(text, "f.yaml", binary=True)
    except InputError as error:
        assert error.code.startswith("yaml-")


@given(st.text(alphabet="ab:-?,[]{}&*!|>'\"#%@` \n\t0.5e\ufeff", max_size=60))
@settings(max_examples=600, deadline=None)
def test_text_made_of_yaml_signs_is_read_or_refused_with_an_input_error(text: str) -> None:
    try:
        load_text(text, "f.yaml")
    except InputError as error:
        assert error.code.startswith("yaml-")


@given(documents)
@settings(max_examples=200, deadline=None)
def test_json_is_read_as_json_and_as_pyyaml_reads_it(value: Any) -> None:
    text = json.dumps(value)
    read = load_text(text, "f.yaml").value
    assert read == value
    assert read == yaml.safe_load(text)


@given(documents)
@settings(max_examples=200, deadline=None)
def test_what_pyyaml_writes_in_blocks_is_read_back(value: Any) -> None:
    text = yaml.safe_dump(value)
    # PyYAML writes binary text with a tag, and takes 1e5 for text where JSON has a number.
    if "!!" not in text and not re.search("[0-9.][eE][-+]?[0-9]", text):
        assert load_text(text, "f.yaml").value == value


@given(st.binary(max_size=300))
def test_any_bytes_in_a_file_are_read_or_refused_with_an_input_error(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(raw)
    try:
        load_file(path)
    except InputError as error:
        assert error.code.startswith(("yaml-", "file-"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", 1),
        ("a: -0", 0),
        ("a: +5", 5),
        ("a: 1.5", 1.5),
        ("a: .5", 0.5),
        ("a: 1e3", 1000.0),
        ("a: 007", "007"),
        ("a: 0x1F", "0x1F"),
        ("a: 1_000", "1_000"),
        ("a: 2024-10-21", "2024-10-21"),
        ("a: 12:30", "12:30"),
        ("a: yes", "yes"),
        ("a: on", "on"),
        ("a: true", True),
        ("a: ~", None),
        ("a:", None),
        ("a: ''", ""),
        ("a: '1'", "1"),
        ("a: .inf", ".inf"),
        ("a: =", "="),
        ("<<: 1", 1),
        ("1: 1", 1),
    ],
)
def test_plain_scalars_follow_yaml_1_2_and_json(text: str, value: Any) -> None:
    (read,) = load_text(text, "f.yaml").value.values()
    assert read == value
    assert type(read) is type(value)


def test_keys_are_always_text() -> None:
    assert load_text("{1: a, true: b, null: c, 1.5: d}", "f").value == {
        "1": "a",
        "true": "b",
        "null": "c",
        "1.5": "d",
    }


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "yaml-empty"),
        ("# only a comment", "yaml-empty"),
        ("a: 1\na: 2", "yaml-duplicate-key"),
        ("a: &x 1", "yaml-anchor"),
        ("a: *x", "yaml-alias"),
        ("a: !!python/object:os.system {}", "yaml-tag"),
        ("\ufeff!!python/object:os.system x", "yaml-tag"),
        ("a: !!binary aGk=", "yaml-tag"),
        ("a: !x 1", "yaml-tag"),
        ("[a]: 1", "yaml-key"),
        ("? {a: 1}\n: 2", "yaml-key"),
        ("a: 1\n---\nb: 2", "yaml-syntax"),
        ("a: \t- b", "yaml-syntax"),
        ("a: [", "yaml-syntax"),
        ("a: 1e999", "yaml-number"),
        ("a: -1e999", "yaml-number"),
        ("a: " + "1" * 500, "yaml-number"),
    ],
)
def test_what_is_no_plain_json_is_refused_by_its_own_code(text: str, code: str) -> None:
    assert code_of(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        "{a: " * 200_000,
        "- " * 200_000 + "a",
        "-  " * 200_000 + "a",
        "? " * 100_000,
        "?   " * 100_000,
        "- ?  " * 100_000,
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "\n".join(" " * depth + "a:" for depth in range(1500)),
        "\r".join(" " * depth + "a:" for depth in range(1500)),
        "\u2028".join(" " * depth + "a:" for depth in range(1500)),
    ],
    ids=lambda text: repr(text[:8]),
)
def test_a_hostile_depth_is_refused_before_anything_recurses(text: str) -> None:
    assert code_of(text) == "yaml-too-deep"


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("[" * 200_000, "yaml-too-deep", f"1:{MAX_DEPTH + 1}"),
        ("{" * 1010, "yaml-too-deep", f"1:{MAX_DEPTH + 1}"),
        ("a:\n- b\n- " + "[" * 1020, "yaml-too-deep", f"3:{MAX_DEPTH + 1}"),
        ("\ufeff# é\r\na: [ü, " + "[" * 1010, "yaml-too-deep", f"2:{MAX_DEPTH + 6}"),
        ("[&x " + "[" * 1010, "yaml-anchor", "1:2"),
        ("[!!int " + "[" * 1010, "yaml-tag", "1:2"),
        ("[*x, " + "[" * 1010, "yaml-alias", "1:2"),
        ("[" * 1010 + "@", "yaml-too-deep", f"1:{MAX_DEPTH + 1}"),
        ("[" * 1001 + "'", "yaml-too-deep", f"1:{MAX_DEPTH + 1}"),
        ("''" + "[" * 1010, "yaml-syntax", "1:3"),
        ("[" * 30 + "@" + "[" * 1010, "yaml-syntax", "1:31"),
        ("\ufeff[[[" + "{a: " * 25 + "@", "yaml-syntax", "1:104"),
        ("[- a, " + "[" * 1010, "yaml-syntax", "1:2"),
    ],
    ids=lambda value: repr(value[:8]),
)
def test_what_comes_first_is_refused_first_though_libyaml_counts_levels_ahead(
    text: str, code: str, place: str
) -> None:
    with pytest.raises(InputError) as caught:
        load_text(text, "f.yaml")
    assert (caught.value.code, str(caught.value.where)) == (code, f"f.yaml:{place}")


def test_a_depth_within_the_budget_is_read() -> None:
    assert load_text("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f.yaml").value


def test_ten_megabytes_of_nesting_cost_no_more_than_looking_at_their_size(tmp_path: Path) -> None:
    path = tmp_path / "bomb.yaml"
    path.write_bytes(b"[" * 10_000_000)
    with pytest.raises(InputError, match="at most") as caught:
        load_file(path)
    assert caught.value.code == "yaml-too-large"
    assert code_of("a" * (MAX_BYTES + 1)) == "yaml-too-large"


def test_a_file_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("a: b\nc: é".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        load_file(path, name="latin.yaml")
    assert (caught.value.code, str(caught.value.where)) == ("file-not-utf8", "latin.yaml:2:1")


@pytest.mark.parametrize("name", ["nowhere.yaml", "."])
def test_a_file_that_cannot_be_read_is_an_input_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as caught:
        load_file(tmp_path / name)
    assert caught.value.code == "file-unreadable"


def test_binary_is_read_only_where_it_is_allowed() -> None:
    assert load_text("a: !!binary aGVsbG8=", "f", binary=True).value == {"a": b"hello"}
    assert code_of("a: !!binary a", binary=True) == "yaml-binary"
    assert code_of("a: !!python/name:os.system x", binary=True) == "yaml-tag"


def test_places_are_those_of_the_values_and_keys() -> None:
    document = load_text("a:\n  - b: 1\n    c: [x, y]\nd: é\n", "f.yaml")
    assert str(document.where(["a", 0, "b"])) == "f.yaml:2:8"
    assert str(document.where(["a", 0, "c", 1])) == "f.yaml:3:12"
    assert str(document.where(["d"])) == "f.yaml:4:4"
    assert str(document.where_key(["a", 0], "c")) == "f.yaml:3:5"
    assert str(document.where_key([], "d")) == "f.yaml:4:1"


def test_a_place_that_is_not_there_is_that_of_its_nearest_ancestor() -> None:
    document = load_text("a:\n  - b: 1\n", "f.yaml")
    assert document.where(["a", 0, "nothing", "deeper"]) == document.where(["a", 0])
    assert document.where(["a", 7]) == document.where(["a"])
    assert document.where_key(["a", 0], "nothing") == document.where(["a", 0])


@given(documents.filter(lambda value: isinstance(value, dict | list)))
@settings(max_examples=100, deadline=None)
def test_every_place_points_at_the_value_it_is_asked_for(value: Any) -> None:
    text = json.dumps(value, indent=1)
    document = load_text(text, "f.yaml")
    lines = text.split("\n")

    def check(item: Any, path: list[str | int]) -> None:
        where = document.where(path)
        rest = lines[where.line - 1][where.column - 1 :]
        assert rest.startswith(json.dumps(item, indent=1).split("\n")[0])
        for key, below in (
            item.items()
            if isinstance(item, dict)
            else enumerate(item)
            if isinstance(item, list)
            else ()
        ):
            check(below, [*path, key])

    check(value, [])


def test_a_tab_is_told_as_a_tab() -> None:
    with pytest.raises(InputError) as caught:
        load_text("a:\n\tb: 1", "f.yaml")
    assert "tab" in caught.value.hint
    assert caught.value.where is not None
    assert caught.value.where.line == 2


def test_a_place_can_be_asked_for_many_times_and_the_tree_is_made_once() -> None:
    document = load_text("a: [1, 2]", "f.yaml")
    assert "root" not in vars(document)
    assert document.where(["a", 1]) == document.where(["a", 1])
    assert document.root is document.root


@pytest.mark.parametrize("text", ["a: 1", "a: [1", "a: &b 1"], ids=["read", "no YAML", "refused"])
@pytest.mark.parametrize("before", [True, False], ids=["on", "off"])
def test_reading_leaves_the_garbage_collector_as_it_was(text: str, before: bool) -> None:
    was = gc.isenabled()
    (gc.enable if before else gc.disable)()
    try:
        with contextlib.suppress(InputError):
            load_text(text, "t.yaml")
        assert gc.isenabled() is before
    finally:
        (gc.enable if was else gc.disable)()
