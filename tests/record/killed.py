"""Run by test_writing.py: children that write two cassettes in turn, killed at random moments, and
what they left.

One process for all of them: a child is a fork, so that a kill costs a millisecond and not an
interpreter.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from pathlib import Path

from conformance.record.cassette_text import CassetteEntry, CassetteOrigin, render
from conformance.record.cassette_write import write_cassette
from conformance.wire.exchange import Provenance as Origin
from conformance.wire.exchange import Request, Response, Source

URL = "https://conformance.openai.azure.com/openai/files?api-version=2024-10-21"


def text(sign: str) -> str:
    body = "\n".join([sign * 60] * 400).encode()
    entry = CassetteEntry(
        Request("GET", URL, ()), Response(200, (), body, Origin(Source.SCRIPT, "a test"))
    )
    return render([entry], CassetteOrigin("script", "a test", "2024-10-21"))


def main(folder: Path, kills: int) -> None:
    path, whole = folder / "cassette.yaml", (text("ab "), text("xy "))
    write_cassette(path, whole[0])
    allowed = {item.encode() for item in whole}
    chance = random.Random(20260301)
    left, seen = 0, set()
    for _ in range(kills):
        child = os.fork()
        if not child:
            while True:
                for item in reversed(whole):
                    write_cassette(path, item)
        time.sleep(chance.uniform(0.0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        found = path.read_bytes()
        assert found in allowed, f"{len(found)} bytes that are neither the old nor the new cassette"
        seen.add(found)
        left += len(list(folder.glob(".*.tmp")))
    write_cassette(path, text("new "))
    assert list(folder.iterdir()) == [path], "what killed recorders leave is swept up by the next"
    sys.stdout.write(f"{kills} kills, {len(seen)} states, {left} temporary files left\n")


main(Path(sys.argv[1]), int(sys.argv[2]))
