"""Scanning files, and what is about to be one: cassettes of any recorder, fixtures, reports, texts.

YAML folds long texts over lines and writes compressed bodies as base64. So a cassette is scanned by
the values of its scalars as well as by its lines. Nothing in a file is executed or expanded: only
its tree of nodes is composed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml

from conformance.errors import EnvironmentFault, InputError, UsageError
from conformance.sanitize.page import reading
from conformance.sanitize.scan import Leak, Scanner
from conformance.sanitize.wrapped import inflated, is_binary
from conformance.suite.yaml import BINARY_TAG

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # pragma: no cover - wheels of PyYAML all carry libyaml
    from yaml import SafeLoader as _Loader  # type: ignore[assignment]

LARGEST = 200_000_000
"""Bytes of the largest file that is read; a larger one is an error, not a file without leaks."""
_SKIPPED = frozenset(
    {
        ".git",
        "__pycache__",
        "node_modules",
        ".venv",
        ".tox",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
        ".hypothesis",
    }
)
_DEEPEST = 200
"""Levels of nodes of a YAML file that are walked."""
_MOST_SHOWN = 10
"""Leaks that an error names."""
_GZIP = b"\x1f\x8b"


def scan_paths(paths: Sequence[Path], scanner: Scanner) -> tuple[int, tuple[Leak, ...]]:
    """The number of files under ``paths``, and their leaks.

    Raises UsageError ``nothing-to-scan`` when a path does not exist or holds no file, and
    EnvironmentFault when a file cannot be read.
    """
    count, leaks = 0, list[Leak]()
    for path in paths:
        files = list(_files(path))
        if not files:
            raise UsageError(
                "nothing-to-scan",
                f"there is no file at {path}",
                "give a cassette, a text or a folder",
            )
        for file in files:
            leaks += scan_file(file, scanner)
        count += len(files)
    return count, tuple(dict.fromkeys(leaks))


def scan_file(path: Path, scanner: Scanner) -> tuple[Leak, ...]:
    """Leaks of one file, with ``path:line`` as place. Raises EnvironmentFault when it is too large
    or cannot be read."""
    try:
        if path.stat().st_size > LARGEST:
            raise EnvironmentFault(
                "file-too-large", f"{path} has more than {LARGEST} bytes", "split it"
            )
        data = path.read_bytes()
    except OSError as error:
        raise EnvironmentFault(
            "file-unreadable", f"cannot read {path}: {error.strerror}", ""
        ) from None
    return scan_content(data, str(path), scanner)


def scan_content(data: bytes, name: str, scanner: Scanner) -> tuple[Leak, ...]:
    """Leaks of the content ``data`` of the file ``name``: by its lines, and when it is YAML by its
    values."""
    if data.startswith(_GZIP):
        plain = inflated(data)
        if plain is not None:
            data = plain
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    lines = scanner.lines(data.decode("latin-1"), binary=is_binary(data))
    leaks = {Leak(f"{name}:{line}", rule) for line, rule in lines}
    if name.endswith((".yaml", ".yml")) or data.startswith((b"interactions:", b"version:")):
        leaks.update(_by_values(data, name, scanner))
    return tuple(sorted(leaks, key=lambda leak: (_line(leak), leak.rule)))


def refuse_leaks(
    data: bytes | str,
    known_secrets: Iterable[str] = (),
    name: str = "the recording",
    names: Iterable[str] = (),
) -> None:
    """Raise InputError ``leak-found`` when ``data``, which is about to be written as ``name``,
    holds a leak. The error names rules and lines only."""
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    leaks = scan_content(data, name, Scanner(known_secrets, names))
    if not leaks:
        return
    shown = "; ".join(f"{leak.place}: {leak.rule}" for leak in leaks[:_MOST_SHOWN])
    if len(leaks) > _MOST_SHOWN:
        shown += f" and {len(leaks) - _MOST_SHOWN} more"
    raise InputError(
        "leak-found",
        f"{len(leaks)} leaks: {shown}",
        "nothing was written; name the secret to the recorder, or add a rule",
    )


def _line(leak: Leak) -> int:
    return int(leak.place.rpartition(":")[2])


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for folder, names, files in os.walk(path):
            names[:] = sorted(name for name in names if name not in _SKIPPED)
            yield from (Path(folder) / file for file in sorted(files))


def _by_values(data: bytes, name: str, scanner: Scanner) -> Iterator[Leak]:
    try:
        roots = list(yaml.compose_all(data, Loader=_Loader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    for root in roots:
        if root is None:
            continue
        for path, scalar in _scalars(root, (), set()):
            line = scalar.start_mark.line + 1
            for rule in _rules_broken(scalar, path, scanner):
                yield Leak(f"{name}:{line}", rule)


def _scalars(
    node: yaml.Node, path: tuple[str, ...], walked: set[int]
) -> Iterator[tuple[tuple[str, ...], yaml.ScalarNode]]:
    """Path and node of every scalar below ``node``. ``walked`` are the ids of nodes walked so far:
    a node that an alias leads to again is not walked twice."""
    if id(node) in walked or len(path) > _DEEPEST:
        return
    walked.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            label = ""
            if isinstance(key, yaml.ScalarNode):
                label = key.value
            yield from _scalars(key, (), walked)
            yield from _scalars(value, (*path, label), walked)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item, path, walked)
    elif isinstance(node, yaml.ScalarNode) and node.value:
        yield path, node


def _rules_broken(
    scalar: yaml.ScalarNode, path: tuple[str, ...], scanner: Scanner
) -> Iterator[str]:
    """Ids of the rules that ``scalar`` at ``path`` breaks."""
    value: str = scalar.value
    if len(path) > 2 and path[0] == "interactions" and path[-2].lower() == "headers":
        yield from scanner.header(path[-1], value)
        return
    if path and path[-1] == "uri" and scanner.query(value.partition("?")[2]):
        yield "query-credential"
    if scalar.style == "|" and scalar.tag != BINARY_TAG:
        return  # each line of a literal block is a line of the file, and was scanned as such
    for _, rule in scanner.places(reading(value)):
        yield rule
