"""The closed family of errors a user can meet, and the nearest name for one that was mistyped.

Every error has a stable ``code`` (documented in ``docs/results.md``), a ``cause`` in one sentence,
a ``hint`` saying what to do, and, where a file is at fault, a ``where`` of the form
``file:line:column``. Front ends print the four and exit with ``exit_code``; nothing here is ever
shown as a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Process exit codes; docs/results.md#exit-codes says what each means."""

    CONFORMANT = 0
    NOT_CONFORMANT = 1
    USAGE = 2
    HARNESS = 3


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a text file. ``line`` and ``column`` count from 1; 0 means unknown."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}"


class HarnessError(Exception):
    """Base of the family. ``code`` is kebab-case and stable; ``exit_code`` is what the process ends
    with."""

    exit_code: ExitCode = ExitCode.HARNESS

    def __init__(self, code: str, cause: str, hint: str = "", where: Where | None = None) -> None:
        super().__init__(cause)
        self.code = code
        self.cause = cause
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.cause} [{self.code}]"
        if self.hint:
            text = f"{self.cause} ({self.hint}) [{self.code}]"
        return f"{self.where}: {text}" if self.where else text


class InputError(HarnessError):
    """A file the user wrote (scenario, contract, waiver, cassette, schema, configuration) is not
    acceptable."""

    exit_code = ExitCode.USAGE


class UsageError(HarnessError):
    """The command was used wrongly, or selects nothing."""

    exit_code = ExitCode.USAGE


class EnvironmentFault(HarnessError):
    """The machine does not let the harness work: a read-only folder, a full disk, a missing
    package."""

    exit_code = ExitCode.HARNESS


class InputErrors(InputError):
    """Several input errors found in one pass, so that a user can mend them all at once."""

    def __init__(self, errors: tuple[InputError, ...]) -> None:
        first = errors[0]
        super().__init__(first.code, first.cause, first.hint, first.where)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def nearest(name: str, known: Iterable[str], most: int = 3) -> tuple[str, ...]:
    """The names in ``known`` that ``name`` may be a misspelling of, the likeliest first: at most
    ``most``, and none where nothing is alike."""
    # Half alike is enough to suggest: a wrong guess costs the reader a glance, a missing one a
    # search.
    names = sorted(set(known))
    return tuple(difflib.get_close_matches(name, names, n=most, cutoff=0.5))


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """The hint for a mistyped ``name``: ``did you mean a or b?``, or ``otherwise`` where no name in
    ``known`` is alike."""
    names = nearest(name, known)
    return f"did you mean {' or '.join(names)}?" if names else otherwise
