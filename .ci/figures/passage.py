"""The passage of a case: how many files a plain in-process case passes from the ``run`` command to
its verdict.

A file is passed when a function written in it is called, between the call of the command's own
function and the first function that returns a judged case. What runs while a module is imported
does not count, nor does what a decorator generates.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from figures.checkout import Checkout
from figures.figure import Bar, Figure

CASE = ("chat/founded", "--sdk", "python", "--surface", "sync")
RULES = ("conformance/checks/", "conformance/judge/rules")
"""Where rules stand, before and after they moved."""
RUNS_A_CASE = "conformance/run/execution.py"
"""What runs a case when everything else is ready."""
HALF = 30
"""Half of the 60 files a case passed before the house was built."""


def figures(checkout: Checkout) -> Iterator[Figure]:
    """The files passed before the first rule, those that the case itself passes once it is planned,
    and all of them. Unknown where the case cannot be run."""
    paths = passed(checkout.root)
    before = Figure("passage-before-rules", "files a case passes before the rules", None)
    case = Figure(
        "passage-of-case",
        "files a planned case passes to its verdict, rules counted as one",
        None,
        bar=Bar(HALF),
    )
    whole = Figure("passage", "files a case passes from the command to its verdict", None)
    if paths is not None:
        first = before_rules(paths)
        alone = of_the_case(paths)
        before = replace(before, value=len(first), places=tuple(first))
        case = replace(case, value=len(alone), places=tuple(alone))
        whole = replace(whole, value=len(paths), places=tuple(paths))
    return iter((before, case, whole))


def of_the_case(paths: list[str]) -> list[str]:
    """Those of ``paths`` that are first passed when the suite is read and the case is planned: from
    the first file that runs a case on. The files of rules count as one, since which of them a case
    meets depends on what was answered."""
    begun = next((index for index, path in enumerate(paths) if path == RUNS_A_CASE), 0)
    later = paths[begun:]
    others = [path for path in later if not path.startswith(RULES)]
    rules = [path for path in later if path.startswith(RULES)]
    return others + rules[:1]


def before_rules(paths: list[str]) -> list[str]:
    """The first of ``paths``, up to the first file of a rule."""
    first = next((index for index, path in enumerate(paths) if path.startswith(RULES)), len(paths))
    return paths[:first]


def passed(root: Path) -> list[str] | None:
    """The files of the checkout at ``root`` that the case passes, in the order they are first
    passed. None, with the reason on stderr, when the checkout has no environment or the case came
    to no verdict."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "passed.json")
        tracer = Path(__file__).with_name("tracer.py")
        command = [
            str(root / ".venv/bin/python"),
            str(tracer),
            str(answer),
            *CASE,
            "--reports",
            folder,
        ]
        environment = {**os.environ, "PYTHONPATH": str(root), "CONFORMANCE_CACHE": folder}
        try:
            ended = subprocess.run(
                command, cwd=root, env=environment, capture_output=True, text=True, check=False
            )
        except OSError as error:
            sys.stderr.write(f"{root}: the case cannot be run: {error}\n")
            return None
        if not answer.exists():
            sys.stderr.write(f"{root}: the case came to no verdict: {ended.stderr[-2000:]}\n")
            return None
        paths: list[str] = json.loads(answer.read_text("utf-8"))
        return paths
