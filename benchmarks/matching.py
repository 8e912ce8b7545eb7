"""What it costs to find a recorded answer, in cassettes of 10 to 10,000 interactions.

Each cassette is written by the recorder's writer and loaded from the file, so the requests are what
a replay sees: chat bodies of a few hundred bytes that differ in one word. In each round 2,000
requests, each an object of its own, are asked for in shuffled order; the best round counts, in
microseconds a request, parsing and digesting its body included. Beside it stand the first match,
which builds the index, and vcrpy's own search in the same file up to 1,000 interactions (one by
one, without the body, as by its default). Run it as ``python benchmarks/matching.py``.

The bar: flat, at most 20 us at 10,000 (anchor: vcrpy 9 needs 1.0, 7.5 and 51.8 ms a request at 10,
100 and 500).
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from conformance.record.cassette_text import CassetteEntry, CassetteOrigin, render
from conformance.record.cassette_write import write_cassette
from conformance.suite.cassette import Cassette, CassettePlayback, load_cassette
from conformance.wire.exchange import Provenance as Origin
from conformance.wire.exchange import Request, Response, Source

SIZES = (10, 100, 1_000, 10_000)
VCRPY_UP_TO = 1_000
ASKED = 2_000
ROUNDS = 5
BAR_US = 20.0
FLAT = 2.0
HOST = "https://conformance.openai.azure.com"
URL = f"{HOST}/openai/deployments/conf-chat/chat/completions?api-version=2024-10-21"
ORIGIN = Origin(Source.SCRIPT, "a benchmark")


def request(number: int) -> Request:
    body = {
        "messages": [
            {"role": "system", "content": "You are a helpful assistant. Answer in one sentence."},
            {"role": "user", "content": f"When is high water on day {number}?"},
        ],
        "model": "conf-chat",
        "temperature": 0.2,
        "max_tokens": 64,
    }
    return Request("POST", URL, (("Content-Type", "application/json"),), json.dumps(body).encode())


def make(path: Path, size: int) -> None:
    answer = Response(
        200, (("Content-Type", "application/json"),), b'{"object":"chat.completion"}', ORIGIN
    )
    said = CassetteOrigin("script", "a benchmark", "2024-10-21")
    write_cassette(
        path, render((CassetteEntry(request(number), answer) for number in range(size)), said)
    )


def measure(root: Path, size: int) -> tuple[float, float, float]:
    """(ms to load, ms for the first match, us for each further one)."""
    path = root / f"c{size}.yaml"
    make(path, size)
    began = time.perf_counter()
    cassette = load_cassette(path, root)
    loaded = time.perf_counter()
    CassettePlayback(cassette).take(request(0))
    indexed = time.perf_counter()
    best = min(_round(cassette, size, random.Random(turn)) for turn in range(ROUNDS))
    return (loaded - began) * 1e3, (indexed - loaded) * 1e3, best * 1e6


def _round(cassette: Cassette, size: int, chance: random.Random) -> float:
    """Seconds a request."""
    passes = [
        [request(number) for number in chance.sample(range(size), min(size, ASKED))]
        for _ in range(max(1, ASKED // size))
    ]
    playbacks = [CassettePlayback(cassette) for _ in passes]
    start = time.perf_counter()
    for playback, asked in zip(playbacks, passes, strict=True):
        for item in asked:
            if playback.take(item) is None:
                raise AssertionError("a recorded request was not found")
    return (time.perf_counter() - start) / sum(map(len, passes))


def measure_vcrpy(path: Path, size: int) -> float:
    """us a request of vcrpy's replay, by method, scheme, host, port, path and query."""
    import vcr.request
    from vcr.cassette import Cassette as Theirs

    cassette = Theirs.load(path=str(path))
    asked: list[Any] = []
    for number in range(size):
        mine = request(number)
        asked.append(vcr.request.Request(mine.method, mine.url, mine.body, dict(mine.headers)))
    start = time.perf_counter()
    for item in asked:
        assert cassette.can_play_response_for(item)
        cassette.play_response(item)
    return (time.perf_counter() - start) / size * 1e6


def main() -> int:
    results = []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        print(
            f"{'interactions':>12} {'load ms':>9} {'index ms':>9} {'match us':>9} {'vcrpy us':>10}"
        )
        for size in SIZES:
            load, index, match = measure(root, size)
            theirs = (
                f"{measure_vcrpy(root / f'c{size}.yaml', size):10.0f}"
                if size <= VCRPY_UP_TO
                else f"{'-':>10}"
            )
            results.append(match)
            print(f"{size:12} {load:9.1f} {index:9.1f} {match:9.1f} {theirs}")
    flat, low = results[-1] / results[0], results[-1]
    print(
        f"10,000 against 10: {flat:.2f}x (flat below {FLAT}x); "
        f"{low:.1f} us at 10,000 (bar {BAR_US} us)"
    )
    return 0 if flat < FLAT and low <= BAR_US else 1


if __name__ == "__main__":
    sys.exit(main())
