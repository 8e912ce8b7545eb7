"""The one YAML reader: safe by construction, with positions.

It accepts the JSON-shaped subset of YAML 1.2: mappings with string keys, sequences and plain
scalars (numbers are JSON's, with a sign or a bare point allowed; ``007`` is text). Tags, anchors,
aliases, duplicate keys and several documents are refused, and size and depth have budgets, so a
hostile file costs no more than reading it. Scenarios, contracts, waivers and cassettes all come
through here; cassettes alone may hold ``!!binary`` because vcrpy writes it.

Speed: libyaml composes the node tree, values are built from it here, and the tree is dropped: 500
kept trees cost the garbage collector more than reading them. It is composed again when somebody
asks for a position.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from conformance.errors import InputError, Where

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # pragma: no cover - wheels of PyYAML all carry libyaml
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

MAX_BYTES = 2_000_000
MAX_DEPTH = 40
BINARY_TAG = "tag:yaml.org,2002:binary"

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_MAX_DIGITS = 400
_CONSTANTS: dict[str, Any] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
}
_SUSPICIOUS = re.compile("[&*!](?<![^\\s\\[{,:\ufeff-].)", re.DOTALL)
_COMPACT = re.compile(r"[-?:][ \t]+[-?:][ \t]")
_COMPACT_NESTING = re.compile(rf"(?:[-?:][ \t]+){{{MAX_DEPTH // 4}}}")
_INDENTED = " " * MAX_DEPTH

Path_ = Sequence[str | int]


class _Loader(_SafeLoader):
    """Composes without guessing the types of plain scalars, which is done in ``_scalar`` for the
    subset alone."""

    def resolve(self, *_node: Any) -> str:
        return ""

    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        """No path has a type of its own."""

    def ascend_resolver(self) -> None:
        """No path has a type of its own."""


@dataclass(frozen=True, eq=False)
class Document:
    """A loaded file: its plain value, and where each part of it stands."""

    value: Any
    file: str
    text: str

    @cached_property
    def root(self) -> yaml.Node:
        """The node tree of the text, which was accepted before."""
        return _compose(self.text, self.file)

    def where(self, path: Path_ = ()) -> Where:
        """The place of the value at ``path`` (keys and indices from the root), or of the nearest
        ancestor there is."""
        node = self.root
        for part in path:
            found = _child(node, part)
            if found is None:
                break
            node = found
        return _where(self.file, node)

    def where_key(self, path: Path_, key: str) -> Where:
        """The place of mapping key ``key`` below ``path``; falls back to :meth:`where`."""
        node: yaml.Node = self.root
        for part in path:
            node = _child(node, part) or node
        if isinstance(node, yaml.MappingNode):
            for name, _ in node.value:
                if name.value == key:
                    return _where(self.file, name)
        return _where(self.file, node)


def load_text(
    text: str, file: str, *, max_bytes: int = MAX_BYTES, binary: bool = False
) -> Document:
    """Read ``text`` as one document. ``file`` names it in errors. Raises InputError; never executes
    anything."""
    if len(text) > max_bytes:
        raise InputError(
            "yaml-too-large",
            f"the file has {len(text)} characters; at most {max_bytes} are read",
            "split it, or keep large bodies in fixtures",
            Where(file),
        )
    with _collecting_later():
        if _SUSPICIOUS.search(text) or _may_nest_deeply(text):
            _walk_events(text, file, binary)
        return Document(_build(_compose(text, file), file, 0), file, text)


@contextlib.contextmanager
def _collecting_later() -> Iterator[None]:
    """Without the cycle collector: a node tree has no cycles, and going through a growing one again
    and again takes four fifths of the time that a cassette of 10,000 interactions takes to load.
    Another thread that loads meanwhile loses the pause early, and nothing else."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _compose(text: str, file: str) -> yaml.Node:
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _syntax_error(error, file) from None
    except UnicodeEncodeError as error:
        raise _surrogate(error, file) from None
    if root is None:
        raise InputError(
            "yaml-empty", "the file is empty", "write it, or delete it", Where(file, 1, 1)
        )
    return root


def load_file(
    path: Path, *, name: str | None = None, max_bytes: int = MAX_BYTES, binary: bool = False
) -> Document:
    """Read the file at ``path`` (UTF-8). ``name`` is what errors call it. Raises InputError, also
    when unreadable."""
    shown = name or str(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            "file-unreadable",
            f"cannot read the file: {error.strerror}",
            "check its name and rights",
            Where(shown),
        ) from None
    if len(raw) > max_bytes:
        raise InputError(
            "yaml-too-large",
            f"the file has {len(raw)} bytes; at most {max_bytes} are read",
            "split it, or keep large bodies in fixtures",
            Where(shown),
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            "file-not-utf8",
            f"byte {error.start} is not UTF-8",
            "save the file as UTF-8",
            Where(shown, line, 1),
        ) from None
    return load_text(text, shown, max_bytes=max_bytes, binary=binary)


def _may_nest_deeply(text: str) -> bool:
    """Cheap over-estimate: only texts that could pass the depth budget pay for the event walk."""
    return (
        text.count("[") + text.count("{") > MAX_DEPTH
        or _INDENTED in text
        or (_COMPACT.search(text) is not None and _COMPACT_NESTING.search(text) is not None)
    )


def _too_deep(where: Where) -> InputError:
    return InputError(
        "yaml-too-deep", f"nested deeper than {MAX_DEPTH} levels", "flatten it", where
    )


