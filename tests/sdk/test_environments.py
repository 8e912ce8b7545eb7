"""Adapters built and kept: whole or not there, built once, rebuilt when what they are made of
changes, offline here."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.errors import EnvironmentFault, InputErrors
from conformance.sdk import environments
from conformance.sdk.environments import (
    READY,
    Adapter,
    cache_folder,
    cached_versions,
    clean_environment,
    find_uv,
    install,
    missing_tools,
)
from conformance.suite.manifest import (
    Manifest,
    PythonEnvironment,
    ToolNeeded,
    Versions,
    load_manifest,
)
from tests.places import PROJECT

COPY = "import shutil, sys; shutil.copy('main.txt', 'built.txt')"
FAIL = "import sys; sys.exit('no such header: stdio.h')"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def adapter(
    tmp_path: Path, code: str = COPY, text: str = "one", version: str = "1.0", **members: object
) -> Adapter:
    """An adapter that is built by running ``code`` beside a copy of its one source file."""
    folder = tmp_path / "adapters" / "toy"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "main.txt").write_text(text)
    given = {
        "protocol": 1,
        "versions": {"default": "1.0"},
        "sources": ["*.txt"],
        "build": [[sys.executable, "-c", code]],
        "command": ["{interpreter}", "{source}/adapter.py", "{version}"],
        "environment": {"CA": "{ca}"},
    }
    return Adapter(folder, Manifest.model_validate(given | members), version)


def wheels(folder: Path) -> Path:
    """A package index in a folder: ``toysdk`` 1.0 and 2.0."""
    folder.mkdir(exist_ok=True)
    for version in ("1.0", "2.0"):
        info = f"toysdk-{version}.dist-info"
        files = {
            "toysdk.py": f"VERSION = {version!r}\n",
            f"{info}/METADATA": f"Metadata-Version: 2.1\nName: toysdk\nVersion: {version}\n",
            f"{info}/WHEEL": (
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            ),
        }
        record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
        with zipfile.ZipFile(folder / f"toysdk-{version}-py3-none-any.whl", "w") as wheel:
            for name, text in {**files, f"{info}/RECORD": record}.items():
                wheel.writestr(name, text)
    return folder


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = str(wheels(tmp_path / "wheels"))
    for name, value in (
        ("PIP_NO_INDEX", "1"),
        ("PIP_FIND_LINKS", folder),
        ("UV_NO_INDEX", "1"),
        ("UV_FIND_LINKS", folder),
        ("UV_CACHE_DIR", str(tmp_path / "uv-cache")),
    ):
        monkeypatch.setenv(name, value)


def python_adapter(tmp_path: Path, version: str, requirement: str = "toysdk=={version}") -> Adapter:
    python = PythonEnvironment(distribution="toysdk", requirements=[requirement])
    return Adapter(
        tmp_path,
        Manifest(
            protocol=1,
            versions=Versions(default="2.0"),
            python=python,
            command=["{interpreter}", "-c", "import toysdk; print(toysdk.VERSION)"],
        ),
        version,
    )


def test_it_is_built_once_and_whole(tmp_path: Path, cache: Path) -> None:
    toy, steps = adapter(tmp_path), []
    assert not toy.ready
    with pytest.raises(EnvironmentFault, match=r"conformance sdk install toy@1\.0"):
        toy.launch(Path("ca.pem"))
    home = install(toy, steps.append)
    assert home.parent == cache / "adapters" / "toy"
    assert ((home / "built.txt").read_text(), len(steps), toy.ready) == ("one", 1, True)
    assert install(toy, steps.append) == home
    assert len(steps) == 1
    launch = toy.launch(Path("/run/ca.pem"))
    assert launch.command == (sys.executable, str(toy.folder / "adapter.py"), "1.0")
    assert (launch.environment["CA"], launch.environment["CONFORMANCE_CA_FILE"]) == (
        "/run/ca.pem",
        "/run/ca.pem",
    )


def test_what_fails_to_build_leaves_nothing_and_says_why(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(EnvironmentFault) as caught:
        install(adapter(tmp_path, FAIL))
    assert caught.value.code == "adapter-build"
    assert "no such header: stdio.h" in caught.value.cause
    assert list((cache / "adapters" / "toy").iterdir()) == []


def test_an_interrupted_build_leaves_nothing_on_disk_and_nothing_running(
    tmp_path: Path, cache: Path
) -> None:
    mark = f"sleeper-{tmp_path.name}"
    sleeper = f"import time; time.sleep(60)  # {mark}"
    toy = adapter(
        tmp_path, f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sleeper!r}])"
    )
    building = threading.Thread(target=_interrupted_once, args=(lambda: len(_running(mark)) == 2,))
    building.start()
    with pytest.raises(KeyboardInterrupt):
        install(toy)
    building.join()
    assert list((cache / "adapters" / "toy").iterdir()) == []
    limit = time.monotonic() + 5
    while (
        _running(mark) and time.monotonic() < limit
    ):  # the system takes a moment to bury what was killed
        time.sleep(0.02)
    assert _running(mark) == []
    assert not toy.ready


def _interrupted_once(condition: Callable[[], bool]) -> None:
    while not condition():
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)


def _running(mark: str) -> list[str]:
    """Processes whose command line holds ``mark``; what is dead and not yet buried has none."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if mark.encode() in path.read_bytes():
                found.append(path.parent.name)
    return found


