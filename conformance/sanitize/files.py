"""Scanning files: cassettes of any recorder, fixtures, reports, any text.

YAML folds long texts over lines and writes compressed bodies as base64, so a cassette is scanned by
the values of its scalars as well as by its lines. Nothing in a file is executed or expanded: only
the node tree is composed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from conformance.errors import EnvironmentFault, UsageError
from conformance.sanitize.page import reading
from conformance.sanitize.scan import Finding, Scanner
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
_GZIP = b"\x1f\x8b"


def scan_paths(paths: Sequence[Path], scanner: Scanner) -> tuple[int, tuple[Finding, ...]]:
    """How many files stand under ``paths``, and what leaks in them. Raises UsageError
    ``nothing-to-scan`` when a path does not exist or holds no file, EnvironmentFault when one
    cannot be read."""
    count, findings = 0, list[Finding]()
    for path in paths:
        files = list(_files(path))
        if not files:
            raise UsageError(
                "nothing-to-scan",
                f"there is no file at {path}",
                "give a cassette, a text or a folder",
            )
        for file in files:
            findings += scan_file(file, scanner)
        count += len(files)
    return count, tuple(dict.fromkeys(findings))


def scan_file(path: Path, scanner: Scanner) -> tuple[Finding, ...]:
    """Leaks of one file, with ``path:line`` as place."""
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


def scan_content(data: bytes, name: str, scanner: Scanner) -> tuple[Finding, ...]:
    """Leaks of the file content ``data`` called ``name``: by its lines, and when it is YAML by its
    values."""
    plain = inflated(data) if data.startswith(_GZIP) else None
    if plain is not None:
        data = plain
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode()
    read = data.decode("latin-1")
    found = [
        Finding(f"{name}:{line}", rule)
        for line, rule in scanner.lines(read, binary=is_binary(data))
    ]
    if name.endswith((".yaml", ".yml")) or data.startswith((b"interactions:", b"version:")):
        found += _by_values(data, name, scanner)
    return tuple(sorted(set(found), key=lambda finding: (_line(finding), finding.rule)))


def _line(finding: Finding) -> int:
    return int(finding.place.rpartition(":")[2])


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        for folder, names, files in os.walk(path):
            names[:] = sorted(name for name in names if name not in _SKIPPED)
            yield from (Path(folder) / file for file in sorted(files))


def _by_values(data: bytes, name: str, scanner: Scanner) -> Iterator[Finding]:
    try:
        roots = list(yaml.compose_all(data, Loader=_Loader))
    except (yaml.YAMLError, RecursionError, ValueError):
        return
    seen: set[int] = set()
    for root in roots:
        if root is not None:
            yield from _node(root, (), name, scanner, seen)


def _node(
    node: yaml.Node, path: tuple[str, ...], name: str, scanner: Scanner, seen: set[int]
) -> Iterator[Finding]:
    """Leaks below ``node``; a node an alias leads to again is not walked twice."""
    if id(node) in seen or len(path) > _DEEPEST:
        return
    seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            label = key.value if isinstance(key, yaml.ScalarNode) else ""
            yield from _node(key, (), name, scanner, seen)
            yield from _node(value, (*path, label), name, scanner, seen)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _node(item, path, name, scanner, seen)
    elif isinstance(node, yaml.ScalarNode) and node.value:
        yield from _scalar(node, path, name, scanner)


def _scalar(
    node: yaml.ScalarNode, path: tuple[str, ...], name: str, scanner: Scanner
) -> Iterator[Finding]:
    first = node.start_mark.line + 1
    if len(path) > 2 and path[0] == "interactions" and path[-2].lower() == "headers":
        for rule in scanner.header(path[-1], node.value):
            yield Finding(f"{name}:{first}", rule)
        return
    if (
        path
        and path[-1] == "uri"
        and "?" in node.value
        and scanner.query(node.value.partition("?")[2])
    ):
        yield Finding(f"{name}:{first}", "query-credential")
    literal = node.style == "|" and node.tag != BINARY_TAG
    if literal and "\n" not in node.value.strip():
        return
    read = reading(node.value)
    for _, rule in () if literal else scanner.places(read):
        yield Finding(f"{name}:{first}", rule)
