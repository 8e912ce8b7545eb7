"""Putting a cassette in its place: scanned first, and whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Iterable
from pathlib import Path

from conformance.errors import EnvironmentFault, InputError
from conformance.sanitize.files import refuse_leaks

_TEMPORARY = re.compile(r"\.(\d+)\.tmp\Z")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")


def cassette_path(root: Path, name: str) -> Path:
    """Where the cassette ``name`` (``<api-version>/<path>``, without ``.yaml``) stands below
    ``root``. Raises InputError ``cassette-outside`` for a name, or a link on the way, that leads
    out of it."""
    path = root / f"{name}.yaml"
    if not _NAME.fullmatch(name) or not path.parent.resolve().is_relative_to(root.resolve()):
        raise InputError(
            "cassette-outside",
            f"cassette {name!r} would be written outside {root}",
            "keep cassettes in their folder",
        )
    return path


def write_cassette(
    path: Path, text: str, secrets: Iterable[str] = (), names: Iterable[str] = ()
) -> bool:
    """Put ``text`` at ``path``, whole or not at all. Returns whether the file changed: one that
    differs by the day it was recorded alone is left as it is, so that recording twice gives an
    empty diff.

    Nothing is written, not even a temporary file, before the scanner has passed the text: it raises
    InputError ``leak-found``. Raises EnvironmentFault ``cassette-not-written`` when the disk
    refuses; the old file stays.
    """
    refuse_leaks(text, secrets, path.name, names)
    if _undated(_standing(path)) == _undated(text):
        return False
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        _put(temporary, text.encode("utf-8"))
        temporary.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        why = error.strerror or str(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why = "the disk is full"
        raise EnvironmentFault(
            "cassette-not-written",
            f"cannot write {path}: {why}",
            "what stood there before is unchanged; make room and record it again",
        ) from None
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    return True


def _standing(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _undated(text: str) -> str:
    return re.sub(r'(?m)^  recorded: "[^"\n]*"\n', "", text)


def _put(path: Path, data: bytes) -> None:
    path.unlink(missing_ok=True)
    # Not through a link somebody laid there, and with the permissions of any other file of the
    # user.
    descriptor = os.open(
        path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o666
    )
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself last. Windows has no such thing."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(path: Path) -> None:
    """Remove what a killed recorder left beside ``path``; what a running one is writing stays."""
    for left in path.parent.glob(f".{path.name}.*.tmp"):
        name = _TEMPORARY.search(left.name)
        if name and not _alive(int(name[1])):
            left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    if process == os.getpid() or os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
