"""Compares two results.json case by case and lists every difference; ends 1 when there is one.

    python .ci/compare_results.py BEFORE AFTER [--as verdict]

BEFORE and AFTER are results files or the folders that hold one. Compared for each case: verdict,
reason, every pair of rule and outcome, and the findings (rule, level, blame, step, pointer, waived
by); for the run, what became of each waiver and the exit code that follows. With ``--as verdict``
the verdict alone. Addresses of this machine are masked in reasons, since ports differ from run to
run.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

_PORT = re.compile(r"(127\.0\.0\.1|localhost):\d+")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--as", dest="level", choices=("all", "verdict"), default="all")
    parser.add_argument(
        "--show", type=int, default=60, help="differences to list (all are counted)"
    )
    options = parser.parse_args()
    before, after = load(options.before), load(options.after)
    lines = differences(before, after, verdict_only=options.level == "verdict")
    for line in lines[: options.show]:
        print(line)
    print(
        f"{len(before['cases'])} cases before, {len(after['cases'])} after, "
        f"{len(lines)} differences"
    )
    print("before:", counts(before), "\nafter: ", counts(after))
    return 1 if lines else 0


def load(path: Path) -> dict[str, Any]:
    """The results in ``path``, or in ``path/results.json`` where it is a folder."""
    file = path / "results.json" if path.is_dir() else path
    run: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return run


def counts(run: dict[str, Any]) -> str:
    """The cases of ``run`` by verdict."""
    found = Counter(case["verdict"] for case in run["cases"])
    return ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.items()))


def differences(before: dict[str, Any], after: dict[str, Any], *, verdict_only: bool) -> list[str]:
    """One line for each case or waiver that is not the same on both sides."""
    old = {case["id"]: case for case in before["cases"]}
    new = {case["id"]: case for case in after["cases"]}
    lines = [f"gone: {name}" for name in sorted(old.keys() - new.keys())]
    lines += [f"new: {name}" for name in sorted(new.keys() - old.keys())]
    for name in sorted(old.keys() & new.keys()):
        one, other = facts(old[name], verdict_only), facts(new[name], verdict_only)
        for key in one:
            if one[key] != other[key]:
                lines.append(f"{name}: {key}: {_short(one[key])} -> {_short(other[key])}")
    if not verdict_only:
        uses: list[dict[tuple[str, str], str]] = [
            {(use["sdk"], use["id"]): use["state"] for use in run["waivers"]}
            for run in (before, after)
        ]
        for waiver in sorted(uses[0].keys() | uses[1].keys()):
            states = [str(side.get(waiver, "absent")) for side in uses]
            if states[0] != states[1]:
                lines.append(f"waiver {'/'.join(waiver)}: {states[0]} -> {states[1]}")
    return lines


def facts(case: dict[str, Any], verdict_only: bool) -> dict[str, Any]:
    """What of ``case`` must not change."""
    if verdict_only:
        return {"verdict": case["verdict"]}
    finding_keys = ("rule", "level", "blame", "step", "pointer", "waived_by")
    return {
        "verdict": case["verdict"],
        "reason": _PORT.sub(r"\1:PORT", case["reason"]),
        "checks": sorted((check["rule"], check["outcome"]) for check in case["checks"]),
        "findings": sorted(
            tuple(str(item[key]) for key in finding_keys) for item in case["findings"]
        ),
        "rests_on": sorted(case["rests_on"]),
        "lane": case["lane"],
    }


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 300 else text[:300] + "..."


if __name__ == "__main__":
    sys.exit(main())
