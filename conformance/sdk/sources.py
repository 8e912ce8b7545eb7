"""The files an adapter is built from: those of its own folder, and those it shares with other adapters.

``sources`` of a manifest is a list. Each entry adds files to the folder where the adapter is built:

- a pattern (``src/*.mjs``) adds files of the adapter's own folder, each at its path below that folder;
- ``{folder: ../shared/go, files: ["*.go"]}`` adds files of another folder below ``adapters/``, each at its path below
  that folder.

No two entries may add different files at one path, so the order of the entries has no meaning.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import Field

from conformance.errors import InputError, InputErrors
from conformance.scenario.model import Part
from conformance.scenario.yaml import Document

SourceFiles = Mapping[PurePosixPath, Path]
"""Where each file lies in the folder where the adapter is built, and what it is a copy of."""


class SharedSources(Part):
    """Files of a folder that several adapters share. ``folder`` is relative to the adapter's own folder."""

    folder: str
    files: Annotated[list[str], Field(min_length=1)]


Source = str | SharedSources


def source_files(folder: Path, sources: Sequence[Source]) -> SourceFiles:
    """What the adapter in ``folder`` is built from, in the order of paths. ``sources`` have passed
    :func:`check_sources`."""
    files: dict[PurePosixPath, Path] = {}
    for source in sources:
        base = _base(folder, source)
        for pattern in _patterns(source):
            files.update(_matches(base, pattern))
    return dict(sorted(files.items()))


def lay_out(files: SourceFiles, into: Path) -> None:
    """Copy ``files`` to their places below ``into``. Raises OSError."""
    for path, origin in files.items():
        target = into / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(origin, target)


def check_sources(folder: Path, sources: Sequence[Source], document: Document) -> None:
    """Raises InputErrors with every problem of ``sources``, the key of that name in ``document``: a folder outside
    ``adapters/`` or missing, a pattern that leaves its folder or matches no file, two files at one path."""
    problems = tuple(_problems(folder, sources, document))
    if problems:
        raise InputErrors(problems)


def _problems(folder: Path, sources: Sequence[Source], document: Document) -> Iterator[InputError]:
    origins: dict[PurePosixPath, Path] = {}
    for index, source in enumerate(sources):
        base = _base(folder, source)
        problem = _folder_problem(folder, source)
        if problem is not None:
            cause, hint = problem
            yield InputError("adapter-sources", cause, hint, document.where(["sources", index, "folder"]))
            continue
        for number, pattern in enumerate(_patterns(source)):
            where = document.where(["sources", index, "files", number])
            if _leaves_its_folder(pattern):
                yield InputError("adapter-sources", f"the pattern {pattern!r} leaves its folder",
                                 "name the other folder: {folder: ../shared/go, files: ['*.go']}", where)
                continue
            matches = _matches(base, pattern)
            if not matches:
                yield InputError("adapter-sources", f"{pattern!r} matches no file in {_shown(folder, base)}",
                                 "add the file, or take the pattern out", where)
            for path, origin in matches.items():
                other = origins.setdefault(path, origin)
                if other != origin:
                    cause = f"{_shown(folder, other)} and {_shown(folder, origin)} are both built as {path}"
                    yield InputError("adapter-sources", cause, "rename one of the two files", where)


def _folder_problem(folder: Path, source: Source) -> tuple[str, str] | None:
    """What is wrong with the folder of ``source``, and what to do about it."""
    if isinstance(source, str):
        return None
    base = _base(folder, source)
    adapters = folder.absolute().parent
    if base == adapters or not base.is_relative_to(adapters):
        return f"the folder {source.folder!r} is not below {adapters.name}/", "shared files stand below it, in shared/"
    if not base.is_dir():
        return f"there is no folder {_shown(folder, base)}", "it is written relative to the adapter's own folder"
    return None


def _leaves_its_folder(pattern: str) -> bool:
    path = PurePosixPath(pattern)
    return not path.parts or path.is_absolute() or ".." in path.parts


def _base(folder: Path, source: Source) -> Path:
    """The folder that the patterns of ``source`` look in."""
    if isinstance(source, str):
        return folder.absolute()
    return Path(os.path.normpath(folder.absolute() / source.folder))


def _patterns(source: Source) -> Sequence[str]:
    if isinstance(source, str):
        return (source,)
    return source.files


def _matches(base: Path, pattern: str) -> dict[PurePosixPath, Path]:
    paths = sorted(path for path in base.glob(pattern) if path.is_file())
    return {PurePosixPath(path.relative_to(base).as_posix()): path for path in paths}


def _shown(folder: Path, path: Path) -> str:
    """``path`` from the folder that holds all adapters, as in ``adapters/shared/go``."""
    return path.relative_to(folder.absolute().parent.parent).as_posix()
