"""A program: runs ``conformance run`` in this process and notes the files it passes until a case
has its verdict.

Usage: tracer.py ANSWER ARGUMENTS. Writes a JSON list of paths below the current folder to the file
ANSWER; writes none when no case came to a verdict. Everything it imports of the harness is the
harness of the interpreter's environment.
"""

from __future__ import annotations

import inspect
import json
import sys
import threading
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

UNDECIDED = ("not-run", "unsupported")


class Passage:
    """A profile function. Notes files between a call of ``start`` and the first judged case that
    anything returns."""

    def __init__(self, root: Path, start: CodeType) -> None:
        self.paths: dict[str, None] = {}
        self.judged = False
        self._root = f"{root}/"
        self._start = start
        self._running = False
        self._importing = threading.local()

    def __call__(self, frame: FrameType, event: str, value: Any) -> None:
        code = frame.f_code
        if code.co_name == "<module>":
            step = {"call": 1, "return": -1}.get(event, 0)
            self._importing.depth = getattr(self._importing, "depth", 0) + step
        elif event == "call":
            self._running = self._running or code is self._start
            if self._running and not self.judged:
                self._note(code)
        elif event == "return" and self._running and is_judged(value):
            self.judged = True

    def _note(self, code: CodeType) -> None:
        path = code.co_filename
        if path.startswith(f"{self._root}conformance/") and not getattr(
            self._importing, "depth", 0
        ):
            self.paths[path.removeprefix(self._root)] = None


def is_judged(value: object) -> bool:
    """Whether ``value`` is a case with a verdict, or holds one as its ``result``. Looks at fields
    alone: a property could be one that is computed when it is first asked for, and asking would
    change what is measured."""
    verdict = _field(value, "verdict")
    if verdict is None:
        verdict = _field(_field(value, "result"), "verdict")
    return verdict is not None and str(verdict) not in UNDECIDED


def _field(value: object, name: str) -> Any:
    kind = type(value)
    module = kind.__module__
    if not isinstance(module, str) or not module.startswith("conformance."):
        return None  # some classes elsewhere make a property of __module__
    fields = (
        getattr(kind, "__dataclass_fields__", None)
        or getattr(kind, "__pydantic_fields__", None)
        or {}
    )
    return getattr(value, name, None) if name in fields else None


def main() -> None:
    """Run the command and write down what it passed."""
    from conformance.cli.main import app  # the harness of the checkout, which may be any commit

    answer, *arguments = sys.argv[1:]
    commands = {command.name: command.callback for command in app.registered_commands}
    wrapped = commands["run"]
    assert wrapped is not None  # typer's type allows a command without a function; this one has one
    passage = Passage(Path.cwd(), start=inspect.unwrap(wrapped).__code__)
    threading.setprofile(passage)
    sys.setprofile(passage)
    try:
        app(["run", *arguments], standalone_mode=False)
    except SystemExit:
        pass  # the exit code says how the case went, which is not asked here
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    if passage.judged:
        Path(answer).write_text(json.dumps(list(passage.paths)), "utf-8")


if __name__ == "__main__":
    main()
