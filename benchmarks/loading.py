"""What it costs to load 500 scenario files: reading, the safe YAML subset, validation, positions
kept.

The files are the project's own scenarios, copied under other names until there are 500, so that
sizes and shapes are real. PyYAML's C loader alone, on the same texts, stands beside it. The best of
several rounds counts, in wall-clock milliseconds. Run it as ``python benchmarks/loading.py``; the
bar is 150 ms (docs/benchmarks.md).
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import yaml

from conformance.suite.scenario.load import load_scenarios, scenario_files

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"
FILES = 500
BAR_MS = 150.0
ROUNDS = 7


def make_files(root: Path) -> list[str]:
    """``FILES`` scenario files below ``root``; their texts."""
    texts = []
    for index, source in enumerate(islice(cycle(sorted(scenario_files(SCENARIOS))), FILES)):
        path = root / source.parent.name / f"{source.stem}-{index}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        texts.append(source.read_text(encoding="utf-8"))
        path.write_text(texts[-1], encoding="utf-8")
    return texts


def best(work: Callable[[], object]) -> float:
    """The least time of ``ROUNDS`` calls in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times) * 1000


def main() -> int:
    """Print the figures; 1 when the bar is not met."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "scenarios"
        texts = make_files(root)
        ours = best(lambda: load_scenarios(root))
    bare = best(lambda: [yaml.load(text, yaml.CSafeLoader) for text in texts])
    size = sum(len(text) for text in texts) / 1024
    print(f"{FILES} scenario files, {size:.0f} KiB")
    print(f"  PyYAML's C safe loader alone   {bare:7.1f} ms")
    print(f"  load_scenarios                 {ours:7.1f} ms   (bar {BAR_MS:.0f} ms)")
    return 0 if ours <= BAR_MS else 1


if __name__ == "__main__":
    sys.exit(main())
