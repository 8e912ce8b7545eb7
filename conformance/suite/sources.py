"""The files an adapter is built from: those of its own folder, and those it shares with others.

``sources`` of a manifest is a list. Each entry adds files to the folder where the adapter is built:

- a pattern (``src/*.mjs``) adds files of the adapter's own folder, each at its path below it;
- ``{folder: ../shared/go, files: ["*.go"]}`` adds files of another folder below ``adapters/``, each
  at its path below that folder.

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
from conformance.suite.scenario.model import Part
from conformance.suite.yaml import Document

SourceFiles = Mapping[PurePosixPath, Path]
"""Where each file lies in the folder where the adapter is built, and what it is a copy of."""

_CODE = "adapter-sources"


class SharedSources(Part):
    """Files of a folder that adapters share. ``folder`` is relative to the adapter's own."""

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
    """Check the ``sources`` of the adapter in ``folder``. ``document`` is its manifest.

    Raises InputErrors with every problem: a folder that is missing or not below ``adapters/``, a
    pattern that leaves its folder or matches no file, two files at one path.
    """
    problems = tuple(_problems(folder, sources, document))
    if problems:
        raise InputErrors(problems)


def _problems(folder: Path, sources: Sequence[Source], document: Document) -> Iterator[InputError]:
    origins: dict[PurePosixPath, Path] = {}
    for index, source in enumerate(sources):
        folder_problem = _folder_problem(folder, source)
        if folder_problem is not None:
            cause, hint = folder_problem
            where = document.where(["sources", index, "folder"])
            yield InputError(_CODE, cause, hint, where)
            continue
        for number, pattern in enumerate(_patterns(source)):
            where = document.where(["sources", index, "files", number])
            for cause, hint in _pattern_problems(folder, _base(folder, source), pattern, origins):
                yield InputError(_CODE, cause, hint, where)


def _folder_problem(folder: Path, source: Source) -> tuple[str, str] | None:
    """What is wrong with the folder of ``source``, and what to do about it."""
    if isinstance(source, str):
        return None
    base = _base(folder, source)
    adapters = folder.absolute().parent
    if base == adapters or not base.is_relative_to(adapters):
        cause = f"the folder {source.folder!r} is not below {adapters.name}/"
        return cause, "move what is shared below it, to shared/"
    if not base.is_dir():
        cause = f"there is no folder {_shown(folder, base)}"
        return cause, "write it relative to the adapter's own folder: ../shared/go"
    return None


def _pattern_problems(
    folder: Path, base: Path, pattern: str, origins: dict[PurePosixPath, Path]
) -> Iterator[tuple[str, str]]:
    """What is wrong with ``pattern`` in the folder ``base``, and what to do about it. ``origins``
    are the files of the patterns before; those of this one are added."""
    path = PurePosixPath(pattern)
    if not path.parts or path.is_absolute() or ".." in path.parts:
        yield (
            f"the pattern {pattern!r} leaves its folder",
            "name the other folder: {folder: ../shared/go, files: ['*.go']}",
        )
        return
    matches = _matches(base, pattern)
    if not matches:
        cause = f"{pattern!r} matches no file in {_shown(folder, base)}"
        yield cause, "add the file, or take the pattern out"
    for place, origin in matches.items():
        other = origins.setdefault(place, origin)
        if other != origin:
            both = f"{_shown(folder, other)} and {_shown(folder, origin)}"
            yield f"{both} are both built as {place}", "rename one of the two files"


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
    """``path`` as a person would name it: ``adapters/shared/go``."""
    return path.relative_to(folder.absolute().parent.parent).as_posix()
