"""Drives the Python ``openai`` package for the conformance harness: adapter protocol 1 over
standard input and output.

    python -I adapter.py FOLDER

FOLDER holds the package ``python``, which does the work. That package and this file need the
standard library and the SDK alone, so that an environment with nothing else in it can run them.
Synchronous calls run in threads, asynchronous ones in one event loop, many at a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

PROTOCOL = 1
CONCURRENCY = 256
"""A call that waits costs a thread and nothing else."""
PREFIXES = ("AZURE_", "OPENAI_")
"""Beginnings of the names of variables that the SDK reads by itself."""


class Adapter:
    """The open sessions, and where answers go. ``answer`` may be called from any thread."""

    def __init__(self, driver: Any, out: Any) -> None:
        self.driver = driver
        self.out = out
        self.lock = threading.Lock()
        self.sessions: dict[str, Any] = {}
        self.threads = ThreadPoolExecutor(CONCURRENCY)
        self.loop = asyncio.new_event_loop()
        # The harness starts a process with the variables a scenario sets; the driver hides all
        # others from the SDK.
        self.environment = [pair for pair in os.environ.items() if pair[0].startswith(PREFIXES)]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def answer(self, number: int, message: dict[str, Any]) -> None:
        """Write ``message`` as the answer to the message with the id ``number``."""
        line = json.dumps({"id": number, **message}, default=repr)
        with self.lock:
            self.out.write(line + "\n")
            self.out.flush()

    def take(self, message: dict[str, Any]) -> None:
        """Handle one message. Sessions are closed here, in the order of messages; calls run in
        threads or in the loop."""
        number, op = message["id"], message["op"]
        if op == "hello":
            self.answer(number, self.hello())
        elif op == "call":
            handle = self.sessions.get(message["session"])
            if message["client"]["surface"] == "async":
                asyncio.run_coroutine_threadsafe(
                    self.guarded_async(self.call_async(handle, message)), self.loop
                )
            else:
                self.threads.submit(self.guarded, self.call, handle, message)
        elif op == "close":
            handle = self.sessions.pop(message["session"], None)
            if handle is not None and handle.surface == "async":
                asyncio.run_coroutine_threadsafe(
                    self.guarded_async(self.close_async(handle, number)), self.loop
                )
            else:
                self.threads.submit(self.guarded, self.close, handle, number)
        else:
            raise ValueError(f"there is no op {op!r} in protocol {PROTOCOL}")

    def hello(self) -> dict[str, Any]:
        runtime = (
            f"{platform.python_implementation()} {sys.version_info.major}.{sys.version_info.minor}"
        )
        about = {
            "sdk": "python",
            "package": "openai",
            "version": self.driver.version(),
            "runtime": runtime,
        }
        return {
            "protocol": PROTOCOL,
            "adapter": about,
            "surfaces": ["sync", "async"],
            "operations": self.driver.operations(),
            "concurrency": CONCURRENCY,
        }

    def build(self, message: dict[str, Any]) -> Any:
        """Build the client of the session that ``message`` opens."""
        client = dict(message["client"])
        client["timeout"] = seconds(client.pop("timeout_ms"))
        client["environment"] = self.environment
        handle = self.sessions[message["session"]] = self.driver.build_client(client)
        return handle

    def call(self, handle: Any, message: dict[str, Any]) -> None:
        done = self.driver.perform(handle or self.build(message), driver_call(message))
        self.answer(message["id"], protocol_outcome(done))

    async def call_async(self, handle: Any, message: dict[str, Any]) -> None:
        done = await self.driver.perform_async(handle or self.build(message), driver_call(message))
        self.answer(message["id"], protocol_outcome(done))

    def close(self, handle: Any, number: int) -> None:
        try:
            if handle is not None:
                self.driver.close(handle)
        except Exception:
            traceback.print_exc()  # an SDK that cannot be closed is of no interest to its case
        self.answer(number, {"outcome": "ok"})

    async def close_async(self, handle: Any, number: int) -> None:
        try:
            await self.driver.close_async(handle)
        except Exception:
            traceback.print_exc()
        self.answer(number, {"outcome": "ok"})

    def guarded(self, work: Any, *rest: Any) -> None:
        """A defect of the driver ends the process: the harness shows what stands on stderr."""
        try:
            work(*rest)
        except BaseException:
            die()

    async def guarded_async(self, work: Any) -> None:
        try:
            await work
        except BaseException:
            die()


def die() -> None:
    """End the process at once, from any thread, with what failed on stderr."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(70)


def seconds(milliseconds: int | None) -> float | None:
    """None for None: the SDK's default."""
    if milliseconds is None:
        return None
    return milliseconds / 1000


def driver_call(message: dict[str, Any]) -> dict[str, Any]:
    """The call of ``message`` as the driver takes it."""
    options = dict(message["options"])
    options["timeout"] = seconds(options.pop("timeout_ms"))
    return {
        "operation": message["operation"],
        "arguments": message["arguments"],
        "options": options,
        "stream": message["stream"],
    }


def protocol_outcome(done: dict[str, Any]) -> dict[str, Any]:
    """The outcome ``done`` of the driver as the protocol has it."""
    members = dict(done)
    return {"outcome": members.pop("status"), **members}


def main() -> None:
    """Answer the messages of standard input until the harness ends it."""
    sys.path.append(sys.argv[1])
    from python import driver

    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to stderr: stdout is for answers
    adapter = Adapter(driver, out)
    for line in sys.stdin.buffer:  # UTF-8, whatever the locale says
        message = json.loads(line)
        if message["op"] == "shutdown":
            adapter.answer(message["id"], {"outcome": "ok"})
            break
        adapter.take(message)
    os._exit(0)


if __name__ == "__main__":
    main()
