"""Whether tests stand where the code stands: the test of ``conformance/x/y.py`` is
``tests/x/test_y.py``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from figures.checkout import Checkout
from figures.figure import Figure, counted

ELSEWHERE = {"ci": ".ci"}
"""Folders of tests whose code is not in the package, and where it is."""
NOT_MIRRORS = {
    "tests/adapters/": "tests of whole adapters, each in its own language",
    "tests/corpus/": "scenarios that have to fail, run from end to end",
    "tests/docs/": "tests of the documentation",
    "tests/packaging/": "tests of the wheel",
    "tests/report/test_browser.py": "two pages in a real browser, which gets a module of its own",
    "tests/schemas/": "tests of the schemas of the service, which are data",
    "tests/sdk/test_no_installed_adapters.py": "what tests must not find on this machine",
    "tests/sanitize/test_properties.py": "what holds for any secret in any place, of all of it",
}
"""Tests of no single module, with the reason: folders, or single files by their whole path."""


def figures(checkout: Checkout) -> Iterator[Figure]:
    """Test modules that mirror no module, and modules that no test module mirrors."""
    modules = [file.path for file in (*checkout.package, *checkout.scripts)]
    tests = [file.path for file in checkout.tests]
    yield counted("tests-astray", "test modules that mirror no module", astray(tests, modules))
    yield counted(
        "modules-untested",
        "modules without a test module of their name",
        unmirrored(tests, modules),
        None,
    )


def mirrored(test: str) -> tuple[str, ...]:
    """The paths of which ``test`` is the test: a module, or a package by its ``__init__.py``."""
    folder, _, name = test.removeprefix("tests/").rpartition("/")
    first, slash, rest = folder.partition("/")
    place = ELSEWHERE.get(first, f"conformance/{first}".rstrip("/")) + slash + rest
    stem = name.removeprefix("test_").removesuffix(".py")
    return f"{place}/{stem}.py", f"{place}/{stem}/__init__.py"


def astray(tests: Iterable[str], modules: Iterable[str]) -> list[str]:
    """The paths of test modules for whose module there is no path in ``modules``."""
    known = set(modules)
    return [
        path
        for path in tests
        if _is_test(path)
        and not path.startswith(tuple(NOT_MIRRORS))
        and not known.intersection(mirrored(path))
    ]


def unmirrored(tests: Iterable[str], modules: Iterable[str]) -> list[str]:
    """The paths of ``modules`` for which no test stands where it should, but for ``__init__.py``
    files."""
    known = {path for test in tests if _is_test(test) for path in mirrored(test)}
    return [path for path in modules if path not in known and not path.endswith("__init__.py")]


def _is_test(path: str) -> bool:
    return path.rpartition("/")[2].startswith("test_")
