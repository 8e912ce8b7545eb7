"""How long it takes to make and to open the report of a large run.

The run is the one the tests use: 300 cases of five SDK versions, streams and retries among them.
Measured are: rendering both pages and reading ``results.json`` back, in processor time; comparing
the two long values that are the dearest to align; and, where Playwright and Chromium are installed,
how long the browser takes from opening the page to its load event. The best of several rounds
counts. Run it as ``python benchmarks/pages.py`` from the repository root; the bars are 3 s for the
load event and 1 s for the comparison.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from conformance.report.divergence_page import render_divergence  # noqa: E402 - needs the path above
from conformance.report.html import render_html  # noqa: E402
from conformance.report.side_by_side import side_by_side  # noqa: E402
from conformance.report.write import load_run, results_json  # noqa: E402
from tests.report.builders import big_run  # noqa: E402

ROUNDS = 5
LOAD_BAR_SECONDS = 3.0
COMPARISON_BAR_SECONDS = 1.0


def best(work: Callable[[], object]) -> float:
    """The least processor time of ``ROUNDS`` calls of ``work``, in seconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return min(times)


def load_seconds(page: Path) -> float | None:
    """Seconds from opening ``page`` to its load event, the least of ``ROUNDS``; None without a
    browser."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        return None
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        return None
    loaded = "performance.getEntriesByType('navigation')[0].loadEventEnd"
    times = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        for _ in range(ROUNDS):
            tab = browser.new_page()
            tab.goto(page.as_uri())
            tab.wait_for_function(f"{loaded} > 0")
            times.append(float(tab.evaluate(loaded)) / 1000)
            tab.close()
        browser.close()
    return min(times)


def main() -> int:
    """Print the figures; 1 when a bar is not met."""
    run = big_run()
    html = render_html(run)
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.json"
        results.write_text(results_json(run), encoding="utf-8")
        page = Path(folder) / "index.html"
        page.write_text(html, encoding="utf-8")
        reading = best(lambda: load_run(results))
        loading = load_seconds(page)
    comparison = best(lambda: side_by_side([0, 1] * 700, [1, 0, 0] * 500))
    print(f"{len(run.cases)} cases, a page of {len(html.encode()) / 1e6:.1f} MB")
    print(f"  reading results.json           {reading * 1000:8.0f} ms")
    print(f"  rendering index.html           {best(lambda: render_html(run)) * 1000:8.0f} ms")
    print(f"  rendering divergence.html      {best(lambda: render_divergence(run)) * 1000:8.0f} ms")
    print(
        f"  two long values side by side   {comparison * 1000:8.0f} ms"
        f"   (bar {COMPARISON_BAR_SECONDS * 1000:.0f} ms)"
    )
    if loading is None:
        print("  load event in a browser         no browser here")
        return int(comparison > COMPARISON_BAR_SECONDS)
    print(
        f"  load event in a browser        {loading * 1000:8.0f} ms"
        f"   (bar {LOAD_BAR_SECONDS * 1000:.0f} ms)"
    )
    return int(comparison > COMPARISON_BAR_SECONDS or loading > LOAD_BAR_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
