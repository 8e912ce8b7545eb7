"""An adapter that does what it is told, right or wrong: ``arguments.do`` of a call, or the first
argument for hello."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from typing import Any

OK = {"outcome": "ok", "view": {}}
MODE = sys.argv[1] if len(sys.argv) > 1 else "plain"
held: list[int] = []


def say(message: Any) -> None:
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()


def hello(number: int) -> None:
    if MODE == "exit":
        sys.stderr.write("no such library\n")
        sys.exit(3)
    if MODE == "mute":
        time.sleep(60)
    if MODE == "rubbish":
        say("Welcome to the SDK!")
    if MODE == "child":
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    about = {"sdk": "fake", "package": "fake", "version": "1.0", "runtime": "Python"}
    protocol = 2 if MODE == "other-protocol" else 1
    say(
        {
            "id": number,
            "protocol": protocol,
            "adapter": about,
            "surfaces": ["sync"],
            "operations": [],
            "concurrency": 8,
        }
    )


def misspeak(number: int, do: str) -> bool:
    """Whether that was all."""
    head = f'{{"id": {number}, "outcome": "ok", "view": '
    wrong = {
        "nan": head + '{"score": NaN}}',
        "deep": head + "[" * 100_000 + "]" * 100_000 + "}",
        "list": [{"id": number, **OK}],
        "no-id": {"id": None, **OK},
        "true-id": {"id": True, **OK},
        "list-id": {"id": [number], **OK},
        "broken-id": {"id": number + 0.5, **OK},
        "object-id": {"id": {}, **OK},
        "text-id": {"id": str(number), **OK},
        "invalid": {"id": number, "outcome": "fine"},
        "misspelt-view": {"id": number, "outcome": "ok", "view": {"txet": "Hi"}},
        "mistyped-view": {"id": number, "outcome": "ok", "view": {"choices": "two"}},
    }
    if do == "latin":
        sys.stdout.buffer.write(head.encode() + b'{"text": "caf\xe9"}}\n')
        sys.stdout.flush()
    elif do == "deaf":  # alive, but nothing will ever come
        os.close(1)
    elif do in wrong:
        say(wrong[do])
    return do in wrong or do in ("latin", "deaf")


def overdo(do: str) -> None:
    """Waits and floods."""
    if do == "stop-reading":
        time.sleep(60)
    if do == "flood-for-ever":
        while True:
            os.write(2, b"chatter " * 8_000)
    if do == "flood-by-child":
        subprocess.Popen(
            [sys.executable, "-c", "import os\nwhile True: os.write(2, b'chatter ' * 8_000)"]
        )
        time.sleep(0.2)
        os._exit(9)
    if do == "tell":
        sys.stderr.write(
            "Authorization: Bearer " + "ab12" * 16 + "\n" + os.environ["BUILD_TOKEN"] + "\n"
        )
        say("using " + os.environ["BUILD_TOKEN"])


def call(number: int, do: str) -> None:  # noqa: C901 - one line a misdeed
    if misspeak(number, do):
        return
    overdo(do)
    if do == "blank":
        say("")
    if do == "hang":
        return
    if do == "crash":
        sys.stderr.write("Traceback: it broke\n")
        sys.stderr.flush()
        os._exit(9)
    if do == "kill":
        os.kill(os.getpid(), 11)
    if do == "twice":
        say({"id": number, **OK})
    if do == "rubbish":
        say("DEBUG: calling the service")
    if do == "lie":
        number += 1000
    if do == "flood":
        for _ in range(20_000):
            sys.stderr.write("chatter " * 10 + "\n")
    if do == "huge":
        say({"id": number, "outcome": "ok", "view": {"text": "x" * 3_000_000}})
        return
    if do == "endless":
        sys.stdout.write("y" * 5_000_000)
        sys.stdout.flush()
        return
    if do == "late":
        threading.Timer(0.2, say, [{"id": number, **OK}]).start()
        return
    if do == "hold":
        held.append(number)
        if len(held) == 3:
            for waiting in reversed(held):
                say({"id": waiting, "outcome": "ok", "view": {"created": waiting}})
        return
    say({"id": number, "outcome": "ok", "view": {"id": do}})


for line in sys.stdin:
    message = json.loads(line)
    if message["op"] == "hello":
        hello(message["id"])
    elif message["op"] == "call":
        call(message["id"], message["arguments"].get("do", ""))
    elif message["op"] == "close":
        say({"id": message["id"], "outcome": "ok"})
    else:
        if MODE != "stubborn":
            say({"id": message["id"], "outcome": "ok"})
            break
        time.sleep(60)