def test_a_build_that_fails_tells_no_credentials_of_a_package_index(tmp_path: Path) -> None:
    code = "import sys; sys.exit('cannot read https://me:hunter2hunter2@index.example/simple')"
    with pytest.raises(EnvironmentFault) as caught:
        install(adapter(tmp_path, code))
    assert "index.example" in caught.value.cause
    assert "hunter2" not in caught.value.cause


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_as_what_it_is_and_leaves_nothing(tmp_path: Path, cache: Path) -> None:
    with pytest.raises(EnvironmentFault, match="No space left on device"):
        install(adapter(tmp_path, "open('/dev/full', 'w', buffering=1).write('x' * 100000)"))
    assert list((cache / "adapters" / "toy").iterdir()) == []


def test_a_disk_that_fills_up_while_sources_are_copied_is_the_machines_fault(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(environments.shutil, "copy2", full)
    with pytest.raises(EnvironmentFault, match="No space left on device") as caught:
        install(adapter(tmp_path))
    assert caught.value.code == "cache"
    assert list((cache / "adapters" / "toy").iterdir()) == []


def test_it_is_built_again_when_what_it_is_made_of_changes(tmp_path: Path) -> None:
    homes = {
        adapter(tmp_path).home,
        adapter(tmp_path, text="two").home,
        adapter(tmp_path, code=COPY + " ").home,
        adapter(tmp_path, version="1.1").home,
    }
    assert len(homes) == 4
    assert adapter(tmp_path).home == adapter(tmp_path, command=["other"]).home


def test_two_builds_at_once_end_with_one(tmp_path: Path, cache: Path) -> None:
    toy = adapter(tmp_path, "import time; time.sleep(0.3)")
    threads = [threading.Thread(target=install, args=(toy,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [path.name for path in (cache / "adapters" / "toy").iterdir()] == [toy.home.name]
    assert toy.ready


def test_what_a_killed_build_left_is_no_adapter_and_goes_in_time(tmp_path: Path) -> None:
    toy = adapter(tmp_path)
    old, young = toy.home.parent / ".building-old", toy.home.parent / ".building-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (time.time() - 100_000,) * 2)
    assert not toy.ready
    install(toy)
    assert (old.exists(), young.exists()) == (False, True)
    assert cached_versions(toy.folder, toy.manifest) == ["1.0"]


def test_a_missing_toolchain_is_one_line(tmp_path: Path) -> None:
    tool = ToolNeeded(
        name="Fortran", command=["no-such-fortran", "--version"], install="gfortran 12"
    )
    toy = adapter(tmp_path, toolchain=[tool.model_dump()])
    assert list(missing_tools(toy.manifest)) == ["Fortran was not found; install gfortran 12"]
    with pytest.raises(EnvironmentFault) as caught:
        install(toy)
    assert (caught.value.code, caught.value.cause) == (
        "toolchain-missing",
        "toy cannot be built: Fortran was not found; install gfortran 12",
    )


def test_a_cache_that_cannot_be_written_is_the_machines_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CONFORMANCE_CACHE", str(tmp_path / "file"))
    with pytest.raises(EnvironmentFault, match="CONFORMANCE_CACHE"):
        install(adapter(tmp_path))


@pytest.mark.parametrize("builder", ["uv", "venv"])
def test_versions_of_a_python_library_get_environments_of_their_own(
    tmp_path: Path, offline: None, builder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if builder == "venv":
        monkeypatch.setattr(environments, "find_uv", list)
    elif not find_uv():
        pytest.skip("uv is not installed")
    for version in ("1.0", "2.0") if builder == "uv" else ("1.0",):
        toy = python_adapter(tmp_path, version)
        install(toy)
        command = toy.launch(Path("ca.pem")).command
        assert os.popen(f"'{command[0]}' -I -c '{command[2]}'").read().strip() == version
        assert (toy.home / READY).is_file()


def test_a_version_that_does_not_exist_says_so(tmp_path: Path, offline: None) -> None:
    with pytest.raises(EnvironmentFault, match=r"toysdk==9\.9"):
        install(python_adapter(tmp_path, "9.9"))


def test_the_version_installed_here_needs_no_environment(tmp_path: Path) -> None:
    from importlib.metadata import version

    python = PythonEnvironment(distribution="openai", requirements=["openai=={version}"])
    manifest = Manifest(
        protocol=1, versions=Versions(default="1"), python=python, command=["{interpreter}"]
    )
    assert Adapter(tmp_path, manifest, version("openai")).launch(Path("ca")).command == (
        sys.executable,
    )
    assert not Adapter(tmp_path, manifest, "0.1").ready


def test_the_cache_is_where_the_machine_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CONFORMANCE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/cache/me")
    assert cache_folder() == Path("/var/cache/me/azure-openai-conformance")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "azure-openai-conformance"


def test_an_adapter_inherits_no_credential_and_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    own = (
        "AZURE_OPENAI_API_KEY",
        "OPENAI_API_KEY",
        "HTTPS_PROXY",
        "no_proxy",
        "PYTHONPATH",
        "IDENTITY_ENDPOINT",
    )
    for name in own:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("LANG", "C.UTF-8")
    kept = clean_environment()
    assert kept["LANG"] == "C.UTF-8"
    assert "PATH" in kept
    assert not set(own) & set(kept)


def test_some_versions_need_more() -> None:
    manifest = load_manifest(PROJECT / "adapters" / "python")
    assert manifest is not None and manifest.python is not None
    assert "httpx<0.28" in manifest.python.for_version("1.40.0")
    assert manifest.python.for_version("3.54.0") == ["openai==3.54.0", "azure-identity>=1.19"]


def test_a_manifest_is_checked_with_its_place(tmp_path: Path) -> None:
    assert load_manifest(tmp_path) is None
    (tmp_path / "adapter.yaml").write_text(
        "protocol: 1\nversions: {default: '1'}\ncomand: [x]\ncommand: [y]\n"
    )
    with pytest.raises(InputErrors, match="did you mean 'command'"):
        load_manifest(tmp_path)
