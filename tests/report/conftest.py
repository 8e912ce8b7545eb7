"""Fixtures of the report's tests: golden files, and a browser where there is one."""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compares a text with a golden file; CONFORMANCE_REWRITE_GOLDEN=1 writes the file instead."""

    def check(name: str, text: str) -> None:
        file = GOLDEN / name
        if os.environ.get("CONFORMANCE_REWRITE_GOLDEN") == "1":
            GOLDEN.mkdir(exist_ok=True)
            file.write_bytes(text.encode())
        hint = f"{name} changed; look at it, then rewrite it with CONFORMANCE_REWRITE_GOLDEN=1"
        assert file.read_bytes().decode() == text, hint

    return check


def _without(reason: str) -> Any:
    """Skip with a reason anyone sees, or fail where a browser is required (the project's own
    CI)."""
    if os.environ.get("CONFORMANCE_REQUIRE_BROWSER") == "1":
        pytest.fail(f"a browser is required (CONFORMANCE_REQUIRE_BROWSER=1) but {reason}")
    pytest.skip(f"no browser test: {reason}")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium through Playwright, for one module: its sync API leaves an event loop running in
    this thread."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        _without("playwright is not installed (extra `browser`)")
    executable = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if executable is None:
        _without("no chromium was found on PATH")
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(executable_path=executable, args=flags)
        except Error as error:
            _without(f"chromium did not start: {str(error).splitlines()[0]}")
        yield launched
        launched.close()


@pytest.fixture
def axe() -> Any:
    """The axe-core accessibility checker."""
    try:
        # By name: it ships no types, and may be missing.
        module = importlib.import_module("axe_playwright_python.sync_playwright")
    except ImportError:
        _without("axe-playwright-python is not installed (extra `browser`)")
    return module.Axe()