def _surrogate(error: UnicodeEncodeError, file: str) -> InputError:
    return InputError(
        "yaml-syntax",
        f"not valid YAML: character {error.start} is half of a surrogate pair",
        "write the character itself",
        Where(file),
    )


def _walk_events(text: str, file: str, binary: bool) -> None:
    """Refuse tags, anchors, aliases and deep nesting from the event stream, which needs no
    recursion.

    libyaml's composer recurses, so a hostile depth must be found before it starts.
    """
    try:
        try:
            _check_events(text, file, binary)
        except yaml.scanner.ScannerError as error:
            raise _first_error(error, text, file, binary) from None
    except yaml.YAMLError as error:
        raise _syntax_error(error, file) from None
    except UnicodeEncodeError as error:
        raise _surrogate(error, file) from None


def _first_error(error: yaml.MarkedYAMLError, text: str, file: str, binary: bool) -> yaml.YAMLError:
    """What is wrong first in ``text``, whose scanner raised ``error``.

    libyaml's scanner runs up to 1,024 characters ahead of its events, and from 0.2.6 on (PyYAML
    6.0.4) it refuses 1,000 levels by itself. Its error may therefore hide events that stand before
    it in the text. They are looked at here, so that a user is told the same with every version of
    libyaml. Raises InputError for an event that is refused.
    """
    token = error.context_mark or error.problem_mark  # where the unreadable token begins
    if token is None:
        return error
    before = text.removeprefix("\ufeff")[
        : token.index
    ]  # libyaml does not count the byte order mark
    try:
        _check_events(before, file, binary)
    except yaml.parser.ParserError as earlier:
        # At the end of the text it is only that the text was cut.
        if earlier.problem_mark and earlier.problem_mark.index < len(before):
            return earlier
    except yaml.YAMLError:
        pass  # the scanner lacks what was cut off
    return error


def _check_events(text: str, file: str, binary: bool) -> None:
    """Raises InputError at the first event that is refused, YAMLError where it is no YAML."""
    depth = 0
    loader = _Loader(text)
    try:
        while loader.check_event():
            event: Any = loader.get_event()
            _refuse_event(event, file, binary)
            depth += _depth_change(event)
            if depth > MAX_DEPTH:
                raise _too_deep(_mark(file, event))
    finally:
        loader.dispose()


def _depth_change(event: Any) -> int:
    if isinstance(event, yaml.CollectionStartEvent):
        return 1
    if isinstance(event, yaml.CollectionEndEvent):
        return -1
    return 0


def _refuse_event(event: Any, file: str, binary: bool) -> None:
    if isinstance(event, yaml.AliasEvent):
        raise InputError(
            "yaml-alias",
            f"alias *{event.anchor} is not allowed",
            "write the value out",
            _mark(file, event),
        )
    if getattr(event, "anchor", None):
        raise InputError(
            "yaml-anchor",
            f"anchor &{event.anchor} is not allowed",
            "write the value out",
            _mark(file, event),
        )
    tag = getattr(event, "tag", None)
    if tag and not (binary and tag == BINARY_TAG):
        raise InputError(
            "yaml-tag",
            f"tag {tag!r} is not allowed",
            "only plain JSON values are read",
            _mark(file, event),
        )


def _syntax_error(error: yaml.YAMLError, file: str) -> InputError:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).splitlines()[0]
    where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
    hint = "check the indentation and the quotes"
    if "cannot start any token" in problem:
        hint = (
            "YAML forbids tabs for indentation: use spaces"
            if "tab" in problem or "\\t" in problem
            else (
                "a tab or a reserved character stands here: indent with spaces and quote the value"
            )
        )
    return InputError("yaml-syntax", f"not valid YAML: {problem}", hint, where)


def _where(file: str, node: yaml.Node) -> Where:
    return _mark(file, node)


def _mark(file: str, thing: Any) -> Where:
    """Where an event or a node begins."""
    mark = thing.start_mark
    return Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)


def _child(node: yaml.Node, part: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == part:
                return value  # type: ignore[no-any-return]
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part]  # type: ignore[no-any-return]
    return None


def _build(node: yaml.Node, file: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise _too_deep(_where(file, node))
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, file, depth)
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, file, depth + 1) for item in node.value]
    return _scalar(node, file)


def _mapping(node: yaml.MappingNode, file: str, depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            raise InputError(
                "yaml-key", "a mapping key must be text", "quote it", _where(file, key_node)
            )
        key = key_node.value
        if key in result:
            raise InputError(
                "yaml-duplicate-key",
                f"key {key!r} stands twice in this mapping",
                "keep one of them",
                _where(file, key_node),
            )
        result[key] = _build(value_node, file, depth + 1)
    return result


def _scalar(node: Any, file: str) -> Any:
    text: str = node.value
    if node.tag == BINARY_TAG:
        try:
            return base64.b64decode(text)
        except ValueError:
            raise InputError(
                "yaml-binary", "!!binary holds no base64", "record it again", _where(file, node)
            ) from None
    if node.style:  # libyaml says "" for a plain scalar, the pure parser None
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    first = text[0]
    if first.isdigit() or first in "+-.":
        if _FLOAT.match(text):
            return _number(text, node, file)
    return text


def _number(text: str, node: Any, file: str) -> int | float:
    """JSON has no number without end and nobody needs one of 400 digits."""
    if len(text) <= _MAX_DIGITS and _INT.match(text):
        return int(text)
    if len(text) <= _MAX_DIGITS and math.isfinite(float(text)):
        return float(text)
    raise InputError(
        "yaml-number", "the number is too large", "quote it if it is text", _where(file, node)
    )
