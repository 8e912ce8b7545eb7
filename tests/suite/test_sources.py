"""What an adapter is built from: its own files and shared ones, checked before a build."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath

import pytest

from conformance.errors import InputErrors
from conformance.sdk.environments import Adapter
from conformance.suite.manifest import load_manifest
from conformance.suite.sources import SharedSources, lay_out, source_files
from tests.places import PROJECT

ADAPTERS = PROJECT / "adapters"
SHARED = {"folder": "../shared/go", "files": ["*.go"]}


def adapters(tmp_path: Path, *sources: object) -> Path:
    """A folder of adapters: ``one`` and ``two`` with these sources, and what they share."""
    folder = tmp_path / "adapters"
    for name in ("one", "two"):
        write(folder / name / "main.go", f"// {name}\n")
        manifest = {
            "protocol": 1,
            "versions": {"default": "1.0"},
            "command": ["x"],
            "sources": sources,
        }
        write(folder / name / "adapter.yaml", json.dumps(manifest, indent=1))
    write(folder / "shared" / "go" / "protocol.go", "// shared\n")
    write(folder / "shared" / "go" / "inner" / "deep.go", "// deep\n")
    return folder


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def adapter(folder: Path) -> Adapter:
    manifest = load_manifest(folder)
    assert manifest is not None
    return Adapter(folder, manifest, "1.0")


def problems(folder: Path) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        load_manifest(folder)
    assert {error.code for error in caught.value.errors} == {"adapter-sources"}
    return [str(error) for error in caught.value.errors]


def test_shared_files_stand_beside_own_ones_where_the_adapter_is_built(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "*.go", {"folder": "../shared/go", "files": ["**/*.go"]})
    lay_out(adapter(folder / "one").sources(), tmp_path / "built")
    built = tmp_path / "built"
    places = sorted(path.relative_to(built).as_posix() for path in built.rglob("*.*"))
    assert places == ["inner/deep.go", "main.go", "protocol.go"]
    assert (built / "main.go").read_text() == "// one\n"
    assert (built / "inner" / "deep.go").read_text() == "// deep\n"


def test_a_change_in_the_shared_folder_builds_every_adapter_again_with_it(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "*.go", SHARED)
    before = [adapter(folder / name).home for name in ("one", "two")]
    write(folder / "shared" / "go" / "inner" / "deep.go", "// not included\n")
    assert [adapter(folder / name).home for name in ("one", "two")] == before
    write(folder / "shared" / "go" / "protocol.go", "// changed\n")
    after = [adapter(folder / name).home for name in ("one", "two")]
    assert all(home != other for home, other in zip(before, after, strict=True))


def test_a_file_added_to_the_shared_folder_builds_again_too(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "*.go", SHARED)
    before = adapter(folder / "one").home
    write(folder / "shared" / "go" / "tokens.go", "// new\n")
    assert adapter(folder / "one").home != before


def test_an_adapter_without_the_shared_folder_is_left_as_it_is_built(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "*.go")
    before = adapter(folder / "one").home
    write(folder / "shared" / "go" / "protocol.go", "// changed\n")
    assert adapter(folder / "one").home == before


def test_a_folder_that_is_missing_is_named_with_its_place(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "*.go", {"folder": "../shared/og", "files": ["*.go"]})
    [problem] = problems(folder / "one")
    assert problem.startswith(
        "adapters/one/adapter.yaml:12:14: there is no folder adapters/shared/og"
    )


@pytest.mark.parametrize(
    "source", ["go.sum", {"folder": "../shared/go", "files": ["*.go", "go.sum"]}]
)
def test_a_file_that_is_missing_is_named_with_its_place(tmp_path: Path, source: object) -> None:
    folder = adapters(tmp_path, source)
    [problem] = problems(folder / "one")
    searched = "one" if isinstance(source, str) else "shared/go"
    assert f"'go.sum' matches no file in adapters/{searched} " in problem
    line = (folder / "one" / "adapter.yaml").read_text().split('"go.sum"')[0].count("\n") + 1
    assert problem.startswith(f"adapters/one/adapter.yaml:{line}:")


def test_two_files_at_one_path_are_refused_and_both_named(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "*.go", SHARED)
    write(folder / "one" / "protocol.go", "// own\n")
    [problem] = problems(folder / "one")
    assert (
        "adapters/one/protocol.go and adapters/shared/go/protocol.go are both built as protocol.go"
    ) in problem


def test_one_file_may_be_named_twice(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "*.go", "main.go", SHARED, SHARED)
    places = list(adapter(folder / "one").sources())
    assert places == [PurePosixPath("main.go"), PurePosixPath("protocol.go")]


@pytest.mark.parametrize(
    "outside", ["../..", "../../elsewhere", "..", "/etc", "../shared/../../elsewhere"]
)
def test_a_folder_outside_adapters_is_refused(tmp_path: Path, outside: str) -> None:
    write(tmp_path / "elsewhere" / "a.go", "")
    folder = adapters(tmp_path, "*.go", {"folder": outside, "files": ["*"]})
    [problem] = problems(folder / "one")
    assert f"the folder {outside!r} is not below adapters/" in problem


@pytest.mark.parametrize("pattern", ["../shared/go/*.go", "/etc/passwd", "a/../../two/*.go", ""])
def test_a_pattern_that_leaves_its_folder_is_refused(tmp_path: Path, pattern: str) -> None:
    folder = adapters(tmp_path, pattern, {"folder": "../shared/go", "files": [pattern]})
    own, shared = problems(folder / "one")
    for problem in (own, shared):
        assert f"the pattern {pattern!r} leaves its folder" in problem
        assert "{folder: ../shared/go" in problem


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    folder = adapters(tmp_path, "no.go", {"folder": "../nowhere", "files": ["*"]}, "../two/main.go")
    assert len(problems(folder / "one")) == 3


def test_files_come_in_the_order_of_their_paths_however_sources_are_ordered(tmp_path: Path) -> None:
    folder = adapters(tmp_path)
    shared = SharedSources.model_validate(SHARED)
    one = source_files(folder / "one", ["*.go", shared])
    assert list(one.items()) == list(source_files(folder / "one", [shared, "*.go"]).items())


@pytest.mark.parametrize("language", ["go", "java"])
def test_what_is_shared_is_no_sdk_and_is_included_twice(language: str) -> None:
    assert not (ADAPTERS / "shared" / "contract.yaml").exists()
    folders = [path.parent for path in ADAPTERS.glob("*/adapter.yaml")]
    origins = [set(adapter(folder).sources().values()) for folder in folders]
    shared = [path for path in (ADAPTERS / "shared" / language).rglob("*.*") if path.is_file()]
    assert shared
    for path in shared:
        assert sum(path in files for files in origins) >= 2, path


@pytest.mark.parametrize("suffix", [".go", ".java"])
def test_no_source_of_two_adapters_is_the_same(suffix: str) -> None:
    texts: dict[str, Path] = {}
    paths = sorted(ADAPTERS.rglob(f"*{suffix}"))
    assert paths
    for path in paths:
        other = texts.setdefault(path.read_text(encoding="utf-8"), path)
        assert other == path, f"{path} is {other}: let it stand in adapters/shared"
