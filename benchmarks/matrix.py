"""What a run of the whole matrix costs: every scenario through every SDK that has an adapter.

Each SDK alone and all of them in one run, as processes of their own, adapters built before. The sum
of the runs alone is what the run of all would take if nothing overlapped. Wall-clock seconds, one
round. Run it as ``python benchmarks/matrix.py`` on two cores; the bar is 120 s for all together
(issue "JavaScript, Go and Java").
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

BAR_SECONDS = 120.0
NOT_COUNTED = {"unsupported", "not-run"}


def run(*sdks: str) -> tuple[float, Counter[str]]:
    """Wall-clock seconds of a run of ``sdks`` and its verdicts. Ends the benchmark when the run
    wrote no results."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-c",
            "from conformance.cli.main import main; main()",
            "run",
            "--reports",
            folder,
        ]
        for sdk in sdks:
            command += ["--sdk", sdk]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
        results = Path(folder) / "results.json"
        if not results.exists():
            sys.exit(f"{' '.join(sdks)} wrote no results: {done.stderr[-2000:]}")
        cases = json.loads(results.read_text(encoding="utf-8"))["cases"]
    return took, Counter(case["verdict"] for case in cases)


def line(name: str, took: float, verdicts: Counter[str]) -> None:
    ran = sum(count for verdict, count in verdicts.items() if verdict not in NOT_COUNTED)
    each = 1000 * took / max(ran, 1)
    print(f"{name:<14}{took:8.1f} s {ran:6} cases run {each:7.1f} ms a case   {dict(verdicts)}")


def main() -> None:
    sdks = sys.argv[1:] or [
        "python",
        "javascript",
        "go-azopenai",
        "go-openai",
        "java",
        "java-openai",
    ]
    alone = 0.0
    for sdk in sdks:
        took, verdicts = run(sdk)
        alone += took
        line(sdk, took, verdicts)
    took, verdicts = run(*sdks)
    line("all together", took, verdicts)
    print(
        f"one after the other {alone:.1f} s, together {took:.1f} s ({alone / took:.2f} times), "
        f"bar {BAR_SECONDS:.0f} s"
    )


if __name__ == "__main__":
    main()
