"""Drives the Python ``openai`` package for the conformance harness: adapter protocol 1 over
standard input and output.

    python -I adapter.py FOLDER

FOLDER holds ``python_driver.py`` and its siblings, which do the work; they and this file need the
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
OWN_VARIABLES = ("AZURE_", "OPENAI_")


class Adapter:
    """The sessions and the way out. ``answer`` may be called from any thread."""

    def __init__(self, driver: Any, out: Any) -> None:
        self.driver = driver
        self.out = out
        self.lock = threading.Lock()
        self.sessions: dict[str, Any] = {}
        self.threads = ThreadPoolExecutor(CONCURRENCY)
        self.loop = asyncio.new_event_loop()
        # The harness starts a process with the variables a scenario sets; the driver hides all
        # others from the SDK.
        self.environment = [
            pair for pair in os.environ.items() if pair[0].startswith(OWN_VARIABLES)
        ]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def answer(self, number: int, message: dict[str, Any]) -> None:
        line = json.dumps({"id": number, **message}, default=repr)
        with self.lock:
            self.out.write(line + "\n")
            self.out.flush()

    def take(self, message: dict[str, Any]) -> None:
        """One message. Sessions are opened and closed here, so that their order is that of the
        messages."""
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
        client = dict(message["client"])
        client["timeout"] = seconds(client.pop("timeout_ms"))
        client["environment"] = self.environment
        handle = self.sessions[message["session"]] = self.driver.build_client(client)
        return handle

    def call(self, handle: Any, message: dict[str, Any]) -> None:
        self.answer(
            message["id"],
            outcome(self.driver.perform(handle or self.build(message), wish(message))),
        )

    async def call_async(self, handle: Any, message: dict[str, Any]) -> None:
        done = await self.driver.perform_async(handle or self.build(message), wish(message))
        self.answer(message["id"], outcome(done))

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
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(70)


def seconds(milliseconds: int | None) -> float | None:
    return None if milliseconds is None else milliseconds / 1000


def wish(message: dict[str, Any]) -> dict[str, Any]:
    """A call as the driver takes it."""
    options = dict(message["options"])
    options["timeout"] = seconds(options.pop("timeout_ms"))
    return {
        "operation": message["operation"],
        "arguments": message["arguments"],
        "options": options,
        "stream": message["stream"],
    }


def outcome(done: dict[str, Any]) -> dict[str, Any]:
    """The driver's outcome as the protocol has it."""
    answer = {("outcome" if name == "status" else name): value for name, value in done.items()}
    if answer["outcome"] == "unsupported":
        return {"outcome": "unsupported", "reason": answer["reason"]}
    return answer


def main() -> None:
    sys.path.append(sys.argv[1])
    import python_driver

    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints goes to stderr: stdout is for answers
    adapter = Adapter(python_driver, out)
    for line in sys.stdin.buffer:  # UTF-8, whatever the locale says
        message = json.loads(line)
        if message["op"] == "shutdown":
            adapter.answer(message["id"], {"outcome": "ok"})
            break
        adapter.take(message)
    os._exit(0)


if __name__ == "__main__":
    main()
