"""The built wheel carries the whole suite: in an empty folder, without the source tree, it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.places import PROJECT

ROOT = PROJECT
SCHEMAS = tuple((PROJECT / "conformance").rglob("*.schema.json"))
ONE_CAPABILITY = ("--capability", "embeddings")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")
    }
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, and this environment's packages for its dependencies
    only."""
    base = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--outdir", base / "dist", ROOT, cwd=base)
    assert built.returncode == 0, built.stdout + built.stderr
    run(sys.executable, "-m", "venv", "--without-pip", base / "venv", cwd=base)
    python = base / "venv" / "bin" / "python"
    [wheel] = (base / "dist").glob("*.whl")
    installed = run(
        sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", wheel, cwd=base
    )
    assert installed.returncode == 0, installed.stdout + installed.stderr
    # A path file inside a folder that a path file adds is not read, so the editable install stays
    # out of sight.
    [own] = (base / "venv" / "lib").glob("python*/site-packages")
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return base


def test_the_wheel_runs_the_suite_in_an_empty_folder(environment: Path, tmp_path: Path) -> None:
    done = run(environment / "venv" / "bin" / "conformance", "run", *ONE_CAPABILITY, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    results = json.loads((tmp_path / "reports" / "results.json").read_text())
    assert results["cases"]
    assert {case["verdict"] for case in results["cases"]} <= {"pass", "waived"}
    assert sorted(p.name for p in (tmp_path / "reports").iterdir()) == [
        "divergence.html",
        "facts.html",
        "index.html",
        "junit.xml",
        "results.json",
    ]


def test_the_wheel_and_not_the_source_tree_is_what_runs(environment: Path, tmp_path: Path) -> None:
    asked = run(
        environment / "venv" / "bin" / "python",
        "-c",
        "import conformance; print(conformance.__file__)",
        cwd=tmp_path,
    )
    assert str(environment) in asked.stdout


def test_the_wheel_carries_every_file_of_the_suite(environment: Path, tmp_path: Path) -> None:
    listed = run(environment / "venv" / "bin" / "conformance", "lint", cwd=tmp_path)
    assert listed.returncode == 0, listed.stdout + listed.stderr
    for part in ("scenarios", "schemas", "cassettes", "adapters", "docs/facts"):
        source = files_below(ROOT / part)
        name = part.removeprefix("docs/")
        [data] = (environment / "venv").glob(f"lib/python*/site-packages/conformance/_data/{name}")
        assert files_below(data) == source


def test_the_wheel_carries_the_published_schemas_and_their_former_places(environment: Path) -> None:
    [package] = (environment / "venv").glob("lib/python*/site-packages/conformance")
    schemas = {path.relative_to(PROJECT / "conformance") for path in SCHEMAS}
    assert len(schemas) == 8
    assert {path.relative_to(package) for path in package.rglob("*.schema.json")} == schemas


def test_an_adapter_of_the_wheel_is_whole_with_what_it_shares(
    environment: Path, tmp_path: Path
) -> None:
    laid_out = run(
        environment / "venv" / "bin" / "conformance",
        "sdk",
        "sources",
        "go-openai",
        "--into",
        tmp_path / "sources",
        cwd=tmp_path,
    )
    assert laid_out.returncode == 0, laid_out.stdout + laid_out.stderr
    assert {"sdk.go", "protocol.go"} <= {path.name for path in (tmp_path / "sources").iterdir()}


def test_the_wheel_carries_the_versions_that_were_tested(environment: Path, tmp_path: Path) -> None:
    [carried] = environment.glob("venv/lib/python*/site-packages/conformance/_data/constraints.txt")
    assert carried.read_bytes() == (PROJECT / "constraints.txt").read_bytes()
    doctor = run(environment / "venv" / "bin" / "conformance", "doctor", cwd=tmp_path)
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    assert "tested" in doctor.stdout
    assert "carries no constraints.txt" not in doctor.stdout


def files_below(folder: Path) -> set[Path]:
    """Every file, without what Python compiled beside it."""
    return {
        p.relative_to(folder)
        for p in folder.rglob("*.*")
        if p.is_file() and "__pycache__" not in p.parts
    }
