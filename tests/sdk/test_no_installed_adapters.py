"""What is installed on the machine, or built by tests of adapters, is no subject of this
session."""

from __future__ import annotations

import os
from pathlib import Path

from conformance.plan.subjects import subjects_of
from conformance.sdk.environments import cache_folder
from conformance.suite.home import find_home
from conformance.suite.load import load_suite
from tests.places import PROJECT


def test_nothing_but_the_library_of_this_process_can_run() -> None:
    suite = load_suite(find_home(PROJECT, PROJECT))
    assert [subject.sdk.name for subject in subjects_of(suite, ()) if not subject.absent] == [
        "python"
    ]


def test_what_tests_build_is_kept_where_no_other_test_looks() -> None:
    built = Path(os.environ["CONFORMANCE_TESTS_CACHE"])
    assert cache_folder() != built
    assert built not in cache_folder().parents
    assert not (cache_folder() / "adapters").exists()
