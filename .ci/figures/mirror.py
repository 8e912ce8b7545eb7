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
    "tests/cli/test_commands.py": "what holds of every command: bad input, exit codes, Ctrl-C",
    "tests/judge/rules/test_conformant_steps.py": "steps in which no rule may be broken",
    "tests/judge/rules/test_every_rule_can_fail.py": "a mutant for each rule",
    "tests/judge/rules/test_fuzz.py": "what holds of all rules, whatever was observed",
    "tests/judge/rules/test_real_sdk.py": "the rules on what an SDK really did",
    "tests/service/emulator/test_against_specifications.py": "all answers by published OpenAPI",
    "tests/service/emulator/test_any_request.py": "what holds of the answer to any request",
    "tests/service/emulator/test_every_operation.py": "a walk through all operations",
    "tests/service/emulator/test_the_suite.py": "the emulator asked what the scenarios ask",
    "tests/service/emulator/test_through_the_sdk.py": "the emulator as the Python library sees it",
    "tests/service/emulator/test_under_the_rules.py": "no rule is broken by its answers",
    "tests/service/entra/": "tokens of Microsoft Entra ID from end to end",
    "tests/service/peer/test_attacks.py": "hostile clients of the peer as a whole",
    "tests/service/peer/test_faults.py": "every fault as a raw socket sees it",
    "tests/service/remote/test_litellm.py": "a gateway of somebody else",
    "tests/service/test_sse_variants.py": "material for tests, held to what it says of itself",
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
