"""An adapter that does what it is told, right or wrong: ``arguments.do`` of a call, or the first argument for hello."""

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
    say({"id": number, "protocol": protocol, "adapter": about, "surfaces": ["sync"], "operations": [],
         "concurrency": 8})


def call(number: int, do: str) -> None:  # noqa: C901 - one line a misdeed
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
    if do == "text-id":
        say({"id": str(number), **OK})
        return
    if do == "invalid":
        say({"id": number, "outcome": "fine"})
        return
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
                say({"id": waiting, "outcome": "ok", "view": {"number": waiting}})
        return
    say({"id": number, "outcome": "ok", "view": {"do": do}})


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
